# SPDX-License-Identifier: Apache-2.0 OR MIT
"""The bounds and deadlines of the RPC port that docs/rpc.md promises, and that a caller beyond them harms nobody."""

import contextlib
import http.client
import json
import socket
import time
from urllib.parse import urlsplit

import pytest

from support.node import until
from support.peers import PeerError
from support.websocket import WebSocket, upgrade

CALL = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "shh_version"}).encode()
LIMIT = 15
HEADER_SECONDS = 10


@pytest.fixture
def node(sotto):
    return sotto(listen=("none",))


def address_of(node) -> tuple[str, int]:
    parts = urlsplit(node.http)
    return parts.hostname, parts.port


def head(node, length: int | str, *lines: str) -> bytes:
    fields = [f"POST / HTTP/1.1\r\nHost: {node.http.removeprefix('http://')}", "Content-Type: application/json",
              f"Content-Length: {length}", *lines]
    return "\r\n".join([*fields, "", ""]).encode()


def connect(node) -> socket.socket:
    return socket.create_connection(address_of(node), LIMIT)


def read_until_end(connection: socket.socket) -> bytes:
    answer = b""
    while piece := connection.recv(65536):
        answer += piece
    return answer


def read_until_reset(connection: socket.socket) -> bytes:
    try:
        return read_until_end(connection)
    except ConnectionResetError:
        return b""


def is_open(connection: socket.socket) -> bool:
    connection.settimeout(0)
    try:
        return connection.recv(1) != b""
    except BlockingIOError:
        return True
    finally:
        connection.settimeout(LIMIT)


def is_whole(connection: socket.socket) -> bool:
    """Reads an answer of HTTP to its end."""
    answer = http.client.HTTPResponse(connection)
    try:
        answer.begin()
        answer.read()
    except (http.client.HTTPException, ConnectionResetError):
        return False
    return True


def version_by(connection: http.client.HTTPConnection) -> str:
    connection.request("POST", "/", CALL, {"Content-Type": "application/json"})
    return json.load(connection.getresponse())["result"]


def serves(node) -> bool:
    try:
        return node.rpc("shh_version", timeout=1) == "6.0"
    except PeerError:
        return False


class TestExpect:
    def test_the_body_is_asked_for_before_it_is_read(self, node):
        with connect(node) as client:
            client.sendall(head(node, len(CALL), "Expect: 100-continue"))
            assert client.recv(4096) == b"HTTP/1.1 100 Continue\r\n\r\n"
            client.sendall(CALL)
            assert b"200 OK" in client.recv(4096)

    @pytest.mark.parametrize("lines, length, status", [
        (["Expect: 100-continue", "Origin: http://evil.example"], 10, b" 403 "),
        (["Expect: 100-continue"], 6 * 1024 * 1024, b" 413 "),
        (["Expect: magic"], 10, b" 417 ")])
    def test_what_may_not_come_in_is_refused_without_its_body(self, node, lines, length, status):
        with connect(node) as client:
            client.sendall(head(node, length, *lines))
            assert status in read_until_end(client).split(b"\r\n")[0]


class TestHeaders:
    @pytest.mark.parametrize("line", ["Host: evil.example", "Origin: http://evil.example\r\nOrigin: http://localhost",
                                      "Authorization: Bearer a\r\nAuthorization: Bearer b", "Content-Type: text/plain",
                                      "Cookie: a=b\r\nCookie: c=d"])
    def test_one_that_may_be_there_once_is_refused_twice(self, node, line):
        with connect(node) as client:
            client.sendall(head(node, len(CALL), line) + CALL)
            assert b" 400 " in read_until_end(client).split(b"\r\n")[0]

    def test_requests_sent_at_once_are_answered_in_their_order(self, node):
        calls = [json.dumps({"jsonrpc": "2.0", "id": i, "method": "shh_version"}).encode() for i in range(10, 30)]
        with connect(node) as client:
            client.sendall(b"".join(head(node, len(call)) + call for call in calls))
            client.shutdown(socket.SHUT_WR)
            answers = read_until_end(client).split(b"HTTP/1.1")[1:]
        assert [json.loads(answer[answer.index(b"{"):])["id"] for answer in answers] == list(range(10, 30))

    @pytest.mark.parametrize("begun", [b"", b"POST / HTTP/1.1\r\nHost: localhost\r\nX: "])
    def test_a_header_that_does_not_come_is_not_waited_for(self, node, begun):
        start = time.monotonic()
        with connect(node) as client:
            client.sendall(begun)
            client.settimeout(HEADER_SECONDS + 5)
            assert client.recv(1) == b""
        assert HEADER_SECONDS - 1 < time.monotonic() - start < HEADER_SECONDS + 5


class TestPlaces:
    @pytest.mark.parametrize("begun", [b"", b"POST / HTTP/1.1\r\n", None])
    def test_who_sends_no_whole_request_keeps_nobody_out(self, sotto, begun):
        node = sotto("--limit", "rpc-connections=4", listen=("none",))
        with contextlib.ExitStack() as stack:
            oldest = stack.enter_context(connect(node))
            proven = http.client.HTTPConnection(*address_of(node), timeout=LIMIT)
            stack.callback(proven.close)
            slow = []
            for _ in range(20):
                assert version_by(proven) == "6.0", "who has sent one stays"
                slow.append(stack.enter_context(connect(node)))
                slow[-1].sendall(head(node, 100) if begun is None else begun)
            assert serves(node)
            oldest.settimeout(HEADER_SECONDS / 2)
            assert read_until_reset(oldest) == b"", "the oldest went first"

    def test_who_is_refused_has_proven_nothing(self, sotto):
        node = sotto("--limit", "rpc-connections=2", listen=("none",))
        with contextlib.ExitStack() as stack:
            for _ in range(4):
                client = stack.enter_context(connect(node))
                client.sendall(head(node, len(CALL), "Authorization: Bearer no") + CALL)
                assert b" 401 " in client.recv(4096)
            assert serves(node)

    def test_who_has_proven_themselves_keep_later_ones_out(self, sotto):
        node = sotto("--limit", "rpc-connections=2", listen=("none",))
        with WebSocket(address_of(node)) as first, WebSocket(address_of(node)) as second:
            with connect(node) as third:
                assert read_until_reset(third) == b""
            assert not serves(node)
            assert first.call("shh_version")["result"] == second.call("shh_version")["result"] == "6.0"
        until(lambda: serves(node), LIMIT, "free place", node)


class TestAnnounced:
    @pytest.mark.parametrize("length", [2**40, 2**46, 2**63 - 1, 2**64 - 1])
    def test_what_is_announced_costs_no_memory(self, sotto, length):
        node = sotto("--limit", "rpc-body-bytes=unlimited", listen=("none",))
        with connect(node) as client:
            client.sendall(head(node, length) + b"{")
            assert serves(node)
        with connect(node) as client:
            client.sendall(head(node, len(CALL), "Connection: close") + CALL)
            assert b" 200 " in read_until_end(client)


class TestBacklog:
    """64 MiB are held for clients that keep the node waiting; above, who has done so for longest goes."""

    def test_bodies_that_do_not_come(self, node):
        with contextlib.ExitStack() as stack:
            waiting = []
            for _ in range(14):
                waiting.append(stack.enter_context(connect(node)))
                waiting[-1].sendall(head(node, 5 * 1024 * 1024) + b" " * (5 * 1024 * 1024 - 1))
            assert read_until_reset(waiting[0]) == b"", "long before its 30 seconds are over"
            assert is_open(waiting[-1])
            assert serves(node)

    def test_answers_that_nobody_reads(self, node):
        echoed = [{"jsonrpc": "2.0", "id": "x" * 50_000, "method": "rpc.discover"} for _ in range(100)]
        batch = json.dumps(echoed).encode()
        with contextlib.ExitStack() as stack:
            waiting = []
            for _ in range(12):
                waiting.append(stack.enter_context(connect(node)))
                waiting[-1].sendall(head(node, len(batch)) + batch)
                assert serves(node)
            assert not is_whole(waiting[0])
            assert is_whole(waiting[-1])


class TestRate:
    def test_http_is_told_to_come_back_later(self, sotto):
        node = sotto("--limit", "rpc-calls-per-second=5", listen=("none",))
        statuses = []
        for _ in range(20):
            with connect(node) as client:
                client.sendall(head(node, len(CALL), "Connection: close") + CALL)
                answer = read_until_end(client)
                statuses.append(int(answer.split()[1]))
                assert statuses[-1] == 200 or b"Retry-After: 1" in answer
        assert set(statuses) == {200, 429}
        until(lambda: serves(node), 10, "answer to a later call", node)

    def test_each_call_of_a_batch_counts(self, sotto):
        node = sotto("--limit", "rpc-calls-per-second=10", listen=("none",))
        batch = b"[" + b",".join([CALL] * 40) + b"]"
        with connect(node) as client:
            client.sendall(head(node, len(batch), "Connection: close") + batch)
            answers = json.loads(read_until_end(client).split(b"\r\n\r\n", 1)[1])
        codes = [answer.get("error", {}).get("code") for answer in answers]
        assert 10 <= codes.count(None) < 30 and set(codes) == {None, -32005}

    def test_without_a_limit_there_is_none(self, sotto):
        node = sotto("--limit", "rpc-calls-per-second=unlimited", "--limit", "rpc-connections=unlimited",
                     listen=("none",))
        assert node.rpc_all([("shh_version", [])] * 1000) == ["6.0"] * 1000


class TestWebSocket:
    def test_nothing_is_compressed(self, node):
        with connect(node) as client:
            client.sendall((f"GET / HTTP/1.1\r\nHost: {node.http[7:]}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                            "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n").encode())
            answer = client.recv(4096).lower()
        assert b" 101 " in answer and b"deflate" not in answer

    def test_a_header_may_be_as_long_as_any(self, node):
        with WebSocket(address_of(node), {"X-Long": "x" * 15_000}) as client:
            assert client.call("shh_version")["result"] == "6.0"

    def test_an_upgrade_that_is_none_is_refused(self, node):
        connection, status = upgrade(address_of(node), {"Sec-WebSocket-Key": None})
        connection.close()
        assert status == 400 and serves(node)

    def test_a_name_of_2048_bytes_is_looked_up_and_a_longer_one_is_no_request(self, node):
        with WebSocket(address_of(node)) as client:
            assert client.call("x" * 2048)["error"]["code"] == -32601
            client.send(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "x" * 2049}))
            assert client.receive()["error"]["code"] == -32600
