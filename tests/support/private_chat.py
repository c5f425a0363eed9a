# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Who chats: keys that a test knows, and what two of them share, derived apart from the code under test."""

import importlib.util
from dataclasses import dataclass
from pathlib import Path

_CHECK = Path(__file__).resolve().parents[1] / "vectors/chat/check.py"
_spec = importlib.util.spec_from_file_location("chat_check", _CHECK)
derivation = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(derivation)

LEGACY_TOPIC = "0xf8946aac"


@dataclass
class Identity:
    """A chat's key in a data directory of its own."""
    data_dir: Path
    secret: bytes

    @classmethod
    def make(cls, folder: Path, name: str, number: int) -> "Identity":
        data_dir = folder / name
        data_dir.mkdir(mode=0o700)
        secret = number.to_bytes(32, "big")
        file = data_dir / "chat-identity"
        file.write_text(secret.hex() + "\n")
        file.chmod(0o600)
        return cls(data_dir, secret)

    @property
    def key(self) -> str:
        return derivation.public_key(self.secret)

    @property
    def short(self) -> str:
        return self.key[4:12]

    @property
    def discovery_topic(self) -> str:
        return "0x" + derivation.discovery_topic(self.key)

    def shared_with(self, other: "Identity") -> tuple[str, str]:
        """The negotiated topic and key, in hex."""
        topic, key = derivation.negotiate(self.secret, other.key)
        return "0x" + topic, "0x" + key.hex()
