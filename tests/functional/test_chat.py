# SPDX-License-Identifier: Apache-2.0 OR MIT
"""People and scripts in a channel: chat without a terminal, send, listen, peers, ping."""

import json
import re
import signal
import time

import pytest

from support.node import until

CLOCK = r"^\d\d:\d\d:\d\d "
MAX_TEXT = 64 * 1024  # bytes
DEAD = "/ip4/127.0.0.1/tcp/1/p2p/16Uiu2HAmApjUSRpjv9QpP1ySbSF1pccL4FGvduhpw57RJXcR7XPz"
LIBP2P = ("/ip4/127.0.0.1/tcp/0",)
BOTH = ("/ip4/127.0.0.1/tcp/0/rlpx", "/ip4/127.0.0.1/tcp/0")


def addresses(node) -> dict[str, str]:
    """How this node can be reached, by network."""
    named = {"libp2p": node.multiaddr, "devp2p": node.enode}
    return {network: address for network, address in named.items() if address}


def join(program, address: str, nick: str, channel: str = "#lobby"):
    person = program("chat", channel, "--connect", address, "--nick", nick)
    person.wait_line("err", "^you are ")
    person.wait_line("err", "^connected over ")
    return person


@pytest.fixture(params=[("libp2p", "libp2p"), ("devp2p", "libp2p"), ("libp2p", "devp2p"), ("devp2p", "devp2p")],
                ids="-".join)
def pair(request, sotto, program):
    """Two people, each over one network, through a node that is on both."""
    node = sotto(listen=BOTH)
    reach = addresses(node)
    if missing := set(request.param) - reach.keys():
        pytest.skip(f"this build does not listen on {', '.join(missing)}")
    return tuple(join(program, reach[network], nick) for network, nick in zip(request.param, ("alice", "bob")))


class TestTwoPeople:
    def test_they_talk_and_leave_with_exit_code_0(self, pair):
        alice, bob = pair
        alice.say("hello bob")
        bob.wait_line("out", CLOCK + "alice: hello bob$")
        bob.say("hello alice")
        alice.wait_line("out", CLOCK + "bob: hello alice$")
        for person in pair:
            person.end_input()
            assert person.wait_exit() == 0
            assert person.wait_line("err", "^message 1: acknowledged$")
            assert len(person.lines("out")) == 1, "a message came twice, or one's own came back"
            assert not [line for line in person.lines("err") if line.startswith("lost")], "that it ends itself is no news"

    def test_what_was_said_just_before_the_end_still_arrives(self, pair):
        alice, bob = pair
        for i in range(20):
            alice.say(f"line {i}")
        alice.end_input()
        assert alice.wait_exit() == 0
        bob.wait_line("out", "line 19$")
        assert [re.sub(CLOCK, "", line) for line in bob.lines("out")] == [f"alice: line {i}" for i in range(20)]


@pytest.fixture
def node(sotto):
    return sotto(listen=LIBP2P)


class TestPlainChat:
    def test_what_the_node_has_when_they_join_is_heard_at_once(self, node, cli, program):
        assert cli("send", "#lobby", "early", "--data-dir", node.ready["dataDir"]).code == 0
        late = join(program, node.multiaddr, "late")
        late.wait_line("out", ": early$")

    def test_people_in_another_channel_hear_nothing(self, node, program):
        alice, eve = join(program, node.multiaddr, "alice"), join(program, node.multiaddr, "eve", "#other")
        bob = join(program, node.multiaddr, "bob")
        alice.say("for the lobby")
        bob.wait_line("out", "for the lobby$")
        eve.end_input()
        assert eve.wait_exit() == 0
        assert eve.lines("out") == []

    def test_the_hash_before_the_name_makes_no_difference(self, node, program):
        alice, bob = join(program, node.multiaddr, "alice", "#tea"), join(program, node.multiaddr, "bob", "tea")
        alice.say("green")
        bob.wait_line("out", "alice: green$")

    def test_any_text_arrives_as_one_line_that_cannot_steer_a_terminal(self, node, program):
        alice, bob = join(program, node.multiaddr, "a\x1b[2Jlice"), join(program, node.multiaddr, "bob")
        alice.say("grüße 🦊 \"quoted\" \x1b]0;title\x07\x9b31m\u202e end")
        line = bob.wait_line("out", CLOCK + ".*end$").string
        assert "grüße 🦊 \"quoted\" " in line
        assert not re.search(r"[\x00-\x1f\x7f-\x9f\u202e]", line)

    def test_without_a_nick_a_part_of_the_key_is_shown(self, node, program):
        alice, bob = program("chat", "#lobby", "--connect", node.multiaddr), join(program, node.multiaddr, "bob")
        own = alice.wait_line("err", r"^you are ([0-9a-f]{8}) in #lobby").group(1)
        alice.wait_line("err", "^connected")
        alice.say("who am I")
        bob.wait_line("out", CLOCK + own + ": who am I$")

    def test_input_from_a_file_is_sent_whole(self, node, cli, program, home):
        bob = join(program, node.multiaddr, "bob")
        sent = cli("chat", "#lobby", "--connect", node.multiaddr, "--nick", "file", stdin="one\n\ntwo\nthree")
        assert sent.code == 0, sent.err
        bob.wait_line("out", "file: three$")
        assert [line.split(": ")[1] for line in bob.lines("out")] == ["one", "two", "three"]

    def test_a_long_line_arrives_whole(self, node, cli, program):
        bob = join(program, node.multiaddr, "bob")
        longest = "漢" * (MAX_TEXT // 3) + "x"
        sent = cli("chat", "#lobby", "--connect", node.multiaddr, "--nick", "file", stdin=longest + "\nshort\n")
        assert sent.code == 0, sent.err
        bob.wait_line("out", "file: short$")
        assert bob.wait_line("out", "file: (漢.*)$").group(1) == longest
        assert len(bob.lines("out")) == 2

    @pytest.mark.parametrize("line, why", [("漢" * (MAX_TEXT // 3) + "xy", "64 KiB"), ("y" * 10 * MAX_TEXT, "64 KiB"),
                                           ("bad \udcff", "UTF-8"), ("漢".encode()[:2].decode(errors="surrogateescape"), "UTF-8")],
                             ids=["a-byte-more", "much-more", "no-utf-8", "half-a-character"])
    def test_what_nobody_could_read_fails_and_the_rest_is_sent(self, node, cli, program, line, why):
        bob = join(program, node.multiaddr, "bob")
        sent = cli("chat", "#lobby", "--connect", node.multiaddr, "--nick", "file", stdin=f"one\n{line}\nthree\n")
        assert sent.code == 1
        assert re.search(f"^message 2: failed: .*{why}", sent.err, re.MULTILINE), sent.err
        bob.wait_line("out", "file: three$")
        assert [line.split(": ")[1] for line in bob.lines("out")] == ["one", "three"]

    def test_a_signal_ends_it_and_what_was_acknowledged_counts(self, node, program):
        alice = join(program, node.multiaddr, "alice")
        alice.say("heard")
        alice.wait_line("err", "^message 1: acknowledged$")
        alice.signal(signal.SIGINT)
        assert alice.wait_exit(5) == 0

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_a_signal_while_a_message_waits_says_so_and_ends_it_soon(self, program, number):
        alice = program("chat", "#lobby", "--connect", DEAD)
        alice.wait_line("err", "^you are ")
        alice.say("anybody?")
        alice.say("nobody?")
        alice.say("unfinished", end="")
        alice.signal(number)
        alice.wait_line("err", "^2 messages are still waiting")
        assert alice.wait_exit(5) == 1
        assert [line for line in alice.lines("err") if "failed" in line] == [
            f"message {n}: failed: nobody had it when the chat ended" for n in (1, 2)]

    def test_a_second_signal_ends_it_at_once(self, program):
        alice = program("chat", "#lobby", "--connect", DEAD)
        alice.wait_line("err", "^you are ")
        alice.say("anybody?")
        alice.end_input()
        alice.signal(signal.SIGINT)
        alice.wait_line("err", "^1 message is still waiting")
        alice.signal(signal.SIGINT)
        assert alice.wait_exit(1) == 1

    def test_what_a_peer_was_sent_before_a_signal_has_not_failed(self, node, program):
        alice = join(program, node.multiaddr, "alice")
        node.signal(signal.SIGSTOP)
        try:
            alice.say("into the void")
            alice.wait_line("err", "^message 1: sent$")
            alice.signal(signal.SIGINT)
            alice.wait_line("err", "^1 message is still waiting")
            assert alice.wait_exit(5) == 0
        finally:
            node.signal(signal.SIGCONT)
        assert not [line for line in alice.lines("err") if "failed" in line]

    def test_with_a_data_directory_the_identity_is_kept_and_held(self, node, program, cli, home):
        alice = program("chat", "#lobby", "--connect", node.multiaddr, "--data-dir", home / "alice")
        alice.wait_line("err", "^connected")
        [first] = node.await_peers(1)
        second = cli("chat", "#lobby", "--connect", node.multiaddr, "--data-dir", home / "alice")
        assert second.code == 1 and str(alice.pid) in second.err
        alice.end_input()
        assert alice.wait_exit() == 0
        node.await_peers(0)
        again = program("chat", "#lobby", "--connect", node.multiaddr, "--data-dir", home / "alice")
        again.wait_line("err", "^connected")
        assert [peer["peerId"] for peer in node.await_peers(1)] == [first["peerId"]]

    def test_without_a_data_directory_nothing_is_written(self, node, cli, home):
        assert cli("chat", "#lobby", "--connect", node.multiaddr, stdin="hi\n").code == 0
        assert list(home.iterdir()) == []

    def test_it_comes_back_to_a_node_that_was_killed(self, sotto, program):
        node = sotto(listen=LIBP2P, name="middle")
        alice, bob = join(program, node.multiaddr, "alice"), join(program, node.multiaddr, "bob")
        node.kill()
        for person in (alice, bob):
            person.wait_line("err", "^lost ")
        port = node.multiaddr.split("/")[4]
        again = sotto(listen=(f"/ip4/127.0.0.1/tcp/{port}",), name="middle")
        again.await_peers(2)
        alice.say("back again")
        bob.wait_line("out", "alice: back again$")

    def test_a_dead_address_fails_the_message_and_the_exit_code(self, cli):
        """Takes the 30 s that a message waits for a peer."""
        started = time.monotonic()
        ended = cli("chat", "#lobby", "--connect", DEAD, stdin="anybody?\n", timeout=45)
        assert ended.code == 1 and ended.out == ""
        assert "message 1: failed" in ended.err and "--connect" in ended.err
        assert 29 < time.monotonic() - started < 40


class TestVerbsOfARunningNode:
    def test_send_and_listen_through_the_data_directory(self, node, program, cli):
        listening = program("listen", "#lobby", "--data-dir", node.data_dir)
        listening.wait_line("err", "^listening to #lobby")
        sent = cli("send", "#lobby", "good\tnews", "--data-dir", node.data_dir)
        assert sent.code == 0, sent.err
        heard = json.loads(listening.wait_line("out", "^{.*").group())
        assert heard["text"] == "good\tnews"
        assert heard["hash"] == sent.out.strip()
        assert heard["nick"] is None and re.fullmatch("0x04[0-9a-f]{128}", heard["sig"])
        assert abs(heard["milliseconds"] / 1000 - time.time()) < 60
        listening.signal(signal.SIGINT)
        listening.wait_exit(5)

    def test_listen_and_send_by_the_address_of_the_rpc(self, node, program, cli):
        listening = program("listen", "lobby", "--rpc", node.ready["rpc"]["ws"])
        listening.wait_line("err", "^listening to #lobby")
        assert cli("send", "#lobby", "by url", "--rpc", node.http).code == 0
        assert json.loads(listening.wait_line("out", "^{.*").group())["text"] == "by url"

    @pytest.mark.parametrize("text, why", [("y" * (MAX_TEXT + 1), "64 KiB"), ("\udcff", "UTF-8")],
                             ids=["too-long", "no-utf-8"])
    def test_send_refuses_what_nobody_could_read(self, node, cli, text, why):
        ended = cli("send", "#lobby", text, "--data-dir", node.data_dir)
        assert (ended.code, ended.out) == (1, "") and why in ended.err
        assert node.rpc("sotto_status")["pool"]["envelopes"] == 0

    def test_a_person_hears_what_a_script_sends_and_the_other_way_round(self, node, program, cli):
        alice = join(program, node.multiaddr, "alice")
        listening = program("listen", "#lobby", "--data-dir", node.data_dir)
        listening.wait_line("err", "^listening")
        assert cli("send", "#lobby", "from a script", "--data-dir", node.data_dir).code == 0
        alice.wait_line("out", ": from a script$")
        alice.say("from a person")
        heard = json.loads(listening.wait_line("out", "from a person").string)
        assert (heard["text"], heard["nick"]) == ("from a person", "alice")

    def test_listen_ends_with_1_when_its_node_ends(self, node, program):
        listening = program("listen", "#lobby", "--data-dir", node.data_dir)
        listening.wait_line("err", "^listening")
        node.signal(signal.SIGTERM)
        assert node.wait_exit(5) == 0
        assert listening.wait_exit(10) == 1

    def test_peers_prints_a_table_and_json(self, node, program, cli):
        join(program, node.multiaddr, "alice")
        [peer] = until(lambda: [p for p in node.peers() if p["name"]], 10, "name of the peer", node)  # by identify
        table = cli("peers", "--data-dir", node.data_dir)
        assert table.code == 0
        head, row = table.out.splitlines()
        assert head.split()[0] == "NETWORK"
        assert row.split()[:3] == ["libp2p", "in", peer["network"]["remoteAddress"]] and row.endswith(peer["peerId"])
        assert json.loads(cli("peers", "--json", "--data-dir", node.data_dir).out) == [peer]

    def test_the_token_goes_to_the_data_directorys_own_node_or_where_it_is_named(self, old_node, cli, home):
        token, own = "ab" * 32, home / ".local/share/sotto"
        own.mkdir(parents=True)
        for name, content in (("rpc-token", token), ("rpc-url", "ws://127.0.0.1:1")):
            (own / name).write_text(content)
        def sent(*args) -> str | None:
            ended = cli(*args)
            assert ended.code == 0, ended.err
            return old_node.authorizations[-1]
        send, chat = ("send", "#lobby", "text", "--rpc"), ("chat", "#lobby", "--rpc")
        http, bearer = f"http://127.0.0.1:{old_node.port}/", f"Bearer {token}"
        assert sent(*send, old_node.url) is None, "somebody else's, on this machine"
        assert sent(*chat, old_node.url) is None
        assert sent(*send, old_node.url, "--data-dir", own) == bearer
        (own / "rpc-url").write_text(old_node.url)
        assert sent(*send, old_node.url) == sent(*send, http) == sent(*chat, http) == bearer
        assert sent(*send, f"ws://0.0.0.0:{old_node.port}") is None, "leads there, but who can tell"
        (own / "rpc-url").unlink()
        assert sent(*send, old_node.url) is None, "its node has ended"

    @pytest.mark.parametrize("verb", [["peers"], ["page"], ["chat", "#lobby"]], ids=" ".join)
    def test_a_token_of_another_node_is_said_to_be_one(self, node, cli, home, verb):
        (home / "rpc-token").write_text("ab" * 32)
        ended = cli(*verb, "--rpc", node.http, "--data-dir", home)
        assert ended.code == 1
        assert "it is not the token of this node: name its --data-dir" in ended.err

    def test_no_key_is_left_in_the_node(self, old_node, program, cli):
        assert cli("send", "#lobby", "text", "--rpc", old_node.url).code == 0
        assert old_node.calls[-2:] == ["shh_deleteKeyPair", "shh_deleteSymKey"]
        listening = program("listen", "#lobby", "--rpc", old_node.url)
        listening.wait_line("err", "^listening")
        assert old_node.calls[-2:] == ["shh_subscribe", "shh_deleteSymKey"]

    def test_what_strangers_write_does_not_steer_the_terminal_that_listens(self, old_node, program):
        listening = program("listen", "#lobby", "--rpc", old_node.url)
        listening.wait_line("err", "^listening")
        text = json.dumps("\x9b31m\x7f\u202e\u2066\x1b[2J", ensure_ascii=False).replace("\x1b", "\\u001b")
        payload = f'["~#c4",[{text},"text/plain","~:public-group-user-message",1,1,["^ "]]]'.encode()
        old_node.send(json.dumps({"method": "shh_subscription", "params": {
            "subscription": "0x1", "result": {"topic": "0x01020304", "payload": "0x" + payload.hex()}}}))
        line = listening.wait_line("out", "^{.*").group()
        assert json.loads(line)["text"] == "\x9b31m\x7f\u202e\u2066\x1b[2J"
        assert not set(line) & {"\x1b", "\x7f", "\x9b", "\u202e", "\u2066"}

    @pytest.mark.parametrize("verb", [["send", "#lobby", "text"], ["listen", "#lobby"], ["peers"]])
    def test_without_a_node_they_say_how_to_start_one(self, cli, home, verb):
        ended = cli(*verb, "--data-dir", home)
        assert (ended.code, ended.out) == (1, "") and "sotto run" in ended.err

    @pytest.mark.parametrize("verb", [["send", "#lobby", "text"], ["peers"]])
    def test_a_node_that_has_gone_is_said_to_be_gone(self, cli, node, verb):
        node.kill()
        ended = cli(*verb, "--data-dir", node.data_dir)
        assert (ended.code, ended.out) == (1, "") and ended.err.startswith("sotto: ")


class TestPing:
    @pytest.mark.parametrize("network", ["libp2p", "devp2p"])
    def test_it_measures_round_trips_over_each_network(self, sotto, cli, network):
        address = addresses(sotto(listen=BOTH)).get(network) or pytest.skip(f"this build does not listen on {network}")
        ended = cli("ping", address, "-c", "3", "-i", "0.01")
        assert ended.code == 0, ended.err
        times = [float(t) for t in re.findall(r"^answer \d from .*: ([\d.]+) ms$", ended.out, re.MULTILINE)]
        assert len(times) == 3 and all(0 < t < 1000 for t in times)
        assert ended.out.endswith("3 sent, 3 answered\n")

    def test_json_has_one_object_a_line(self, node, cli):
        ended = cli("ping", node.multiaddr, "-c", "2", "-i", "0", "--json")
        assert ended.code == 0
        lines = [json.loads(line) for line in ended.out.splitlines()]
        assert [line["sequence"] for line in lines] == [1, 2] and all(line["milliseconds"] > 0 for line in lines)

    def test_somebody_else_at_the_address_is_no_answer(self, node, cli):
        """Takes the 15 s that ping tries to connect."""
        other = node.multiaddr.rsplit("/", 1)[0] + "/16Uiu2HAmApjUSRpjv9QpP1ySbSF1pccL4FGvduhpw57RJXcR7XPz"
        ended = cli("ping", other, "-c", "1", timeout=30)
        assert ended.code == 1 and ended.err.startswith("sotto: ")
