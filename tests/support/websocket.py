# SPDX-License-Identifier: Apache-2.0 OR MIT
"""A WebSocket client on a plain socket: exactly the headers that a test wants, and reads only when it is told to."""

import base64
import itertools
import json
import os
import socket
import struct

from websockets.frames import Frame, Opcode
from websockets.streams import StreamReader

LIMIT = 15  # seconds for an answer


def upgrade(address: tuple[str, int], headers: dict[str, str | None]) -> tuple[socket.socket, int]:
    """Asks for a WebSocket; returns the connection and the HTTP status. A header of None is left out."""
    host = f"[{address[0]}]" if ":" in address[0] else address[0]
    fields = {"Host": f"{host}:{address[1]}", "Connection": "Upgrade", "Upgrade": "websocket",
              "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(), **headers}
    connection = socket.create_connection(address, LIMIT)
    lines = [f"{name}: {value}" for name, value in fields.items() if value is not None]
    connection.sendall("\r\n".join(["GET / HTTP/1.1", *lines, "", ""]).encode())
    head = b""
    while b"\r\n\r\n" not in head:
        if not (byte := connection.recv(1)):
            break
        head += byte
    return connection, int(head.split()[1]) if head else 0


class WebSocket:
    def __init__(self, address: tuple[str, int], headers: dict[str, str] | None = None):
        self._socket, status = upgrade(address, headers or {})
        assert status == 101, status
        self._reader = StreamReader()
        self._ids = itertools.count(1)

    def __enter__(self) -> "WebSocket":
        return self

    def __exit__(self, *_) -> None:
        self._socket.close()

    def send(self, text: str) -> None:
        self._socket.sendall(Frame(Opcode.TEXT, text.encode()).serialize(mask=True))

    def receive(self, timeout: float = LIMIT):
        """The next message, as JSON."""
        self._socket.settimeout(timeout)
        while True:
            frame = self._frame()
            if frame is None or frame.opcode is Opcode.CLOSE:
                raise ConnectionError("the WebSocket has ended")
            if frame.opcode is Opcode.TEXT:
                return json.loads(frame.data)

    def call(self, method: str, *params) -> dict:
        """The whole answer. Nothing else may arrive before it."""
        call_id = next(self._ids)
        self.send(json.dumps({"jsonrpc": "2.0", "id": call_id, "method": method, "params": params}))
        answer = self.receive()
        assert answer["id"] == call_id, answer
        return answer

    def ends_within(self, seconds: float) -> bool:
        """Whether the other side ends it; what still comes before is dropped."""
        self._socket.settimeout(seconds)
        try:
            while (frame := self._frame()) and frame.opcode is not Opcode.CLOSE:
                pass
        except ConnectionError:
            pass
        except TimeoutError:
            return False
        return True

    def reset(self) -> None:
        """Ends it as a crash would: without any goodbye."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def _frame(self) -> Frame | None:
        """None at the end of the stream."""
        parser = Frame.parse(self._reader.read_exact, mask=False)
        while True:
            try:
                next(parser)
            except StopIteration as done:
                return done.value
            except EOFError:
                return None
            if data := self._socket.recv(65536):
                self._reader.feed_data(data)
            else:
                self._reader.feed_eof()
