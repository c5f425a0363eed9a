# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Connections and what they carry, on either network, beside geth's devp2p and go-libp2p."""

from collections.abc import Iterator

from rig import GETH, GO_LIBP2P, Rig, Row, Sample, charged, in_turns
from support.peers import Peer


def handshakes(rig: Rig) -> Iterator[Row]:
    """Connect, handshake, one ping answered, goodbye; a fresh identity each time, 8 at a time."""
    def sample(server: Peer, address: str, protocol: str, count: int) -> Sample:
        report, cpu = charged(server, count, lambda: rig.load(
            "handshakes", address, "--protocol", protocol, "--count", count))
        return Sample(count / report["seconds"], cpu)

    for name, theirs, peer, attribute, protocol in (
            ("RLPx handshakes", lambda: rig.go("gethbench"), GETH, "enode", "bench"),
            ("Noise handshakes", lambda: rig.go("libp2ppeer", "-shh=false"), GO_LIBP2P, "multiaddr", "shh")):
        with rig.scope():
            other, node = theirs(), rig.node()
            sides = [(node, getattr(node, attribute), "shh"), (other, getattr(other, attribute), protocol)]
            for side in sides:
                sample(*side, 200)  # warm
            yield Row(name, "/s", "handshake", peer,
                      *in_turns(rig.runs, *(lambda s=side: sample(*s, 2000) for side in sides)))


def messages(rig: Rig) -> Iterator[Row]:
    """Random payloads over one RLPx connection with snappy: into a node from our source, and out of one into our sink."""
    for size, count in ((256, 300_000), (1024, 150_000)):
        def receive(server: Peer) -> Sample:
            report, cpu = charged(server, count, lambda: rig.load(
                "source", server.enode, "--size", size, "--count", count))
            return Sample(report["perSecond"], cpu)

        def send_ours(sink: Peer) -> Sample:
            report = rig.load("source", sink.enode, "--size", size, "--count", count)
            return Sample(report["perSecond"], report["cpu"] / count)

        def send_theirs(geth: Peer, session: str) -> Sample:
            report = geth.call("flood", peer=session, count=count, size=size, timeout=120)
            return Sample(report["perSecond"], report["cpuSeconds"] / count)

        with rig.scope():
            geth, sink = rig.go("gethbench"), rig.sink()
            yield Row(f"RLPx messages received, {size} B", "/s", "message", GETH,
                      *in_turns(rig.runs, lambda: receive(sink), lambda: receive(geth)))
            geth.drain("session")
            geth.call("connect", addr=sink.enode)
            session = geth.wait_event("session", state="up")["peer"]
            yield Row(f"RLPx messages sent, {size} B", "/s", "message", GETH,
                      *in_turns(rig.runs, lambda: send_ours(sink), lambda: send_theirs(geth, session)))


def perf(rig: Rig) -> Iterator[Row]:
    """/perf/1.0.0, 1 GiB over one connection: the server under our client, and each under a client of its own."""
    size = 1 << 30
    gigabits = size * 8 / 1e9

    def ours_to(server: Peer, way: str) -> Sample:
        report, cpu = charged(server, gigabits, lambda: rig.load("perf", server.multiaddr, f"--{way}", size))
        return Sample(gigabits / report[f"{way}Seconds"], cpu)

    def go_to(server: Peer, client: Peer, way: str) -> Sample:
        report, cpu = charged(server, gigabits, lambda: client.call(
            "perf", peer=server.multiaddr, timeout=120, **{way: size}))
        return Sample(gigabits / report[f"{way}Seconds"], cpu)

    with rig.scope():
        other, client, node = rig.go("libp2ppeer", "-shh=false"), rig.go("libp2ppeer", "-shh=false"), rig.node()
        for way in ("up", "down"):
            yield Row(f"/perf {way}, our client", "Gbit/s", "Gbit", GO_LIBP2P,
                      *in_turns(rig.runs, lambda: ours_to(node, way), lambda: ours_to(other, way)))
            yield Row(f"/perf {way}, its own client", "Gbit/s", "Gbit", GO_LIBP2P,
                      *in_turns(rig.runs, lambda: ours_to(node, way), lambda: go_to(other, client, way)))


def latency(rig: Rig) -> Iterator[Row]:
    """From the dial to the first byte of a stream of the application (a ping), and round trips on a connection."""
    def first_byte(address: str, protocol: str) -> Sample:
        report = rig.load("handshakes", address, "--protocol", protocol, "--count", 300, "--parallel", 1)
        return Sample(report["firstByteP50"] * 1e3)

    def round_trip(address: str, protocol: str) -> Sample:
        return Sample(rig.load("pings", address, "--protocol", protocol, "--count", 3000)["p50"] * 1e3)

    with rig.scope():
        geth, other, node = rig.go("gethbench"), rig.go("libp2ppeer", "-shh=false"), rig.node()
        for name, measure in (("first byte after the dial", first_byte), ("ping round trip", round_trip)):
            yield Row(f"RLPx {name}", "ms", "", GETH, *in_turns(
                rig.runs, lambda: measure(node.enode, "shh"), lambda: measure(geth.enode, "bench")), True)
            yield Row(f"Noise + yamux {name}", "ms", "", GO_LIBP2P, *in_turns(
                rig.runs, lambda: measure(node.multiaddr, "shh"), lambda: measure(other.multiaddr, "shh")), True)
