# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Our binary alone, as a process on the loopback interface."""

import pytest

from support.cli import Cli, sotto_binary
from support.old_node import OldNode


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def cli(home) -> Cli:
    """cli("key", "show") runs a verb to its end."""
    return Cli(sotto_binary(), home)


@pytest.fixture
def program(cli, cleanup):
    """program("chat", "#lobby") starts a verb that is talked to by lines."""
    def start(*args, **variables):
        running = cli.start(*args, **variables)
        cleanup.callback(running.kill)
        return running
    return start


@pytest.fixture
def old_node(cleanup) -> OldNode:
    node = OldNode()
    cleanup.callback(node.close)
    return node
