# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Servers that are measured, the load on them, and what the kernel says they cost."""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from support.node import Node  # noqa: E402
from support.peers import Peer  # noqa: E402

LOAD_LIMIT = 300  # seconds for one run of the load
SETTLE = 0.3  # seconds after a load until its last goodbyes are paid for
MODULES_UNREACHABLE = 75
OPEN_FILES = 20000
CPUCLOCK_SCHED = 2  # clock_getcpuclockid(3), as the kernel has it

# A node that refuses nothing of the load: what it does is measured, not its limits.
UNLIMITED = ["--exempt", "127.0.0.0/8", "--max-connections", "15000", "--log-level", "warn", "--serve", "perf",
             "--min-pow", "0.000001", *(word for name in (
                 "connections-in", "accepts-per-second", "pending-handshakes", "pool-bytes", "pool-envelopes",
                 "peer-envelopes-per-second", "peer-bytes-per-second")
                 for word in ("--limit", f"{name}=unlimited"))]


GETH, GETH_WHISPER, GO_LIBP2P = "geth 1.17.5", "geth 1.9.18", "go-libp2p 0.51.0"
KEY = "5a" * 32
TOPIC = "0x50771234"
SEALED = {200: 180_000, 1000: 60_000}  # envelopes by the size of their payload: 302 and 1,070 B each


class Skip(Exception):
    """A row cannot be measured here; the text says why."""


@dataclass
class Sample:
    """One run: what the wall clock says (a rate or a time), and the server's CPU seconds an item."""
    wall: float | None
    cpu: float | None = None
    more: dict = field(default_factory=dict)


@dataclass
class Row:
    name: str
    unit: str  # of `wall`
    item: str  # what `cpu` is for one of
    peer: str
    ours: Sample
    theirs: Sample
    less_is_better: bool = False


def median(samples: list[Sample]) -> Sample:
    cpu = [s.cpu for s in samples if s.cpu is not None]
    return Sample(statistics.median(s.wall for s in samples), statistics.median(cpu) if cpu else None)


def in_turns(runs: int, ours: Callable[[], Sample], theirs: Callable[[], Sample]) -> tuple[Sample, Sample]:
    """Ours, theirs, ours, theirs …: what else the machine does meets both. The median of each."""
    samples = [(ours(), theirs()) for _ in range(runs)]
    return median([s[0] for s in samples]), median([s[1] for s in samples])


def cpu_seconds(pid: int) -> float:
    """User and system time of all threads, by the process's own clock: /proc/PID/stat counts in 10 ms."""
    return time.clock_gettime(~pid << 3 | CPUCLOCK_SCHED)


def resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def cpu_model() -> str:
    models = {line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
              if line.startswith("model name")}
    flags = Path("/proc/cpuinfo").read_text()
    return f"{', '.join(sorted(models))}, {'with' if ' avx512f' in flags else 'without'} AVX-512"


class Rig:
    """Starts programs and ends them: all at close(), or at the end of a `with rig.scope()`."""

    def __init__(self, runs: int, build: Path = ROOT / "build/release"):
        self.runs = runs
        self._build = build
        self._stack = ExitStack()
        self.folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="sotto-bench-")))
        self._serial = 0
        self._go: Path | str | None = None
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        files = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))

    def close(self) -> None:
        self._stack.close()

    @contextmanager
    def scope(self):
        outer, self._stack = self._stack, ExitStack()
        try:
            yield
        finally:
            self._stack.close()
            self._stack = outer

    def node(self, *args: str) -> Node:
        return self._kept(Node(self._build / "sotto", self._name("sotto"), *UNLIMITED, *args))

    def go(self, program: str, *args: str) -> Peer:
        return self._kept(Peer([self._go_folder() / program, *args], self._name(program).with_suffix(".log")))

    def whisper(self, ours: bool) -> Peer:
        return self.node() if ours else self.go(
            "gethpeer", "-min-pow", "0.000001", "-count-wire=false", "-verbosity", "1")

    def sealed(self, payload: int) -> Path:
        """Envelopes for an hour, with a proof of work that costs nothing: their relays are told to ask for none."""
        file = self.folder / f"sealed-{payload}"
        if not file.exists():
            self.load("seal", "--file", file, "--key", KEY, "--size", payload, "--count", SEALED[payload],
                      "--pow", "0.00001")
        return file

    def sink(self) -> Peer:
        return self._kept(Peer([self._build / "sotto_load", "sink"], self._name("sink").with_suffix(".log")))

    def load(self, role: str, *args) -> dict:
        """Runs a role of sotto_load to its end; adds its own CPU seconds to what it reports."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run([self._build / "sotto_load", role, *map(str, args)], capture_output=True, text=True,
                              timeout=LOAD_LIMIT, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            raise RuntimeError(f"sotto_load {role}: {done.stderr.strip()}")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return {**json.loads(done.stdout.splitlines()[-1]), "cpu": spent}

    def hold(self, role: str, *args) -> dict:
        """Starts a role that lasts until it is stopped, and returns what it reports when all is in place."""
        process = subprocess.Popen([self._build / "sotto_load", role, *map(str, args)], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, text=True)

        def stop() -> None:
            process.stdin.close()
            process.wait(LOAD_LIMIT)
            process.stdout.close()
        self._stack.callback(stop)
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"sotto_load {role} failed")
        return json.loads(line)

    def _kept(self, peer: Peer) -> Peer:
        self._stack.callback(peer.kill)
        return peer

    def _name(self, program: str) -> Path:
        self._serial += 1
        return self.folder / f"{program}-{self._serial}"

    def _go_folder(self) -> Path:
        if self._go is None:
            run = subprocess.run([ROOT / "tests/interop/go/build.sh"], capture_output=True, text=True)
            reason = (run.stderr.strip().splitlines() or ["?"])[-1]
            if run.returncode not in (0, MODULES_UNREACHABLE, 1):
                raise RuntimeError(run.stderr)
            self._go = ROOT / "build/interop" if run.returncode == 0 else f"the Go peers cannot be built: {reason}"
        if isinstance(self._go, str):
            raise Skip(self._go)
        return self._go


def charged(server: Peer, items: float, run: Callable[[], dict]) -> tuple[dict, float]:
    """Runs a load; returns what it reports and the CPU seconds that an item cost the server."""
    before = cpu_seconds(server.pid)
    report = run()
    time.sleep(SETTLE)
    return report, (cpu_seconds(server.pid) - before) / items
