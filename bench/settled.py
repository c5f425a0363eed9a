# SPDX-License-Identifier: Apache-2.0 OR MIT
"""What a node costs that has peers and nothing to do. Ours and theirs stand side by side and are watched at once."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rig import GETH_WHISPER, GO_LIBP2P, Rig, Row, Sample, cpu_seconds, resident_bytes
from support.peers import Peer

SETTLED_AFTER = 5  # seconds
WATCHED_FOR = 30  # seconds: two heartbeats

NETWORKS = (("RLPx", "gethpeer", GETH_WHISPER, "enode"), ("Noise + yamux", "libp2ppeer", GO_LIBP2P, "multiaddr"))


@dataclass
class Settled:
    bytes: float  # that a peer adds
    cpu: float  # seconds a second
    wakes: float  # a second


def wakes(pid: int) -> int:
    """How often threads have gone to sleep: each time, something woke them."""
    found = 0
    for status in Path(f"/proc/{pid}/task").glob("*/status"):
        text = status.read_text()
        found += int(text.split("voluntary_ctxt_switches:", 1)[1].split(None, 1)[0])
    return found


def settled(rig: Rig, program: str, attribute: str, peers: int) -> tuple[Settled, Settled]:
    with rig.scope():
        servers: list[Peer] = [rig.node(), rig.go(program, "-verbosity", "1")]
        before = []
        for server in servers:
            rig.load("handshakes", getattr(server, attribute), "--count", 20)  # warm
            before.append(resident_bytes(server.pid))
        for server in servers:
            rig.hold("idle", getattr(server, attribute), "--count", peers)
        time.sleep(SETTLED_AFTER)
        at_first = [(time.monotonic(), cpu_seconds(s.pid), wakes(s.pid)) for s in servers]
        time.sleep(WATCHED_FOR)
        found = []
        for server, (began, cpu, woken), resident in zip(servers, at_first, before):
            seconds = time.monotonic() - began
            found.append(Settled((resident_bytes(server.pid) - resident) / peers,
                                 (cpu_seconds(server.pid) - cpu) / seconds, (wakes(server.pid) - woken) / seconds))
        return found[0], found[1]


def idle(rig: Rig) -> Iterator[Row]:
    """Memory and CPU of idle peers, with Whisper's status exchanged, on libp2p identify too. Heartbeats go on."""
    for name, program, peer, attribute in NETWORKS:
        for peers in (100, 1000):
            yield Row(f"Idle {name} peer, of {peers:,}", "KiB", "s and peer", peer, *(
                Sample(side.bytes / 1024, side.cpu / peers) for side in settled(rig, program, attribute, peers)), True)


def wakeups(rig: Rig) -> Iterator[Row]:
    for name, program, peer, attribute in NETWORKS:
        yield Row(f"Wake-ups of a settled node, 10 {name} peers", "/s", "s", peer, *(
            Sample(side.wakes, side.cpu) for side in settled(rig, program, attribute, 10)), True)
