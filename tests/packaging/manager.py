# SPDX-License-Identifier: Apache-2.0 OR MIT
"""systemd as a service sees it: its unit file, and the socket that it is told things on."""

import configparser
import socket
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
UNIT = ROOT / "packaging/systemd/sotto.service"


class _Repeated(dict):
    """A key that comes again adds a value, as in unit files."""

    def __setitem__(self, key, value):
        if key in self and isinstance(self[key], list) and isinstance(value, list):
            value = self[key] + value
        super().__setitem__(key, value)


def service() -> dict[str, list[str]]:
    """The values of the section [Service], in order."""
    parser = configparser.RawConfigParser(strict=False, dict_type=_Repeated, delimiters="=", comment_prefixes="#",
                                          empty_lines_in_values=False)
    parser.optionxform = str
    parser.read_string(UNIT.read_text())
    return {key: value.split("\n") for key, value in parser["Service"].items()}


class Manager:
    """The receiving end of sd_notify(3). `address` is a path, or an abstract name that begins with @."""

    def __init__(self, address: str):
        self.address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind("\0" + address[1:] if address.startswith("@") else address)

    def close(self) -> None:
        self._socket.close()

    def next(self, key: str, timeout: float = 20, other: tuple[str, ...] = ()) -> dict[str, str]:
        """The next message, which must have this key; those with one of the others are passed over."""
        deadline = time.monotonic() + timeout
        while True:
            self._socket.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                lines = self._socket.recv(65536).decode()
            except TimeoutError:
                raise AssertionError(f"no {key} within {timeout} s") from None
            assert lines.endswith("\n")
            said = dict(line.split("=", 1) for line in lines.splitlines())
            if key in said:
                return said
            assert set(other) & said.keys(), f"{said} came before {key}"

    def silent_for(self, seconds: float) -> bool:
        """Whether nothing more comes than what is here already."""
        self._socket.setblocking(False)
        try:
            while True:
                self._socket.recv(65536)
        except BlockingIOError:
            pass
        self._socket.settimeout(seconds)
        try:
            self._socket.recv(65536)
        except TimeoutError:
            return True
        return False

    def fill(self) -> None:
        """Takes no more messages, as a manager that does not read."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            try:
                while True:
                    sender.sendto(b"FULL=1\n", self._socket.getsockname())
            except BlockingIOError:
                pass
