# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Keccak-256 as Ethereum uses it, from the Keccak reference (rate 1088, padding 0x01): hashlib has only SHA-3."""

import struct

_MASK = 2**64 - 1
_RATE = 136


def _round_constants() -> list[int]:
    """By the LFSR x^8 + x^6 + x^5 + x^4 + 1."""
    constants, state = [], 1
    for _ in range(24):
        constant = 0
        for j in range(7):
            if state & 1:
                constant |= 1 << 2**j - 1
            state = state << 1 ^ (0x171 if state & 0x80 else 0)
        constants.append(constant)
    return constants


def _lane_walk() -> list[tuple[int, int]]:
    """Where rho and pi move the lanes: (target, rotation), from lane 1 on; a lane is 5 y + x."""
    walk, x, y = [], 1, 0
    for t in range(24):
        x, y = y, (2 * x + 3 * y) % 5
        walk.append((5 * y + x, (t + 1) * (t + 2) // 2 % 64))
    return walk


_ROUNDS, _WALK = _round_constants(), _lane_walk()


def _permute(a: list[int]) -> None:
    for constant in _ROUNDS:
        c = [a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20] for x in range(5)]
        d = [c[x - 1] ^ (c[(x + 1) % 5] << 1 | c[(x + 1) % 5] >> 63) & _MASK for x in range(5)]
        for i in range(25):
            a[i] ^= d[i % 5]
        lane = a[1]
        for target, by in _WALK:
            a[target], lane = (lane << by | lane >> 64 - by) & _MASK, a[target]
        for y in range(0, 25, 5):
            r0, r1, r2, r3, r4 = a[y:y + 5]
            a[y:y + 5] = (r0 ^ ~r1 & r2, r1 ^ ~r2 & r3, r2 ^ ~r3 & r4, r3 ^ ~r4 & r0, r4 ^ ~r0 & r1)
        a[0] ^= constant


def keccak256(message: bytes) -> bytes:
    padded = bytearray(message) + b"\x01"
    padded += bytes(-len(padded) % _RATE)
    padded[-1] |= 0x80
    state = [0] * 25
    for block in struct.iter_unpack("<17Q", padded):
        for i, lane in enumerate(block):
            state[i] ^= lane
        _permute(state)
    return struct.pack("<4Q", *state[:4])
