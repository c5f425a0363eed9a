# SPDX-License-Identifier: Apache-2.0 OR MIT
"""People at `sotto chat` and a bot written with status-js-api 1.2.9 on our node's RPC: in a channel, and one-to-one."""

import time

import pytest

from interop.cases import LIMIT
from support.cli import Cli, sotto_binary
from support.private_chat import LEGACY_TOPIC

CHANNEL = "#lobby"
ORIGIN = "statusjs"  # what the package says on a WebSocket, so a node must be told to let it in


@pytest.fixture
def node(sotto):
    return sotto("--rpc-origins", ORIGIN)


@pytest.fixture
def bot(node, start_js):
    def start(kind: str = "ws", name: str = "bot"):
        url = str(node.data_dir / "sotto.ipc") if kind == "ipc" else node.ready["rpc"][kind]
        return start_js("status", "--url", url, name=name)
    return start


@pytest.fixture
def person(node, tmp_path, cleanup):
    """person("libp2p", "alice") is at a chat that reaches the node over that network."""
    home = tmp_path / "home"
    home.mkdir()

    def join(network: str, nick: str, *conversations: str):
        address = node.multiaddr if network == "libp2p" else node.enode
        chat = Cli(sotto_binary(), home).start("chat", *(conversations or [CHANNEL]), "--connect", address, "--nick", nick)
        cleanup.callback(chat.kill)
        chat.wait_line("err", "^connected over ")
        chat.wait_line("err", "^you are ")  # it listens to the channel
        return chat
    return join


@pytest.mark.parametrize("network", ["libp2p", "devp2p"])
@pytest.mark.parametrize("kind", ["ws", "http", "ipc"])
def test_a_person_and_a_bot_read_each_other(bot, person, network, kind):
    reader, alice = bot(kind), person(network, "alice")
    reader.call("join", channel=CHANNEL)
    alice.say("hello bot")
    message = reader.wait_event("message", LIMIT, channel=CHANNEL)
    tag, [text, content_type, message_type, clock, milliseconds, extra] = message["payload"]
    assert (tag, text, content_type) == ("~#c4", "hello bot", "text/plain")
    assert message_type == "~:public-group-user-message"
    assert abs(milliseconds / 1000 - time.time()) < 60 and clock > 0
    assert extra[:3] == ["^ ", "~:text", "hello bot"] and "alice" in extra
    assert len(message["username"].split()) >= 3  # it makes three words of a signer's key

    assert reader.call("send", channel=CHANNEL, text="hello alice") is True
    nick = reader.call("publicKey")[4:12]
    alice.wait_line("out", rf"^\d\d:\d\d:\d\d {nick}: hello alice$")
    alice.end_input()
    assert alice.wait_exit() == 0
    assert reader.drain("error") == []


def test_each_line_is_one_message_in_the_order_of_its_clock(bot, person):
    reader, alice = bot(), person("libp2p", "alice")
    reader.call("join", channel=CHANNEL)
    lines = [f"line {i}" for i in range(20)]
    for line in lines:
        alice.say(line)
    came = reader.collect("message", len(lines), LIMIT)
    by_clock = sorted(came, key=lambda message: message["payload"][1][3])
    assert [message["payload"][1][0] for message in by_clock] == lines
    assert len({message["payload"][1][3] for message in came}) == len(lines), "two messages have one clock"
    assert {message["sig"] for message in came} == {came[0]["sig"]}
    assert reader.drain("message") == [] and reader.drain("error") == []


def test_what_is_said_after_a_bot_is_later_by_the_clock(bot, person):
    """A bot's first clock lies far ahead of the time; who has read it must go on from there to be shown below it."""
    writer, alice = bot(), person("libp2p", "alice")
    writer.call("join", channel=CHANNEL)
    writer.call("send", channel=CHANNEL, text="first")
    alice.wait_line("out", ": first$")
    alice.say("second")
    clocks = {m["payload"][1][0]: m["payload"][1][3] for m in writer.collect("message", 2, LIMIT)}
    assert clocks["second"] > clocks["first"]


def test_another_channel_hears_nothing(bot, person):
    reader, alice = bot(), person("libp2p", "alice")
    for channel in ("#other", CHANNEL):
        reader.call("join", channel=channel)
    alice.say("for the lobby")
    assert reader.wait_event("message", LIMIT)["channel"] == CHANNEL
    assert reader.drain("message") == []


def test_two_bots_on_one_node_and_a_person_hear_one_another(bot, person):
    first, second, alice = bot(name="first"), bot(name="second"), person("devp2p", "alice")
    for peer in (first, second):
        peer.call("join", channel=CHANNEL)
    first.call("send", channel=CHANNEL, text="to all")
    assert second.wait_event("message", LIMIT)["payload"][1][0] == "to all"
    alice.wait_line("out", ": to all$")


class TestOneToOne:
    """The bot speaks what every app spoke before 2019: sealed for the recipient's key, on the topic of all."""

    @pytest.mark.parametrize("network", ["libp2p", "devp2p"])
    @pytest.mark.parametrize("kind", ["ws", "http", "ipc"])
    def test_a_person_writes_first_and_is_answered(self, bot, person, network, kind):
        reader = bot(kind)
        reader.call("listen")
        key = reader.call("publicKey")
        alice = person(network, "alice", key)
        alice.say("hello bot")
        message = reader.wait_event("private", LIMIT)
        tag, [text, content_type, message_type, clock, milliseconds, extra] = message["payload"]
        assert (tag, text, content_type, message_type) == ("~#c4", "hello bot", "text/plain", "~:user-message")
        assert extra[:3] == ["^ ", "~:text", "hello bot"] and clock >= 100 * milliseconds
        assert message["topic"] == LEGACY_TOPIC
        assert len(message["username"].split()) >= 3

        assert reader.call("send", channel=message["sig"], text="hello alice") is True
        alice.wait_line("out", rf"^\d\d:\d\d:\d\d {key[4:12]}: hello alice$")
        alice.say("and again")  # where the bot reads: it does not know the negotiated topic
        assert reader.wait_event("private", LIMIT)["payload"][1][0] == "and again"
        alice.end_input()
        assert alice.wait_exit() == 0
        assert reader.drain("private") == [] and reader.drain("error") == []
        assert len(alice.lines("out")) == 1

    def test_a_bot_writes_first_and_is_answered(self, bot, person):
        writer = bot()
        writer.call("listen")
        key = writer.call("publicKey")
        alice = person("devp2p", "alice", key)
        own = alice.wait_line("err", "^others write to you at (0x04[0-9a-f]{128})$").group(1)
        assert writer.call("send", channel=own, text="beep") is True
        alice.wait_line("out", rf" {key[4:12]}: beep$")
        alice.say("boop")
        answer = writer.wait_event("private", LIMIT)
        assert answer["payload"][1][0] == "boop" and answer["sig"] == own and answer["topic"] == LEGACY_TOPIC
        assert writer.drain("error") == []

    def test_the_answer_to_a_bot_is_later_by_its_clock(self, bot, person):
        writer = bot()
        writer.call("listen")
        alice = person("libp2p", "alice", writer.call("publicKey"))
        own = alice.wait_line("err", "^others write to you at (0x04[0-9a-f]{128})$").group(1)
        before = time.time()
        writer.call("send", channel=own, text="beep")  # its clock lies a month ahead
        alice.wait_line("out", ": beep$")
        alice.say("boop")
        clock = writer.wait_event("private", LIMIT)["payload"][1][3]
        assert clock > (before + 30 * 24 * 3600) * 1000 * 100

    def test_two_bots_write_to_a_person_and_a_stranger_hears_nothing(self, bot, person):
        first, second, stranger = bot(name="first"), bot(name="second"), bot(name="stranger")
        for peer in (first, second, stranger):
            peer.call("listen")
        keys = [peer.call("publicKey") for peer in (first, second)]
        alice = person("libp2p", "alice", *keys)
        own = alice.wait_line("err", "^others write to you at (0x04[0-9a-f]{128})$").group(1)
        for peer, text in ((first, "one"), (second, "two")):
            peer.call("send", channel=own, text=text)
        for key, text in zip(keys, ("one", "two")):
            alice.wait_line("out", rf"^\d\d:\d\d:\d\d \[{key}\] {key[4:12]}: {text}$")
        alice.say("to the first")
        assert first.wait_event("private", LIMIT)["payload"][1][0] == "to the first"
        assert second.drain("private") == stranger.drain("private") == []
