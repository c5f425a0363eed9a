#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Derives contact.json again with nothing but Python's integers and hashlib's PBKDF2: curve and all.

    check.py       says how many vectors agree; exit 1 when one does not
Tests of other programs take the functions from here: they share no code with what they test."""
import hashlib
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

from support.keccak import keccak256  # noqa: E402

# ---- secp256k1 (SEC 2, 2.4.1) ----
P = 2**256 - 2**32 - 977
_G = (0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
      0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8)


def _add(a, b):
    if a is None or b is None:
        return a or b
    if a[0] == b[0]:
        if (a[1] + b[1]) % P == 0:
            return None
        slope = 3 * a[0] * a[0] * pow(2 * a[1], -1, P) % P
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, P) % P
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def _multiply(scalar: int, point):
    total = None
    while scalar:
        if scalar & 1:
            total = _add(total, point)
        point = _add(point, point)
        scalar >>= 1
    return total


def public_key(secret: bytes) -> str:
    """0x04 || X || Y in hex, with 0x in front."""
    x, y = _multiply(int.from_bytes(secret, "big"), _G)
    return f"0x04{x:064x}{y:064x}"


# ---- docs/protocols/chat.md ----
def _topic(name: str) -> str:
    return keccak256(name.encode())[:4].hex()


def channel_topic(name: str) -> str:
    return _topic(name)


def discovery_topic(key: str) -> str:
    return _topic(f"contact-discovery-{int(key[4:68], 16) % 5000}")


def shared_secret(secret: bytes, key: str) -> bytes:
    x, _ = _multiply(int.from_bytes(secret, "big"), (int(key[4:68], 16), int(key[68:], 16)))
    return x.to_bytes(32, "big")


def negotiate(secret: bytes, key: str) -> tuple[str, bytes]:
    """Topic in hex and symmetric key."""
    password = shared_secret(secret, key).hex()
    return _topic(password), hashlib.pbkdf2_hmac("sha256", password.encode(), b"", 65356, 32)


def message_id(key: str, payload: bytes) -> str:
    return keccak256(bytes.fromhex(key[2:]) + payload).hex()


def derive(vector: dict) -> dict:
    alice, bob = (bytes.fromhex(vector[name]) for name in ("aliceSecret", "bobSecret"))
    alice_key, bob_key = public_key(alice), public_key(bob)
    topic, key = negotiate(alice, bob_key)
    assert (topic, key) == negotiate(bob, alice_key)
    return {**{name: vector[name] for name in ("aliceSecret", "bobSecret", "payload")},
            "aliceKey": alice_key, "bobKey": bob_key, "bobDiscoveryTopic": discovery_topic(bob_key),
            "secret": shared_secret(alice, bob_key).hex(), "topic": topic, "key": key.hex(),
            "messageId": message_id(alice_key, vector["payload"].encode())}


def disagreements() -> list[int]:
    """The numbers of the vectors that are derived otherwise here."""
    vectors = json.loads((pathlib.Path(__file__).parent / "contact.json").read_text())
    assert keccak256(b"").hex().startswith("c5d2460186f7233c") and len(vectors) >= 4
    assert _topic("contact-discovery") == "f8946aac" and channel_topic("status") == "cd423760"
    return [i for i, vector in enumerate(vectors) if derive(vector) != vector]


if __name__ == "__main__":
    wrong = disagreements()
    print("all vectors agree" if not wrong else f"these vectors disagree: {wrong}")
    sys.exit(1 if wrong else 0)
