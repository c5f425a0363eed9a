# SPDX-License-Identifier: Apache-2.0 OR MIT
"""What becomes of an envelope, by EIP-627 and go-ethereum's whisperv6 alone; nothing here is taken from our node.

go-ethereum reckons in 32 bits: `geth_verdict` does too. `verdict` is what a node of ours owes, which deviates where
docs/protocols/whisper.md says so."""

import functools
import math
from dataclasses import dataclass

from .keccak import keccak256

U32 = 2**32
SYNC_ALLOWANCE = 10  # seconds that clocks may differ by
MAX_TTL = 172_800
HEADER_ESTIMATE = 20  # what geth takes for everything but the data

ACCEPTED, BAD_TTL, FUTURE = "accepted", "ttl out of range", "envelope from future"
EXPIRED, VERY_OLD, LOW_POW = "envelope expired", "very old envelope", "envelope with low PoW"


# ---- RLP (yellow paper, appendix B) ----
def _header(size: int, base: int) -> bytes:
    if size < 56:
        return bytes([base + size])
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([base + 55 + len(length)]) + length


def rlp(item: int | bytes | list) -> bytes:
    """An integer is the string of its bytes without leading zeros."""
    if isinstance(item, int):
        item = item.to_bytes((item.bit_length() + 7) // 8, "big")
    if isinstance(item, list):
        items = b"".join(map(rlp, item))
        return _header(len(items), 0xC0) + items
    if len(item) == 1 and item[0] < 0x80:
        return item
    return _header(len(item), 0x80) + item


def _parse(data: bytes) -> tuple[bytes | list, bytes]:
    """One item of well-formed RLP, and what comes behind it."""
    first = data[0]
    if first < 0x80:
        return data[:1], data[1:]
    base = 0xC0 if first >= 0xC0 else 0x80
    at, size = 1, first - base
    if size > 55:
        at, size = 1 + size - 55, int.from_bytes(data[1:1 + size - 55], "big")
    body, rest = data[at:at + size], data[at + size:]
    if base == 0x80:
        return body, rest
    items = []
    while body:
        item, body = _parse(body)
        items.append(item)
    return items, rest


@dataclass(frozen=True)
class Envelope:
    expiry: int
    ttl: int
    topic: bytes
    data: bytes
    nonce: int

    @classmethod
    def all_of(cls, encoded: bytes) -> list["Envelope"]:
        """Of RLP items that follow one another."""
        envelopes = []
        while encoded:
            (expiry, ttl, topic, data, nonce), encoded = _parse(encoded)
            envelopes.append(cls(*(int.from_bytes(n, "big") for n in (expiry, ttl)), topic, data,
                                 int.from_bytes(nonce, "big")))
        return envelopes

    def encoded(self) -> bytes:
        return rlp([self.expiry, self.ttl, self.topic, self.data, self.nonce])

    def hash(self) -> str:
        return "0x" + keccak256(self.encoded()).hex()

    def sent(self) -> int:
        """When it was made; a ttl above the expiry wraps."""
        return (self.expiry - self.ttl) % U32

    def _body(self) -> bytes:
        return rlp([self.expiry, self.ttl, self.topic, self.data])

    @functools.cache
    def _zeros_eip627(self) -> int:
        digest = int.from_bytes(keccak256(self._body() + self.nonce.to_bytes(8, "big")), "big")
        return 256 - digest.bit_length()

    @functools.cache
    def _zeros_legacy(self) -> int:
        digest = int.from_bytes(keccak256(keccak256(self._body()) + bytes(24) + self.nonce.to_bytes(8, "big")), "big")
        return (digest & -digest).bit_length() - 1

    def _worth(self, zeros: int, size: int, later: int) -> float:
        return math.inf if self.ttl + later == 0 else 2.0**zeros / size / (self.ttl + later)

    def pow_eip627(self, later: int = 0) -> float:
        """`later`: seconds that the ttl counts longer."""
        return self._worth(self._zeros_eip627(), len(self._body()), later)

    def pow_legacy(self, later: int = 0) -> float:
        return self._worth(self._zeros_legacy(), HEADER_ESTIMATE + len(self.data), later)

    def pow(self, rule: str, later: int = 0) -> float:
        """`rule` is eip627, legacy or both: the better of the two."""
        rules = {"eip627": [self.pow_eip627], "legacy": [self.pow_legacy], "both": [self.pow_eip627, self.pow_legacy]}
        return max(of(later) for of in rules[rule])

    def later(self, now: int) -> int:
        """An envelope from the future has to be worth its ttl and the time until it is made, and a second more."""
        return max(0, self.sent() - now + 1) if self.sent() > now else 0


def geth_verdict(envelope: Envelope, now: int, rule: str, min_pow: float, wrap: int | None = U32) -> str:
    """`wrap`: where sums begin at 0 again; None: nowhere."""
    def reckoned(seconds: int) -> int:
        return seconds % wrap if wrap else seconds
    if envelope.sent() > now and reckoned(envelope.sent() - SYNC_ALLOWANCE) > now:
        return FUTURE
    if envelope.expiry < now:
        return VERY_OLD if reckoned(envelope.expiry + 2 * SYNC_ALLOWANCE) < now else EXPIRED
    return LOW_POW if envelope.pow(rule, envelope.later(now)) < min_pow else ACCEPTED


def verdict(envelope: Envelope, now: int, rule: str, min_pow: float) -> str:
    if not 0 < envelope.ttl <= MAX_TTL:
        return BAD_TTL
    return geth_verdict(envelope, now, rule, min_pow, wrap=None)
