# SPDX-License-Identifier: Apache-2.0 OR MIT
"""What the tests against real programs share. Every process started here is gone when its test has ended."""

import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from support.cli import sotto_binary  # noqa: E402
from support.node import Node  # noqa: E402
from support.peers import Peer  # noqa: E402

# What a shell runs in the background has SIGINT ignored, and children inherit that: `sotto listen` would not end by it.
signal.signal(signal.SIGINT, signal.default_int_handler)

GO_BUILD_LIMIT = 1200  # seconds; the first build downloads and compiles all of go-ethereum and go-libp2p
MODULES_UNREACHABLE = 75


@pytest.fixture(scope="session")
def go_peers() -> Path:
    """The folder of the Go peers, built when they are not up to date."""
    run = subprocess.run([ROOT / "tests/interop/go/build.sh"], capture_output=True, text=True, timeout=GO_BUILD_LIMIT)
    if run.returncode == MODULES_UNREACHABLE:
        pytest.skip(f"the Go modules cannot be downloaded: {run.stderr.strip().splitlines()[-1]}")
    assert run.returncode == 0, run.stderr
    return ROOT / "build/interop"


@pytest.fixture
def cleanup():
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def start_peer(go_peers, tmp_path, cleanup):
    """start_peer("gethpeer", "-min-pow", "0.1", name="alice") starts one of the Go peers."""
    def start(program: str, *args: str, name: str | None = None) -> Peer:
        peer = Peer([go_peers / program, *args], tmp_path / f"{name or program}.log")
        cleanup.callback(peer.kill)
        return peer
    return start


@pytest.fixture
def sotto(tmp_path, cleanup):
    """sotto("--peer", enode) runs our node on free ports of the loopback interface and waits until it is ready."""
    def start(*args: str, name: str = "sotto", **options) -> Node:
        node = Node(sotto_binary(), tmp_path / name, *args, **options)
        cleanup.callback(node.kill)
        return node
    return start
