# SPDX-License-Identifier: Apache-2.0 OR MIT
"""What is measured. A scenario yields rows; each sets our node beside a program that others wrote."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from rig import Rig, Sample, Skip, charged, in_turns, resident_bytes  # noqa: F401
from support.node import Node
from support.peers import Peer

GETH, GETH_WHISPER, GO_LIBP2P = "geth 1.17.5", "geth 1.9.18", "go-libp2p 0.51.0"
KEY = "5a" * 32
TOPIC = "0x50771234"


@dataclass
class Row:
    name: str
    unit: str  # of `wall`
    item: str  # what `cpu` is for one of
    peer: str
    ours: Sample
    theirs: Sample
    less_is_better: bool = False


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


def seal(rig: Rig, payload: int, count: int) -> str:
    """Envelopes for an hour, with a proof of work that costs nothing: their relays are told to ask for none."""
    file = rig.folder / f"sealed-{payload}"
    if not file.exists():
        rig.load("seal", "--file", file, "--key", KEY, "--size", payload, "--count", count, "--pow", "0.00001")
    return str(file)


def whisper_node(rig: Rig, ours: bool) -> Peer:
    return rig.node() if ours else rig.go("gethpeer", "-min-pow", "0.000001", "-count-wire=false", "-verbosity", "1")


LADDERS = ((302, 200, (5000, 8000, 10000, 12000, 15000, 20000, 30000, 45000, 60000, 0), 180_000),
           (1070, 1000, (2000, 3000, 4000, 6000, 10000, 20000, 0), 60_000))
LADDER_SECONDS = 3


def relay(rig: Rig) -> Iterator[Row]:
    """Envelopes from us through the relay to us, at a rate that grows until the link dies; 0: as fast as it takes them.
    The same envelopes for both relays; each run has a fresh process."""
    for size, payload, rates, most in LADDERS:
        file = seal(rig, payload, most)

        def sample(ours: bool, rate: int) -> Sample:
            count = min(most, rate * LADDER_SECONDS or most)
            with rig.scope():
                server = whisper_node(rig, ours)
                report, cpu = charged(server, count, lambda: rig.load(
                    "relay", server.enode, "--file", file, "--count", count, "--rate", rate))
            lost = count - report["received"] + report["duplicates"] + report["changed"]
            died = report["died"] or lost
            return Sample(report["perSecond"], None if died else cpu, {**report, "count": count, "lost": lost})

        best = {True: Sample(0), False: Sample(0)}
        alive = {True: True, False: True}
        for rate in rates:
            taken: dict[bool, list[Sample]] = {True: [], False: []}
            for _ in range(rig.runs):
                for ours in (True, False):
                    if alive[ours]:
                        taken[ours].append(sample(ours, rate))
            for ours, samples in taken.items():
                if not samples:
                    continue
                print(relay_line(size, rate, "Sotto" if ours else GETH_WHISPER, samples), flush=True)
                alive[ours] = any(s.cpu is not None for s in samples)
                if all(s.cpu is not None for s in samples):
                    middle = sorted(samples, key=lambda s: s.wall)[len(samples) // 2]
                    if middle.wall > best[ours].wall:
                        best[ours] = middle
        yield Row(f"Whisper relay, {size} B, most without loss", "/s", "envelope", GETH_WHISPER, best[True], best[False])


def relay_line(size: int, rate: int, name: str, samples: list[Sample]) -> str:
    middle = sorted(samples, key=lambda s: s.wall)[len(samples) // 2]
    came = [f"{s.more['received'] / s.more['count']:.0%}" for s in samples]
    died = sum(bool(s.more["died"]) for s in samples)
    cpu = f"{middle.cpu * 1e6:.1f} us" if middle.cpu else "-"
    return (f"    {size} B at {rate or 'full speed'}{'/s' if rate else ''}: {name}: came {' '.join(came)}, "
            f"links dead {died} of {len(samples)}, {middle.wall:,.0f}/s, CPU an envelope {cpu}, latency p50 "
            f"{middle.more['latencyP50'] * 1e3:.0f} p99 {middle.more['latencyP99'] * 1e3:.0f} ms")


DECRYPT_RATE = 5000  # what both deliver; above, the RPC and its client decide
POLL_SECONDS = 0.1


def decrypt(rig: Rig) -> Iterator[Row]:
    """Envelopes of 302 B from us to a node with a filter that opens all of them, polled over its RPC."""
    file = seal(rig, 200, LADDERS[0][3])

    def filter_of(server: Peer):
        criteria = {"topics": [TOPIC]}
        if isinstance(server, Node):
            criteria["symKeyID"] = server.rpc("shh_addSymKey", "0x" + KEY)
            return lambda f=server.rpc("shh_newMessageFilter", criteria): server.rpc("shh_getFilterMessages", f)
        criteria["symKeyID"] = server.call("addSymKey", hex="0x" + KEY)
        made = server.call("rpc", method="shh_newMessageFilter", params=[criteria])
        return lambda: server.call("rpc", method="shh_getFilterMessages", params=[made])

    def sample(ours: bool) -> Sample:
        count = DECRYPT_RATE * LADDER_SECONDS
        with rig.scope():
            server = whisper_node(rig, ours)
            poll = filter_of(server)

            def run() -> dict:
                rig.hold("feed", server.enode, "--file", file, "--count", count, "--rate", DECRYPT_RATE)
                began = last = time.monotonic()
                came = 0
                while came < count and time.monotonic() - last < 3:
                    time.sleep(POLL_SECONDS)
                    if more := len(poll()):
                        came, last = came + more, time.monotonic()
                return {"came": came, "seconds": last - began}
            report, cpu = charged(server, count, run)
        return Sample(report["came"] / report["seconds"], cpu if report["came"] == count else None, report)

    yield Row(f"Whisper to a filter, opened, at {DECRYPT_RATE}/s", "/s", "envelope", GETH_WHISPER,
              *in_turns(rig.runs, lambda: sample(True), lambda: sample(False)))


def rlp_items(data: bytes) -> Iterator[bytes]:
    """The payloads of a sequence of strings."""
    at = 0
    while at < len(data):
        size, _, head = rlp_header(data[at:])
        yield data[at + head:at + head + size]
        at += head + size


def rlp_header(data: bytes) -> tuple[int, bool, int]:
    first = data[0]
    if first < 0x80:
        return 1, False, 0
    base = 0xc0 if first >= 0xc0 else 0x80
    if first - base < 56:
        return first - base, base == 0xc0, 1
    width = first - base - 55
    return int.from_bytes(data[1:1 + width], "big"), base == 0xc0, 1 + width


def pow_rate(rig: Rig) -> Iterator[Row]:
    """Nonces a second on one thread. geth counts from 0 as it seals, so the nonce it ends with tells how many it tried."""
    def ours(data: int) -> Sample:
        report = rig.load("nonces", "--size", data, "--seconds", 2)
        return Sample(report["perSecond"], report["cpu"] / report["hashes"])

    def theirs(geth: Peer, key: str, payload: int, bits: int) -> Sample:
        tried, seconds, before = 0, 0.0, geth.call("cpu")["seconds"]
        while seconds < 2:
            began = time.monotonic()
            size = (payload // 256 + 1) * 256 + 48
            hash_ = geth.call("post", symKeyID=key, topic=TOPIC, ttl=60, payload="0x" + "11" * payload, powTime=60,
                              powTarget=2 ** bits / (size * 60), timeout=90)
            seconds += time.monotonic() - began
            raw = bytes.fromhex(geth.call("envelopes")[hash_][2:])
            tried += 1 + int.from_bytes(list(rlp_items(raw[rlp_header(raw)[2]:]))[4], "big")
        return Sample(tried / seconds, (geth.call("cpu")["seconds"] - before) / tried)

    with rig.scope():
        geth = rig.go("gethpeer", "-min-pow", "0.000001")
        key = geth.call("addSymKey", hex="0x" + KEY)
        for name, data, payload, bits in (("300 B", 284, 200, 19), ("64 KiB", 65564, 65500, 12)):
            yield Row(f"PoW hashes, {name}", "/s", "hash", GETH_WHISPER,
                      *in_turns(rig.runs, lambda: ours(data), lambda: theirs(geth, key, payload, bits)))


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


def memory(rig: Rig) -> Iterator[Row]:
    """Resident memory that 600 idle connections add, each: Whisper's status exchanged, on libp2p identify done too."""
    count = 600  # geth's server here takes 667 inbound ones

    def sample(ours: bool, program: str, attribute: str) -> Sample:
        with rig.scope():
            server = rig.node() if ours else rig.go(program, "-verbosity", "1")
            address = getattr(server, attribute)
            rig.load("handshakes", address, "--count", 20)
            before = resident_bytes(server.pid)
            rig.hold("idle", address, "--count", count)
            time.sleep(2)
            return Sample((resident_bytes(server.pid) - before) / count / 1024)

    for name, program, peer, attribute in (("RLPx", "gethpeer", GETH_WHISPER, "enode"),
                                           ("Noise + yamux", "libp2ppeer", GO_LIBP2P, "multiaddr")):
        yield Row(f"Idle {name} connection", "KiB", "", peer, *in_turns(
            rig.runs, lambda: sample(True, program, attribute), lambda: sample(False, program, attribute)), True)


SCENARIOS = {"handshakes": handshakes, "messages": messages, "relay": relay, "decrypt": decrypt, "pow": pow_rate,
             "perf": perf, "latency": latency, "memory": memory}
