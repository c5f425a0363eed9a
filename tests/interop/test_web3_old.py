# SPDX-License-Identifier: Apache-2.0 OR MIT
"""web3 0.20.7, as the applications of Whisper's time used it, on our RPC over HTTP and IPC."""

import pytest

from interop.cases import LIMIT
from support.ipc import socket_of
from support.peers import PeerError

TOPIC = "0x7765b302"
KEY = "0x" + "22" * 32
WORK = {"ttl": 20, "powTime": 5, "powTarget": 0.002}


@pytest.fixture
def node(sotto):
    return sotto()


@pytest.fixture
def connect(node, start_js):
    def start(kind: str, name: str | None = None):
        url = f"ipc:{socket_of(node)}" if kind == "ipc" else node.http
        return start_js("web3v0", "--url", url, name=name or f"web3v0-{kind}")
    return start


@pytest.fixture(params=["http", "ipc"])
def web3(request, connect):
    peer = connect(request.param)
    return lambda method, *params: peer.call("call", method=method, params=list(params))


def test_it_learns_what_node_it_is(node, web3):
    assert web3("clientVersion").startswith("Sotto/v")
    assert (web3("netVersion"), web3("listening"), web3("peerCount")) == ("1", True, 0)
    info = web3("info")
    assert (info["minPow"], info["maxMessageSize"]) == (0.002, node.rpc("shh_info")["maxMessageSize"])


def test_keys(node, web3):
    pair = web3("newKeyPair")
    assert web3("hasKeyPair", pair) is True
    assert web3("getPublicKey", pair) == node.rpc("shh_getPublicKey", pair)
    same = web3("addPrivateKey", web3("getPrivateKey", pair))
    assert web3("getPublicKey", same) == web3("getPublicKey", pair)
    assert web3("deleteKeyPair", pair) is True and web3("hasKeyPair", pair) is False
    key = web3("addSymKey", KEY)
    assert web3("getSymKey", key) == KEY
    assert web3("getSymKey", web3("generateSymKeyFromPassword", "lobby")).startswith("0x")
    assert web3("deleteSymKey", key) is True and web3("hasSymKey", key) is False


def test_an_error_is_geths(web3):
    with pytest.raises(PeerError, match="non-existent key ID"):
        web3("getSymKey", "00" * 32)
    with pytest.raises(PeerError, match="specify either a symmetric or an asymmetric key"):
        web3("post", WORK)


@pytest.mark.parametrize("kind", ["http", "ipc"])
def test_a_watched_filter_gets_each_message_once_and_none_after(connect, kind):
    alice, bob = connect(kind, "alice"), connect(kind, "bob")
    key = alice.call("call", method="addSymKey", params=[KEY])
    criteria = {"symKeyID": key, "topics": [TOPIC]}
    filters = {peer: peer.call("watch", criteria=criteria) for peer in (alice, bob)}
    post = {**WORK, "symKeyID": key, "topic": TOPIC}
    hashes = [alice.call("call", method="post", params=[{**post, "payload": f"0x{i:02x}"}]) for i in range(5)]
    for peer, filter_id in filters.items():
        came = peer.collect("message", 5, LIMIT, filter=filter_id)
        assert [(m["hash"], m["payload"]) for m in came] == [(hash_, f"0x{i:02x}") for i, hash_ in enumerate(hashes)]
    alice.call("unwatch", filter=filters[alice])
    last = alice.call("call", method="post", params=[{**post, "payload": "0x06"}])
    assert bob.wait_event("message", LIMIT)["hash"] == last
    assert alice.drain("message") == bob.drain("message") == alice.drain("error") == []


@pytest.mark.parametrize("kind", ["http", "ipc"])
def test_a_batch(connect, kind):
    calls = [{"method": "newSymKey"}, {"method": "getSymKey", "params": ["00" * 32]}, {"method": "newKeyPair"}]
    first, second, third = connect(kind).call("batch", calls=calls)
    assert len(first["result"]) == len(third["result"]) == 64
    assert "non-existent key ID" in second["error"]


def test_large_answers_come_whole_over_ipc(connect):
    """More than a socket's buffer takes at once: web3 puts the pieces together again."""
    web3 = connect("ipc")
    key = web3.call("call", method="addSymKey", params=[KEY])
    filter_id = web3.call("watch", criteria={"symKeyID": key, "topics": [TOPIC]})
    payload = "0x" + "5a" * 300_000
    web3.call("call", method="post", params=[{**WORK, "symKeyID": key, "topic": TOPIC, "payload": payload}])
    assert web3.wait_event("message", LIMIT, filter=filter_id)["payload"] == payload
