# SPDX-License-Identifier: Apache-2.0 OR MIT
"""The RPC port over real sockets: JSON-RPC, its bounds, and who may call."""

import http.client
import itertools
import json
import os
import socket
import time
from contextlib import suppress
from urllib.parse import urlsplit

import pytest

from support.node import Node, RpcError, until
from support.websocket import WebSocket, upgrade

JSON = {"Content-Type": "application/json"}
VERSION = {"jsonrpc": "2.0", "id": 1, "method": "shh_version"}
PARSE_ERROR, INVALID_REQUEST, NO_METHOD, INVALID_PARAMS, SERVER_ERROR = -32700, -32600, -32601, -32602, -32000


@pytest.fixture
def node(sotto):
    return sotto("--rpc-vhosts", "node.example", "--rpc-origins", "https://app.example", listen=("none",))


def address_of(node: Node) -> tuple[str, int]:
    parts = urlsplit(node.http)
    return parts.hostname, parts.port


def request(node: Node, method: str, path: str = "/", body: bytes | None = None, headers: dict | None = None,
            timeout: float = 10) -> tuple[http.client.HTTPResponse, bytes]:
    """One request with exactly these headers, and Host where none is given."""
    connection = http.client.HTTPConnection(*address_of(node), timeout=timeout)
    try:
        connection.putrequest(method, path, skip_host="Host" in (headers or {}), skip_accept_encoding=True)
        for name, value in (headers or {}).items():
            if value is not None:
                connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


def call(node: Node, body, headers: dict = JSON):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    response, answer = request(node, "POST", body=raw, headers=headers)
    assert response.status == 200, answer
    return json.loads(answer) if answer else None


class TestJsonRpc:
    @pytest.mark.parametrize("body, code", [
        (b"", PARSE_ERROR),
        (b"{", PARSE_ERROR),
        (b'{"jsonrpc":"2.0","id":1,"method":"shh_version"} x', PARSE_ERROR),
        (b'{"jsonrpc":"2.0","id":1,"method":"\xff"}', PARSE_ERROR),
        (b"[" * 100 + b"]" * 100, PARSE_ERROR),  # deeper than 64
        (b"1", INVALID_REQUEST),
        (b"null", INVALID_REQUEST),
        (b"[]", INVALID_REQUEST),
        (b'{"jsonrpc":"2.0","id":1}', INVALID_REQUEST),
        (b'{"id":1,"method":"shh_version"}', INVALID_REQUEST),
        (b'{"jsonrpc":"1.0","id":1,"method":"shh_version"}', INVALID_REQUEST),
        (b'{"jsonrpc":"2.0","id":{},"method":"shh_version"}', INVALID_REQUEST),
        (b'{"jsonrpc":"2.0","id":1e999,"method":"shh_version"}', INVALID_REQUEST),
        (b'{"jsonrpc":"2.0","id":1,"method":7}', INVALID_REQUEST),
        (b'{"jsonrpc":"2.0","id":1,"method":"shh_version","params":7}', INVALID_REQUEST),
        (b'{"jsonrpc":"2.0","id":1,"method":"shh_nothing"}', NO_METHOD),
        (b'{"jsonrpc":"2.0","id":1,"method":"SHH_version"}', NO_METHOD),
        (b'{"jsonrpc":"2.0","id":1,"method":""}', NO_METHOD),
        (b'{"jsonrpc":"2.0","id":1,"method":"shh_getSymKey"}', INVALID_PARAMS),
        (b'{"jsonrpc":"2.0","id":1,"method":"shh_getSymKey","params":[7]}', INVALID_PARAMS),
        (b'{"jsonrpc":"2.0","id":1,"method":"shh_addSymKey","params":["0xzz"]}', INVALID_PARAMS),
        (b'{"jsonrpc":"2.0","id":1,"method":"shh_setMaxMessageSize","params":[-1]}', INVALID_PARAMS),
        (b'{"jsonrpc":"2.0","id":1,"method":"shh_setMinPoW","params":[1e999]}', INVALID_PARAMS),
        (b'{"jsonrpc":"2.0","id":1,"method":"shh_post","params":[[]]}', INVALID_PARAMS),
        (b'{"jsonrpc":"2.0","id":1,"method":"shh_getSymKey","params":["none"]}', SERVER_ERROR),
        (b'{"jsonrpc":"2.0","id":1,"method":"shh_subscribe","params":["messages",{}]}', SERVER_ERROR),  # HTTP
    ])
    def test_errors_have_the_codes_of_the_specification(self, node, body, code):
        answer = call(node, body)
        assert answer["jsonrpc"] == "2.0" and answer["error"]["code"] == code
        assert answer["error"]["message"] and "result" not in answer

    @pytest.mark.parametrize("call_id", [0, -1, 1.5, "a", "", None, 2**53])
    def test_the_id_comes_back_as_it_was(self, node, call_id):
        answer = call(node, {**VERSION, "id": call_id})
        assert answer == {"jsonrpc": "2.0", "id": call_id, "result": "6.0"}
        assert type(answer["id"]) is type(call_id)

    def test_a_notification_is_not_answered(self, node):
        assert call(node, {"jsonrpc": "2.0", "method": "shh_version"}) is None
        assert call(node, [{"jsonrpc": "2.0", "method": "shh_version"}] * 2) is None

    def test_a_batch_is_answered_in_one_with_errors_in_their_places(self, node):
        answers = call(node, [VERSION, {"jsonrpc": "2.0", "method": "shh_version"}, 7,
                              {**VERSION, "id": "x", "method": "no_such"}])
        assert [(a["id"], a.get("result"), a.get("error", {}).get("code")) for a in answers] == [
            (1, "6.0", None), (None, None, INVALID_REQUEST), ("x", None, NO_METHOD)]

    def test_a_batch_has_at_most_100_calls(self, node):
        assert len(call(node, [VERSION] * 100)) == 100
        assert call(node, [VERSION] * 101)["error"]["code"] == INVALID_REQUEST

    def test_a_body_of_5_mib_is_taken_and_a_larger_one_refused(self, node):
        bound = 5 * 1024 * 1024
        call_text = json.dumps(VERSION).encode()
        assert call(node, call_text + b" " * (bound - len(call_text)))["result"] == "6.0"
        response, _ = request(node, "POST", body=call_text + b" " * (bound - len(call_text) + 1), headers=JSON)
        assert response.status == 413
        assert call(node, VERSION)["result"] == "6.0"

    def test_a_length_that_is_only_claimed_costs_nothing(self, node):
        with socket.create_connection(address_of(node), 10) as claimer:
            claimer.sendall(b"POST / HTTP/1.1\r\nHost: %s:%d\r\nContent-Type: application/json\r\n"
                            b"Content-Length: 99999999999\r\n\r\n" % (address_of(node)[0].encode(), address_of(node)[1]))
            assert b" 413 " in claimer.recv(4096)

    def test_headers_are_bounded(self, node):
        with socket.create_connection(address_of(node), 10) as sender:
            sender.sendall(b"POST / HTTP/1.1\r\n" + b"X: y\r\n" * 10_000)
            assert b" 431 " in sender.recv(4096)
        assert call(node, VERSION)["result"] == "6.0"

    def test_one_connection_serves_many_requests(self, node):
        connection = http.client.HTTPConnection(*address_of(node), timeout=10)
        connection.connect()
        before = connection.sock.getsockname()
        for i in range(20):
            connection.request("POST", "/", json.dumps({**VERSION, "id": i}), JSON)
            assert json.load(connection.getresponse())["id"] == i
            assert connection.sock.getsockname() == before
        connection.close()

    def test_connections_are_bounded_and_places_come_free(self, sotto):
        node = sotto("--limit", "rpc-connections=4", listen=("none",))
        held = [socket.create_connection(address_of(node), 10) for _ in range(4)]
        held.append(socket.create_connection(address_of(node), 10))
        assert held[0].recv(1) == b"", "the oldest that has said nothing makes room"
        held[1].setblocking(False)
        with pytest.raises(BlockingIOError):
            held[1].recv(1)
        for connection in held:
            connection.close()

        def served() -> bool:
            try:
                return request(node, "GET", "/health", timeout=1)[0].status == 200
            except (OSError, http.client.HTTPException):
                return False
        until(served, 10, "free place", node)


HOSTS = {"{own}": True, "localhost:{port}": True, "[::1]:{port}": True, "node.example": True, "NODE.example:1": True,
         "evil.example": False, "localhost": False, "127.0.0.1.evil.example:{port}": False, "": False,
         "{own}, evil.example": False}
ORIGINS = {None: True, "http://localhost:{port}": True, "https://app.example": True, "http://node.example": True,
           "null": False, "http://evil.example": False, "https://localhost:{port}": False, "http://localhost": False,
           "https://app.example.evil": False, "": False}
TYPES = {"application/json": True, "application/json; charset=utf-8": True, "text/plain": False, None: False}
TOKENS = {None: "none", "Bearer {token}": "right", "Bearer " + "0" * 64: "wrong", "{token}": "wrong"}


def fill(node: Node, text: str | None) -> str | None:
    own, port = address_of(node)
    return text and text.format(own=f"{own}:{port}", port=port, token=(node.data_dir / "rpc-token").read_text().strip())


class TestAccess:
    def test_every_combination_of_host_origin_type_and_token(self, node):
        """1,600 combinations; the rules in the order in which a refusal names them."""
        wrong = []
        for (host, served), (origin, allowed), (kind, is_json), (token, right) in itertools.product(
                HOSTS.items(), ORIGINS.items(), TYPES.items(), TOKENS.items()):
            expected = (403 if not served or not allowed else 415 if not is_json else 401 if right == "wrong" else 200)
            headers = {"Host": fill(node, host), "Origin": fill(node, origin), "Content-Type": kind,
                       "Authorization": fill(node, token)}
            response, answer = request(node, "POST", body=json.dumps({**VERSION, "method": "admin_peers"}).encode(),
                                       headers=headers)
            admin = response.status == 200 and json.loads(answer).get("result") == []
            if (response.status, admin) != (expected, expected == 200 and right == "right"):
                wrong.append((headers, response.status, expected, answer))
        assert wrong == []

    def test_a_websocket_upgrade_is_held_to_the_same_rules(self, node):
        wrong = []
        for (host, served), (origin, allowed), (token, right) in itertools.product(
                HOSTS.items(), ORIGINS.items(), TOKENS.items()):
            expected = 403 if not served or not allowed else 401 if right == "wrong" else 101
            headers = {"Host": fill(node, host), "Origin": fill(node, origin), "Authorization": fill(node, token)}
            connection, status = upgrade(address_of(node), headers)
            connection.close()
            if status != expected:
                wrong.append((headers, status, expected))
        assert wrong == []

    def test_a_request_without_a_host_is_refused(self, node):
        for version in (b"1.0", b"1.1"):
            with socket.create_connection(address_of(node), 10) as sender:
                sender.sendall(b"POST / HTTP/" + version + b"\r\nContent-Type: application/json\r\n"
                               b"Content-Length: 2\r\n\r\n{}")
                assert b" 403 " in sender.recv(4096)

    def test_admin_needs_the_token_on_both_ways_in(self, node):
        with pytest.raises(RpcError, match="Authorization"):
            node.rpc("admin_nodeInfo")
        assert node.rpc("admin_nodeInfo", token=True)["peerId"] == node.peer_id
        with WebSocket(address_of(node)) as plain:
            assert plain.call("admin_peers")["error"]["code"] == SERVER_ERROR
            assert plain.call("shh_version")["result"] == "6.0"
        bearer = {"Authorization": fill(node, "Bearer {token}")}
        with WebSocket(address_of(node), bearer) as trusted:
            assert trusted.call("admin_peers")["result"] == []

    def test_off_loopback_every_namespace_needs_the_token(self, sotto):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect(("192.0.2.1", 9))  # nothing is sent
            except OSError:
                pytest.skip("this machine has no address but loopback")
            own = probe.getsockname()[0]
        node = sotto(listen=("none",), rpc=f"{own}:0")
        response, _ = request(node, "POST", body=json.dumps(VERSION).encode(), headers=JSON)
        assert response.status == 401
        for path in ("/health", "/metrics"):
            assert request(node, "GET", path)[0].status == 401
            token = {"Authorization": fill(node, "Bearer {token}")}
            assert request(node, "GET", path, headers=token)[0].status == 200
        connection, status = upgrade(address_of(node), {})
        connection.close()
        assert status == 401
        assert node.rpc("shh_version", token=True) == "6.0"
        response, _ = request(node, "POST", body=json.dumps(VERSION).encode(),
                              headers={**JSON, "Host": f"localhost:{address_of(node)[1]}",
                                       "Authorization": fill(node, "Bearer {token}")})
        assert response.status == 403

    def test_preflight_tells_an_allowed_origin_what_it_may_send(self, node):
        asks = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "content-type"}
        response, _ = request(node, "OPTIONS", headers=asks)
        assert response.status == 204
        assert response.headers["Access-Control-Allow-Origin"] == "https://app.example"
        assert response.headers["Access-Control-Allow-Methods"] == "POST"
        assert "Content-Type" in response.headers["Access-Control-Allow-Headers"]
        assert "Origin" in response.headers["Vary"]

    def test_preflight_of_a_stranger_gets_nothing(self, node):
        response, _ = request(node, "OPTIONS", headers={"Origin": "https://evil.example"})
        assert response.status == 403
        assert "Access-Control-Allow-Origin" not in response.headers

    def test_an_answer_names_the_allowed_origin_and_never_all(self, node):
        response, _ = request(node, "POST", body=json.dumps(VERSION).encode(),
                              headers={**JSON, "Origin": "https://app.example"})
        assert response.headers["Access-Control-Allow-Origin"] == "https://app.example"
        response, _ = request(node, "POST", body=json.dumps(VERSION).encode(), headers=JSON)
        assert "Access-Control-Allow-Origin" not in response.headers

    @pytest.mark.parametrize("method, path, status", [
        ("GET", "/health", 200), ("GET", "/", 200), ("GET", "/../identity", 404), ("POST", "/other", 404),
        ("PUT", "/", 405), ("DELETE", "/health", 405)])
    def test_other_methods_and_paths(self, node, method, path, status):
        response, _ = request(node, method, path, headers=JSON, body=b"{}" if method != "GET" else None)
        assert response.status == status

    def test_health_says_ok_and_how_many_peers(self, node):
        response, body = request(node, "GET", "/health")
        assert response.headers["Content-Type"] == "application/json"
        health = json.loads(body)
        assert (health["status"], health["peers"]) == ("ok", 0)
        assert (health["nodeHealth"], health["connectionStatus"]) == ("ready", "disconnected")


class TestAnswers:
    def test_node_methods_answer_as_geth_does(self, sotto):
        node = sotto(listen=("/ip4/127.0.0.1/tcp/0",))
        assert node.rpc("net_peerCount") == "0x0"
        assert node.rpc("net_version") == "1"
        assert node.rpc("net_listening") is True
        assert node.rpc("web3_clientVersion").startswith(f"Sotto/v{node.ready['version']}/linux-amd64/")
        assert node.rpc("web3_sha3", "0x") == "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
        assert node.rpc("rpc_modules") == {"admin": "1.0", "net": "1.0", "rpc": "1.0", "shh": "6.0", "shhext": "1.0",
                                           "sotto": "1.0", "web3": "1.0"}

    def test_info_names_this_node(self, sotto):
        node = sotto(listen=("/ip4/127.0.0.1/tcp/0",))
        info = node.rpc("admin_nodeInfo", token=True)
        assert info["multiaddrs"] == node.ready["multiaddrs"]
        assert info["peerId"] == node.peer_id
        assert info.keys() >= {"id", "enode", "ip", "listenAddr", "name", "ports", "protocols"}

    def test_peers_come_and_go_by_call(self, sotto):
        one, two = (sotto(listen=("/ip4/127.0.0.1/tcp/0",), name=name) for name in ("one", "two"))
        assert one.rpc("admin_addPeer", two.multiaddr, token=True) is True
        [peer] = one.await_peers(1)
        assert peer["peerId"] == two.peer_id and peer["transport"] == "libp2p"
        assert peer["security"] == "noise" and peer["muxer"] == "/yamux/1.0.0"
        assert peer["network"]["static"] is True and peer["network"]["inbound"] is False
        assert peer["network"]["remoteAddress"] == "127.0.0.1:" + two.multiaddr.split("/")[4]
        [back] = two.await_peers(1)
        assert back["peerId"] == one.peer_id and back["network"]["inbound"] is True
        assert one.rpc("net_peerCount") == "0x1"
        assert one.rpc("admin_removePeer", two.multiaddr, token=True) is True
        one.await_peers(0)
        two.await_peers(0)

    @pytest.mark.parametrize("address", ["", "nowhere", "/ip4/127.0.0.1/tcp/1", "enode://00@127.0.0.1:1"])
    def test_an_address_that_names_no_peer_is_refused(self, node, address):
        with pytest.raises(RpcError):
            node.rpc("admin_addPeer", address, token=True)


CHANNEL = {"ttl": 10, "topic": "0x01020304", "powTime": 1, "powTarget": 0.002}


def subscribe(socket_: WebSocket, key: str) -> str:
    return socket_.call("shh_subscribe", "messages", {"symKeyID": key, "topics": ["0x01020304"]})["result"]


class TestWebSocket:
    def test_a_subscription_is_told_of_messages_until_it_ends(self, node):
        key = node.rpc("shh_newSymKey")
        with WebSocket(address_of(node)) as listener, WebSocket(address_of(node)) as other:
            subscription = subscribe(listener, key)
            posted = node.rpc("shh_post", {**CHANNEL, "symKeyID": key, "payload": "0x68656c6c6f"})
            told = listener.receive()
            assert told["method"] == "shh_subscription" and "id" not in told
            assert told["params"]["subscription"] == subscription
            result = told["params"]["result"]
            assert (result["hash"], result["payload"], result["topic"]) == (posted, "0x68656c6c6f", "0x01020304")
            assert other.call("shh_unsubscribe", subscription)["error"]["code"] == SERVER_ERROR
            assert listener.call("shh_unsubscribe", subscription)["result"] is True
            node.rpc("shh_post", {**CHANNEL, "symKeyID": key, "payload": "0x00"})
            assert listener.call("shh_version")["result"] == "6.0"  # and nothing before it

    def test_batches_and_errors_are_as_over_http(self, node):
        with WebSocket(address_of(node)) as client:
            client.send("{")
            assert client.receive()["error"]["code"] == PARSE_ERROR
            client.send(json.dumps([VERSION, 7]))
            assert [answer["id"] for answer in client.receive()] == [1, None]
            client.send(json.dumps([VERSION] * 101))
            assert client.receive()["error"]["code"] == INVALID_REQUEST

    def test_many_calls_at_once_are_all_answered(self, node):
        with WebSocket(address_of(node)) as client:
            for i in range(200):
                client.send(json.dumps({**VERSION, "id": i}))
            assert {client.receive()["id"] for _ in range(200)} == set(range(200))

    def test_a_message_above_1_mib_ends_it(self, node):
        with WebSocket(address_of(node)) as client:
            client.send(json.dumps(VERSION) + " " * (1024 * 1024 - 100))
            assert client.receive()["result"] == "6.0"
            with suppress(ConnectionError):  # it may end before it has all
                client.send(" " * (1024 * 1024 + 1))
            assert client.ends_within(10)
        assert node.rpc("shh_version") == "6.0"

    def test_a_subscriber_that_does_not_read_is_closed_and_others_are_served(self, node):
        key = node.rpc("shh_newSymKey")
        payload = "0x" + "ab" * 200_000
        descriptors = f"/proc/{node.pid}/fd"
        with WebSocket(address_of(node)) as reader:
            subscribe(reader, key)
            before = len(os.listdir(descriptors))
            with WebSocket(address_of(node)) as slow:
                subscribe(slow, key)
                assert len(os.listdir(descriptors)) == before + 1
                deadline = time.monotonic() + 30
                while len(os.listdir(descriptors)) > before and time.monotonic() < deadline:
                    posted = node.rpc("shh_post", {**CHANNEL, "symKeyID": key, "payload": payload})
                    assert reader.receive()["params"]["result"]["hash"] == posted
                assert len(os.listdir(descriptors)) == before, "the one that does not read was not closed"

    def test_subscriptions_end_with_their_socket(self, node):
        key = node.rpc("shh_newSymKey")
        for _ in range(20):
            connection = WebSocket(address_of(node))
            subscribe(connection, key)
            connection.reset()
        node.rpc("shh_post", {**CHANNEL, "symKeyID": key, "payload": "0x01"})
        assert node.rpc("shh_version") == "6.0"
