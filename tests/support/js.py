# SPDX-License-Identifier: Apache-2.0 OR MIT
"""The peers in JavaScript: they are installed once a session, a skip says why they cannot be."""

import itertools
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from .peers import Peer
from .whisper import LIMIT, end

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "tests/interop/js"
INSTALL_LIMIT = 600  # seconds; the first time downloads some 100 MB
PACKAGES_UNREACHABLE = 75

_serial = itertools.count(1)


def install(*folders: str) -> Path:
    """The Node that runs what needs the npm packages of these folders of the tree; of the peers when none is named."""
    run = subprocess.run([FOLDER / "install.sh", *folders], capture_output=True, text=True, timeout=INSTALL_LIMIT)
    if run.returncode == PACKAGES_UNREACHABLE:
        pytest.skip(f"npm packages cannot be installed: {(run.stderr.strip().splitlines() or ['?'])[-1]}")
    assert run.returncode == 0, run.stderr
    return ROOT / "build/interop/node"


@pytest.fixture(scope="session")
def js_peers() -> Path:
    """The Node that runs the peers, whose packages are installed when this is there."""
    return install()


@pytest.fixture
def start_js(js_peers, tmp_path, cleanup):
    """start_js("libp2p", "--key-type", "rsa", name="alice") starts tests/interop/js/libp2p/peer.mjs."""
    def start(program: str, *args: str, name: str | None = None) -> Peer:
        peer = Peer([js_peers, FOLDER / program / "peer.mjs", *args], tmp_path / f"{name or program}.log")
        cleanup.callback(peer.kill)
        return peer
    return start


def check_signed(sender: Peer, receiver: Peer, *, to_key: bool, count: int = 5,
                 announced: Callable = lambda: None) -> list[str]:
    """`count` signed messages under a shared key, or to the receiver's own: none lost, doubled or changed.

    Murmur hangs up when a message of a topic it listens to is unsigned or under another key, hence the topic. It sends
    an envelope once, to whom it wants it then: `announced` waits until the sender knows what the receiver wants."""
    a, b = end(sender), end(receiver)
    serial = next(_serial)
    topic, prefix = f"0x5077{serial:04x}", f"0x{serial:04x}"
    signer_id, signer = a.key_pair()
    if to_key:
        key_id, public = b.key_pair()
        filter_id, to = b.subscribe(privateKeyID=key_id, topics=[topic]), {"pubKey": public}
    else:
        filter_id, to = b.subscribe(symKeyID=b.sym_key(), topics=[topic]), {"symKeyID": a.sym_key()}
    announced()
    hashes = a.post(count, prefix, topic=topic, sig=signer_id, **to)
    came = b.receive(filter_id, count, LIMIT)
    came += b.late(filter_id)
    seen = sorted((m["hash"], m["payload"], m["sig"], m["topic"]) for m in came)
    assert seen == sorted((hash_, f"{prefix}{i:08x}", signer, topic) for i, hash_ in enumerate(hashes))
    return hashes
