# SPDX-License-Identifier: Apache-2.0 OR MIT
"""`sotto run`: the ready line, its end, and what it does when it cannot start."""

import contextlib
import json
import os
import re
import signal
import socket
import stat
import time
import urllib.request

import pytest

from support.cli import clean_environment, sotto_binary
from support.node import until
from support.preload import compiled
from support.terminal import Terminal

LOOPBACK = ("--listen", "/ip4/127.0.0.1/tcp/0", "--rpc", "127.0.0.1:0")
LISTEN_LIBP2P = ("/ip4/127.0.0.1/tcp/0",)
END_LIMIT = 5  # seconds, of the contract
# The start takes the lock of the data directory: there a signal comes to it.
SIGNAL_AT_LOCK = r"""
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int flock(int file, int operation) {
    kill(getpid(), atoi(getenv("SIGNAL_AT_LOCK")));
    return (int)syscall(SYS_flock, file, operation);
}
"""
KEYS = ["event", "pid", "version", "enode", "peerId", "multiaddrs", "rpc", "dataDir"]


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
            return True
    except OSError:
        return False


def warnings(log: str) -> list[str]:
    """A line begins with the first letter of its level."""
    return [line for line in log.splitlines() if not re.match(r"[TDI] \d{4}-", line)]


def end(node, number: int = signal.SIGTERM) -> None:
    """Asks the node to end and checks that it does so cleanly and in time."""
    started = time.monotonic()
    node.signal(number)
    assert node.wait_exit(END_LIMIT) == 0, node.log_tail()
    assert time.monotonic() - started < END_LIMIT


@pytest.fixture
def taken_port():
    with socket.create_server(("127.0.0.1", 0)) as holder:
        yield holder.getsockname()[1]


class TestReady:
    def test_one_json_line_with_all_keys(self, program, home):
        run = program("run", "--json", "--data-dir", home / "data", *LOOPBACK)
        run.wait_line("out", "^{")
        run.signal(signal.SIGINT)
        assert run.wait_exit(END_LIMIT) == 0
        [line] = run.lines("out")
        ready = json.loads(line)
        assert list(ready) == KEYS
        assert ready["event"] == "ready"
        assert ready["pid"] == run.pid
        assert ready["dataDir"] == str(home / "data")
        [address] = ready["multiaddrs"]
        assert re.fullmatch(r"/ip4/127\.0\.0\.1/tcp/[1-9]\d*/p2p/" + ready["peerId"], address)
        assert re.fullmatch(r"http://127\.0\.0\.1:[1-9]\d*", ready["rpc"]["http"])
        assert ready["rpc"]["ws"] == ready["rpc"]["http"].replace("http", "ws")

    def test_null_for_what_is_off(self, sotto):
        ready = sotto(listen=("none",), rpc="none").ready
        assert list(ready) == KEYS
        assert [ready[key] for key in ("enode", "multiaddrs", "rpc")] == [None] * 3
        assert ready["peerId"].startswith("16Uiu2HA")

    def test_each_network_can_be_on_alone(self, sotto):
        ready = sotto(listen=("/ip4/127.0.0.1/tcp/0",)).ready
        assert ready["enode"] is None and len(ready["multiaddrs"]) == 1

    def test_text_for_people_ends_with_the_commands_to_paste(self, program, home):
        run = program("run", "--data-dir", home / "data", *LOOPBACK, "--listen", "/ip4/127.0.0.1/tcp/0/rlpx")
        for pattern in (r"^devp2p    enode://[0-9a-f]{128}@127\.0\.0\.1:\d+", r"^libp2p    /ip4/127\.0\.0\.1/tcp/\d+/p2p/16U",
                        r"^rpc       http://127\.0\.0\.1:\d+ and ws://", f"^data      {home}/data$",
                        r"(dev|sotto) chat '#lobby' --connect '?enode://",
                        r"(dev|sotto) chat '#lobby' --connect '?/ip4/127"):
            run.wait_line("out", pattern)

    def test_on_a_terminal_it_links_to_its_page_and_nowhere_else(self, program, home, cleanup):
        """Whoever finds the link in a file or a journal would be let in."""
        terminal = Terminal([sotto_binary(), "run", "--data-dir", home / "data", *LOOPBACK], clean_environment(home),
                            rows=50, columns=300)
        cleanup.callback(terminal.kill)
        link = terminal.wait(r"^page      (http://127\.0\.0\.1:\d+/#\S+) \(good once").group(1)
        assert urllib.request.urlopen(link, timeout=5).status == 200
        terminal.signal(signal.SIGINT)
        assert terminal.wait_exit() == 0
        run = program("run", "--data-dir", home / "data", *LOOPBACK)
        run.wait_line("out", "^data")
        assert not [line for line in run.lines("out") + run.lines("err") if line.startswith("page") or "/#" in line]

    def test_the_log_says_where_it_listens_who_comes_and_goes_and_that_it_ends(self, sotto):
        node = sotto()
        peer = sotto("--peer", node.multiaddr, listen=("none",), name="peer")
        node.await_peers(1)
        end(peer)
        until(lambda: "peer disconnected" in node.log_tail(), 10, "the end of the peer in the log", node)
        end(node)
        lines = node.log_tail().splitlines()
        assert [re.fullmatch(r"I [-\d]+ \S+ ([\w ]*\w) +topics=.*", line)[1] for line in lines] == [
            "ready", "peer connected", "peer disconnected", "ending"]
        tcp = "/ip4/127.0.0.1/tcp/"
        assert f'listen="{tcp}{node.enode.rsplit(":", 1)[1]}/rlpx {node.multiaddr.split("/p2p/")[0]}"' in lines[0]
        assert f'version="{node.ready["version"]}"' in lines[0] and f'rpc="{node.http}"' in lines[0]
        assert f'peer="{peer.peer_id}" network="libp2p" address="{tcp}' in lines[1] and 'direction="in"' in lines[1]
        assert f'peer="{peer.peer_id}" network="libp2p"' in lines[2] and 'reason="closed' in lines[2]

    def test_listening_on_all_interfaces_names_addresses_that_can_be_dialled(self, sotto):
        addresses = sotto(listen=("/ip4/0.0.0.0/tcp/0",)).ready["multiaddrs"]
        assert addresses[0].startswith("/ip4/127.0.0.1/tcp/")
        for address in addresses:
            _, _, ip, _, port, *_ = address.split("/")
            assert ip != "0.0.0.0"
            socket.create_connection((ip, int(port)), 5).close()

    def test_settings_come_from_the_file_and_the_environment(self, cli, program, home):
        (home / "sotto.toml").write_text('rpc = "none"\nlisten = ["/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/tcp/0"]\n')
        run = program("run", "--data-dir", home, SOTTO_JSON="true")
        ready = json.loads(run.wait_line("out", "^{.*").group())
        assert ready["rpc"] is None and len(ready["multiaddrs"]) == 2

    def test_a_log_in_json_is_json_on_every_line(self, program, home):
        run = program("run", "--json", "--data-dir", home, *LOOPBACK, "--log-format", "json", "--log-level", "trace",
                      "--limit", "accepts-per-second=1")
        run.wait_line("out", "^{")
        run.signal(signal.SIGTERM)
        assert run.wait_exit(END_LIMIT) == 0
        for line in run.lines("err"):
            assert isinstance(json.loads(line), dict)


class TestEnd:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_a_signal_ends_it_cleanly(self, sotto, number):
        end(sotto(listen=LISTEN_LIBP2P), number)

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_a_signal_before_it_is_ready_ends_it_as_cleanly(self, cli, home, tmp_path, number):
        ended = cli("run", "--data-dir", home / "data", *LOOPBACK, LD_PRELOAD=str(compiled(SIGNAL_AT_LOCK, tmp_path)),
                    SIGNAL_AT_LOCK=str(int(number)))
        assert ended.code == 0, ended
        assert warnings(ended.err) == [] and not (home / "data/rpc-url").exists()

    def test_a_hangup_before_it_is_ready_reloads(self, program, home, tmp_path):
        run = program("run", "--data-dir", home / "data", *LOOPBACK, LD_PRELOAD=str(compiled(SIGNAL_AT_LOCK, tmp_path)),
                      SIGNAL_AT_LOCK=str(int(signal.SIGHUP)))
        run.wait_line("err", "were reloaded")
        run.signal(signal.SIGTERM)
        assert run.wait_exit(END_LIMIT) == 0

    def test_a_second_signal_ends_it_at_once(self, sotto):
        """With a peer on devp2p that is frozen: a goodbye waits for it."""
        node = sotto(name="node")
        frozen = sotto("--peer", node.enode, listen=("none",), name="frozen")
        node.await_peers(1)
        frozen.signal(signal.SIGSTOP)
        node.signal(signal.SIGTERM)
        until(lambda: "ending" in node.log_tail(), 10, "the end in the log", node, pause=0.01)
        node.signal(signal.SIGTERM)
        assert node.wait_exit(1) == 1

    def test_a_signal_ends_it_with_peers_and_clients_connected(self, sotto):
        middle = sotto(listen=LISTEN_LIBP2P, name="middle")
        others = [sotto("--peer", middle.multiaddr, listen=LISTEN_LIBP2P, name=f"other{i}") for i in range(3)]
        middle.await_peers(3)
        port = int(middle.http.rsplit(":", 1)[1])
        with socket.create_connection(("127.0.0.1", port)) as idle, socket.create_connection(
                ("127.0.0.1", int(middle.multiaddr.split("/")[4]))) as silent:
            idle.sendall(b"POST / HTTP/1.1\r\n")
            end(middle)
            del idle, silent
        for other in others:
            other.await_peers(0)
            end(other)

    def test_it_stays_when_nobody_reads_its_output(self, program, home):
        run = program("run", "--json", "--data-dir", home, *LOOPBACK)
        run.wait_line("out", "^{")
        run.end_input()
        url = (home / "rpc-url").read_text().replace("ws://", "http://")
        assert urllib.request.urlopen(url + "/health", timeout=5).status == 200
        run.signal(signal.SIGTERM)
        assert run.wait_exit(END_LIMIT) == 0

    def test_killed_it_starts_again_with_its_identity_and_its_peers_come_back(self, sotto, cleanup):
        node = sotto(listen=LISTEN_LIBP2P, name="middle")
        other = sotto("--peer", node.multiaddr, listen=("none",), name="other")
        other.await_peers(1)
        node.kill()
        other.await_peers(0)
        port = node.multiaddr.split("/")[4]
        again = sotto(listen=(f"/ip4/127.0.0.1/tcp/{port}",), rpc=node.http.removeprefix("http://"), name="middle")
        assert again.ready["multiaddrs"] == node.ready["multiaddrs"]
        again.await_peers(1)
        other.await_peers(1)


class TestRefusal:
    def test_a_second_process_on_one_data_directory_is_told_who_holds_it(self, sotto, cli):
        node = sotto(listen=("none",), rpc="none")
        ended = cli("run", "--data-dir", node.data_dir, "--listen", "none", "--rpc", "none")
        assert (ended.code, ended.out) == (1, "")
        assert str(node.pid) in ended.err and str(node.data_dir) in ended.err

    @pytest.mark.parametrize("flags", [["--rpc", "127.0.0.1:{port}", "--listen", "none"],
                                       ["--rpc", "none", "--listen", "/ip4/127.0.0.1/tcp/{port}"],
                                       ["--rpc", "localhost:{port}", "--listen", "none"]])
    def test_a_taken_port_is_named_with_one_to_try(self, cli, home, taken_port, flags):
        ended = cli("run", "--json", "--data-dir", home, *(flag.format(port=taken_port) for flag in flags))
        assert (ended.code, ended.out) == (1, "")
        assert str(taken_port) in ended.err
        proposed = [int(word) for word in re.findall(r"\d+", ended.err)]
        assert any(number not in (127, 0, 1, 4, taken_port) and 1024 <= number < 65536 for number in proposed), ended.err

    def test_a_squatter_on_the_other_loopback_address_is_noticed(self, cli, home):
        if not has_ipv6():
            pytest.skip("this machine has no IPv6")
        with socket.socket(socket.AF_INET6) as squatter:
            squatter.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            squatter.bind(("::1", 0))
            squatter.listen()
            port = squatter.getsockname()[1]
            ended = cli("run", "--data-dir", home, "--listen", "none", "--rpc", f"localhost:{port}")
        assert ended.code == 1 and str(port) in ended.err and "::1" in ended.err

    @pytest.mark.parametrize("text", ["", "not a key", "00" * 32])
    def test_a_broken_identity_ends_it_and_is_left_alone(self, cli, home, text):
        (home / "identity").write_text(text)
        ended = cli("run", "--json", "--data-dir", home, *LOOPBACK)
        assert (ended.code, ended.out) == (1, "")
        assert str(home / "identity") in ended.err
        assert (home / "identity").read_text() == text

    def test_an_identity_behind_a_link_is_not_followed(self, cli, home):
        assert cli("key", "generate", "--data-dir", home / "real").code == 0
        (home / "identity").symlink_to(home / "real/identity")
        ended = cli("run", "--data-dir", home, *LOOPBACK)
        assert ended.code == 1 and str(home / "identity") in ended.err

    def test_an_ed25519_key_cannot_serve_devp2p(self, cli, home):
        (home / "identity").write_text("ed25519:" + "11" * 32)
        ended = cli("run", "--data-dir", home, *LOOPBACK)
        assert ended.code == 2 and "secp256k1" in ended.err

    def test_a_data_directory_of_a_later_version_is_left_alone(self, cli, home):
        (home / "version").write_text("99\n")
        ended = cli("run", "--data-dir", home, *LOOPBACK)
        assert ended.code == 1 and "99" in ended.err
        assert not (home / "identity").exists()

    def test_a_data_directory_that_cannot_be_made_is_named(self, cli, home):
        (home / "file").touch()
        ended = cli("run", "--data-dir", home / "file/data", *LOOPBACK)
        assert ended.code == 1 and str(home / "file/data") in ended.err


class TestDataDirectory:
    def test_it_and_its_files_are_for_the_owner_alone_whatever_the_umask(self, home, cli, program):
        before = os.umask(0)
        try:
            run = program("run", "--json", "--data-dir", home / "deep/data", *LOOPBACK)
        finally:
            os.umask(before)
        run.wait_line("out", "^{")
        folder = home / "deep/data"
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        files = {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}
        assert files.keys() >= {"identity", "rpc-token", "version"}
        assert set(files.values()) == {0o600}, files
        assert re.fullmatch("[0-9a-f]{64}", (folder / "rpc-token").read_text().strip())

    def test_identity_and_token_are_kept(self, sotto):
        first = sotto(listen=("none",))
        token = (first.data_dir / "rpc-token").read_text()
        end(first)
        second = sotto(listen=("none",))
        assert second.peer_id == first.peer_id
        assert (second.data_dir / "rpc-token").read_text() == token

    def test_two_identity_files_part_the_two_presences(self, sotto, cli, home):
        assert cli("key", "generate", "--identity-file", home / "other").code == 0
        node = sotto("--libp2p-identity-file", str(home / "other"), listen=LISTEN_LIBP2P)
        shown = json.loads(cli("key", "show", "--identity-file", home / "other", "--json").out)
        assert node.peer_id == shown["peerId"]
        other = json.loads(cli("key", "show", "--identity-file", node.data_dir / "identity", "--json").out)
        assert other["peerId"] != node.peer_id

    def test_secrets_are_in_no_output(self, program, home):
        run = program("run", "--data-dir", home, *LOOPBACK, "--log-level", "trace")
        run.wait_line("out", "^data")
        run.signal(signal.SIGTERM)
        assert run.wait_exit(END_LIMIT) == 0
        output = "\n".join(run.lines("out") + run.lines("err"))
        for name in ("identity", "rpc-token"):
            assert (home / name).read_text().strip() not in output


def test_the_defaults_listen_on_both_networks_and_both_families(program, home):
    """Only the ports of the contract, so this waits for nobody and skips where they are taken."""
    for port in (30303, 60000, 8545):
        try:
            socket.create_server(("0.0.0.0", port)).close()
        except OSError:
            pytest.skip(f"port {port} is in use on this machine")
    run = program("run", "--json", "--data-dir", home / "data")
    ready = json.loads(run.wait_line("out", "^{.*").group())
    assert re.fullmatch(r"enode://[0-9a-f]{128}@127\.0\.0\.1:30303", ready["enode"])
    assert ready["rpc"]["http"] == "http://127.0.0.1:8545"
    families = {address.split("/")[1] for address in ready["multiaddrs"]}
    assert families == ({"ip4", "ip6"} if has_ipv6() else {"ip4"})
    assert warnings("\n".join(run.lines("err"))) == []


def test_a_healthy_node_logs_no_warning(sotto):
    """With a peer on each network, messages both ways, strangers that break the protocols, and all peers gone again."""
    middle = sotto(name="middle")
    old = sotto("--peer", middle.enode, listen=("none",), name="old")
    new = sotto("--peer", middle.multiaddr, listen=("none",), name="new")
    middle.await_peers(2)
    for sender, receiver in ((old, new), (new, old)):
        key = sender.rpc("shh_generateSymKeyFromPassword", "healthy")
        filter_id = receiver.rpc("shh_newMessageFilter", {
            "symKeyID": receiver.rpc("shh_generateSymKeyFromPassword", "healthy"), "topics": ["0x01020304"]})
        sender.rpc("shh_post", {"symKeyID": key, "topic": "0x01020304", "payload": "0x01", "ttl": 10, "powTime": 1,
                                "powTarget": 0.002})
        receiver.receive(filter_id, 1, 10)
    for port in (middle.enode.rsplit(":", 1)[1], middle.multiaddr.split("/")[4]):
        with socket.create_connection(("127.0.0.1", int(port)), 15) as stranger, contextlib.suppress(ConnectionError):
            stranger.sendall(bytes(range(256)) * 8)
            while stranger.recv(4096):
                pass
    for node in (old, new):
        end(node)
    until(lambda: middle.peers() == [], 10, "end of the sessions", middle)
    end(middle)
    for node in (middle, old, new):
        assert warnings((node.data_dir.parent / f"{node.name}.log").read_text()) == []


def test_a_hangup_reloads_how_it_logs_and_a_broken_file_changes_nothing(sotto, tmp_path):
    settings = tmp_path / "settings.toml"
    settings.write_text('log-level = "warn"\n')
    node = sotto("--config-file", str(settings))
    settings.write_text('log-level = "info"\n')
    node.signal(signal.SIGHUP)
    until(lambda: "were reloaded" in node.log_tail(), 10, "the reload in the log", node)
    settings.write_text('log-level = "loud"\n')
    node.signal(signal.SIGHUP)
    until(lambda: "settings.toml:1" in node.log_tail(), 10, "the file and line in the log", node)
    end(node)
