# SPDX-License-Identifier: Apache-2.0 OR MIT
"""A client of the node's Unix socket: JSON values one after the other, each way."""

import itertools
import json
import os
import socket
from pathlib import Path

from .node import Node, RpcError


def socket_of(node: Node) -> Path:
    return node.data_dir / "sotto.ipc"


class Ipc:
    def __init__(self, path: Path | str, timeout: float = 30):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        self.notifications: list[dict] = []
        self._connect(str(path))
        self._ids = itertools.count(1)
        self._buffer = ""

    def _connect(self, path: str) -> None:
        """Paths above 107 bytes go by a descriptor, as the node makes them."""
        if len(path.encode()) <= 107:
            self.socket.connect(path)
            return
        folder = os.open(os.path.dirname(path), os.O_PATH)
        try:
            self.socket.connect(f"/proc/self/fd/{folder}/{os.path.basename(path)}")
        finally:
            os.close(folder)

    def __enter__(self) -> "Ipc":
        return self

    def __exit__(self, *_) -> None:
        self.socket.close()

    def send(self, text: bytes) -> None:
        self.socket.sendall(text)

    def receive(self):
        """The next value; EOFError at the end."""
        while True:
            text = self._buffer.lstrip()
            try:
                value, end = json.JSONDecoder().raw_decode(text)
            except json.JSONDecodeError:
                more = self.socket.recv(65536)
                if not more:
                    raise EOFError from None
                self._buffer += more.decode()
                continue
            self._buffer = text[end:]
            return value

    def ended(self) -> bool:
        """Whether the node has closed the connection and nothing more came."""
        try:
            return self.receive() is None
        except (EOFError, ConnectionResetError):
            return True

    def call(self, method: str, *params):
        """The result; notifications that come meanwhile are kept."""
        call_id = next(self._ids)
        self.send(json.dumps({"jsonrpc": "2.0", "id": call_id, "method": method, "params": list(params)}).encode())
        while "method" in (answer := self.receive()):
            self.notifications.append(answer["params"])
        assert answer["id"] == call_id
        if "error" in answer:
            raise RpcError(method, answer["error"])
        return answer["result"]

    def notification(self) -> dict:
        """`params` of the next notification."""
        return self.notifications.pop(0) if self.notifications else self.receive()["params"]
