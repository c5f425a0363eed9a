# SPDX-License-Identifier: Apache-2.0 OR MIT
"""geth and Status's node, which know of one another only through a node of ours between them."""

import itertools
import time
from dataclasses import replace
from pathlib import Path

from support.node import until
from support.whisper import LIMIT, PASSWORD, TOPIC, check_symmetric, rlp_list
from support.whisper_oracle import Envelope

MIN_POW = 0.002
NO_BLOOM = "0x" + "00" * 64
_files = itertools.count()


class Between:
    def __init__(self, start_peer, sotto, *node_args: str, status_args: tuple[str, ...] = (), their_min_pow=MIN_POW,
                 env: dict[str, str] | None = None, prepare=lambda node: None):
        """`env` is our node's; `prepare` is called before there is a session."""
        self.geth = start_peer("gethpeer", "-min-pow", str(their_min_pow))
        self.status = start_peer("statuspeer", "-min-pow", str(their_min_pow), "-events", *status_args)
        self.peers = (self.geth, self.status)
        self.node = sotto("--min-pow", str(MIN_POW), *node_args, env=env)
        prepare(self.node)
        for peer in self.peers:
            self.node.rpc("admin_addPeer", peer.enode, token=True)
            peer.wait_event("session", LIMIT, state="up")
        self.node.await_peers(2)
        self.ids = {peer: peer.call("peers")[0]["id"] for peer in self.peers}

    def other(self, peer):
        return self.status if peer is self.geth else self.geth

    def peer_id(self, peer) -> str:
        """As our node names it."""
        known = {p["enodeId"]: p["peerId"] for p in self.node.rpc("sotto_peers", token=True)}
        return known[peer.enode.removeprefix("enode://").split("@")[0]]

    # ---- what peers send by hand ----

    def raw(self, peer, code: int, payload: bytes) -> None:
        peer.call("raw", peer=self.ids[peer], code=code, payload="0x" + payload.hex())

    def send(self, peer, *envelopes: Envelope) -> None:
        self.raw(peer, 1, packet(*envelopes))

    def trust(self, peer) -> None:
        """Both trust each other."""
        peer.call("trust", peer=self.ids[peer])
        assert self.node.rpc("shh_markTrustedPeer", peer.enode) is True

    def heard(self, peer, **fields) -> None:
        """Whatever this peer sent has been read by our node: a message behind it has arrived."""
        check_symmetric(peer, self.node, count=1, **fields)

    # ---- what is seen ----

    def codes(self, peer, way: str) -> dict[str, int]:
        """Messages on the wire by code, "in" or "out" as the peer sees it; what it sent by hand is not counted."""
        return peer.call("counters")["wire"][self.ids[peer]][way]["codes"]

    def await_code(self, peer, code: int, count: int) -> None:
        until(lambda: self.codes(peer, "in").get(str(code), 0) >= count, LIMIT, f"message {count} of code {code}", peer)

    def counters(self) -> dict[str, int]:
        return self.node.rpc("sotto_status", token=True)["counters"]

    def await_refusals(self, name: str, count: int) -> None:
        until(lambda: self.counters()[name] >= count, LIMIT, lambda: f"{count} × {name}: {self.counters()}", self.node)

    def state(self, hash_: str) -> dict:
        return self.node.rpc("sotto_messageState", hash_)

    def await_state(self, hash_: str, *names: str) -> dict:
        return until(lambda: (now := self.state(hash_))["state"] in names and now, LIMIT,
                     lambda: f"{names}: {self.state(hash_)}", self.node)

    def await_at(self, peer, *hashes: str, timeout: float = LIMIT) -> None:
        """These envelopes are in the peer's pool."""
        until(lambda: set(hashes) <= set(peer.call("envelopes")), timeout, "envelopes in the pool", peer)

    def no_session_ended(self) -> None:
        for peer in self.peers:
            assert peer.drain("session") == []

    def unharmed(self, **fields) -> None:
        """Both sessions are what they were, and messages cross."""
        check_symmetric(self.geth, self.status, count=1, **fields)
        check_symmetric(self.status, self.geth, count=1, **fields)
        self.no_session_ended()


def packet(*envelopes: Envelope) -> bytes:
    """The payload of code 1."""
    return rlp_list(b"".join(e.encoded() for e in envelopes))


def sealed(peer, folder: Path, count: int, **fields) -> list[Envelope]:
    """Envelopes that this program made and did not send; payloads end in a counter."""
    file = folder / f"sealed-{next(_files)}"
    wanted = {"topic": TOPIC, "payload": "0x5e", "password": PASSWORD, **fields}
    peer.call("sealed", count=count, file=str(file), timeout=120, **wanted)
    return Envelope.all_of(file.read_bytes())


def resealed(envelope: Envelope, *, worthy: tuple[str, ...] = (), unworthy: tuple[str, ...] = (), sent_ago: int = 0,
             ttl: int = 20, min_pow: float = MIN_POW) -> Envelope:
    """The same message, made so many seconds ago, with a nonce that is worth the minimum under these rules alone."""
    envelope = replace(envelope, ttl=ttl, expiry=int(time.time()) - sent_ago + ttl, nonce=0)
    later = 1 - sent_ago if sent_ago < 0 else 0  # one from the future is worth less
    for nonce in itertools.count():
        made = replace(envelope, nonce=nonce)
        if all(made.pow(rule, later) >= min_pow for rule in worthy) and \
                all(made.pow(rule) < min_pow for rule in unworthy):
            return made
