# SPDX-License-Identifier: Apache-2.0 OR MIT
"""What a client of ours may find at an address besides a node of ours: geth's methods alone, and any notification."""

import asyncio
import json
import threading

import websockets

LIMIT = 15  # seconds


class OldNode:
    name = "old node"
    _RESULTS = {"shh_addPrivateKey": "aa" * 32, "shh_addSymKey": "bb" * 32, "shh_subscribe": "0x1",
                "shh_newKeyPair": "dd" * 32, "shh_generateSymKeyFromPassword": "ee" * 32,
                "shh_post": "0x" + "cc" * 32, "net_peerCount": "0x3", "shh_deleteKeyPair": True, "shh_deleteSymKey": True}
    _MISSING = {"code": -32601, "message": "the method does not exist/is not available"}

    def __init__(self):
        self.calls: list[str] = []
        self.authorizations: list[str | None] = []  # of each connection
        self._loop = asyncio.new_event_loop()
        self._connection = None
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._run(self._serve())
        self.port = self._server.sockets[0].getsockname()[1]
        self.url = f"ws://127.0.0.1:{self.port}"

    def send(self, text: str) -> None:
        """To who has connected last."""
        self._run(self._connection.send(text))

    def close(self) -> None:
        self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(LIMIT)

    def log_tail(self) -> str:
        return "called: " + " ".join(self.calls[-20:])

    def _run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(LIMIT)

    async def _serve(self):
        return await websockets.serve(self._talk, "127.0.0.1", 0)

    async def _end(self) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _talk(self, connection, *_) -> None:
        self._connection = connection
        self.authorizations.append(connection.request_headers.get("Authorization"))
        try:
            async for text in connection:
                call = json.loads(text)
                known = call["method"] in self._RESULTS
                answer = {"result": self._RESULTS[call["method"]]} if known else {"error": self._MISSING}
                self.calls.append(call["method"])
                await connection.send(json.dumps({"jsonrpc": "2.0", "id": call["id"], **answer}))
        except websockets.ConnectionClosed:
            pass
