# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Envelopes through a relay, beside geth's Whisper."""

from collections.abc import Callable, Iterator

from rig import GETH_WHISPER, KEY, SEALED, TOPIC, Rig, Row, Sample, charged, in_turns, median
from support.peers import Peer
from talking import caller


def through(rig: Rig, ours: bool, payload: int, count: int, rate: int, receivers: int = 1,
            prepare: Callable[[Peer], None] = lambda _: None) -> Sample:
    """Sealed envelopes through a fresh relay, from one connection to others; CPU a copy that came out. A run that loses
    one, or a link, has no figure of CPU."""
    with rig.scope():
        server = rig.whisper(ours)
        prepare(server)
        report, cpu = charged(server, count * receivers, lambda: rig.load(
            "relay", server.enode, "--file", rig.sealed(payload), "--count", count, "--rate", rate,
            "--receivers", receivers))
    lost = count * receivers - report["received"] + report["duplicates"] + report["changed"]
    died = report["died"] or lost
    return Sample(report["perSecond"], None if died else cpu, {**report, "count": count, "lost": lost})


LADDERS = ((302, 200, (5000, 8000, 10000, 12000, 15000, 20000, 30000, 45000, 60000, 0)),
           (1070, 1000, (2000, 3000, 4000, 6000, 10000, 20000, 0)))
LADDER_SECONDS = 3


def relay(rig: Rig) -> Iterator[Row]:
    """Envelopes from us through the relay to us, at a rate that grows until the link dies; 0: as fast as it takes them.
    The same envelopes for both relays; each run has a fresh process."""
    for size, payload, rates in LADDERS:
        best = {True: Sample(0), False: Sample(0)}
        alive = {True: True, False: True}
        for rate in rates:
            taken: dict[bool, list[Sample]] = {True: [], False: []}
            for _ in range(rig.runs):
                for ours in (True, False):
                    if alive[ours]:
                        count = min(SEALED[payload], rate * LADDER_SECONDS or SEALED[payload])
                        taken[ours].append(through(rig, ours, payload, count, rate))
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


MOST_COUNT = 30_000  # envelopes at full speed


def at_rate_and_most(rig: Rig, name: str, rate: int, seconds: int, item: str, **how) -> Row:
    """CPU at a rate that both bear, in turns; beside it how many envelopes ours takes at most."""
    ours, theirs = in_turns(rig.runs, *(
        lambda ours=side: through(rig, ours, 200, rate * seconds, rate, **how) for side in (True, False)))
    fast = [through(rig, True, 200, MOST_COUNT, 0, **how) for _ in range(rig.runs)]
    most = median(fast)
    lost = sum(s.cpu is None for s in fast)
    cpu = f"{most.cpu * 1e6:.2f} us" if most.cpu else "-"
    print(f"    {name}, at full speed: runs with loss {lost} of {len(fast)}, {most.wall:,.0f} envelopes/s "
          f"({min(s.wall for s in fast):,.0f} to {max(s.wall for s in fast):,.0f}), CPU {cpu}/{item}", flush=True)
    return Row(name, "/s", item, GETH_WHISPER, Sample(most.wall, ours.cpu),
               Sample(None, theirs.cpu))


def relay_filters(rig: Rig) -> Iterator[Row]:
    """Through a relay that has filters itself, each on a topic of its own."""
    def prepare(server: Peer, topics: list[str]) -> None:
        with caller(server) as call:
            key = call("shh_addSymKey", "0x" + KEY)
            for topic in topics:
                call("shh_newMessageFilter", {"symKeyID": key, "topics": [topic]})

    for matching, says in ((0, "none matches"), (1, "one matches")):
        for filters in (1, 10, 100, 1000):
            topics = [TOPIC] * matching + [f"0x{i:08x}" for i in range(1, 1 + filters - matching)]
            yield at_rate_and_most(rig, f"Relay, filters: {filters:,}, {says}", 5000, 2, "envelope",
                                   prepare=lambda server, topics=topics: prepare(server, topics))


def relay_peers(rig: Rig) -> Iterator[Row]:
    """Through a relay to many."""
    for receivers in (1, 10, 50):
        yield at_rate_and_most(rig, f"Relay, peers: {receivers}", 500, 4, "copy", receivers=receivers)
