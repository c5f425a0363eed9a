# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Settings that change while the node runs: by SIGHUP, and by admin_reload, admin_setLimits and admin_setLogLevel."""

import itertools
import json
import signal
import socket
from contextlib import ExitStack

import pytest

from support.node import RpcError, until
from support.peers import PeerError
from support.prometheus import scrape

INVALID_PARAMS = -32602
LIMIT = 10  # seconds
MULTISTREAM = b"\x13/multistream/1.0.0\n"

_networks = itertools.cycle(range(1, 255))


def rewrite(node, text: str) -> None:
    (node.data_dir / "sotto.toml").write_text(text)


def hangup(node, expected: str) -> str:
    """The line of the log that this hang-up brought."""
    before = node.log_tail().count(expected)
    node.signal(signal.SIGHUP)
    until(lambda: node.log_tail().count(expected) > before, LIMIT, f"a new '{expected}' in the log", node)
    return [line for line in node.log_tail().splitlines() if expected in line][-1]


def accepted(node, count: int) -> int:
    """How many of so many connections are let in. They come from an address that no earlier call used."""
    port = int(node.multiaddr.split("/tcp/")[1].split("/")[0])
    source = (f"127.0.{next(_networks)}.1", 0)

    def is_let_in(connection) -> bool:
        try:
            connection.sendall(MULTISTREAM)
            return connection.recv(1) != b""
        except (ConnectionResetError, BrokenPipeError):
            return False
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_connection(("127.0.0.1", port), LIMIT, source)) for _ in range(count)]
        return sum(is_let_in(connection) for connection in sockets)


@pytest.fixture
def node(sotto):
    return sotto()


class TestHangup:
    def test_log_level_and_limits_change_and_the_rest_is_named(self, node):
        rewrite(node, 'log-level = "debug"\npow-rule = "eip627"\nlimit = ["connections-per-ip=1"]\n')
        line = hangup(node, "were reloaded")
        assert line.startswith("I ")
        assert 'changed="log-level connections-per-ip"' in line
        assert 'needs_restart="pow-rule"' in line
        assert accepted(node, 3) == 1
        assert "connection refused" in node.log_tail(), "debug lines are written"

    def test_every_limit_changes(self, node, cli):
        limits = [line.split()[0] for line in cli("help", "limits").out.splitlines() if line.startswith("  ")]
        assert len(limits) >= 24
        rewrite(node, f"limit = {json.dumps([name + '=1234' for name in limits])}\n")
        line = hangup(node, "were reloaded")
        assert f'changed="{" ".join(limits)}"' in line and 'needs_restart="nothing"' in line
        assert node.rpc("admin_setLimits", {name: 2345 for name in limits}, token=True) is True

    def test_the_least_work_changes_and_what_a_client_has_set_stays(self, node):
        def min_pow():
            return node.rpc("shh_info")["minPow"]
        rewrite(node, "min-pow = 0.5\n")
        assert 'changed="min-pow" needs_restart="nothing"' in hangup(node, "were reloaded")
        assert min_pow() == 0.5
        node.rpc("shh_setMinPoW", 0.1)
        rewrite(node, 'min-pow = 0.5\nlimit = ["held-by=1"]\n')
        hangup(node, "were reloaded")
        assert min_pow() == 0.1
        rewrite(node, "")
        hangup(node, "were reloaded")
        assert min_pow() == 0.002

    def test_back_to_the_defaults_when_the_file_goes(self, node):
        rewrite(node, 'limit = ["connections-per-ip=1"]\n')
        hangup(node, "were reloaded")
        (node.data_dir / "sotto.toml").unlink()
        assert 'changed="connections-per-ip"' in hangup(node, "were reloaded")
        assert accepted(node, 3) == 3

    def test_the_same_file_changes_nothing(self, node):
        line = hangup(node, "were reloaded")
        assert 'changed="nothing"' in line and 'needs_restart="nothing"' in line

    @pytest.mark.parametrize("text, place", [
        ('\nlog-level = "loud"\n', ":2: log-level"),
        ('log-level = "debug"\nlimit = ["connections-per-ip=0"]\n', ":2: limit"),
        ('log-level = "debug"\nlog-levle = "info"\n', ":2: "),
        ("[[[\n", ":1: "),
    ])
    def test_a_broken_file_keeps_the_old_settings_and_says_where_it_is_broken(self, node, text, place):
        node.rpc("admin_setLimits", {"connections-per-ip": 2}, token=True)
        rewrite(node, text)
        line = hangup(node, "were not reloaded")
        assert line.startswith("E ") and f"{node.data_dir}/sotto.toml{place}" in line
        assert accepted(node, 3) == 2
        assert "D 2" not in node.log_tail(), "the log level is as it was"

    def test_flags_still_win(self, sotto):
        node = sotto("--log-level", "info", "--limit", "connections-per-ip=2")
        rewrite(node, 'log-level = "trace"\nlimit = ["connections-per-ip=1"]\n')
        assert 'changed="nothing"' in hangup(node, "were reloaded")

    def test_it_is_said_although_the_new_level_is_quiet(self, node):
        rewrite(node, 'log-level = "error"\n')
        hangup(node, "were reloaded")
        rewrite(node, 'log-level = "info"\n')
        hangup(node, "were reloaded")


class TestRpc:
    def test_limits_are_set_as_numbers_and_words(self, node):
        assert node.rpc("admin_setLimits", {"connections-per-ip": 1}, token=True) is True
        assert accepted(node, 3) == 1
        assert node.rpc("admin_setLimits", {"connections-per-ip": "unlimited", "connections-per-24": "2"}, token=True)
        assert accepted(node, 3) == 2
        assert node.rpc("admin_setLimits", {}, token=True) is True

    @pytest.mark.parametrize("limits, named", [
        ({"connections-per-pi": 1}, "'connections-per-ip'"),
        ({"connections-per-ip": 0}, "0"),
        ({"connections-per-ip": -1}, "whole number"),
        ({"connections-per-ip": 1.5}, "whole number"),
        ({"connections-per-ip": None}, "whole number"),
        ({"connections-per-ip": "many"}, "unlimited"),
        ({"connections-per-ip": 1, "pool-bytes": 0}, "0"),
        ({"connections-per-ip=1": 5}, "number"),
        (["connections-per-ip=1"], "argument"),
        (7, "argument"),
    ])
    def test_what_cannot_be_set_is_said_and_nothing_is_set(self, node, limits, named):
        with pytest.raises(RpcError, match=named) as refused:
            node.rpc("admin_setLimits", limits, token=True)
        assert refused.value.code == INVALID_PARAMS
        assert accepted(node, 3) == 3

    def test_the_log_level_is_set(self, node):
        assert node.rpc("admin_setLogLevel", "debug", token=True) is True
        accepted(node, 1)
        until(lambda: "\nD 2" in "\n" + node.log_tail(), LIMIT, "debug lines", node)
        with pytest.raises(RpcError, match="trace, debug") as refused:
            node.rpc("admin_setLogLevel", "loud", token=True)
        assert refused.value.code == INVALID_PARAMS

    def test_reload_tells_what_changed_and_takes_back_what_was_set(self, node):
        node.rpc("admin_setLimits", {"connections-per-ip": 1}, token=True)
        rewrite(node, 'log-level = "warn"\nrpc = "none"\n')
        assert node.rpc("admin_reload", token=True) == {"changed": ["log-level", "connections-per-ip"],
                                                        "needsRestart": []}
        assert accepted(node, 3) == 3
        rewrite(node, 'pow-rule = "legacy"\n')
        assert node.rpc("admin_reload", token=True) == {"changed": ["log-level"], "needsRestart": ["pow-rule"]}
        rewrite(node, "min-pow = \n")
        with pytest.raises(RpcError, match=r"sotto\.toml:1: "):
            node.rpc("admin_reload", token=True)

    @pytest.mark.parametrize("method, params", [("admin_setLimits", [{"connections-per-ip": 1}]),
                                                ("admin_setLogLevel", ["debug"]), ("admin_reload", [])])
    def test_all_need_the_token(self, node, method, params):
        with pytest.raises((RpcError, PeerError)):
            node.rpc(method, *params)
        assert accepted(node, 3) == 3


class TestWhisper:
    """Two nodes; the first posts, and the limits of either change."""

    COUNT = 20

    @pytest.fixture
    def pair(self, sotto):
        sender, receiver = sotto(name="sender"), sotto(name="receiver")
        sender.rpc("admin_addPeer", receiver.multiaddr, token=True)
        sender.await_peers(1)
        return sender, receiver

    def post(self, sender) -> list[str]:
        key = sender.rpc("shh_newSymKey")
        return [sender.rpc("shh_post", {"symKeyID": key, "topic": "0x01020304", "payload": f"0x{number:04x}", "ttl": 600,
                                        "powTarget": 0.002, "powTime": 5}) for number in range(self.COUNT)]

    @staticmethod
    def await_messages(node, count: int) -> None:
        until(lambda: node.rpc("shh_info")["messages"] == count, LIMIT, f"{count} envelopes", node)

    def test_a_smaller_pool_makes_room_at_once_and_keeps_what_was_posted_here(self, pair):
        sender, receiver = pair
        self.post(sender)
        self.await_messages(receiver, self.COUNT)
        before = receiver.rpc("shh_info")["memory"]
        rewrite(receiver, f'limit = ["pool-bytes={before // 2}"]\n')
        assert 'changed="pool-bytes"' in hangup(receiver, "were reloaded")
        assert before // 4 < receiver.rpc("shh_info")["memory"] <= before // 2
        receiver.rpc("admin_setLimits", {"pool-envelopes": 3}, token=True)
        assert receiver.rpc("shh_info")["messages"] == 3
        sender.rpc("admin_setLimits", {"pool-envelopes": 3, "pool-bytes": 5000}, token=True)
        assert sender.rpc("shh_info")["messages"] == self.COUNT
        with pytest.raises(RpcError, match="no room"):
            self.post(sender)

    def test_fewer_holders_are_enough_from_then_on(self, pair):
        sender, _ = pair
        hashes = self.post(sender)

        def states() -> set[str]:
            return {sender.rpc("sotto_messageState", hash_)["state"] for hash_ in hashes}
        until(lambda: states() == {"acknowledged"}, LIMIT, "confirmations", sender)
        sender.rpc("admin_setLimits", {"held-by": 1}, token=True)
        assert states() == {"held"}
        sender.rpc("admin_setLimits", {"followed-messages": 1}, token=True)
        assert sender.rpc("sotto_messageState", hashes[-1])["state"] == "held"
        with pytest.raises(RpcError, match="posted here lately"):
            sender.rpc("sotto_messageState", hashes[-2])

    def test_rates_are_for_peers_that_are_connected(self, pair):
        sender, receiver = pair
        rewrite(receiver, 'limit = ["peer-bytes-per-second=100"]\n')
        hangup(receiver, "were reloaded")
        self.post(sender)
        until(lambda: scrape(receiver).sum("sotto_packets_limited_total") > 0, LIMIT, "a packet that had to wait", receiver)
