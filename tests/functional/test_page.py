# SPDX-License-Identifier: Apache-2.0 OR MIT
"""The page over HTTP: who gets it, what a link is worth and what the cookie is worth. No browser."""

import http.client
import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from support.node import Node, RpcError, until
from support.websocket import WebSocket, upgrade

ROOT = Path(__file__).resolve().parents[2]
JSON = {"Content-Type": "application/json"}
RLPX, LIBP2P = ("/ip4/127.0.0.1/tcp/0/rlpx",), ("/ip4/127.0.0.1/tcp/0",)
BOTH = RLPX + LIBP2P
WORD = re.compile(r"http://(127\.0\.0\.1|node\.example):\d+/#([0-9a-f]{64})")


@pytest.fixture
def node(sotto) -> Node:
    return sotto(listen=("none",))


@pytest.fixture
def lan(sotto) -> Node:
    """A node whose RPC is not on loopback: nothing but the cookie or the token lets anybody in."""
    return sotto("--rpc-vhosts", "node.example", listen=("none",), rpc="0.0.0.0:0")


def port_of(node: Node) -> int:
    return urlsplit(node.http).port


def host_of(node: Node, name: str = "127.0.0.1") -> str:
    return f"{name}:{port_of(node)}"


def ask(node: Node, method: str, path: str, body: dict | None = None,
        **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body; `Content_Type` is the header Content-Type."""
    connection = http.client.HTTPConnection("127.0.0.1", port_of(node), timeout=10)
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        if body is None:
            connection.request(method, path, headers=fields)
        else:
            connection.request(method, path, json.dumps(body), {**JSON, **fields})
        response = connection.getresponse()
        return response.status, dict(response.getheaders()), response.read()
    finally:
        connection.close()


def new_word(node: Node) -> str:
    return WORD.fullmatch(node.rpc("admin_pageLink", token=True)).group(2)


def exchange(node: Node, word: str, **headers: str) -> tuple[int, dict[str, str]]:
    return ask(node, "POST", "/page/session", {"word": word}, **headers)[:2]


def sign_in(node: Node, **headers: str) -> str:
    """The Cookie header of a session."""
    status, fields = exchange(node, new_word(node), **headers)
    assert status == 204
    return fields["Set-Cookie"].split(";")[0]


class TestDocument:
    def test_it_is_the_file_of_the_tree_under_a_policy_that_allows_no_other(self, node):
        status, headers, body = ask(node, "GET", "/")
        assert status == 200
        assert body == (ROOT / "web/dist/index.html").read_bytes()
        policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
        assert policy["default-src"] == "'none'" and policy["connect-src"] == "'self'"
        assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
        assert re.fullmatch(r"'sha256-[A-Za-z0-9+/]{43}='", policy["script-src"])
        assert re.fullmatch(r"'sha256-[A-Za-z0-9+/]{43}='", policy["style-src"])
        assert headers["Content-Type"] == "text/html; charset=utf-8"
        assert headers["X-Content-Type-Options"] == "nosniff" and headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "Access-Control-Allow-Origin" not in headers

    @pytest.mark.parametrize("headers", [
        {"Host": "evil.example"}, {"Origin": "http://evil.example"}, {"Origin": "null"}])
    def test_it_is_for_no_other_name_and_no_foreign_page(self, node, headers):
        assert ask(node, "GET", "/", **headers)[0] == 403
        assert exchange(node, new_word(node), **headers)[0] == 403

    @pytest.mark.parametrize("method, path", [("POST", "/page/session"), ("GET", "/"), ("OPTIONS", "/")])
    def test_a_large_body_of_who_has_no_right_is_not_waited_for(self, lan, method, path):
        connection = http.client.HTTPConnection("127.0.0.1", port_of(lan), timeout=10)
        connection.putrequest(method, path, skip_host=True)
        for name, value in {"Host": "node.example", **JSON, "Content-Length": str(65 * 1024)}.items():
            connection.putheader(name, value)
        connection.endheaders()
        assert connection.getresponse().status == 413
        connection.close()

    def test_who_has_no_right_keeps_no_connection(self, lan):
        cookie = sign_in(lan, Host="node.example")
        origin = f"http://{host_of(lan, 'node.example')}"
        fields = {"Host": host_of(lan, "node.example"), "Origin": origin}
        assert ask(lan, "GET", "/", **fields)[1]["Connection"] == "close"
        assert "Connection" not in ask(lan, "GET", "/", Cookie=cookie, **fields)[1]

    def test_off_loopback_it_is_all_that_comes_without_the_token(self, lan):
        assert ask(lan, "GET", "/", Host="node.example")[0] == 200
        assert ask(lan, "GET", "/health", Host="node.example")[0] == 401
        version = {"jsonrpc": "2.0", "id": 1, "method": "shh_version"}
        assert ask(lan, "POST", "/", version, Host="node.example")[0] == 401


class TestLink:
    def test_it_is_good_once(self, node):
        word = new_word(node)
        status, headers = exchange(node, word)
        assert status == 204
        name, *attributes = headers["Set-Cookie"].split("; ")
        assert re.fullmatch(rf"sotto-{port_of(node)}=[0-9a-f]{{64}}", name) and word not in name
        assert sorted(attributes) == ["HttpOnly", "Path=/", "SameSite=Strict"]
        status, headers = exchange(node, word)
        assert status == 401 and "Set-Cookie" not in headers

    def test_a_form_of_another_site_cannot_use_it(self, node):
        word = new_word(node)
        status, *_ = ask(node, "POST", "/page/session", {"word": word}, Content_Type="text/plain")
        assert status == 415
        assert exchange(node, word)[0] == 204

    def test_guesses_are_counted(self, node):
        statuses = [exchange(node, "0" * 64)[0] for _ in range(40)]
        assert statuses[0] == 401 and 429 in statuses
        assert set(statuses) == {401, 429}
        assert exchange(node, new_word(node))[0] == 204, "who guesses shuts nobody out"

    def test_only_the_token_makes_one(self, node):
        with pytest.raises(RpcError, match="Bearer"):
            node.rpc("admin_pageLink")

    def test_the_verb_prints_it_alone(self, node, cli):
        first = cli("page", "--data-dir", node.ready["dataDir"])
        second = cli("page", "--data-dir", node.ready["dataDir"], "--rpc", node.http)
        assert (first.code, second.code) == (0, 0), first.err + second.err
        words = [WORD.fullmatch(ended.out.strip()).group(2) for ended in (first, second)]
        assert [exchange(node, word)[0] for word in words] == [204, 204]

    def test_the_verb_says_what_to_do_when_no_node_runs(self, cli, home):
        ended = cli("page", "--data-dir", home / "none")
        assert ended.code == 1 and "sotto run" in ended.err

    def test_off_loopback_it_names_what_browsers_can_reach(self, lan, cli):
        link = cli("page", "--data-dir", lan.ready["dataDir"]).out.strip()
        assert link.startswith(f"http://node.example:{port_of(lan)}/#")


class TestCookie:
    def test_it_opens_shh_and_sotto_and_nothing_else(self, lan):
        cookie = sign_in(lan, Host="node.example")
        headers = {"Host": "node.example", "Origin": "http://node.example", "Cookie": cookie}
        with WebSocket(("127.0.0.1", port_of(lan)), headers) as socket:
            assert socket.call("shh_version")["result"] == "6.0"
            assert socket.call("sotto_status")["result"]["version"]
            assert socket.call("sotto_peers")["result"] == []
            for method in ("admin_nodeInfo", "admin_peers", "admin_pageLink", "net_version", "web3_clientVersion"):
                assert "error" in socket.call(method), method

    @pytest.mark.parametrize("change", [{"Cookie": "sotto-1=" + "0" * 64}, {"Cookie": None}, {"Origin": None},
                                        {"Origin": "http://other.example"}, {"Origin": "null"}])
    def test_it_must_be_there_and_come_from_the_page_itself(self, lan, change):
        headers = {"Host": "node.example", "Origin": "http://node.example", "Cookie": sign_in(lan, Host="node.example")}
        connection, status = upgrade(("127.0.0.1", port_of(lan)), {**headers, **change})
        connection.close()
        assert status in (401, 403)

    def test_it_does_not_make_an_admin_on_loopback(self, node):
        cookie = sign_in(node)
        with WebSocket(("127.0.0.1", port_of(node)), {"Origin": f"http://{host_of(node)}", "Cookie": cookie}) as socket:
            assert socket.call("sotto_status")["result"]["version"]
            assert "Bearer" in socket.call("admin_peers")["error"]["message"]

    def test_it_ends_with_the_process(self, sotto, cleanup):
        node = sotto(listen=BOTH)
        cookie = sign_in(node)
        assert ask(node, "GET", "/page/session", Cookie=cookie)[0] == 204
        node.kill()
        again = node.restart()
        cleanup.callback(again.kill)
        assert ask(again, "GET", "/page/session", Cookie=cookie)[0] == 401


class TestWhatTheDashboardAsks:
    def test_it_is_told_of_the_node_and_its_peers(self, sotto):
        node = sotto(name="node", listen=BOTH)
        sotto("--peer", node.enode, name="old", listen=RLPX)
        sotto("--peer", node.multiaddr, name="new", listen=LIBP2P)
        until(lambda: [bool(peer["agent"]) for peer in node.rpc("sotto_peers")] == [True, True], 30, "two peers", node)
        rlpx, libp2p = sorted(node.rpc("sotto_peers"), key=lambda peer: peer["network"], reverse=True)
        assert (rlpx["network"], rlpx["security"], rlpx["muxer"]) == ("rlpx", "rlpx", None)
        assert (libp2p["network"], libp2p["security"], libp2p["muxer"]) == ("libp2p", "noise", "/yamux/1.0.0")
        for peer in (rlpx, libp2p):
            assert (peer["direction"], peer["state"]) == ("inbound", "ok")
            assert peer["peerId"].startswith("16Uiu2") and len(peer["enodeId"]) == 128
            assert peer["agent"].startswith("Sotto/") and peer["remoteAddress"].startswith("/ip4/127.0.0.1/tcp/")
            assert 0 <= peer["ageSeconds"] < 60

        before = node.rpc("sotto_status")
        assert (before["enode"], before["peerId"]) == (node.enode, node.ready["peerId"])
        key = node.rpc("shh_newSymKey")
        node.rpc("shh_post", {"symKeyID": key, "topic": "0x01020304", "payload": "0x", "ttl": 60, "powTarget": 0.002,
                              "powTime": 1})
        after = node.rpc("sotto_status")
        assert after["pool"]["envelopes"] == before["pool"]["envelopes"] + 1
        assert 0 < after["pool"]["bytes"] < after["pool"]["maxBytes"] == 256 * 1024 * 1024
        assert after["counters"]["accepted"] == before["counters"]["accepted"] + 1
        assert after["bytesIn"] > 0 and after["bytesOut"] > 0

    def test_an_unlimited_pool_has_no_size(self, sotto):
        node = sotto("--limit", "pool-bytes=unlimited", listen=("none",))
        assert node.rpc("sotto_status")["pool"]["maxBytes"] is None


class TestContacts:
    """The node derives what two people share, so that the page needs no private key: docs/protocols/chat.md 3.2."""

    def test_they_share_what_the_vectors_say(self, node):
        for vector in json.loads((ROOT / "tests/vectors/chat/contact.json").read_text()):
            alice, bob = (node.rpc("shh_addPrivateKey", "0x" + vector[f"{name}Secret"]) for name in ("alice", "bob"))
            for mine, other in ((alice, vector["bobKey"]), (bob, vector["aliceKey"])):
                assert node.rpc("sotto_contactTopic", mine, other) == "0x" + vector["topic"]
                assert node.rpc("shh_getSymKey", node.rpc("sotto_contactKey", mine, other)) == "0x" + vector["key"]

    @pytest.mark.parametrize("method", ["sotto_contactTopic", "sotto_contactKey"])
    def test_what_is_no_key_is_refused(self, node, method):
        key = node.rpc("shh_newKeyPair")
        for wrong in ("0x", "0x04" + "00" * 64, "0x04" + "ff" * 64, "nonsense"):
            with pytest.raises(RpcError):
                node.rpc(method, key, wrong)
        with pytest.raises(RpcError):
            node.rpc(method, "0" * 64, node.rpc("shh_getPublicKey", key))


def chat_identity(node: Node, **headers: str) -> dict:
    request = {"jsonrpc": "2.0", "id": 1, "method": "sotto_chatIdentity"}
    return json.loads(ask(node, "POST", "/", request, **headers)[2])


class TestIdentity:
    """Who chats on the page is DATA_DIR/chat-identity."""

    def test_it_is_kept_for_its_owner_and_survives_the_node(self, sotto, cleanup):
        node = sotto(listen=BOTH)
        pair = node.rpc("sotto_chatIdentity", token=True)
        file = node.data_dir / "chat-identity"
        assert file.stat().st_mode & 0o777 == 0o600
        assert node.rpc("sotto_chatIdentity", token=True) == pair
        node.kill()
        again = node.restart()
        cleanup.callback(again.kill)
        assert again.rpc("sotto_chatIdentity", token=True) == pair
        for method in ("shh_getPrivateKey", "shh_deleteKeyPair"):
            with pytest.raises(RpcError, match="data directory"):
                again.rpc(method, pair)
        assert again.rpc("shh_hasKeyPair", pair) is True

    def test_a_session_may_ask_from_the_page_alone(self, node):
        cookie = sign_in(node)
        assert "only the page" in chat_identity(node)["error"]["message"]
        assert "only the page" in chat_identity(node, Cookie=cookie)["error"]["message"]
        assert not (node.data_dir / "chat-identity").exists()
        answer = chat_identity(node, Cookie=cookie, Origin=f"http://{host_of(node)}")
        assert answer["result"] == node.rpc("sotto_chatIdentity", token=True)

    def test_it_is_the_one_of_sotto_chat(self, node):
        secret = "0x" + "7" * 64
        (node.data_dir / "chat-identity").write_text(secret[2:])
        (node.data_dir / "chat-identity").chmod(0o600)
        pair = node.rpc("sotto_chatIdentity", token=True)
        assert node.rpc("shh_addPrivateKey", secret) == pair
        with pytest.raises(RpcError, match="stays in the data directory"):
            node.rpc("shh_getPrivateKey", pair)

    def test_what_is_no_key_there_is_said(self, node):
        (node.data_dir / "chat-identity").write_text("nonsense")
        with pytest.raises(RpcError, match="chat-identity cannot be used"):
            node.rpc("sotto_chatIdentity", token=True)
