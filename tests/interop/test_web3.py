# SPDX-License-Identifier: Apache-2.0 OR MIT
"""web3 1.10.4 and its shh module as an application of our RPC, over HTTP, WebSocket and IPC."""

import re
import time

import pytest

from interop.cases import LIMIT
from support.ipc import socket_of
from support.node import RpcError
from support.peers import PeerError

TOPIC = "0x7765b301"
SECRET = "0x" + "11" * 32
KEY = "0x" + "22" * 32
NO_ID = "00" * 32
WORK = {"ttl": 20, "powTime": 5, "powTarget": 0.002}
UNKNOWN_PEER = "enode://" + ("79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
                             "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8") + "@127.0.0.1:1"

# Method, parameters and geth 1.9.18's error text.
REFUSALS = [
    ("getSymKey", [NO_ID], "non-existent key ID"),
    ("getPublicKey", [NO_ID], "invalid id"),
    ("getPrivateKey", [NO_ID], "invalid id"),
    ("deleteKeyPair", [NO_ID], f"key pair {NO_ID} not found"),
    ("addSymKey", ["0x" + "22" * 31], "wrong key size: 31"),
    ("addPrivateKey", ["0x01"], "invalid length, need 256 bits"),
    ("getFilterMessages", [NO_ID], "filter not found"),
    ("deleteMessageFilter", [NO_ID], "Unsubscribe: Invalid ID"),
    ("newMessageFilter", [{}], "specify either a symmetric or an asymmetric key"),
    ("newMessageFilter", [{"symKeyID": NO_ID, "privateKeyID": NO_ID}],
     "specify either a symmetric or an asymmetric key"),
    ("newMessageFilter", [{"symKeyID": NO_ID}], "non-existent key ID"),
    ("newMessageFilter", [{"privateKeyID": NO_ID}], "invalid id"),
    ("newMessageFilter", [{"privateKeyID": NO_ID, "sig": "0x04"}], "invalid signing public key"),
    ("post", [{**WORK}], "specify either a symmetric or an asymmetric key"),
    ("post", [{**WORK, "symKeyID": NO_ID, "pubKey": "0x04"}], "specify either a symmetric or an asymmetric key"),
    ("post", [{**WORK, "symKeyID": NO_ID}], "missing topic(s)"),
    ("post", [{**WORK, "symKeyID": NO_ID, "topic": TOPIC}], "non-existent key ID"),
    ("post", [{**WORK, "pubKey": "0x04"}], "invalid public key"),
    ("post", [{**WORK, "pubKey": "0x04", "sig": NO_ID}], "invalid id"),
]


@pytest.fixture
def node(sotto):
    return sotto()


@pytest.fixture
def connect(node, start_js):
    """connect("ws") starts web3 on our node's WebSocket."""
    def start(kind: str, name: str | None = None):
        url = f"ipc:{socket_of(node)}" if kind == "ipc" else node.ready["rpc"][kind]
        return start_js("web3", "--url", url, name=name or f"web3-{kind}")
    return start


@pytest.fixture(params=["http", "ws", "ipc"])
def web3(request, connect):
    peer = connect(request.param)
    return lambda method, *params: peer.call("call", method=method, params=list(params))


def is_id(text: str) -> bool:
    return bool(re.fullmatch("[0-9a-f]{64}", text))


class TestCalls:
    def test_what_is_said_about_the_node(self, web3, node):
        assert web3("getVersion") == "6.0"
        assert re.fullmatch(r"Sotto/v\d+\.\d+\.\d+[^/]*/linux-[^/]+/.+", web3("clientVersion"))
        assert web3("netVersion") == 1 and web3("listening") is True and web3("peerCount") == 0

    def test_settings_change_what_info_tells(self, web3):
        info = web3("getInfo")
        assert info.keys() == {"memory", "messages", "minPow", "maxMessageSize"}
        assert (info["minPow"], info["messages"]) == (0.002, 0)
        assert web3("setMinPoW", 0.5) is True and web3("setMaxMessageSize", 65536) is True
        info = web3("getInfo")
        assert (info["minPow"], info["maxMessageSize"]) == (0.5, 65536)
        for method, wrong in (("setMinPoW", -1), ("setMaxMessageSize", 11 << 20)):
            with pytest.raises(PeerError, match="Returned error"):
                web3(method, wrong)

    def test_peers_are_counted(self, web3, node, start_js, sotto):
        sotto("--peer", node.multiaddr, name="other")
        node.await_peers(1)
        assert web3("peerCount") == 1

    def test_key_pairs(self, web3):
        fresh, added = web3("newKeyPair"), web3("addPrivateKey", SECRET)
        assert is_id(fresh) and is_id(added) and fresh != added
        for key_id in (fresh, added):
            assert web3("hasKeyPair", key_id) is True
            assert re.fullmatch("0x04[0-9a-f]{128}", web3("getPublicKey", key_id))
        assert web3("getPrivateKey", added) == SECRET
        assert web3("getPublicKey", added) == (
            "0x044f355bdcb7cc0af728ef3cceb9615d90684bb5b2ca5f859ab0f0b704075871aa"
            "385b6b1b8ead809ca67454d9683fcf2ba03456d6fe2c4abe2b07f0fbdbb2f1c1")
        assert web3("deleteKeyPair", added) is True and web3("hasKeyPair", added) is False

    def test_symmetric_keys(self, web3):
        fresh, added = web3("newSymKey"), web3("addSymKey", KEY)
        password = web3("generateSymKeyFromPassword", "status-offline-inbox")
        assert all(is_id(key_id) and web3("hasSymKey", key_id) for key_id in (fresh, added, password))
        assert web3("getSymKey", added) == KEY
        assert web3("getSymKey", password) == "0x765df27c0765526f920ba742ff4b9452bb0064e016435ffccd81186aa6feaae8"
        assert web3("deleteSymKey", added) is True
        assert web3("hasSymKey", added) is False and web3("deleteSymKey", added) is False

    def test_a_peer_is_trusted_only_while_it_is_connected(self, web3, node, sotto):
        with pytest.raises(PeerError, match="Returned error"):
            web3("markTrustedPeer", UNKNOWN_PEER)
        other = sotto("--peer", node.enode, name="other")
        node.await_peers(1)
        assert web3("markTrustedPeer", other.enode) is True

    @pytest.mark.parametrize("method, params, message", REFUSALS)
    def test_refusals_have_the_words_of_geth(self, web3, method, params, message):
        with pytest.raises(PeerError, match=rf"Returned error: {re.escape(message)}$"):
            web3(method, *params)

    def test_too_little_work_is_refused(self, web3):
        key = web3("addSymKey", KEY)
        with pytest.raises(PeerError, match="Returned error: message rejected, PoW too low$"):
            web3("post", {**WORK, "powTarget": 0.001, "symKeyID": key, "topic": TOPIC})

    def test_a_message_posted_is_read_by_a_filter_once(self, web3):
        key, sender = web3("addSymKey", KEY), web3("newKeyPair")
        filter_id = web3("newMessageFilter", {"symKeyID": key, "topics": [TOPIC], "sig": web3("getPublicKey", sender)})
        assert is_id(filter_id) and web3("getFilterMessages", filter_id) == []
        hash_ = web3("post", {**WORK, "symKeyID": key, "sig": sender, "topic": TOPIC, "payload": "0x68690a",
                              "padding": "0xfeed"})
        [message] = self.read(web3, filter_id)
        assert (message["hash"], message["payload"], message["padding"]) == (hash_, "0x68690a", "0xfeed")
        assert (message["topic"], message["ttl"]) == (TOPIC, WORK["ttl"])
        assert message["sig"] == web3("getPublicKey", sender) and "recipientPublicKey" not in message
        assert message["pow"] >= WORK["powTarget"] and abs(message["timestamp"] - time.time()) < 10
        assert web3("getFilterMessages", filter_id) == []
        assert web3("deleteMessageFilter", filter_id) is True
        with pytest.raises(PeerError, match="filter not found"):
            web3("getFilterMessages", filter_id)

    def test_a_message_to_a_key_is_read_by_whom_it_is_for(self, web3):
        mine, other = web3("newKeyPair"), web3("newKeyPair")
        filters = [web3("newMessageFilter", {"privateKeyID": key}) for key in (mine, other)]
        public = web3("getPublicKey", mine)
        hash_ = web3("post", {**WORK, "pubKey": public, "payload": "0x01"})
        [message] = self.read(web3, filters[0])
        assert (message["hash"], message["recipientPublicKey"]) == (hash_, public)
        assert "sig" not in message and web3("getFilterMessages", filters[1]) == []

    @staticmethod
    def read(web3, filter_id: str) -> list[dict]:
        deadline = time.monotonic() + LIMIT
        while not (found := web3("getFilterMessages", filter_id)):
            assert time.monotonic() < deadline, "no message came to the filter"
            time.sleep(0.05)
        return found


def test_the_words_of_geth_are_those_that_geth_says(start_peer, node):
    """What the tests above expect is asked of geth itself, and of our node in the same breath."""
    geth = start_peer("gethpeer")
    for method, params, message in REFUSALS:
        with pytest.raises(PeerError) as of_geth:
            geth.call("rpc", method=f"shh_{method}", params=params)
        with pytest.raises(RpcError) as of_ours:
            node.rpc(f"shh_{method}", *params)
        assert (str(of_geth.value), of_ours.value.message) == (f"gethpeer: rpc: {message}", message), method


class TestSubscriptions:
    @pytest.mark.parametrize("kind", ["ws", "ipc"])
    def test_each_subscriber_gets_each_message_until_it_unsubscribes(self, connect, kind):
        alice, bob = connect(kind, "alice"), connect(kind, "bob")
        key = alice.call("call", method="addSymKey", params=[KEY])
        criteria = {"symKeyID": key, "topics": [TOPIC]}
        subscribed = {peer: peer.call("subscribe", criteria=criteria) for peer in (alice, bob)}
        post = {**WORK, "symKeyID": key, "topic": TOPIC}
        first = alice.call("call", method="post", params=[{**post, "payload": "0x01"}])
        for peer, subscription in subscribed.items():
            message = peer.wait_event("message", LIMIT, filter=subscription)
            assert (message["hash"], message["payload"], message["topic"]) == (first, "0x01", TOPIC)
        assert alice.call("unsubscribe", filter=subscribed[alice]) is True
        second = alice.call("call", method="post", params=[{**post, "payload": "0x02"}])
        assert bob.wait_event("message", LIMIT)["hash"] == second
        assert alice.drain("message") == [] and bob.drain("message") == []

    def test_a_subscription_without_topics_is_refused(self, connect):
        web3 = connect("ws")
        key = web3.call("call", method="addSymKey", params=[KEY])
        with pytest.raises(PeerError, match=re.escape("missing topic(s)")):
            web3.call("subscribe", criteria={"symKeyID": key})

    def test_a_message_over_http_reaches_a_subscription_and_a_filter(self, connect):
        poster, reader = connect("http"), connect("ws")
        key = poster.call("call", method="addSymKey", params=[KEY])
        filter_id = poster.call("call", method="newMessageFilter", params=[{"symKeyID": key, "topics": [TOPIC]}])
        reader.call("subscribe", criteria={"symKeyID": key, "topics": [TOPIC]})
        hash_ = poster.call("call", method="post", params=[{**WORK, "symKeyID": key, "topic": TOPIC}])
        assert reader.wait_event("message", LIMIT)["hash"] == hash_
        [polled] = poster.call("call", method="getFilterMessages", params=[filter_id])
        assert polled["hash"] == hash_

    def test_a_call_by_hand_ends_a_subscription_too(self, connect):
        web3 = connect("ws")
        key = web3.call("call", method="addSymKey", params=[KEY])
        subscription = web3.call("subscribe", criteria={"symKeyID": key, "topics": [TOPIC]})
        assert web3.call("call", method="unsubscribe", params=[subscription]) is True
        with pytest.raises(PeerError, match="Returned error"):
            web3.call("call", method="unsubscribe", params=[subscription])
