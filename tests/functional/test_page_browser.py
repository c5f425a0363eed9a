# SPDX-License-Identifier: Apache-2.0 OR MIT
"""The page in headless Chromium: tests/page holds what people do there. Screenshots go to build/page/."""

import json
import os
import signal
import subprocess
import threading
from pathlib import Path

import pytest

from support.cli import Cli
from support.js import install

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
RLPX, LIBP2P = "/ip4/127.0.0.1/tcp/0/rlpx", "/ip4/127.0.0.1/tcp/0"
LIMIT = 180  # seconds for a scenario


@pytest.fixture(scope="module")
def javascript() -> Path:
    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM}; ./dev deps --test installs it")
    return install("tests/page")


@pytest.fixture
def scenario(javascript, cleanup):
    """scenario("lan", answers, link=…) runs it to its end; `answers` is called for what it asks for, by name."""
    shots = ROOT / "build/page"
    shots.mkdir(parents=True, exist_ok=True)

    def run(name: str, answers: dict | None = None, **arguments: str) -> None:
        program = subprocess.Popen([javascript, ROOT / "tests/page/run.mjs", name, shots, json.dumps(arguments)],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        cleanup.callback(program.wait)
        cleanup.callback(program.kill)
        timer = threading.Timer(LIMIT, program.kill)
        cleanup.callback(timer.cancel)
        timer.start()
        for request in program.stdout:
            program.stdin.write(answers[request.strip()]() + "\n")
            program.stdin.flush()
        said = program.stderr.read()
        assert program.wait() == 0, said
    return run


@pytest.fixture
def link_to(cli: Cli):
    def make(node) -> str:
        done = cli("page", "--data-dir", node.ready["dataDir"])
        assert done.code == 0, done.err
        return done.out.strip()
    return make


def test_two_people_on_two_networks_chat_through_a_third_node(sotto, scenario, link_to):
    between = sotto(name="between", listen=(RLPX, LIBP2P))
    alice = sotto("--peer", between.enode, name="alice", listen=(RLPX,))
    bob = sotto("--peer", between.multiaddr, name="bob", listen=(LIBP2P,))
    between.await_peers(2)
    assert {peer["transport"] for peer in between.peers()} == {"rlpx", "libp2p"}

    def visit() -> str:
        sotto("--peer", alice.enode, "--peer", bob.multiaddr, name="visitor", listen=("none",))
        return ""
    scenario("twoNetworks", {"visit": visit}, alice=link_to(alice), bob=link_to(bob))


def test_it_works_on_a_plain_http_address_in_the_lan(sotto, scenario, link_to):
    node = sotto("--rpc-vhosts", "node.example", listen=(LIBP2P,), rpc="0.0.0.0:0")
    link = link_to(node)
    assert link.startswith("http://node.example:")
    scenario("lan", link=link)


def test_it_fits_360_px_and_needs_no_mouse(sotto, scenario, link_to):
    scenario("narrow", link=link_to(sotto(listen=(LIBP2P,))))


def test_a_link_is_good_once_and_a_session_for_every_visit(sotto, scenario, link_to):
    node = sotto(listen=(LIBP2P,))
    scenario("sessions", used=link_to(node), fresh=link_to(node))


def test_a_node_that_starts_again_asks_for_a_link(sotto, scenario, link_to, cleanup):
    node = sotto(listen=(RLPX, LIBP2P))

    def end() -> str:
        node.signal(signal.SIGTERM)
        assert node.wait_exit() == 0
        return ""

    def begin() -> str:
        again = node.restart()
        cleanup.callback(again.kill)
        return link_to(again)
    scenario("restart", {"end": end, "begin": begin}, link=link_to(node))
