# SPDX-License-Identifier: Apache-2.0 OR MIT
"""The rpc- limits take effect while the node runs, on HTTP, WebSocket and IPC alike."""

import contextlib
import functools
import http.client
import json
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from support.ipc import Ipc, socket_of
from support.node import RpcError, until
from support.peers import PeerError
from support.websocket import WebSocket

WAYS = ["http", "websocket", "ipc"]


def call_text(padding: int = 0) -> str:
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": "shh_version", "params": []}) + " " * padding


@pytest.fixture
def node(sotto):
    return sotto(listen=("none",))


def websocket(node) -> WebSocket:
    parts = urlsplit(node.http)
    return WebSocket((parts.hostname, parts.port))


class Http:
    """One connection that is kept; a status other than 200 counts as the error with that code."""

    def __init__(self, node):
        self.connection = http.client.HTTPConnection(node.http.removeprefix("http://"), timeout=15)

    def ask(self, text: str):
        self.connection.request("POST", "/", text, {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        body = answer.read()
        return json.loads(body) if answer.status == 200 else {"error": {"code": answer.status}}


@pytest.fixture
def clients(node):
    with websocket(node) as by_websocket, Ipc(socket_of(node)) as by_ipc:
        yield {"http": Http(node), "websocket": by_websocket, "ipc": by_ipc}


@pytest.fixture
def ask(clients) -> Callable:
    """Sends a text one way, over a connection that was there before the limits changed; the answer."""
    def over(way: str, text: str):
        client = clients[way]
        if way == "http":
            return client.ask(text)
        client.send(text if way == "websocket" else text.encode())
        return client.receive()
    return over


def set_limits(node, **limits) -> None:
    """By a connection of its own, and again when the limits that are tested refuse it."""
    wanted = {name.replace("_", "-"): value for name, value in limits.items()}

    def try_once() -> bool:
        with contextlib.suppress(RpcError), Ipc(socket_of(node)) as client:
            return client.call("admin_setLimits", wanted)
        return False
    until(try_once, 10, f"way to set {wanted}", node)


@pytest.mark.parametrize("way", WAYS)
class TestOpenConnections:
    def test_a_batch(self, node, ask, way):
        batch = json.dumps([json.loads(call_text())] * 3)
        assert len(ask(way, batch)) == 3
        set_limits(node, rpc_batch=2)
        assert ask(way, batch)["error"]["code"] == -32600
        set_limits(node, rpc_batch="unlimited")
        assert len(ask(way, json.dumps([json.loads(call_text())] * 150))) == 150

    def test_calls_a_second(self, node, ask, way):
        assert ask(way, call_text())["result"] == "6.0"
        set_limits(node, rpc_calls_per_second=1)
        codes = [ask(way, call_text()).get("error", {}).get("code") for _ in range(5)]
        assert (429 if way == "http" else -32005) in codes
        set_limits(node, rpc_calls_per_second="unlimited")
        assert [ask(way, call_text())["result"] for _ in range(5)] == ["6.0"] * 5


class TestBody:
    def test_http(self, node, ask):
        assert ask("http", call_text(1000))["result"] == "6.0"
        set_limits(node, rpc_body_bytes=1000)
        assert ask("http", call_text(1000))["error"]["code"] == 413
        set_limits(node, rpc_body_bytes=2000)
        assert ask("http", call_text(1000))["result"] == "6.0"

    def test_ipc(self, node, ask, clients):
        text = call_text()[:-1] + " " * 1000 + "}"
        assert ask("ipc", text)["result"] == "6.0"
        set_limits(node, rpc_body_bytes=1000)
        assert ask("ipc", text)["error"]["code"] == -32700
        assert clients["ipc"].ended()

    def test_websocket(self, node, ask, clients):
        assert ask("websocket", call_text(1000))["result"] == "6.0"
        set_limits(node, rpc_body_bytes=1000)
        assert ask("websocket", call_text())["result"] == "6.0", "one that is waited for already has the old bound"
        clients["websocket"].send(call_text(1000))
        assert clients["websocket"].ends_within(10)


class TestConnections:
    def test_of_the_port(self, node, clients):
        set_limits = functools.partial(clients["ipc"].call, "admin_setLimits")
        with websocket(node) as second:
            assert set_limits({"rpc-connections": 1}) is True
            with pytest.raises(PeerError):
                node.rpc("shh_version")
            for client in (clients["websocket"], second):
                assert client.call("shh_version")["result"] == "6.0", "who was let in stays"
            assert set_limits({"rpc-connections": 3}) is True
            assert node.rpc("shh_version") == "6.0"

    def test_over_ipc(self, node, clients):
        with Ipc(socket_of(node)) as second:
            assert second.call("admin_setLimits", {"rpc-connections": 1}) is True
            assert clients["ipc"].call("shh_version") == "6.0"
            with Ipc(socket_of(node)) as third:
                assert third.ended()
            assert second.call("admin_setLimits", {"rpc-connections": 3}) is True
            with Ipc(socket_of(node)) as third:
                assert third.call("shh_version") == "6.0"
