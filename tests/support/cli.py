# SPDX-License-Identifier: Apache-2.0 OR MIT
"""The binary as a person or a script sees it: verbs that end by themselves, and programs that are talked to by lines."""

import os
import re
import signal
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path


ROOT = Path(__file__).resolve().parents[2]


def sotto_binary() -> Path:
    """SOTTO_BIN, else the binary of the preset in SOTTO_PRESET, else of `release`."""
    if named := os.environ.get("SOTTO_BIN"):
        return Path(named)
    return ROOT / "build" / os.environ.get("SOTTO_PRESET", "release") / "sotto"


@dataclass
class Ended:
    code: int
    out: str
    err: str


def clean_environment(home: Path, **variables: str) -> dict[str, str]:
    """This process's environment without settings of ours, and with a home of its own."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SOTTO_", "XDG_"))}
    return {**kept, "HOME": str(home), **variables}


@dataclass
class Cli:
    """Runs verbs to their end. `cwd` and HOME are a folder of the test. "\\udcff" in a text is the byte 0xff."""
    binary: Path
    home: Path

    def __call__(self, *args: str | Path, timeout: float = 20, umask: int = -1, stdin: str = "",
                 **variables: str) -> Ended:
        done = subprocess.run([self.binary, *args], input=stdin, capture_output=True, text=True, timeout=timeout,
                              errors="surrogateescape", env=clean_environment(self.home, **variables), cwd=self.home, umask=umask)
        return Ended(done.returncode, done.stdout, done.stderr)

    def start(self, *args: str | Path, **variables: str) -> "Program":
        return Program([self.binary, *args], clean_environment(self.home, **variables))


@dataclass
class _Stream:
    lines: list[str] = field(default_factory=list)
    ended: bool = False


class Program:
    """A running program with its lines of stdout and stderr. Every wait has a deadline and quotes both when it fails."""

    def __init__(self, argv: list, env: dict[str, str]):
        self._process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                         text=True, bufsize=1, env=env)
        self._changed = threading.Condition()
        self._streams = {"out": _Stream(), "err": _Stream()}
        self._readers = [threading.Thread(target=self._read, args=(name, pipe), daemon=True)
                         for name, pipe in (("out", self._process.stdout), ("err", self._process.stderr))]
        for reader in self._readers:
            reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def lines(self, stream: str) -> list[str]:
        with self._changed:
            return list(self._streams[stream].lines)

    def say(self, line: str, end: str = "\n") -> None:
        self._process.stdin.write(line + end)
        self._process.stdin.flush()

    def end_input(self) -> None:
        self._process.stdin.close()

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def wait_line(self, stream: str, pattern: str, timeout: float = 20) -> re.Match:
        """The first line of the stream in which the pattern is found, from its beginning."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                found = next((m for line in self._streams[stream].lines if (m := re.search(pattern, line))), None)
                if found:
                    return found
                left = deadline - time.monotonic()
                if left <= 0 or self._streams[stream].ended:
                    raise AssertionError(f"no line like {pattern!r} on std{stream}\n{self._quote()}")
                self._changed.wait(left)

    def wait_exit(self, timeout: float = 20) -> int:
        try:
            code = self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {timeout} s\n{self._quote()}") from None
        for reader in self._readers:
            reader.join(5)
        return code

    def kill(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        for reader in self._readers:
            reader.join(5)
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            try:
                pipe.close()
            except BrokenPipeError:
                pass

    def _quote(self) -> str:
        return "\n".join(f"std{name}:\n" + "\n".join(stream.lines) for name, stream in self._streams.items())

    def _read(self, name: str, pipe) -> None:
        for line in pipe:
            with self._changed:
                self._streams[name].lines.append(line.rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._streams[name].ended = True
            self._changed.notify_all()
