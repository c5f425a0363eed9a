# SPDX-License-Identifier: Apache-2.0 OR MIT
"""What an application sees of Whisper, beside geth's."""

import random
import statistics
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from rig import GETH_WHISPER, KEY, TOPIC, Rig, Row, Sample, charged, in_turns, median
from support.node import Node
from support.peers import Peer
from support.whisper import connect_devp2p, end
from talking import Call, caller, subscribed

DECRYPT_RATE = 5000  # what both deliver; above, the RPC and its client decide
DECRYPT_SECONDS = 3
POLL_SECONDS = 0.1


def decrypt(rig: Rig) -> Iterator[Row]:
    """Envelopes of 302 B from us to a node with a filter that opens all of them, polled over its RPC."""
    def sample(ours: bool) -> Sample:
        count = DECRYPT_RATE * DECRYPT_SECONDS
        with rig.scope():
            server = rig.whisper(ours)

            def run() -> dict:
                with caller(server) as call:
                    made = call("shh_newMessageFilter", criteria(call))
                    rig.hold("feed", server.enode, "--file", rig.sealed(200), "--count", count,
                             "--rate", DECRYPT_RATE)
                    began = last = time.monotonic()
                    came = 0
                    while came < count and time.monotonic() - last < 3:
                        time.sleep(POLL_SECONDS)
                        if more := len(call("shh_getFilterMessages", made)):
                            came, last = came + more, time.monotonic()
                    return {"came": came, "seconds": last - began}
            report, cpu = charged(server, count, run)
        return Sample(report["came"] / report["seconds"], cpu if report["came"] == count else None, report)

    yield Row(f"Whisper to a filter, opened, at {DECRYPT_RATE}/s", "/s", "envelope", GETH_WHISPER,
              *in_turns(rig.runs, lambda: sample(True), lambda: sample(False)))


def criteria(call: Call) -> dict:
    return {"symKeyID": call("shh_addSymKey", "0x" + KEY), "topics": [TOPIC]}


def join(dialler: Peer, listener: Peer) -> None:
    """Over devp2p; returns when both have a session."""
    if not isinstance(dialler, Node):
        connect_devp2p(dialler, listener)
        return
    had = [len(node.peers()) for node in (dialler, listener)]
    dialler.rpc("admin_addPeer", listener.enode, token=True)
    for node, count in zip((dialler, listener), had):
        node.await_peers(count + 1)


DELIVERIES = 150
GETH_TICK = 0.3  # seconds: it sends to each peer by such a clock, which begins with the connection
PAUSE = 0.04  # seconds between two posts at most, at random
POLL_PAUSE = 0.002
POST = {"topic": TOPIC, "ttl": 60, "powTime": 1, "powTarget": 0.00001}


def polled(call: Call, wanted: dict) -> Iterator[str]:
    made = call("shh_newMessageFilter", wanted)
    while True:
        yield from (message["hash"] for message in call("shh_getFilterMessages", made))
        time.sleep(POLL_PAUSE)


def latencies(sender: Call, arrivals: Iterator[str]) -> list[float]:
    """Seconds from the call of shh_post to the message, for each."""
    key = criteria(sender)["symKeyID"]
    posted: dict[str, float] = {}
    with ThreadPoolExecutor(1) as background:
        reading = background.submit(lambda: {next(arrivals): time.monotonic() for _ in range(DELIVERIES)})
        for i in range(DELIVERIES):
            began = time.monotonic()
            posted[sender("shh_post", {**POST, "symKeyID": key, "payload": f"0x{i:08x}"})] = began
            time.sleep(random.uniform(0, PAUSE))
        came = reading.result()
    return [at - posted[hash_] for hash_, at in came.items()]


def delivery(rig: Rig) -> Iterator[Row]:
    """From shh_post at one node to the message at an application of another: as it is told, and as it polls."""
    def sample(ours: bool, relays: int, told: bool) -> list[float]:
        with rig.scope():
            nodes = [rig.whisper(ours) for _ in range(2 + relays)]
            for dialler, listener in zip(nodes, nodes[1:]):
                time.sleep(random.uniform(0, GETH_TICK))  # or the clocks of two links would go as one
                join(dialler, listener)
            with caller(nodes[0]) as sender, caller(nodes[-1]) as receiver:
                wanted = criteria(receiver)
                if not told:
                    return latencies(sender, polled(receiver, wanted))
                with subscribed(nodes[-1], wanted) as arrivals:
                    return latencies(sender, arrivals)

    for relays, way in ((0, "direct"), (1, "over a relay")):
        for told, how in ((True, "subscribed"), (False, "polled every 2 ms")):
            taken = {True: [], False: []}
            for _ in range(rig.runs):
                for ours, all_of in taken.items():
                    all_of += sample(ours, relays, told)
            for percent in (50, 99):
                yield Row(f"Post to delivery, {way}, {how}, p{percent}", "ms", "", GETH_WHISPER, *(
                    Sample(statistics.quantiles(taken[ours], n=100)[percent - 1] * 1e3) for ours in taken), True)


BACKLOG = 3072  # of 1,070 B: three times the largest message
BACKLOG_LIMIT = 20  # seconds; geth tries anew every 15 or so


def links_ended(peer: Peer) -> int:
    if not isinstance(peer, Node):
        return len(peer.drain("session", state="down"))
    with urllib.request.urlopen(peer.http + "/metrics", timeout=10) as page:
        lines = page.read().decode().splitlines()
    return sum(int(line.rsplit(" ", 1)[1]) for line in lines if line.startswith("sotto_connections_closed_total{"))


def heal(rig: Rig, sender_is_ours: bool, receiver_is_ours: bool) -> Sample:
    """The part of the backlog that comes, the seconds that it takes, and the links that end meanwhile."""
    with rig.scope():
        sender, receiver = rig.whisper(sender_is_ours), rig.whisper(receiver_is_ours)
        a, b = end(sender), end(receiver)
        taker = b.subscribe(symKeyID=b.sym_key(), topics=[TOPIC])
        a.post(BACKLOG, "0x" + "11" * 996, **{**POST, "ttl": 600}, symKeyID=a.sym_key())
        began = last = time.monotonic()
        if sender_is_ours:
            sender.rpc("admin_addPeer", receiver.enode, token=True)
        else:
            sender.call("connect", addr=receiver.enode)
        came: set[str] = set()
        while len(came) < BACKLOG and time.monotonic() - began < BACKLOG_LIMIT:
            time.sleep(POLL_SECONDS)
            if fresh := {message["hash"] for message in b.late(taker)} - came:
                came, last = came | fresh, time.monotonic()
        return Sample(100 * len(came) / BACKLOG, None, {"seconds": last - began, "ended": links_ended(receiver)})


def partition(rig: Rig) -> Iterator[Row]:
    """3 MiB is posted before two nodes meet. geth sends all that is new to a peer as one message, and hangs up on one
    above 1 MiB."""
    pairs = {"Sotto to Sotto": (True, True), "Sotto to geth": (True, False), "geth to geth": (False, False)}
    taken: dict[str, list[Sample]] = {name: [] for name in pairs}
    for _ in range(rig.runs):
        for name, pair in pairs.items():
            taken[name].append(heal(rig, *pair))
    for name, samples in taken.items():
        came = " ".join(f"{s.wall:.0f}%" for s in samples)
        seconds = " ".join(f"{s.more['seconds']:.1f}" for s in samples)
        ended = " ".join(str(s.more["ended"]) for s in samples)
        print(f"    3 MiB, {name}: came {came}, the last after {seconds} s, links ended {ended}", flush=True)
    yield Row("Backlog of 3 MiB after a partition, came", "%", "", GETH_WHISPER,
              median(taken["Sotto to Sotto"]), median(taken["geth to geth"]))


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
