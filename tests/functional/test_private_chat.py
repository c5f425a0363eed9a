# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Two people talk alone: by key, over both networks, with nodes of their own and through running ones."""

import json
import re
import signal
import socket

import pytest

from support.node import until
from support.private_chat import LEGACY_TOPIC, Identity, derivation

CLOCK = r"^\d\d:\d\d:\d\d "
BOTH = ("/ip4/127.0.0.1/tcp/0/rlpx", "/ip4/127.0.0.1/tcp/0")


@pytest.fixture
def node(sotto):
    return sotto(listen=BOTH)


@pytest.fixture
def alice(home) -> Identity:
    return Identity.make(home, "alice", 0xA11CE)


@pytest.fixture
def bob(home) -> Identity:
    return Identity.make(home, "bob", 0xB0B)


@pytest.fixture
def sit_down(node, sotto, program):
    """sit_down(alice, "devp2p", bob.key) is in a plain chat over that network, with a node of its own or a running one."""
    def start(who: Identity, network: str, *conversations: str, running: bool = False):
        address = node.enode if network == "devp2p" else node.multiaddr
        nick = who.data_dir.name
        if running:
            own = sotto("--peer", address, name=f"node-of-{nick}")
            own.await_peers(1)
            chat = program("chat", *conversations, "--rpc", own.ready["rpc"]["ws"], "--nick", nick,
                           "--data-dir", who.data_dir)
            chat.wait_line("err", "^connected to the node at ws://")
            chat.node = own
        else:
            chat = program("chat", *conversations, "--connect", address, "--nick", nick, "--data-dir", who.data_dir)
            chat.wait_line("err", "^connected over ")
        chat.wait_line("err", "^you are ")
        chat.wait_line("err", f"^others write to you at {who.key}$")
        return chat
    return start


class Observer:
    """A third node that sees every envelope, and opens what the keys it was given open."""

    def __init__(self, node, alice: Identity, bob: Identity):
        self._node = node
        topic, key = alice.shared_with(bob)
        shared = node.rpc("shh_addSymKey", key)
        self._filters = {"negotiated": node.rpc("shh_newMessageFilter", {"symKeyID": shared, "topics": [topic]})}
        for who in (alice, bob):
            pair = node.rpc("shh_addPrivateKey", "0x" + who.secret.hex())
            for name, on in (("own", who.discovery_topic), ("legacy", LEGACY_TOPIC)):
                criteria = {"privateKeyID": pair, "topics": [on]}
                self._filters[f"{name} of {who.data_dir.name}"] = node.rpc("shh_newMessageFilter", criteria)
        self.seen: dict[str, list[dict]] = {name: [] for name in self._filters}

    def texts(self) -> dict[str, list[str]]:
        """What was said so far, by where; without the places where nothing was."""
        for name, filter_id in self._filters.items():
            self.seen[name] += self._node.rpc("shh_getFilterMessages", filter_id)
        return {name: [json.loads(bytes.fromhex(m["payload"][2:]))[1][0] for m in messages]
                for name, messages in self.seen.items() if messages}

    def wait(self, expected: dict[str, list[str]]) -> None:
        try:
            until(lambda: self.texts() == expected, 10, "the expected envelopes", self._node)
        except RuntimeError:
            assert self.texts() == expected


def test_the_vectors_are_derived_again_by_a_program_without_our_code():
    assert derivation.disagreements() == []


@pytest.mark.parametrize("running", [False, True], ids=["own-node", "running-node"])
@pytest.mark.parametrize("networks", [("devp2p", "libp2p"), ("libp2p", "libp2p"), ("devp2p", "devp2p")], ids="-".join)
def test_first_contact_then_the_negotiated_topic(sotto, node, sit_down, alice, bob, networks, running):
    observer = Observer(sotto("--peer", node.multiaddr, name="observer"), alice, bob)
    node.await_peers(1)
    at_alice = sit_down(alice, networks[0], bob.key, running=running)
    at_bob = sit_down(bob, networks[1], alice.key)

    at_alice.say("psst")
    at_bob.wait_line("out", CLOCK + "alice: psst$")
    first = {"own of bob": ["psst"], "legacy of bob": ["psst"]}
    observer.wait(first)

    at_bob.say("yes?")
    at_alice.wait_line("out", CLOCK + "bob: yes\\?$")
    at_alice.say("second")
    at_bob.wait_line("out", CLOCK + "alice: second$")
    observer.wait({**first, "negotiated": ["yes?", "second"]})

    answer, second = observer.seen["negotiated"]
    assert (answer["sig"], second["sig"]) == (bob.key, alice.key)
    assert second["topic"] == alice.shared_with(bob)[0] and "recipientPublicKey" not in second
    for person in (at_alice, at_bob):
        person.end_input()
        assert person.wait_exit() == 0
    assert [re.sub(CLOCK, "", line) for line in at_bob.lines("out")] == ["alice: psst", "alice: second"]


def test_the_payload_is_as_it_is_written_down(sotto, node, sit_down, alice, bob):
    observer = Observer(sotto("--peer", node.multiaddr, name="observer"), alice, bob)
    node.await_peers(1)
    at_alice = sit_down(alice, "libp2p", bob.key)
    at_alice.say("psst")
    observer.wait({"own of bob": ["psst"], "legacy of bob": ["psst"]})
    [message], [copy] = observer.seen["own of bob"], observer.seen["legacy of bob"]
    tag, [text, kind, message_type, clock, milliseconds, extra] = json.loads(bytes.fromhex(message["payload"][2:]))
    assert (tag, text, kind, message_type) == ("~#c4", "psst", "text/plain", "~:user-message")
    assert clock == milliseconds * 100
    assert extra == ["^ ", "~:text", "psst", "~:nick", "alice", "~:topic", alice.shared_with(bob)[0]]
    assert (message["sig"], message["recipientPublicKey"], message["ttl"]) == (alice.key, bob.key, 10)
    assert copy["payload"] == message["payload"] and copy["hash"] != message["hash"]


def test_a_stranger_is_heard_apart_from_the_channel(sit_down, alice, bob):
    at_bob = sit_down(bob, "libp2p", "#lobby")
    at_alice = sit_down(alice, "devp2p", bob.key)
    at_alice.say("not for the lobby")
    at_bob.wait_line("err", CLOCK + f"private from {alice.key}: alice: not for the lobby$")
    assert at_bob.lines("out") == []


def test_who_was_written_to_is_heard_again_after_a_restart(sit_down, alice, bob):
    at_alice, at_bob = sit_down(alice, "libp2p", bob.key), sit_down(bob, "libp2p", alice.key)
    at_alice.say("one")
    at_bob.wait_line("out", "alice: one$")
    at_bob.say("two")
    at_alice.wait_line("out", "bob: two$")
    at_bob.end_input()
    assert at_bob.wait_exit() == 0
    assert (bob.data_dir / "chat-contacts").read_text() == alice.key + "\n"
    assert (bob.data_dir / "chat-contacts").stat().st_mode & 0o777 == 0o600
    again = sit_down(bob, "devp2p", "#lobby")  # he does not name her
    at_alice.say("three")  # on the negotiated topic: she knows of no restart
    again.wait_line("err", CLOCK + f"private from {alice.key}: alice: three$")


def test_several_conversations_in_plain_mode_are_told_apart(sit_down, alice, bob):
    at_bob = sit_down(bob, "libp2p", "#lobby", "#tea", alice.key)
    at_alice = sit_down(alice, "libp2p", bob.key)
    in_tea = sit_down(Identity.make(alice.data_dir.parent, "carol", 0xCA401), "libp2p", "#tea")
    at_alice.say("psst")
    at_bob.wait_line("out", CLOCK + rf"\[{alice.key}\] alice: psst$")
    in_tea.say("green")
    at_bob.wait_line("out", CLOCK + r"\[#tea\] carol: green$")
    at_bob.say("to the first")
    at_bob.wait_line("err", "^message 1: acknowledged$")
    assert len(in_tea.lines("out")) == len(at_alice.lines("out")) == 0


def test_the_same_key_in_every_form(sit_down, program, alice, bob):
    at_bob = sit_down(bob, "libp2p", alice.key)
    compressed = "0x" + ("03" if int(bob.key[-1], 16) % 2 else "02") + bob.key[4:68]
    at_alice = sit_down(alice, "libp2p", compressed)
    at_alice.say("hello")
    at_bob.wait_line("out", CLOCK + "alice: hello$")


class TestThroughARunningNode:
    def test_a_channel_is_the_same_as_with_a_node_of_its_own(self, sit_down, alice, bob):
        at_alice = sit_down(alice, "devp2p", "#lobby", running=True)
        at_bob = sit_down(bob, "libp2p", "#lobby")
        at_alice.say("hello bob")
        at_bob.wait_line("out", CLOCK + "alice: hello bob$")
        at_bob.say("hello alice")
        at_alice.wait_line("out", CLOCK + "bob: hello alice$")
        at_alice.end_input()
        assert at_alice.wait_exit() == 0
        assert at_alice.wait_line("err", "^message 1: acknowledged$")
        assert len(at_alice.lines("out")) == 1

    def test_the_node_forgets_the_key_it_was_lent(self, sit_down, alice, bob):
        at_alice = sit_down(alice, "libp2p", bob.key, running=True)
        assert at_alice.node.rpc("shh_hasKeyPair", alice.key) is True
        at_alice.say("one")
        at_alice.wait_line("err", "^message 1: ")
        at_alice.end_input()
        assert at_alice.wait_exit() == 0
        assert at_alice.node.rpc("shh_hasKeyPair", alice.key) is False

    def test_it_comes_back_to_a_node_that_was_killed(self, sit_down, cleanup, alice, bob):
        at_alice, at_bob = sit_down(alice, "libp2p", bob.key, running=True), sit_down(bob, "libp2p", alice.key)
        at_alice.node.kill()
        at_alice.wait_line("err", "^lost the node at ")
        again = at_alice.node.restart()
        cleanup.callback(again.kill)
        again.await_peers(1)
        until(lambda: again.rpc("shh_hasKeyPair", alice.key), 20, "chat that has come back", again)
        at_bob.say("are you back?")
        at_alice.wait_line("out", CLOCK + "bob: are you back\\?$")
        at_alice.say("yes")
        at_bob.wait_line("out", CLOCK + "alice: yes$")

    def test_the_nodes_socket_will_do(self, node, sit_down, program, alice, bob):
        at_bob = sit_down(bob, "libp2p", "#lobby")
        chat = program("chat", "#lobby", "--rpc", f"ipc:{node.data_dir}/sotto.ipc", "--nick", "alice")
        chat.wait_line("err", "^connected to the node at ipc:")
        chat.say("by the socket")
        at_bob.wait_line("out", CLOCK + "alice: by the socket$")

    def test_a_signal_ends_it_at_once_whatever_the_node_does(self, sit_down, alice, bob):
        at_alice = sit_down(alice, "libp2p", bob.key, running=True)
        at_alice.node.signal(signal.SIGSTOP)
        try:
            at_alice.signal(signal.SIGINT)
            at_alice.wait_exit(10)
        finally:
            at_alice.node.signal(signal.SIGCONT)

    def test_what_the_node_has_taken_is_its_own_to_deliver(self, sotto, program):
        alone = sotto(listen=("/ip4/127.0.0.1/tcp/0",))
        alice = program("chat", "#lobby", "--rpc", alone.ready["rpc"]["ws"], "--nick", "alice")
        alice.wait_line("err", "^you are ")
        alice.say("for later")
        until(lambda: alone.rpc("sotto_status")["pool"]["envelopes"] == 1, 10, "the message", alone)
        alice.signal(signal.SIGINT)
        assert alice.wait_exit(2) == 0
        assert not [line for line in alice.lines("err") if re.search("waiting|failed|lost", line)]
        bob = program("chat", "#lobby", "--connect", alone.multiaddr)
        bob.wait_line("out", CLOCK + "alice: for later$")

    def test_a_signal_ends_it_even_before_the_node_has_answered(self, program):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            alice = program("chat", "#lobby", "--rpc", f"ws://127.0.0.1:{silent.getsockname()[1]}")
            connection, _ = silent.accept()
            with connection:
                assert connection.recv(16)
                alice.signal(signal.SIGINT)
                assert alice.wait_exit(5) == 0

    def test_without_a_node_it_says_so(self, cli):
        ended = cli("chat", "#lobby", "--rpc", "ws://127.0.0.1:1", stdin="x\n")
        assert (ended.code, ended.out) == (1, "") and "sotto run" in ended.err


class TestThroughAnotherKindOfNode:
    def test_a_message_gets_as_far_as_the_node_tells(self, old_node, program):
        chat = program("chat", "#lobby", "--rpc", old_node.url)
        chat.wait_line("err", "^connected to the node at ")
        chat.say("hello")
        chat.wait_line("err", "^message 1: sent$")
        chat.end_input()
        assert chat.wait_exit() == 0
        assert old_node.calls.count("shh_deleteKeyPair") == 1 and "shh_post" in old_node.calls

    def test_nonsense_from_a_node_is_passed_over(self, old_node, program):
        chat = program("chat", "#lobby", "--rpc", old_node.url)
        chat.wait_line("err", "^you are ")
        for params in (None, 5, [], {}, {"result": None}, {"subscription": "0x1", "result": {}},
                       {"subscription": 7, "result": {"topic": "0x12", "payload": "0xzz"}},
                       {"subscription": "0x1", "result": {"topic": "0x01020304", "payload": "zz", "sig": "0x04"}},
                       {"subscription": "0x1", "result": {"topic": "0x01020304", "payload": "0x", "sig": "0x" + "00" * 65}},
                       {"subscription": "?" * 10_000, "result": {"payload": "0x"}}):
            old_node.send(json.dumps({"jsonrpc": "2.0", "method": "shh_subscription", "params": params}))
        payload = b'["~#c4",["heard","text/plain","~:public-group-user-message",1,1,["^ ","~:text","heard"]]]'
        message = {"topic": "0x01020304", "payload": "0x" + payload.hex()}
        old_node.send(json.dumps({"method": "shh_subscription",
                                            "params": {"subscription": "0x1", "result": message}}))
        chat.wait_line("out", CLOCK + "anonymous: heard$")

    @pytest.mark.parametrize("text", ["junk", "[]", "7", '{"id": 999, "result": 1}', '{"id": null, "error": {}}'])
    def test_what_is_no_json_rpc_ends_the_connection_and_not_the_chat(self, old_node, program, text):
        chat = program("chat", "#lobby", "--rpc", old_node.url)
        chat.wait_line("err", "^you are ")
        old_node.send(text)
        chat.wait_line("err", "^lost the node at ")
        until(lambda: old_node.calls.count("shh_addPrivateKey") == 2, 10, "second connection", old_node)
        assert old_node.calls.count("shh_deleteSymKey") == 1, "the key that was lent before is asked back"
        chat.say("again")
        chat.wait_line("err", "^message 1: sent$")


class TestUsage:
    @pytest.mark.parametrize("arguments, word", [
        (["0x1234", "--connect", "ADDR"], "0x04"),
        (["#lobby"], "--connect"),
        (["#lobby", "--connect", "ADDR", "--rpc", "ws://127.0.0.1:1"], "--rpc"),
        (["#lobby", "--connect", "ADDR", "--nick", "n" * 65], "--nick"),
        (["#lobby", "--connect", "ADDR", "--nick", "\udcff"], "UTF-8"),
        (["\udcff", "--connect", "ADDR"], "UTF-8"),
        ([], "conversation"),
    ])
    def test_what_is_wrong_is_named(self, cli, node, arguments, word):
        ended = cli("chat", *(node.multiaddr if argument == "ADDR" else argument for argument in arguments))
        assert ended.code == 2 and word in ended.err, ended.err

    def test_ones_own_key_is_nobody_to_talk_to(self, cli, node, alice):
        ended = cli("chat", alice.key, "--connect", node.multiaddr, "--data-dir", alice.data_dir)
        assert ended.code == 2 and "your own key" in ended.err

    def test_a_history_that_is_in_use_is_refused(self, cli, node, program, home):
        file = home / "history"
        chat = program("chat", "#lobby", "--connect", node.multiaddr, "--history", file)
        chat.wait_line("err", "^connected")
        ended = cli("chat", "#lobby", "--connect", node.multiaddr, "--history", file)
        assert ended.code == 1 and "another chat" in ended.err

    def test_plain_chat_keeps_history_when_it_is_asked_to(self, cli, node, home):
        file = home / "history"
        assert cli("chat", "#lobby", "--connect", node.multiaddr, "--nick", "al", "--history", file,
                   stdin="one\n").code == 0
        line = json.loads(file.read_text())
        assert (line["in"], line["nick"], line["own"], line["text"]) == ("#lobby", "al", True, "one")
        assert file.stat().st_mode & 0o777 == 0o600
