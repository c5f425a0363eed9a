# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Whisper messages from one end to another, whether the end is a foreign peer or our node, and what must hold of them."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from .node import Node
from .peers import Peer, PeerError

PASSWORD = "correct horse battery staple"
TOPIC = "0x50771234"
LIMIT = 20  # seconds for a few messages; a foreign peer sends every 300 ms and is polled every 250

_serial = itertools.count(1)


class End(Protocol):
    """An end of a conversation. Keys and filters are named by what this end's program calls them."""

    def sym_key(self) -> str: ...
    def key_pair(self) -> tuple[str, str]: ...  # id, public key
    def subscribe(self, **criteria) -> str: ...
    def post(self, count: int, payload: str, **fields) -> list[str]: ...  # hashes
    def receive(self, filter_id: str, count: int, timeout: float) -> list[dict]: ...
    def late(self, filter_id: str) -> list[dict]: ...  # what came besides


class ForeignEnd:
    def __init__(self, peer: Peer):
        self.peer = peer

    def sym_key(self) -> str:
        return self.peer.call("addSymKey", password=PASSWORD)

    def key_pair(self) -> tuple[str, str]:
        pair = self.peer.call("newKeyPair")
        return pair["id"], pair["publicKey"]

    def subscribe(self, **criteria) -> str:
        return self.peer.call("subscribe", **criteria)

    def post(self, count: int, payload: str, **fields) -> list[str]:
        return self.peer.call("postMany", count=count, payload=payload, timeout=120, **fields)

    def receive(self, filter_id: str, count: int, timeout: float) -> list[dict]:
        return self.peer.collect("message", count, timeout, filter=filter_id)

    def late(self, filter_id: str) -> list[dict]:
        return self.peer.drain("message", filter=filter_id)


class NodeEnd:
    def __init__(self, node: Node):
        self.node = node

    def sym_key(self) -> str:
        return self.node.rpc("shh_generateSymKeyFromPassword", PASSWORD)

    def key_pair(self) -> tuple[str, str]:
        key_id = self.node.rpc("shh_newKeyPair")
        return key_id, self.node.rpc("shh_getPublicKey", key_id)

    def subscribe(self, **criteria) -> str:
        return self.node.rpc("shh_newMessageFilter", criteria)

    def post(self, count: int, payload: str, **fields) -> list[str]:
        common = {"ttl": 60, "powTime": 10, "powTarget": 0.01, **fields}
        return self.node.rpc_all(("shh_post", [{**common, "payload": f"{payload}{i:08x}"}]) for i in range(count))

    def receive(self, filter_id: str, count: int, timeout: float) -> list[dict]:
        return self.node.receive(filter_id, count, timeout)

    def late(self, filter_id: str) -> list[dict]:
        return self.node.rpc("shh_getFilterMessages", filter_id)


def end(of: Peer) -> End:
    return NodeEnd(of) if isinstance(of, Node) else ForeignEnd(of)


def check_symmetric(sender: Peer, receiver: Peer, count: int = 5, timeout: float = LIMIT, **fields) -> list[str]:
    """`count` messages under a shared key: none lost, doubled or changed. Returns the envelopes' hashes in order."""
    a, b = end(sender), end(receiver)
    filter_id = b.subscribe(symKeyID=b.sym_key(), topics=[TOPIC])
    hashes, came = _send(a, b, filter_id, count, timeout, symKeyID=a.sym_key(), **fields)
    assert {m["topic"] for m in came} == {TOPIC}
    return hashes


def check_asymmetric(sender: Peer, receiver: Peer, count: int = 3, timeout: float = LIMIT) -> list[str]:
    """`count` signed messages to a public key; the signer is seen."""
    a, b = end(sender), end(receiver)
    key_id, public = b.key_pair()
    signer_id, signer = a.key_pair()
    filter_id = b.subscribe(privateKeyID=key_id)
    hashes, came = _send(a, b, filter_id, count, timeout, pubKey=public, sig=signer_id)
    assert {m["sig"] for m in came} == {signer}
    return hashes


def _send(a: End, b: End, filter_id: str, count: int, timeout: float, **fields) -> tuple[list[str], list[dict]]:
    """Posts and receives at once, as an application does: what waits in a filter is bounded."""
    prefix = f"0x{next(_serial):04x}"
    with ThreadPoolExecutor(1) as background:
        posting = background.submit(a.post, count, prefix, topic=TOPIC, **fields)
        try:
            came = b.receive(filter_id, count, timeout)
        except PeerError:
            posting.result()  # its own failure explains more
            raise
        hashes = posting.result()
    came += b.late(filter_id)
    expected = {hash_: f"{prefix}{i:08x}" for i, hash_ in enumerate(hashes)}
    assert len(expected) == count, "two envelopes with one hash were posted"
    assert {m["hash"]: m["payload"] for m in came} == expected
    assert len(came) == count, "a message came twice"
    return hashes, came


def connect_devp2p(dialler: Peer, listener: Peer) -> tuple[str, str]:
    """Returns the ids under which the dialler knows the listener and the other way round."""
    dialler.call("connect", addr=listener.enode)
    return tuple(peer.wait_event("session", LIMIT, state="up")["peer"] for peer in (dialler, listener))


def connect_libp2p(dialler: Peer, listener: Peer) -> None:
    dialler.call("connect", addr=listener.multiaddr)
    dialler.wait_event("session", LIMIT, peer=listener.peer_id, state="up")
    listener.wait_event("session", LIMIT, peer=dialler.peer_id, state="up")


def bloom_of(topic: str) -> str:
    """The bloom filter of one topic, EIP-627, with every bit that belongs in it."""
    raw = bytes.fromhex(topic[2:])
    bloom = bytearray(64)
    for j in range(3):
        bit = raw[j] + (256 if raw[3] >> j & 1 else 0)
        bloom[bit // 8] |= 1 << bit % 8
    return "0x" + bloom.hex()


def wire_totals(peer: Peer, way: str) -> dict[str, int]:
    """What a foreign peer has seen on the wire, "in" or "out", over all its sessions."""
    sessions = peer.call("counters")["wire"].values()
    return {name: sum(session[way][name] for session in sessions) for name in ("envelopes", "distinct", "duplicates")}


def rlp_list(items: bytes) -> bytes:
    """The RLP list of items that are encoded already."""
    if len(items) < 56:
        return bytes([0xC0 + len(items)]) + items
    size = len(items).to_bytes((len(items).bit_length() + 7) // 8, "big")
    return bytes([0xF7 + len(size)]) + size + items
