# SPDX-License-Identifier: Apache-2.0 OR MIT
"""A program in a pseudo-terminal, and the picture a person would see."""

import codecs
import fcntl
import os
import pty
import re
import signal
import struct
import termios
import threading
from pathlib import Path

ROWS, COLUMNS = 24, 80
_CSI = re.compile(r"\x1b\[(\d*)(?:;\d*)*([A-Za-z])")


class Screen:
    """Rows of characters as a terminal would show them; knows what a line-oriented program may use, and nothing else."""

    def __init__(self) -> None:
        self.rows = [""]
        self.row = self.column = 0
        self._rest = ""

    def feed(self, text: str) -> None:
        text = self._rest + text
        self._rest = ""
        while text:
            if text[0] != "\x1b":
                self._plain(text[0])
                text = text[1:]
                continue
            if not (sequence := _CSI.match(text)):
                assert len(text) < 16, f"an escape sequence that nobody asked for: {text[:16]!r}"
                self._rest = text
                return
            self._control(int(sequence[1] or 1), int(sequence[1] or 0), sequence[2])
            text = text[sequence.end():]

    def text(self) -> str:
        return "\n".join(row.rstrip() for row in self.rows)

    def _plain(self, c: str) -> None:
        if c == "\r":
            self.column = 0
        elif c == "\n":
            self.row += 1
            if self.row == len(self.rows):
                self.rows.append("")
        else:
            assert c >= " " and c != "\x7f", f"a control character that nobody asked for: {c!r}"
            if self.column == COLUMNS:
                self.column = 0
                self._plain("\n")
            row = self.rows[self.row].ljust(self.column)
            self.rows[self.row] = row[:self.column] + c + row[self.column + 1:]
            self.column += 1

    def _control(self, count: int, value: int, kind: str) -> None:
        if kind == "A":
            self.row = max(0, self.row - count)
        elif kind == "B":
            self.row = min(len(self.rows) - 1, self.row + count)
        elif kind == "C":
            self.column += count
        elif kind == "D":
            self.column = max(0, self.column - count)
        elif kind == "G":
            self.column = count - 1
        elif kind == "K":
            assert value == 0
            self.rows[self.row] = self.rows[self.row][:self.column]
        else:
            assert kind == "m", f"a control sequence that nobody asked for: {kind}"


class Terminal:
    """Runs a program with a pseudo-terminal as its stdin, stdout and stderr, and reads it at once, as terminals do."""

    def __init__(self, argv: list[str | Path], env: dict[str, str]):
        self.screen = Screen()
        self.raw = b""
        self._pid, self._master = pty.fork()
        if self._pid == 0:
            os.execve(argv[0], [os.fspath(a) for a in argv], env)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self._status: int | None = None
        self._changed = threading.Condition()
        self._ended = False
        self._failure: AssertionError | None = None
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def modes(self) -> list:
        """What termios says: changes when the program switches to raw mode."""
        return termios.tcgetattr(self._master)[:4]

    def wait(self, pattern: str, timeout: float = 20) -> re.Match:
        """Until the picture shows it; ^ and $ are those of a row."""
        return self._wait(lambda: re.search(pattern, self.screen.text(), re.MULTILINE), timeout,
                          f"does not show {pattern!r}")

    def wait_exit(self, timeout: float = 10) -> int:
        """The exit code; a negative one for a signal."""
        self._wait(lambda: self._ended, timeout, "is still in use")
        return self._reap()

    def signal(self, number: int) -> None:
        os.kill(self._pid, number)

    def kill(self) -> None:
        if self._status is None:
            os.kill(self._pid, signal.SIGKILL)
            self._reap()
        self._reader.join(5)
        os.close(self._master)

    def _wait(self, condition, timeout: float, what: str):
        with self._changed:
            self._changed.wait_for(lambda: self._failure or condition() or self._ended, timeout)
            if self._failure:
                raise self._failure
            found = condition()
            assert found, f"the screen {what}:\n{self.screen.text()}"
            return found

    def _reap(self) -> int:
        if self._status is None:
            self._status = os.waitpid(self._pid, 0)[1]
        return os.waitstatus_to_exitcode(self._status)

    def _read(self) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")()
        while True:
            try:
                data = os.read(self._master, 65536)
            except OSError:  # the last process of the terminal has ended
                data = b""
            with self._changed:
                try:
                    self.raw += data
                    self.screen.feed(decoder.decode(data))
                except AssertionError as failure:
                    self._failure = failure
                self._ended = not data
                self._changed.notify_all()
            if not data:
                return
