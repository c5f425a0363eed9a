# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Our verdicts on envelopes against an oracle that knows only EIP-627 and go-ethereum: support/whisper_oracle.py."""

import collections
import itertools
import json
import math
import os
import random
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.cli import ROOT, sotto_binary
from support.whisper_oracle import (ACCEPTED, BAD_TTL, EXPIRED, FUTURE, LOW_POW, MAX_TTL, U32, VERY_OLD, Envelope,
                                    geth_verdict, verdict)

TUPLES = 5_000
SEED = int(os.environ.get("SOTTO_SEED", random.SystemRandom().getrandbits(32)))
KEPT = ROOT / "tests/vectors/whisper/verdicts.txt"  # a few of them, which the unit test judges when it is run alone
RULES = ("eip627", "legacy", "both")
NOW = 1_700_000_000
NOWS = (NOW, 0, 1, 2**31 - 1, 2**31, U32 - 1, U32 + 5)
TTLS = (0, 1, 10, 11, 50, MAX_TTL, MAX_TTL + 1, 2**31, U32 - 1)
SKEWS = (0, 1, 9, 10, 11, 12, 19, 20, 21, 22, 60, 3600, 86_400)  # seconds that a sender's clock may be off, either way


@dataclass(frozen=True)
class Tuple:
    envelope: Envelope
    now: int
    rule: str
    min_pow: float

    def line(self) -> str:
        """As src/whisper/verify_oracle_test.cpp reads it."""
        bits = struct.unpack(">Q", struct.pack(">d", self.min_pow))[0]
        raw = self.envelope.encoded().hex()
        return f"{self.now} {self.rule} {bits:016x} {raw} {verdict(self.envelope, self.now, self.rule, self.min_pow)}\n"


def some_min_pow(dice: random.Random, envelope: Envelope, rule: str, now: int) -> float:
    """One that a node may ask for: common, or beside what the envelope is worth by one reckoning or another."""
    worth = envelope.pow(dice.choice((rule, *RULES)), dice.choice((envelope.later(now), 0)))
    if not math.isfinite(worth):
        return 0.002
    return dice.choice((0.0, 0.002, 0.2, worth, math.nextafter(worth, math.inf), math.nextafter(worth, 0), 2 * worth))


def make(dice: random.Random, expiry: int, ttl: int, now: int) -> Tuple:
    data = dice.randbytes(dice.choice((0, 1, 55, 56, 200, 500)))
    nonce = dice.choice((0, 1, 255, dice.getrandbits(32), 2**64 - 1, dice.getrandbits(64)))
    envelope = Envelope(expiry % U32, ttl % U32, dice.randbytes(4), data, nonce)
    rule = dice.choice(RULES)
    return Tuple(envelope, now, rule, some_min_pow(dice, envelope, rule, now))


def edges(dice: random.Random):
    """Every edge of one dimension with every edge of the others."""
    for now, ttl in itertools.product(NOWS, TTLS):
        expiries = {0, 1, 2**31, U32 - 1, ttl - 1, ttl, *(now - late for late in (0, 1, 19, 20, 21, 22)),
                    *(now + ttl + ahead for ahead in (-1, 0, 1, 9, 10, 11, 12))}
        for expiry in sorted(expiries):
            if 0 <= expiry < U32:
                yield make(dice, expiry, ttl, now)


def arrivals(dice: random.Random):
    """Envelopes of senders whose clocks are off, on their way for a while."""
    while True:
        ttl = dice.choice((*TTLS[1:6], dice.randint(1, 600), dice.randint(1, MAX_TTL)))
        sent = NOW + dice.choice((-1, 1)) * dice.choice(SKEWS)
        on_the_way = dice.choice((0, 0, 1, 5, dice.randint(0, ttl + 30)))
        yield make(dice, sent + ttl, ttl, NOW + on_the_way)


def tuples(seed: int, count: int) -> list[Tuple]:
    dice = random.Random(seed)
    return list(itertools.islice(itertools.chain(edges(dice), arrivals(dice)), count))


def judge(lines: list[str], tmp_path: Path) -> tuple[int, str]:
    """Has the unit test judge the lines: how many it read, and what it found wrong."""
    binary = Path(os.environ.get("SOTTO_BUILD", sotto_binary().parent)) / "sotto_whisper_test"
    if not binary.exists():
        pytest.skip(f"no {binary.name} beside the node")
    (tmp_path / "verdicts.txt").write_text("".join(lines))
    report = tmp_path / "report.json"
    subprocess.run([binary, "--gtest_filter=VerdictOracle.*", f"--gtest_output=json:{report}"], capture_output=True,
                   env={**os.environ, "SOTTO_VERDICTS": str(tmp_path / "verdicts.txt")}, timeout=60)
    [case] = json.loads(report.read_text())["testsuites"][0]["testsuite"]
    return int(case["tuples"]), "".join(failure["failure"] for failure in case.get("failures", []))


@pytest.fixture(scope="module")
def cases() -> list[Tuple]:
    return tuples(SEED, TUPLES)


def test_our_verdicts_are_those_of_the_oracle(cases, tmp_path):
    print(f"again: SOTTO_SEED={SEED}")
    judged = collections.Counter(verdict(t.envelope, t.now, t.rule, t.min_pow) for t in cases)
    for name in (ACCEPTED, BAD_TTL, FUTURE, EXPIRED, VERY_OLD, LOW_POW):
        assert judged[name] >= TUPLES // 50, f"too few tuples end as {name}: {judged}"
    assert judge([t.line() for t in cases], tmp_path) == (TUPLES, "")


def test_we_differ_from_geth_only_where_we_say_so(cases):
    """A ttl of 0 or above two days, and clocks within seconds of 1970 and 2106, where geth's sums wrap."""
    print(f"again: SOTTO_SEED={SEED}")
    for t in cases:
        ours = verdict(t.envelope, t.now, t.rule, t.min_pow)
        wraps = t.now >= U32 - 20 or t.envelope.sent() < 10 or t.envelope.expiry >= U32 - 20
        if ours != BAD_TTL and not wraps:
            assert ours == geth_verdict(t.envelope, t.now, t.rule, t.min_pow), t


def test_a_wrong_verdict_is_noticed(tmp_path):
    good, bad = (t.line() for t in tuples(2, 2))
    read, failures = judge([good, bad.rsplit(" ", 1)[0] + " nonsense\n"], tmp_path)
    assert read == 2 and "nonsense" in failures and bad.split()[3] in failures


def test_the_kept_tuples_are_up_to_date():
    """SOTTO_WRITE=1 writes them anew."""
    dice = random.Random(3)
    lines = [t.line() for t in dice.sample(tuples(3, 2_000), 200)]
    if os.environ.get("SOTTO_WRITE"):
        KEPT.write_text("".join(lines))
    assert KEPT.read_text() == "".join(lines)
