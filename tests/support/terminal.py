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
import unicodedata
from pathlib import Path

ROWS, COLUMNS = 24, 80
PANE = "│"  # what stands between the messages and the peers
_CSI = re.compile(r"\x1b\[(\??)(\d*)(?:;(\d*))?([A-Za-z])")
_MODES = {7, 25, 1049, 2004}  # no line breaks, cursor, alternate screen, bracketed paste
_ALTERNATE = 1049


def width(c: str) -> int:
    if unicodedata.combining(c) or c in "\u200d\ufe0f":
        return 0
    return 2 if unicodedata.east_asian_width(c) in "WF" else 1


class Screen:
    """Cells as a terminal would show them; knows what the program may use, and nothing else. A wide character takes two
    cells, the second one empty; marks stand in the cell of their letter."""

    def __init__(self, rows: int = ROWS, columns: int = COLUMNS) -> None:
        self.modes = {7}
        self._other: list[list[str]] | None = None
        self._rest = ""
        self.resize(rows, columns)

    def resize(self, rows: int, columns: int) -> None:
        self.height, self.width = rows, columns
        self.row = self.column = 0
        self._clear()

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
            first, second = (int(number or 0) for number in (sequence[2], sequence[3]))
            if sequence[1]:
                self._mode(first, sequence[4])
            else:
                self._control(first, second, sequence[4])
            text = text[sequence.end():]

    @property
    def rows(self) -> list[str]:
        return ["".join(cells).rstrip() for cells in self._cells]

    def text(self) -> str:
        """Without the pane of peers."""
        return "\n".join(row.split(PANE)[0].rstrip() for row in self.rows)

    def pane(self) -> str:
        return "\n".join(row.split(PANE)[1].strip() for row in self.rows if PANE in row)

    def _clear(self) -> None:
        self._cells = [[" "] * self.width for _ in range(self.height)]

    def _plain(self, c: str) -> None:
        if c == "\r":
            self.column = 0
            return
        if c == "\n":
            if self.row + 1 == self.height:
                self._cells = [*self._cells[1:], [" "] * self.width]
            self.row = min(self.row + 1, self.height - 1)
            return
        assert c >= " " and not "\x7f" <= c <= "\x9f", f"a control character that nobody asked for: {c!r}"
        cells = width(c)
        if cells == 0:
            self._cells[self.row][max(self.column - 1, 0)] += c
            return
        if self.column + cells > self.width:
            if 7 in self.modes:
                self.column = 0
                self._plain("\n")
            else:
                self.column = self.width - cells
        self._cells[self.row][self.column:self.column + cells] = [c] + [""] * (cells - 1)
        self.column += cells

    def _mode(self, number: int, kind: str) -> None:
        assert number in _MODES and kind in "hl", f"a mode that nobody asked for: {number}{kind}"
        (self.modes.add if kind == "h" else self.modes.discard)(number)
        if number == _ALTERNATE and kind == "h":
            self._other = self._cells
            self._clear()
        elif number == _ALTERNATE and self._other:
            self._cells, self._other = self._other, None

    def _control(self, first: int, second: int, kind: str) -> None:
        if kind == "H":
            self.row = min(max(first, 1), self.height) - 1
            self.column = min(max(second, 1), self.width) - 1
        elif kind == "G":
            self.column = min(max(first, 1), self.width) - 1
        elif kind == "K":
            assert first == 0
            self._cells[self.row][self.column:] = [" "] * (self.width - self.column)
        elif kind == "J":
            assert first == 2
            self._clear()
        else:
            assert kind == "m", f"a control sequence that nobody asked for: {kind}"


class Terminal:
    """Runs a program with a pseudo-terminal as its stdin, stdout and stderr, and reads it at once, as terminals do."""

    def __init__(self, argv: list[str | Path], env: dict[str, str], rows: int = ROWS, columns: int = COLUMNS):
        self.screen = Screen(rows, columns)
        self.raw = b""
        self._pid, self._master = pty.fork()
        if self._pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.execve(argv[0], [os.fspath(a) for a in argv], env)
        self._status: int | None = None
        self._changed = threading.Condition()
        self._ended = False
        self._failure: AssertionError | None = None
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def resize(self, rows: int, columns: int) -> None:
        """As when a person drags a corner of the window."""
        with self._changed:
            self.screen.resize(rows, columns)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def modes(self) -> list:
        """What termios says: changes when the program switches to raw mode."""
        return termios.tcgetattr(self._master)[:4]

    def wait(self, pattern: str, timeout: float = 20) -> re.Match:
        """Until the picture shows it; ^ and $ are those of a row."""
        return self._wait(lambda: re.search(pattern, self.screen.text(), re.MULTILINE), timeout,
                          f"does not show {pattern!r}")

    def wait_pane(self, pattern: str, timeout: float = 20) -> re.Match:
        """The same of the peers beside the messages."""
        return self._wait(lambda: re.search(pattern, self.screen.pane(), re.MULTILINE), timeout,
                          f"has no peers like {pattern!r}")

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
