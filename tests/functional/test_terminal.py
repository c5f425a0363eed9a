# SPDX-License-Identifier: Apache-2.0 OR MIT
"""`sotto chat` as a person sees it: a pseudo-terminal and the picture on it."""

import re
import signal

import pytest

from support.cli import clean_environment, sotto_binary
from support.terminal import Terminal

TIME = r"\d\d:\d\d:\d\d"
PROMPT = "#lobby > "
HANG = " " * 12  # before the further rows of a message: no text looks like another line


@pytest.fixture
def node(sotto):
    return sotto(listen=("/ip4/127.0.0.1/tcp/0",))


@pytest.fixture
def person(node, home, cleanup):
    """person("alice") sits down at a terminal and waits until she is connected."""
    def start(nick: str, *args, conversations=("#lobby",), rows=24, columns=80, **variables: str) -> Terminal:
        terminal = Terminal([sotto_binary(), "chat", *conversations, "--connect", node.multiaddr, "--nick", nick, *args],
                            clean_environment(home, TERM="xterm", **variables), rows, columns)
        cleanup.callback(terminal.kill)
        terminal.wait("connected over libp2p")
        terminal.wait(f"you are {re.escape(nick)} in {conversations[0]}; /help lists the commands")
        return terminal
    return start


def key_of(terminal: Terminal) -> str:
    """A person's key, as the first screen has it."""
    shown = terminal.wait(r"others write to you at\s+(0x04[0-9a-f\s]{128,})")
    return re.sub(r"\s", "", shown.group(1))[:132]


class TestOneConversation:
    def test_ones_own_message_shows_when_a_peer_has_it(self, person):
        alice = person("alice")
        alice.type("hello there\r")
        alice.wait(f"^✓✓ {TIME} alice: hello there$")
        assert alice.screen.rows[-1].startswith(PROMPT.rstrip())
        assert len(re.findall("hello there", alice.screen.text())) == 1, "the input line stayed"

    def test_the_mark_is_a_dot_until_a_peer_has_it(self, person, node):
        alice = person("alice")
        node.kill()
        alice.wait("^   lost\\b")
        alice.type("anybody?\r")
        alice.wait(f"^·  {TIME} alice: anybody\\?$")
        alice.wait_pane("^no peers yet$")

    def test_a_long_message_wraps_and_both_see_all_of_it(self, person):
        alice, bob = person("alice"), person("bob")
        words = [f"word{i}" for i in range(40)]
        alice.type(" ".join(words) + "\r")
        bob.wait("word39$")
        assert [w for w in re.findall(r"word\d+", bob.screen.text())] == words
        bob.type("short\r")
        alice.wait(f"^   {TIME} bob: short$")
        alice.wait(f"^✓✓ {TIME} alice: word0 ")

    def test_a_message_that_comes_while_one_types_leaves_the_input_alone(self, person):
        alice, bob = person("alice"), person("bob")
        bob.type("half a sent")
        bob.wait(f"^{PROMPT}half a sent$")
        alice.type("interrupting\r")
        bob.wait(f"^   {TIME} alice: interrupting$")
        bob.wait(f"^{PROMPT}half a sent$")
        bob.type("ence\r")
        alice.wait(f"^   {TIME} bob: half a sentence$")

    def test_keys_edit_the_line_and_bring_back_what_was_said(self, person):
        alice = person("alice")
        alice.type("gone\x15wrold")  # Ctrl-U: what was there is gone
        alice.type("\x1b[D\x1b[D\x1b[D\x7for\x1b[3~")  # left three times, backspace, "or", delete
        alice.wait(f"^{PROMPT}world$")
        alice.type("\x01the \x05!\r")  # Ctrl-A, Ctrl-E
        alice.wait(f"^✓✓ {TIME} alice: the world!$")
        alice.type("\x1b[A")  # up
        alice.wait(f"^{PROMPT}the world!$")
        alice.type(" again\r")
        alice.wait(f"^✓✓ {TIME} alice: the world! again$")

    @pytest.mark.parametrize("newline", ["\x1b\r", "\\\r"], ids=["alt-enter", "backslash"])
    def test_several_lines_are_one_message(self, person, newline):
        alice, bob = person("alice"), person("bob")
        alice.type(f"first{newline}second")
        alice.wait("^#lobby > first\n         second$")
        alice.type("\r")
        bob.wait(f"^   {TIME} alice: first\n{HANG}second$")

    def test_what_is_pasted_is_not_sent_line_by_line(self, person):
        alice, bob = person("alice"), person("bob")
        alice.type("\x1b[200~one\rtwo\r\x1b[201~three\r")
        bob.wait(f"^   {TIME} alice: one\n{HANG}two\n{HANG}three$")

    def test_a_paste_is_sent_whole_or_not_at_all(self, person, node, program):
        alice = person("alice")
        bob = program("chat", "#lobby", "--connect", node.multiaddr)
        bob.wait_line("err", "^connected")
        long, too_long = "漢" * 20_000, "漢" * 22_000
        alice.type(f"\x1b[200~{too_long}\x1b[201~")
        alice.wait("a message has at most 64 KiB")
        alice.wait(f"^{PROMPT.rstrip()}$")
        alice.type(f"\x1b[200~{long}\x1b[201~\r")
        said = bob.wait_line("out", "alice: (.*)$").group(1)
        assert said == long

    def test_wide_characters_and_marks_take_the_room_they_take(self, person):
        alice, bob = person("alice"), person("bob")
        text = "日本語 🦊 e\u0301"
        alice.type(text)
        alice.wait(f"^{PROMPT}{text}$")
        assert alice.screen.column == len(PROMPT) + 6 + 1 + 2 + 1 + 1
        alice.type("\x7f\x7f\x7f\x7f\r")  # the letter with its mark, a blank, the fox, a blank
        bob.wait(f"^   {TIME} alice: 日本語$")
        bob.type("語" * 60 + "\r")
        alice.wait(f"^{HANG}語+$")
        assert alice.screen.text().count("語") == 61
        assert all(row.index("│") for row in alice.screen.rows if "語" in row), "the pane is where it was"

    def test_page_up_shows_what_was_said_before(self, person):
        alice, bob = person("alice", rows=12), person("bob")
        for i in range(30):
            bob.type(f"line {i}\r")
        alice.wait("bob: line 29$")
        assert "line 5\n" not in alice.screen.text()
        alice.type("\x1b[5~" * 8)
        alice.wait("you are alice in #lobby")
        bob.type("meanwhile\r")
        bob.wait("^✓✓ .*: meanwhile$")
        alice.type("\x1b[6~" * 12)
        alice.wait("bob: meanwhile$")


class TestConversations:
    def test_unread_messages_are_counted_and_read_by_going_there(self, person):
        alice, bob = person("alice", conversations=("#lobby", "#tea")), person("bob", conversations=("#tea",))
        alice.wait(r"^\[1 #lobby\] 2 #tea$")
        bob.type("green\r")
        bob.type("black\r")
        alice.wait(r"^\[1 #lobby\] 2 #tea \(2\)$")
        assert "green" not in alice.screen.text()
        alice.type("\x1b2")  # Alt-2
        alice.wait(r"^ 1 #lobby \[2 #tea\]$")
        alice.wait(f"^   {TIME} bob: green\n   {TIME} bob: black$")
        alice.wait("^#tea >$")
        alice.type("white\r")
        bob.wait(f"^   {TIME} alice: white$")
        alice.type("\t")
        alice.wait(r"^\[1 #lobby\] 2 #tea$")

    def test_join_opens_a_channel(self, person):
        alice, bob = person("alice"), person("bob", conversations=("#tea",))
        alice.type("/join #tea\r")
        alice.wait("^#tea >$")
        bob.type("welcome\r")
        alice.wait(f"^   {TIME} bob: welcome$")
        alice.type("/join #\r")
        alice.wait("a channel has a name")

    def test_two_people_talk_in_private(self, person):
        alice, bob = person("alice"), person("bob")
        key = key_of(bob)
        alice.type(f"/msg {key} psst\r")
        bob.wait(r"2 @alice/[0-9a-f]{8} \(1\)$")
        bob.type("\t")
        bob.wait(f"^   {TIME} alice: psst$")
        alice.wait(r"not heard from yet")
        bob.type("yes?\r")
        alice.wait(f"^   {TIME} bob: yes\\?$")
        alice.wait(rf"^ @bob/{key[4:12]}  as alice  \(on a topic of the two of you\)")
        alice.type("/contacts\r")
        alice.wait(f"^   @bob/{key[4:12]}")
        assert key in re.sub(r"\s", "", alice.screen.text())

    def test_a_stranger_cannot_speak_in_a_conversation_that_is_not_his(self, person, program, node):
        alice = person("alice")
        mallory = program("chat", key_of(alice), "--connect", node.multiaddr, "--nick", "#lobby")
        mallory.wait_line("err", "^connected")
        mallory.say("I am the lobby")
        alice.wait(r"2 @#lobby/[0-9a-f]{8} \(1\)$")
        assert "I am the lobby" not in alice.screen.text()


class TestCommands:
    def test_help_peers_and_what_is_none(self, person, node):
        alice = person("alice", rows=40)
        alice.type("/peers\r")
        where = node.multiaddr.split("/p2p/")[0]
        alice.wait(f"^   libp2p  {re.escape(where)}( |$)")  # its name follows once it has said it
        port = where.split("/")[4]
        alice.wait_pane(rf"^peers\nlibp2p 127\.0\.0\.1:{port}$")
        alice.type("/help\r")
        for command in ("/join", "/msg", "/connect", "/nick", "/me", "/contacts", "/peers", "/history", "/help", "/exit"):
            alice.wait(f"^   {command} ")
        alice.type("/nonsense\r")
        alice.wait("there is no command /nonsense$")
        alice.type("/msg bob hello\r")
        alice.wait("whom\\?")
        alice.type("/exit\r")
        assert alice.wait_exit() == 0

    def test_nick_and_me(self, person):
        alice, bob = person("alice"), person("bob")
        alice.type("/nick carol\r")
        alice.wait("you are carol$")
        alice.type("/me waves\r")
        bob.wait(f"^   {TIME} \\* carol waves$")
        alice.wait(f"^✓✓ {TIME} \\* carol waves$")
        alice.type("//me is text\r")
        bob.wait(f"^   {TIME} \\* carol is text$")  # as everybody may write
        alice.type("//help\r")
        bob.wait(f"^   {TIME} carol: /help$")
        alice.type("/nick\r")
        alice.wait("a nick has 1 to 64 bytes")

    def test_history_is_kept_only_when_it_is_asked_for(self, person, home):
        alice = person("alice")
        alice.type("unkept\r")
        alice.wait("^✓✓ .*unkept$")
        alice.type("/history\r")
        alice.wait("nothing is kept; start with --history FILE$")
        alice.type("/exit\r")
        assert alice.wait_exit() == 0
        assert not list(home.iterdir())

    def test_history_is_there_again_after_a_restart(self, person, home):
        file = home / "history"
        alice, bob = person("alice", "--history", str(file)), person("bob")
        alice.type("mine\r")
        bob.wait("alice: mine$")
        bob.type("yours\r")
        alice.wait("bob: yours$")
        alice.type("/exit\r")
        assert alice.wait_exit() == 0
        assert file.stat().st_mode & 0o777 == 0o600
        again = person("alice", "--history", str(file))
        again.wait(r"^   \d\d-\d\d \d\d:\d\d alice: mine$")
        again.wait(r"^   \d\d-\d\d \d\d:\d\d bob: yours$")
        again.type("/history 1\r")
        again.wait(r"^   \d\d-\d\d \d\d:\d\d  bob: yours$")


    def test_connect_dials_another_node(self, person, sotto):
        alice, other = person("alice"), sotto(listen=("/ip4/127.0.0.1/tcp/0",), name="other")
        alice.type("/connect nowhere\r")
        alice.wait("nowhere")
        alice.type("/connect " + other.multiaddr.split("/p2p/")[0] + "\r")
        alice.wait("names no peer")
        alice.type(f"/connect {other.multiaddr}\r")
        other.await_peers(1)
        where = re.escape(other.multiaddr.split("/p2p/")[0])
        alice.wait(rf"connected over libp2p to\n +{where}/")

    def test_connect_is_not_for_a_running_node(self, node, home, cleanup):
        alice = Terminal([sotto_binary(), "chat", "#lobby", "--rpc", node.ready["rpc"]["ws"]],
                         clean_environment(home, TERM="xterm"))
        cleanup.callback(alice.kill)
        alice.wait("connected to the node")
        alice.type(f"/connect {node.multiaddr}\r")
        alice.wait("chooses its own")


class TestTheTerminalItself:
    def test_it_resizes(self, person):
        alice, bob = person("alice"), person("bob")
        alice.type("/me is here\r")
        alice.wait_pane("^peers$")
        alice.resize(12, 60)
        alice.wait("^#lobby >$")
        assert "│" not in "".join(alice.screen.rows), "too narrow for the peers"
        assert alice.screen.rows[-1] == "#lobby >"
        bob.type("narrow " * 20 + "\r")
        alice.wait(f"^{HANG}narrow")
        assert max(len(row) for row in alice.screen.rows) <= 60
        alice.resize(40, 120)
        alice.wait_pane("^peers$")
        alice.wait(f"^✓✓ {TIME} \\* alice is here$")
        assert len(alice.screen.rows) == 40 and alice.screen.rows[-1] == "#lobby >"
        alice.resize(3, 10)
        alice.type("x")
        alice.wait("#lobbx$")  # title, conversations, and what there is room for of the input
        alice.resize(24, 80)
        alice.wait("^#lobby > x$")

    @pytest.mark.parametrize("leave", ["/exit\r", "\x03", "\x04"], ids=["exit", "ctrl-c", "ctrl-d"])
    def test_it_is_as_it_was_afterwards(self, person, leave, home, cleanup):
        alice = person("alice")
        raw = alice.modes()
        assert 1049 in alice.screen.modes
        alice.type(leave)
        assert alice.wait_exit() == 0
        restored = alice.modes()
        assert restored != raw
        fresh = Terminal(["/bin/cat"], clean_environment(home))
        cleanup.callback(fresh.kill)
        assert restored == fresh.modes()
        assert alice.screen.modes == {7, 25}
        assert alice.screen.text().strip() == "", "the first screen is back, and nothing of the chat on it"

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_a_signal_restores_it_too(self, person, number):
        alice = person("alice")
        raw = alice.modes()
        alice.signal(number)
        assert alice.wait_exit(5) == 0
        assert alice.modes() != raw and 1049 not in alice.screen.modes

    @pytest.mark.parametrize("leave", ["/exit\r", "\x03"], ids=["exit", "ctrl-c"])
    def test_leaving_waits_a_moment_and_tells_what_was_not_delivered(self, person, node, leave):
        alice = person("alice")
        node.kill()
        alice.wait("^   lost\\b")
        alice.type("anybody?\r")
        alice.type(leave)
        alice.wait("1 message is still waiting")
        assert alice.wait_exit(5) == 1
        alice.wait("not delivered to #lobby: anybody\\?$")

    def test_a_second_ctrl_c_leaves_at_once_and_restores_it(self, person, node):
        alice = person("alice")
        raw = alice.modes()
        node.kill()
        alice.wait("^   lost\\b")
        alice.type("anybody?\r\x03")
        alice.wait("1 message is still waiting")
        alice.type("\x03")
        assert alice.wait_exit(1) == 1
        assert alice.modes() != raw and alice.screen.modes == {7, 25}

    def test_what_strangers_write_cannot_steer_it(self, person, node, program):
        """The screen refuses every sequence that the program does not need; the title and the clipboard are OSC."""
        alice = person("alice")
        mallory = program("chat", "#lobby", "--connect", node.multiaddr, "--nick", "m\x1b[2Jallory\n\x1b[1A")
        mallory.wait_line("err", "^connected")
        mallory.wait_line("err", "^you are")
        before = len(alice.raw)
        mallory.say("\x1b]0;owned\x07\x1b[2J\x1b[?1049h\x9b31m\r\u202espoof\u2066 end")
        shown = alice.wait(f"^   {TIME} m.*allory.*: (?s:.*owned.*spoof.*) end").group()
        assert not re.search("[\u202e\u2066]", shown)
        for sequence in (b"\x1b]", b"\x1b[2J", b"\x1b[?1049", b"\x07", b"\xc2\x9b"):
            assert sequence not in alice.raw[before:]

    def test_a_flood_of_lines_leaves_room_and_can_be_left(self, person, node, program):
        alice = person("alice")
        flooder = program("chat", "#lobby", "--connect", node.multiaddr, "--nick", "flood")
        flooder.wait_line("err", "^connected")
        for i in range(300):
            flooder.say(f"flood {i}")
        alice.wait("flood: flood 299$", 60)
        alice.type("still here\r")
        alice.wait("^✓✓ .*alice: still here$")

    def test_colours_are_left_out_where_nobody_wants_them(self, person):
        coloured, plain = person("alice"), person("bob", NO_COLOR="1")
        coloured.type("in colour?\r")
        plain.wait("in colour")
        coloured.wait("^✓✓")
        assert re.search(rb"\x1b\[3\dm", coloured.raw)
        assert not re.search(rb"\x1b\[\d+m", plain.raw)

    def test_a_dumb_one_gets_plain_lines(self, node, home, cleanup):
        terminal = Terminal([sotto_binary(), "chat", "#lobby", "--connect", node.multiaddr, "--nick", "alice"],
                            clean_environment(home, TERM="dumb"), columns=200)
        cleanup.callback(terminal.kill)
        terminal.wait("^connected over libp2p")
        assert b"\x1b" not in terminal.raw
