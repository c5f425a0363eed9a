# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Peers that stop without a word, as a phone in a tunnel does: what waits for them is theirs when they are back."""

import signal
import time
from urllib.parse import urlsplit

import pytest

from support.node import until
from support.websocket import WebSocket
from support.whisper import LIMIT, TOPIC, check_symmetric, end

SUSPECT_WITHIN, DEAD_WITHIN, BACK_WITHIN = 30, 60, 30  # seconds
TTL = 300


class States:
    """What sotto_subscribe tells of peers' states, and when it was told."""

    def __init__(self, socket: WebSocket):
        self._socket = socket
        self.seen: list[tuple[str, str]] = []
        socket.call("sotto_subscribe", "peers")

    def until_all(self, peers: set[str], state: str, deadline: float) -> None:
        missing = set(peers)
        while missing:
            left = deadline - time.monotonic()
            assert left > 0, f"not {state}: {missing}; seen: {self.seen}"
            try:
                told = self._socket.receive(left)["params"]["result"]
            except TimeoutError:
                continue
            if told["event"] == "state":
                self.seen.append((told["peerId"], told["state"]))
                missing.discard(told["peerId"] if told["state"] == state else None)


@pytest.fixture
def watched(start_peer, sotto):
    """Our node, three peers that it has dialled, and their ids at our node."""
    names = ("pauses", "vanishes", "stays")
    peers = {name: start_peer("gethpeer", name=name) for name in names}
    node = sotto(*(word for peer in peers.values() for word in ("--peer", peer.enode)))
    for peer in peers.values():
        peer.wait_event("session", LIMIT, state="up")
    node.await_peers(3)
    known = {p["enodeId"]: p["peerId"] for p in node.rpc("sotto_peers", token=True)}
    return node, peers, {name: known[peer.enode[8:136]] for name, peer in peers.items()}


def test_a_peer_that_stops_is_suspect_then_dead_and_misses_nothing(watched):
    node, peers, ids = watched
    ours = end(node)
    key = ours.sym_key()
    filters = {name: end(peer).subscribe(symKeyID=end(peer).sym_key(), topics=[TOPIC]) for name, peer in peers.items()}

    def post(payload: str) -> str:
        return ours.post(1, payload, symKeyID=key, topic=TOPIC, ttl=TTL)[0]

    def states() -> dict[str, str]:
        return {p["peerId"]: p["state"] for p in node.rpc("sotto_peers", token=True)}

    def check_received(name: str, *hashes: str) -> None:
        came = end(peers[name]).receive(filters[name], len(hashes), BACK_WITHIN)
        assert {m["hash"] for m in came} == set(hashes)

    parts = urlsplit(node.http)
    with WebSocket((parts.hostname, parts.port)) as socket:
        watch = States(socket)
        stopped = time.monotonic()
        for name in ("pauses", "vanishes"):
            peers[name].signal(signal.SIGSTOP)
        unread = post("0x01")  # into connections that nobody reads
        watch.until_all({ids["pauses"], ids["vanishes"]}, "suspect", stopped + SUSPECT_WITHIN)
        assert [states()[ids[name]] for name in ("pauses", "vanishes", "stays")] == ["suspect", "suspect", "ok"]
        withheld = post("0x02")
        check_received("stays", unread, withheld)
        assert node.rpc("sotto_messageState", withheld)["sentTo"] == [ids["stays"]]

        peers["pauses"].signal(signal.SIGCONT)
        check_received("pauses", unread, withheld)
        watch.until_all({ids["vanishes"]}, "dead", stopped + DEAD_WITHIN)
        missed = post("0x03")
        peers["vanishes"].signal(signal.SIGCONT)
        check_received("vanishes", unread, withheld, missed)
        for name in ("pauses", "stays"):
            check_received(name, missed)
        until(lambda: set(states().values()) == {"ok"} and len(states()) == 3, BACK_WITHIN, "three sound peers", node)
        assert (ids["stays"], "suspect") not in watch.seen
    for peer in peers.values():
        check_symmetric(peer, node, count=1)
