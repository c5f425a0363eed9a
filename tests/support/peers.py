# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Programs that others could have written, driven over one control protocol.

A peer is a process that reads commands as JSON lines on stdin and writes answers and events as JSON lines on stdout:

    <- {"event": "ready", "enode": ... | null, "multiaddrs": [...] | null, "peerId": ... | null}
    -> {"id": 1, "cmd": "connect", "addr": "enode://..."}
    <- {"id": 1, "result": ...}   or   {"id": 1, "error": "..."}
    <- {"event": "message", ...}

What it logs goes to stderr, which is kept in a file and quoted when something fails. It ends when its stdin ends, so no
process outlives the tests even when they are killed.
"""

import json
import os
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

STDERR_TAIL = 4000  # bytes of the log quoted in an error


class PeerError(RuntimeError):
    """A peer answered with an error, died, or let a deadline pass."""


def clean_environment() -> dict[str, str]:
    """The environment without SOTTO_ variables: those of the tests would be read as the node's settings."""
    return {name: value for name, value in os.environ.items() if not name.startswith("SOTTO_")}


class Peer:
    """One running program. Every wait has a deadline in seconds; every failure quotes the end of its log."""

    def __init__(self, argv: Sequence[str | os.PathLike], log: Path, *, ready_timeout: float = 30,
                 env: dict[str, str] | None = None, cwd: Path | None = None):
        self.argv = [os.fspath(a) for a in argv]
        self.name = log.stem
        self._log_path = log
        self._log = open(log, "ab")
        self._changed = threading.Condition()
        self._sending = threading.Lock()
        self._answers: dict[int, dict] = {}
        self._events: deque[dict] = deque()
        self._ended = False
        self._next_id = 0
        self._process = subprocess.Popen(
            self.argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, cwd=cwd,
            env={**clean_environment(), **(env or {})})
        self._reader = threading.Thread(target=self._read, name=f"{self.name}-stdout", daemon=True)
        self._reader.start()
        try:
            self.ready = self.wait_event("ready", ready_timeout)
        except BaseException:
            self.kill()
            raise

    @property
    def enode(self) -> str:
        return self.ready["enode"]

    @property
    def multiaddr(self) -> str:
        return self.ready["multiaddrs"][0]

    @property
    def peer_id(self) -> str:
        return self.ready["peerId"]

    @property
    def pid(self) -> int:
        return self._process.pid

    def call(self, cmd: str, *, timeout: float = 30, **args):
        """Sends a command and returns its result; raises PeerError when it answers with an error."""
        with self._sending:  # not _changed: the reader must go on while a long command is written
            self._next_id += 1
            call_id = self._next_id
            self._send({"id": call_id, "cmd": cmd, **args})
        answer = self._wait(lambda: self._answers.pop(call_id, None), timeout, f"the answer to {cmd}")
        if "error" in answer:
            raise PeerError(f"{self.name}: {cmd}: {answer['error']}")
        return answer.get("result")

    def wait_event(self, event: str, timeout: float = 30, match: Callable[[dict], bool] | None = None,
                   **fields) -> dict:
        """Takes the oldest event with this name and these fields; others stay for later calls."""
        return self._wait(lambda: self._take(event, match, fields), timeout, f"event {event} {fields or ''}")

    def collect(self, event: str, count: int, timeout: float, **fields) -> list[dict]:
        """Takes `count` events. The deadline is for all of them together; an error says how many came."""
        taken: list[dict] = []
        deadline = time.monotonic() + timeout
        while len(taken) < count:
            try:
                taken.append(self.wait_event(event, max(0.0, deadline - time.monotonic()), **fields))
            except PeerError as error:
                raise PeerError(f"{len(taken)} of {count} came: {error}") from None
        return taken

    def drain(self, event: str, **fields) -> list[dict]:
        """Takes all events of this name that are already here, without waiting."""
        with self._changed:
            taken = []
            while (found := self._take(event, None, fields)) is not None:
                taken.append(found)
            return taken

    def log_tail(self) -> str:
        data = self._log_path.read_bytes()[-STDERR_TAIL:]
        return data.decode(errors="replace")

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def wait_exit(self, timeout: float = 10) -> int:
        try:
            return self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise PeerError(f"{self.name} did not exit within {timeout} s\n{self.log_tail()}") from None

    def close(self, timeout: float = 10) -> int:
        """Ends stdin, which asks the program to stop, and returns its exit code; kills it after the deadline."""
        try:
            self._process.stdin.close()
        except BrokenPipeError:
            pass
        try:
            return self.wait_exit(timeout)
        finally:
            self.kill()

    def kill(self) -> None:
        """SIGKILL, as a power cut would; does nothing when the process has ended."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self._reader.join(5)
        self._log.close()

    def _send(self, message: dict) -> None:
        try:
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()
        except (BrokenPipeError, ValueError):
            raise PeerError(f"{self.name} has ended\n{self.log_tail()}") from None

    def _take(self, event: str, match: Callable[[dict], bool] | None, fields: dict) -> dict | None:
        for i, candidate in enumerate(self._events):
            if candidate["event"] == event and all(candidate.get(k) == v for k, v in fields.items()) \
                    and (match is None or match(candidate)):
                del self._events[i]
                return candidate
        return None

    def _wait(self, poll: Callable[[], dict | None], timeout: float, what: str) -> dict:
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                found = poll()
                if found is not None:
                    return found
                if self._ended:
                    raise PeerError(f"{self.name} ended while {what} was awaited\n{self.log_tail()}")
                left = deadline - time.monotonic()
                if left <= 0:
                    raise PeerError(f"{self.name}: no {what} within {timeout:.1f} s\n{self.log_tail()}")
                self._changed.wait(left)

    def _read(self) -> None:
        for line in self._process.stdout:
            try:
                message = json.loads(line)
            except json.JSONDecodeError:
                message = {"event": "garbage", "line": line.decode(errors="replace")}
            with self._changed:
                if "event" in message:
                    self._events.append(message)
                else:
                    self._answers[message["id"]] = message
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()
