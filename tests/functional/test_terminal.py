# SPDX-License-Identifier: Apache-2.0 OR MIT
"""`sotto chat` as a person sees it: a pseudo-terminal and the picture on it."""

import re
import signal

import pytest

from support.cli import clean_environment, sotto_binary
from support.terminal import Terminal

TIME = r"\d\d:\d\d:\d\d"
PROMPT = "#lobby > "


@pytest.fixture
def node(sotto):
    return sotto(listen=("/ip4/127.0.0.1/tcp/0",))


@pytest.fixture
def person(node, home, cleanup):
    """person("alice") sits down at a terminal and waits until she is connected."""
    def start(nick: str, **variables: str) -> Terminal:
        terminal = Terminal([sotto_binary(), "chat", "#lobby", "--connect", node.multiaddr, "--nick", nick],
                            clean_environment(home, TERM="xterm", **variables))
        cleanup.callback(terminal.kill)
        terminal.wait("connected over libp2p")
        terminal.wait(f"you are {re.escape(nick)} in #lobby; /help lists the commands")
        terminal.wait(f"^{PROMPT}?$")
        return terminal
    return start


def test_ones_own_message_shows_when_a_peer_has_it(person):
    alice = person("alice")
    alice.type("hello there\r")
    alice.wait(f"^✓ {TIME} alice: hello there$")
    assert alice.screen.rows[-1].startswith(PROMPT)
    assert len(re.findall("hello there", alice.screen.text())) == 1, "the input line stayed"


def test_the_mark_lands_on_its_line_below_longer_ones_and_those_of_others(person):
    alice, bob = person("alice"), person("bob")
    long = "long " * 40  # three rows
    alice.type(f"{long.strip()}\r")
    bob.wait("alice: long long")
    bob.type("short\r")
    alice.wait(f"^  {TIME} bob: short$")
    alice.type("second\r")
    bob.wait(f"^  {TIME} alice: second$")
    alice.wait(f"^✓ {TIME} alice: second$")
    alice.wait(f"^✓ {TIME} alice: long")
    assert alice.screen.text().count("✓") == 2


def test_a_message_that_comes_while_one_types_leaves_the_input_alone(person):
    alice, bob = person("alice"), person("bob")
    bob.type("half a sent")
    bob.wait(f"^{PROMPT}half a sent$")
    alice.type("interrupting\r")
    bob.wait(f"^  {TIME} alice: interrupting$")
    bob.wait(f"^{PROMPT}half a sent$")
    bob.type("ence\r")
    alice.wait(f"^  {TIME} bob: half a sentence$")


def test_commands(person, node):
    alice = person("alice")
    alice.type("/peers\r")
    where = node.multiaddr.split("/p2p/")[0]
    alice.wait(f"^  libp2p  {re.escape(where)}( |$)")  # its name follows once it has said it
    alice.type("/help\r")
    for command in ("/peers", "/help", "/exit"):
        alice.wait(f"^  {command} ")
    alice.type("/nonsense\r")
    alice.wait("there is no command /nonsense$")
    alice.type("/exit\r")
    assert alice.wait_exit() == 0


def test_keys_edit_the_line_and_bring_back_what_was_said(person):
    alice = person("alice")
    alice.type("gone\x15wrold")  # Ctrl-U: what was there is gone
    alice.type("\x1b[D\x1b[D\x1b[D\x7for\x1b[3~")  # left three times, backspace, "or", delete
    alice.wait(f"^{PROMPT}world$")
    alice.type("\x01the \x05!\r")  # Ctrl-A, Ctrl-E
    alice.wait(f"^✓ {TIME} alice: the world!$")
    alice.type("\x1b[A")  # up
    alice.wait(f"^{PROMPT}the world!$")
    alice.type(" again\r")
    alice.wait(f"^✓ {TIME} alice: the world! again$")


@pytest.mark.parametrize("leave", ["/exit\r", "\x03", "\x04"], ids=["exit", "ctrl-c", "ctrl-d"])
def test_the_terminal_is_as_it_was_afterwards(person, leave, home, cleanup):
    alice = person("alice")
    raw = alice.modes()
    alice.type(leave)
    assert alice.wait_exit() == 0
    restored = alice.modes()
    assert restored != raw
    fresh = Terminal(["/bin/cat"], clean_environment(home))
    cleanup.callback(fresh.kill)
    assert restored == fresh.modes()
    assert PROMPT not in alice.screen.rows[-1], "the prompt stays on the screen"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_restores_the_terminal_too(person, number):
    alice = person("alice")
    raw = alice.modes()
    alice.signal(number)
    assert alice.wait_exit(5) == 0
    assert alice.modes() != raw


def test_what_strangers_write_cannot_steer_the_terminal(person, node, program):
    """The screen refuses every sequence that the program does not need; the title and the clipboard are OSC."""
    alice = person("alice")
    mallory = program("chat", "#lobby", "--connect", node.multiaddr, "--nick", "m\x1b[2Jallory\n\x1b[1A")
    mallory.wait_line("err", "^connected")
    mallory.wait_line("err", "^you are")
    before = len(alice.raw)
    mallory.say("\x1b]0;owned\x07\x1b[2J\x1b[?1049h\x9b31m\r\u202espoof\u2066 end")
    shown = alice.wait(f"^  {TIME} m.*allory.*: .*owned.*spoof.* end").group()
    assert not re.search("[\u202e\u2066]", shown)
    for sequence in (b"\x1b]", b"\x1b[2J", b"\x1b[?", b"\x07", b"\xc2\x9b"):
        assert sequence not in alice.raw[before:]


def test_colours_are_left_out_where_nobody_wants_them(person):
    coloured, plain = person("alice"), person("bob", NO_COLOR="1")
    coloured.type("in colour?\r")
    plain.wait("in colour")
    coloured.wait("^✓")
    assert re.search(rb"\x1b\[3\dm", coloured.raw)
    assert not re.search(rb"\x1b\[\d+m", plain.raw)
