# SPDX-License-Identifier: Apache-2.0 OR MIT
"""What happens in a node, told to who watches: server-sent events and sotto_subscribe."""

import http.client
import json
import socket
from urllib.parse import urlsplit

import pytest

from support.ipc import Ipc, socket_of
from support.node import RpcError, until
from support.websocket import WebSocket

TOPIC = "0x5077aaaa"
LIMIT = 15


def address_of(node):
    parts = urlsplit(node.http)
    return parts.hostname, parts.port


class Events:
    """GET /events, as a browser's EventSource reads it."""

    def __init__(self, node, query: str = "", last_id: str | None = None):
        self._connection = http.client.HTTPConnection(*address_of(node), timeout=LIMIT)
        self._connection.request("GET", f"/events{query}", headers={"Last-Event-ID": last_id} if last_id else {})
        self.response = self._connection.getresponse()
        self.last_id = last_id
        self.seen: list[dict] = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._connection.close()

    def next(self) -> tuple[str, dict]:
        """The next event's name and data."""
        name, data = None, None
        while True:
            line = self.response.readline().decode()
            if not line:
                raise EOFError("the stream has ended")
            line = line.rstrip("\n")
            field, _, value = line.partition(": ")
            if field == "id":
                self.last_id = value
            elif field == "event":
                name = value
            elif field == "data":
                data = json.loads(value)
            elif not line:
                if name:
                    return name, data

    def until(self, name: str, **fields) -> dict:
        """The next event of this name with these fields; others are skipped."""
        while True:
            found, data = self.next()
            if found == name and fields.items() <= data.items():
                return data


@pytest.fixture
def node(sotto):
    return sotto(name="watched")


@pytest.fixture
def filter_id(node):
    key = node.rpc("shh_addSymKey", "0x" + "5a" * 32)
    return node.rpc("shh_newMessageFilter", {"symKeyID": key, "topics": [TOPIC]})


def post(node, payload: str) -> str:
    key = node.rpc("shh_addSymKey", "0x" + "5a" * 32)
    return node.rpc("shh_post", {"symKeyID": key, "topic": TOPIC, "payload": payload, "ttl": 60, "powTime": 1,
                                 "powTarget": 0.002})


class TestStream:
    def test_it_tells_of_peers_that_come_and_go(self, node, sotto):
        with Events(node, "?kinds=peers") as events:
            assert events.response.headers["Content-Type"] == "text/event-stream"
            other = sotto("--peer", node.multiaddr, name="other")
            came = events.until("peers", event="connected")
            assert came["peerId"] == other.peer_id
            assert (came["transport"], came["inbound"], came["protocol"]) == ("libp2p", True, "shh")
            other.kill()
            went = events.until("peers", event="disconnected")
            assert went["peerId"] == other.peer_id and went["reason"]

    def test_it_tells_the_states_of_a_posted_message(self, node):
        with Events(node, "?kinds=states") as events:
            hash_ = post(node, "0x01")
            while (state := events.next()[1])["hash"] != hash_:
                pass
            assert state["state"] in ("sealed", "queued")

    def test_it_gives_the_messages_of_a_filter_to_who_knows_its_id(self, node, filter_id):
        with Events(node, f"?filter={filter_id}&kinds=messages") as events, Events(node) as others:
            hash_ = post(node, "0x0102")
            message = events.until("messages")
            assert (message["hash"], message["payload"], message["filter"]) == (hash_, "0x0102", filter_id)
            assert others.next()[0] != "messages"

    def test_a_reader_that_comes_back_misses_nothing(self, node, filter_id):
        query = f"?filter={filter_id}&kinds=messages"
        with Events(node, query) as events:
            post(node, "0x01")
            assert events.until("messages")["payload"] == "0x01"
            last = events.last_id
        for payload in ("0x02", "0x03"):
            post(node, payload)
        with Events(node, query, last) as events:
            assert [events.until("messages")["payload"] for _ in range(2)] == ["0x02", "0x03"]
        with Events(node, f"{query}&after={last}") as events:
            assert events.until("messages")["payload"] == "0x02"

    def test_a_reader_of_an_earlier_process_is_told_so(self, sotto):
        node = sotto(listen=("none",), name="first")
        with Events(node) as events:
            post(node, "0x01")
            events.until("states")
            last = events.last_id
        node.kill()
        again = sotto(listen=("none",), name="again")
        with Events(again, last_id=last) as events:
            assert events.next() == ("lost", {"count": None, "restarted": True})

    @pytest.mark.parametrize("query, status", [
        ("?kinds=blocks", 400), ("?kinds=messages", 400), ("?after=x", 400), ("?what=1", 400), ("?kinds=%", 400),
        ("?filter=" + "0" * 64, 404)])
    def test_what_cannot_be_served_is_refused_with_a_word(self, node, query, status):
        with Events(node, query) as events:
            assert events.response.status == status
            assert events.response.read().strip()

    def test_a_reader_that_does_not_read_holds_nothing_up(self, node, filter_id):
        """Ten messages of 100 KB each are more than its socket takes."""
        with socket.create_connection(address_of(node), LIMIT) as slow:
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.sendall(f"GET /events?filter={filter_id} HTTP/1.1\r\nHost: {node.http[7:]}\r\n\r\n".encode())
            with Events(node, f"?kinds=messages&filter={filter_id}") as fast:
                for i in range(10):
                    post(node, f"0x{i:02x}" + "00" * 100_000)
                    assert fast.until("messages")["payload"][:4] == f"0x{i:02x}"

    def test_places_of_readers_that_left_come_free(self, sotto):
        node = sotto("--limit", "rpc-connections=3", listen=("none",))
        for _ in range(20):
            def read() -> bool:
                try:
                    with Events(node) as events:
                        return events.response.status == 200
                except (OSError, http.client.HTTPException):
                    return False
            until(read, 10, "place for a reader", node)

    def test_a_clean_stop_ends_the_streams(self, node):
        with Events(node) as events:
            node.signal(15)
            assert node.wait_exit() == 0
            with pytest.raises((EOFError, OSError, http.client.HTTPException)):
                while True:
                    events.next()


@pytest.fixture(params=["ws", "ipc"])
def watcher(node, request):
    if request.param == "ipc":
        with Ipc(socket_of(node)) as client:
            yield client
        return
    with WebSocket(address_of(node)) as socket_:
        yield WebSocketWatcher(socket_)


class WebSocketWatcher:
    """A WebSocket with the two calls of Ipc."""

    def __init__(self, socket_: WebSocket):
        self._socket = socket_
        self._kept: list[dict] = []

    def call(self, method: str, *params):
        self._socket.send(json.dumps({"jsonrpc": "2.0", "id": 7, "method": method, "params": params}))
        while "method" in (answer := self._socket.receive()):
            self._kept.append(answer["params"])
        if "error" in answer:
            raise RpcError(method, answer["error"])
        return answer["result"]

    def notification(self) -> dict:
        if self._kept:
            return self._kept.pop(0)
        message = self._socket.receive()
        assert message["method"] == "sotto_subscription"
        return message["params"]


class TestSubscriptions:
    def test_peers(self, node, watcher, sotto):
        subscription = watcher.call("sotto_subscribe", "peers")
        other = sotto("--peer", node.enode, name="other")
        while (told := watcher.notification())["result"]["event"] != "connected":
            pass
        assert told["subscription"] == subscription and "-" in told["event"]
        assert told["result"]["peerId"] == other.peer_id

    def test_messages_in_the_shape_of_shh(self, node, watcher):
        key = node.rpc("shh_addSymKey", "0x" + "5a" * 32)
        subscription = watcher.call("sotto_subscribe", "messages", {"symKeyID": key, "topics": [TOPIC]})
        hash_ = post(node, "0x07")
        told = watcher.notification()
        message = told["result"]
        assert (told["subscription"], message["hash"], message["payload"]) == (subscription, hash_, "0x07")

    def test_states_of_all_messages_or_of_those_that_are_named(self, node, watcher):
        watcher.call("sotto_subscribe", "states", {"hash": "0x" + "11" * 32})
        everything = watcher.call("sotto_subscribe", "states")
        post(node, "0x01")
        told = watcher.notification()
        assert told["subscription"] == everything and told["result"]["state"]

    def test_nothing_is_told_after_unsubscribe(self, node, watcher):
        key = node.rpc("shh_addSymKey", "0x" + "5a" * 32)
        criteria = {"symKeyID": key, "topics": [TOPIC]}
        first, second = (watcher.call("sotto_subscribe", "messages", criteria) for _ in range(2))
        assert watcher.call("sotto_unsubscribe", first) is True
        post(node, "0x01")
        assert watcher.notification()["subscription"] == second
        with pytest.raises(RpcError, match="subscription not found"):
            watcher.call("sotto_unsubscribe", first)

    def test_refusals(self, node, watcher):
        with pytest.raises(RpcError, match='no "blocks" subscription'):
            watcher.call("sotto_subscribe", "blocks")
        with pytest.raises(RpcError, match="hashes"):
            watcher.call("sotto_subscribe", "states", {"hashes": ["0x00"] * 101})
        for wrong in ({"hash": "zz"}, {"hashes": ["0x11"]}):
            with pytest.raises(RpcError, match="64 hex digits"):
                watcher.call("sotto_subscribe", "states", wrong)
        with pytest.raises(RpcError, match="notifications not supported"):
            node.rpc("sotto_subscribe", "peers")


class TestShhext:
    def test_post_answers_statuss_id_and_messages_come_until_confirmed(self, node, filter_id):
        key = node.rpc("shh_addSymKey", "0x" + "5a" * 32)
        message = {"symKeyID": key, "topic": TOPIC, "payload": "0x68656c6c6f", "ttl": 60, "powTime": 1,
                   "powTarget": 0.002}
        id_ = node.rpc("shhext_post", message)
        assert id_ == "0x" + "00" * 28 + f"{fnv1(bytes.fromhex('68656c6c6f5077aaaa')):08x}"
        [first] = self.read(node, filter_id)
        assert first["message"]["payload"] == "0x68656c6c6f"
        node.rpc("shhext_post", message)
        [second] = self.read(node, filter_id)
        assert second["id"] == first["id"] and second["message"]["hash"] != first["message"]["hash"]
        assert node.rpc("shhext_confirmMessagesProcessedByID", [first["id"]]) is None
        node.rpc("shhext_post", message)
        node.rpc("shhext_post", {**message, "payload": "0x01"})
        assert [m["message"]["payload"] for m in self.read(node, filter_id)] == ["0x01"]

    def test_messages_may_be_confirmed_whole(self, node, filter_id):
        post(node, "0x02")
        [message] = self.read(node, filter_id)
        assert node.rpc("shhext_confirmMessagesProcessed", [message["message"]]) is None
        post(node, "0x02")
        post(node, "0x03")
        assert [m["message"]["payload"] for m in self.read(node, filter_id)] == ["0x03"]

    @pytest.mark.parametrize("params", [[], ["0x01"], [["0x01"]], [[7]]])
    def test_wrong_confirmations_are_refused(self, node, params):
        with pytest.raises(RpcError) as refused:
            node.rpc("shhext_confirmMessagesProcessedByID", *params)
        assert refused.value.code == -32602

    @staticmethod
    def read(node, filter_id: str) -> list[dict]:
        return until(lambda: node.rpc("shhext_getNewFilterMessages", filter_id), LIMIT, "message", node)


def fnv1(data: bytes) -> int:
    value = 2166136261
    for byte in data:
        value = value * 16777619 % 2**32 ^ byte
    return value
