# SPDX-License-Identifier: Apache-2.0 OR MIT
"""JSON-RPC with a node of ours and with geth's Whisper, by the shortest way that each has."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from support.node import Node
from support.peers import Peer
from support.websocket import WebSocket

Call = Callable[..., object]


def socket_of(node: Node) -> WebSocket:
    url = urlsplit(node.ready["rpc"]["ws"])
    return WebSocket((url.hostname, url.port))


@contextmanager
def caller(peer: Peer) -> Iterator[Call]:
    """call(method, *params) -> result: over one WebSocket to ours, in geth's own process."""
    if not isinstance(peer, Node):
        yield lambda method, *params: peer.call("rpc", method=method, params=params)
        return
    with socket_of(peer) as socket:
        yield lambda method, *params: socket.call(method, *params)["result"]


@contextmanager
def subscribed(peer: Peer, criteria: dict) -> Iterator[Iterator[str]]:
    """The hashes of messages as a subscription tells of them."""
    if not isinstance(peer, Node):
        made = peer.call("subscribe", **criteria)
        yield iter(lambda: peer.wait_event("message", filter=made)["hash"], None)
        return
    with socket_of(peer) as socket:
        socket.call("shh_subscribe", "messages", criteria)
        yield iter(lambda: socket.receive()["params"]["result"]["hash"], None)
