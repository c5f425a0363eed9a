# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Our own node as a process, and its JSON-RPC."""

import http.client
import itertools
import json
import time
import urllib.request
from collections.abc import Callable, Iterable
from pathlib import Path

from .peers import Peer, PeerError

BATCH = 100  # calls; the node takes no more at once
LISTEN = ("/ip4/127.0.0.1/tcp/0/rlpx", "/ip4/127.0.0.1/tcp/0")


class RpcError(RuntimeError):
    """The node answered a call with an error; `code` is JSON-RPC's."""

    def __init__(self, method: str, error: dict):
        super().__init__(f"{method}: {error['message']}")
        self.code = error["code"]
        self.message = error["message"]


class Node(Peer):
    """`sotto run --json` in a data directory of its own. The same directory and ports again: restart()."""

    def __init__(self, binary: Path, data_dir: Path, *args: str, listen: tuple[str, ...] = LISTEN,
                 rpc: str = "127.0.0.1:0", env: dict[str, str] | None = None):
        self._binary, self._args, self._env = binary, args, env
        self.data_dir = data_dir
        self._call_ids = itertools.count(1)
        listening = [word for address in listen for word in ("--listen", address)]
        super().__init__(
            [binary, "run", "--json", "--data-dir", data_dir, "--rpc", rpc, *listening, *args],
            data_dir.parent / f"{data_dir.name}.log", env=env)

    @property
    def http(self) -> str:
        return self.ready["rpc"]["http"]

    def restart(self) -> "Node":
        """A new process with the identity and the ports of this one, which must have ended."""
        rlpx = self.enode.rsplit(":", 1)[1].split("?")[0]
        tcp = self.multiaddr.split("/tcp/")[1].split("/")[0]
        return Node(self._binary, self.data_dir, *self._args, rpc=self.http.removeprefix("http://"), env=self._env,
                    listen=(f"/ip4/127.0.0.1/tcp/{rlpx}/rlpx", f"/ip4/127.0.0.1/tcp/{tcp}"))

    def rpc(self, method: str, *params, token: bool = False, timeout: float = 30):
        """One JSON-RPC call over HTTP; with `token`, as who may read the data directory."""
        call = self._call(method, params)
        return self._result(call, self._post(call, token, timeout))

    def rpc_all(self, calls: Iterable[tuple[str, list]], timeout: float = 30) -> list:
        """Many calls, in batches; the results in the order of the calls."""
        results = []
        calls = iter(calls)
        while batch := [self._call(method, params) for method, params in itertools.islice(calls, BATCH)]:
            answers = {answer["id"]: answer for answer in self._post(batch, False, timeout)}
            results += [self._result(call, answers[call["id"]]) for call in batch]
        return results

    def _call(self, method: str, params) -> dict:
        return {"jsonrpc": "2.0", "id": next(self._call_ids), "method": method, "params": list(params)}

    def _post(self, body: dict | list, token: bool, timeout: float):
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {(self.data_dir / 'rpc-token').read_text().strip()}"
        request = urllib.request.Request(self.http, json.dumps(body).encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=timeout) as response:
                return json.load(response)
        except (OSError, http.client.HTTPException) as error:
            raise PeerError(f"{self.name}: RPC: {error}\n{self.log_tail()}") from error

    @staticmethod
    def _result(call: dict, answer: dict):
        if "error" in answer:
            raise RpcError(call["method"], answer["error"])
        return answer["result"]

    def peers(self) -> list[dict]:
        return self.rpc("admin_peers", token=True)

    def await_peers(self, count: int, timeout: float = 30) -> list[dict]:
        """Waits until exactly this many sessions are up."""
        return until(lambda: len(found := self.peers()) == count and (found,), timeout, f"{count} peers", self)[0]

    def receive(self, filter_id: str, count: int, timeout: float) -> list[dict]:
        """Polls a filter until it gave `count` messages, in all."""
        taken: list[dict] = []

        def poll() -> bool:
            taken.extend(self.rpc("shh_getFilterMessages", filter_id))
            return len(taken) >= count
        until(poll, timeout, lambda: f"{count} messages ({len(taken)} came)", self, pause=0.1)
        return taken


def until(poll: Callable, timeout: float, what: str | Callable[[], str], peer: Peer, pause: float = 0.05):
    """Polls until the answer is true and returns it; there is no event to wait for on the other side of HTTP."""
    deadline = time.monotonic() + timeout
    while not (found := poll()):
        if time.monotonic() > deadline:
            raise PeerError(f"{peer.name}: no {what if isinstance(what, str) else what()} within {timeout} s\n"
                            f"{peer.log_tail()}")
        time.sleep(pause)
    return found
