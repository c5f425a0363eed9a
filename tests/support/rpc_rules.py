# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Who may do what on the RPC port: the rules as they are stated, and a table of requests to hold a node to them.

1. A Host that is absent, or names neither the listener nor a --rpc-vhosts name: 403.
2. An Origin that is there and is neither http:// with such a Host nor in --rpc-origins: 403; `null` always.
3. A POST that is not application/json: 415.
4. A bearer token that is not the node's: 401. The node's: every namespace, everywhere.
5. Without a token a cookie of the page's session, where the Origin is there and names the same host and port as Host:
   shh and sotto, and /events; neither /health nor /metrics.
6. Without both on a loopback listener: every namespace but admin.
7. The page itself and a preflight need none of this, 1 to 4 hold for them too. All else: 401.

Run as a program it holds a node on an address that is not loopback to them, in a network namespace of its own:
    unshare -rn python3 rpc_rules.py BINARY FOLDER
"""

import base64
import http.client
import itertools
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from support.node import Node  # noqa: E402

PUBLIC = "192.0.2.7"
ARGS = ("--rpc-vhosts", "node.example", "--rpc-origins", "https://app.example")
METHODS = {"shh": "shh_version", "sotto": "sotto_unsubscribe", "net": "net_version", "admin": "admin_peers"}
CALLS = json.dumps([{"jsonrpc": "2.0", "id": name, "method": method, "params": []}
                    for name, method in METHODS.items()])

HOSTS = {"own": "{own}", "localhost": "localhost:{port}", "vhost": "node.example", "evil": "evil.example",
         "absent": None}
ORIGINS = {"absent": None, "own": "http://{own}", "vhost": "http://node.example", "app": "https://app.example",
           "evil": "http://evil.example", "null": "null"}
TOKENS = {"absent": None, "right": "Bearer {token}", "wrong": "Bearer " + "0" * 64}
COOKIES = {"absent": None, "session": "{cookie}", "wrong": "sotto-session=" + "0" * 64}
JSON, TEXT = "application/json", "text/plain"
REQUESTS = {
    "call": ("POST", "/", JSON), "call as text": ("POST", "/", TEXT), "health": ("GET", "/health", None),
    "metrics": ("GET", "/metrics", None), "events": ("GET", "/events", None), "page": ("GET", "/", None),
    "session": ("GET", "/page/session", None), "preflight": ("OPTIONS", "/", None), "put": ("PUT", "/", None),
    "upgrade": ("GET", "/", None)}


@dataclass(frozen=True)
class Case:
    host: str
    origin: str
    token: str
    cookie: str
    request: str


def cases() -> list[Case]:
    return [Case(*choice) for choice in itertools.product(HOSTS, ORIGINS, TOKENS, COOKIES, REQUESTS)]


def rights_of(case: Case, loopback: bool) -> str | None:
    """admin, open, session, or None: only what needs no rights."""
    if case.token == "right":
        return "admin"
    same = (case.host, case.origin) in {("own", "own"), ("vhost", "vhost")}
    if case.cookie == "session" and same:
        return "session"
    return "open" if loopback else None


def expected(case: Case, loopback: bool) -> tuple[int, str | None]:
    """The status; and for what is answered to calls, the rights that it shows."""
    if case.host in ("evil", "absent") or (case.host == "localhost" and not loopback):
        return 403, None
    if case.origin in ("evil", "null"):
        return 403, None
    if case.request == "call as text":
        return 415, None
    if case.token == "wrong":
        return 401, None
    rights = rights_of(case, loopback)
    if case.request in ("page", "preflight"):
        return {"page": 200, "preflight": 204}[case.request], None
    if case.request == "session":
        return (204 if case.cookie == "session" else 401), None
    if rights is None:
        return 401, None
    if case.request in ("health", "metrics"):
        return (404 if rights == "session" else 200), None
    if case.request == "call":
        return 200, rights
    return {"events": 200, "put": 405, "upgrade": 101}[case.request], None


def shown_rights(answer: bytes) -> str | None:
    """The rights that the answers to CALLS give away."""
    served = {reply["id"] for reply in json.loads(answer)
              if "result" in reply or "Authorization" not in reply["error"]["message"]}
    return {frozenset(METHODS): "admin", frozenset({"shh", "sotto", "net"}): "open",
            frozenset({"shh", "sotto"}): "session"}.get(frozenset(served))


class Holder:
    """Asks one node."""

    def __init__(self, node: Node, loopback: bool):
        parts = urlsplit(node.http)
        self._address = (parts.hostname, parts.port)
        self._loopback = loopback
        own = f"{parts.hostname}:{parts.port}"
        token = (node.data_dir / "rpc-token").read_text().strip()
        self._words = {"own": own, "port": parts.port, "token": token, "cookie": self._open_session(own, token)}

    def _open_session(self, own: str, token: str) -> str:
        headers = {"Host": own, "Content-Type": JSON}
        link = self._ask("POST", "/", {**headers, "Authorization": f"Bearer {token}"},
                         json.dumps({"jsonrpc": "2.0", "id": 1, "method": "admin_pageLink"}))[1]
        word = json.loads(link)["result"].split("#")[1]
        connection = http.client.HTTPConnection(*self._address, timeout=10)
        connection.request("POST", "/page/session", json.dumps({"word": word}), headers)
        cookie = connection.getresponse().headers["Set-Cookie"].split(";")[0]
        connection.close()
        return cookie

    def _ask(self, method: str, path: str, headers: dict, body: str | None = None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(*self._address, timeout=10)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in headers.items():
                if value is not None:
                    connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body.encode() if body is not None else None)
            response = connection.getresponse()
            endless = response.headers.get("Content-Type") == "text/event-stream" or response.status == 101
            return response.status, b"" if endless else response.read()
        finally:
            connection.close()

    def verdict(self, case: Case) -> tuple[int, str | None]:
        method, path, kind = REQUESTS[case.request]
        fill = lambda text: text and text.format(**self._words)  # noqa: E731
        headers = {"Host": fill(HOSTS[case.host]), "Origin": fill(ORIGINS[case.origin]), "Content-Type": kind,
                   "Authorization": fill(TOKENS[case.token]), "Cookie": fill(COOKIES[case.cookie])}
        if case.request == "upgrade":
            headers |= {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
                        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode()}
        status, answer = self._ask(method, path, headers, CALLS if method == "POST" else None)
        return status, shown_rights(answer) if case.request == "call" and status == 200 else None

    def wrong(self) -> list[str]:
        found = []
        for case in cases():
            wanted, got = expected(case, self._loopback), self.verdict(case)
            if wanted != got:
                found.append(f"{case}: {got}, and by the rules {wanted}")
        return found


def main(binary: str, folder: str) -> int:
    for command in (["link", "set", "lo", "up"], ["addr", "add", f"{PUBLIC}/32", "dev", "lo"]):
        subprocess.run(["ip", *command], check=True)
    node = Node(Path(binary), Path(folder), *ARGS, listen=("none",), rpc=f"{PUBLIC}:0")
    try:
        wrong = Holder(node, loopback=False).wrong()
    finally:
        node.kill()
    print("\n".join(wrong[:20]))
    print(f"{len(cases())} cases, {len(wrong)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
