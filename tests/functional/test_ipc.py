# SPDX-License-Identifier: Apache-2.0 OR MIT
"""JSON-RPC over the Unix socket: who gets in, how messages are cut, what is bounded, and what becomes of the file."""

import contextlib
import json
import os
import signal
import socket
import stat
import subprocess
import sys

import pytest

from support.cli import Cli
from support.ipc import Ipc, socket_of
from support.node import until
from support.preload import compiled

CALL = {"jsonrpc": "2.0", "id": 1, "method": "shh_version"}
OTHER_USER = 65534  # nobody
# Notes the mode of a socket's file before the program can do more to it.
LOOK_AFTER_BIND = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

int bind(int file, const struct sockaddr* address, socklen_t size) {
    int done = ((int (*)(int, const struct sockaddr*, socklen_t))dlsym(RTLD_NEXT, "bind"))(file, address, size);
    if (done == 0 && address->sa_family == AF_UNIX) {
        const char* path = ((const struct sockaddr_un*)address)->sun_path;
        struct stat status;
        FILE* seen = fopen(getenv("SEEN"), "a");
        if (lstat(path, &status) == 0) fprintf(seen, "%o %s\n", status.st_mode & 07777, path);
        fclose(seen);
    }
    return done;
}
"""


@pytest.fixture
def node(sotto):
    return sotto(listen=("none",))


@pytest.fixture
def ipc(node):
    with Ipc(socket_of(node)) as client:
        yield client


def stop(node) -> None:
    node.signal(signal.SIGTERM)
    assert node.wait_exit() == 0


class TestSocket:
    def test_it_is_the_users_alone_and_goes_with_the_node(self, node):
        path = socket_of(node)
        status = path.lstat()
        assert stat.S_ISSOCK(status.st_mode) and stat.S_IMODE(status.st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        stop(node)
        assert not path.exists()

    def test_nobody_else_may_connect_for_a_moment(self, sotto, tmp_path):
        seen = tmp_path / "seen"
        before = os.umask(0)
        try:
            node = sotto(listen=("none",), env={"LD_PRELOAD": str(compiled(LOOK_AFTER_BIND, tmp_path)), "SEEN": str(seen)})
        finally:
            os.umask(before)
        assert seen.read_text().splitlines() == [f"600 {socket_of(node)}"]

    def test_a_socket_that_a_killed_node_left_is_replaced(self, node, sotto):
        path = socket_of(node)
        left = path.lstat().st_ctime_ns
        node.kill()
        assert path.exists()
        sotto(listen=("none",))
        assert path.lstat().st_ctime_ns != left
        with Ipc(path) as client:
            assert client.call("shh_version") == "6.0"

    def test_what_is_no_socket_is_left_alone(self, cli, tmp_path):
        file = tmp_path / "notes"
        file.write_text("mine")
        ended = cli("run", "--data-dir", tmp_path / "data", "--listen", "none", "--rpc", "none", "--ipc", file)
        assert ended.code == 1 and str(file) in ended.err and "--ipc" in ended.err
        assert file.read_text() == "mine"

    def test_a_socket_in_use_is_left_alone(self, cli, tmp_path):
        path = tmp_path / "used"
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(str(path))
            other.listen()
            ended = cli("run", "--data-dir", tmp_path / "data", "--listen", "none", "--rpc", "none", "--ipc", path)
            assert ended.code == 1 and str(path) in ended.err
            assert path.exists()

    def test_the_name_of_another_is_not_removed_at_the_end(self, node):
        path = socket_of(node)
        path.unlink()
        path.write_text("not the node's any more")
        stop(node)
        assert path.read_text() == "not the node's any more"

    @pytest.mark.parametrize("flags, there", [((), True), (("--ipc", "none"), False)])
    def test_it_is_there_without_http_and_can_be_off(self, sotto, flags, there):
        node = sotto(*flags, listen=("none",), rpc="none")
        assert node.ready["rpc"] is None
        assert socket_of(node).exists() == there

    def test_another_path_may_be_given(self, sotto, tmp_path):
        path = tmp_path / "elsewhere.ipc"
        node = sotto("--ipc", str(path), listen=("none",))
        assert not socket_of(node).exists()
        with Ipc(path) as client:
            assert client.call("shh_version") == "6.0"

    def test_a_path_longer_than_the_kernel_takes_is_served(self, sotto, tmp_path):
        folder = tmp_path / ("d" * 120)
        folder.mkdir()
        sotto("--ipc", str(folder / "s.ipc"), listen=("none",))
        with contextlib.chdir(folder) if hasattr(contextlib, "chdir") else working_in(folder), Ipc("s.ipc") as client:
            assert client.call("shh_version") == "6.0"

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
    def test_another_user_is_turned_away_even_where_the_mode_lets_them(self, sotto, tmp_path):
        path = tmp_path / "open.ipc"
        sotto("--ipc", str(path), listen=("none",))
        path.chmod(0o666)
        for folder in [path.parent, *path.parent.parents][:3]:
            folder.chmod(folder.stat().st_mode | 0o755)
        script = ("import os, socket, sys; os.setuid(int(sys.argv[2])); s = socket.socket(socket.AF_UNIX);"
                  "s.settimeout(10); s.connect(sys.argv[1]); print(s.recv(1) == b'')")
        asked = subprocess.run([sys.executable, "-c", script, path, str(OTHER_USER)], capture_output=True, text=True,
                               timeout=30)
        assert asked.stdout == "True\n", asked.stderr
        with Ipc(path) as client:
            assert client.call("shh_version") == "6.0"


@contextlib.contextmanager
def working_in(folder):
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


class TestFraming:
    def test_one_user_may_call_admin_without_a_token(self, node, ipc):
        assert ipc.call("admin_nodeInfo")["peerId"] == node.peer_id

    def test_requests_may_come_back_to_back_and_in_pieces(self, ipc):
        text = b"".join(json.dumps({**CALL, "id": i, "params": ["}{\\\""]}).encode() for i in range(50))
        for i in range(0, len(text), 7):
            ipc.send(text[i:i + 7])
        assert sorted(ipc.receive()["id"] for _ in range(50)) == list(range(50))

    def test_a_batch_is_answered_as_one(self, ipc):
        ipc.send(json.dumps([CALL, {**CALL, "id": 2}]).encode())
        assert [answer["id"] for answer in ipc.receive()] == [1, 2]

    def test_a_client_that_ends_its_side_still_gets_its_answers(self, ipc):
        ipc.send(json.dumps(CALL).encode())
        ipc.socket.shutdown(socket.SHUT_WR)
        assert ipc.receive()["result"] == "6.0"
        assert ipc.ended()

    @pytest.mark.parametrize("bytes_", [b"GET / HTTP/1.1\r\n\r\n", b"1", b"{}]"])
    def test_what_is_no_request_ends_the_connection_after_a_word(self, ipc, bytes_):
        ipc.send(bytes_)
        answers = []
        with contextlib.suppress(EOFError):
            while True:
                answers.append(ipc.receive()["error"]["code"])
        assert answers[-1] == -32700

    def test_a_request_cut_short_is_told_so(self, ipc):
        ipc.send(json.dumps(CALL).encode()[:-1])
        ipc.socket.shutdown(socket.SHUT_WR)
        assert ipc.receive()["error"]["code"] == -32700
        assert ipc.ended()

    def test_json_that_does_not_parse_costs_only_itself(self, ipc):
        ipc.send(b'{"a":nothing}')
        assert ipc.receive()["error"]["code"] == -32700
        assert ipc.call("shh_version") == "6.0"


class TestBounds:
    def test_a_request_is_bounded(self, node):
        bound = 5 * 1024 * 1024
        text = json.dumps(CALL).encode()
        with Ipc(socket_of(node)) as client:
            client.send(text[:-1] + b" " * (bound - len(text)) + b"}")
            assert client.receive()["result"] == "6.0"
        with Ipc(socket_of(node)) as client:
            with contextlib.suppress(BrokenPipeError):
                client.send(text[:-1] + b" " * (bound - len(text) + 1) + b"}")
            assert client.receive()["error"]["code"] == -32700
            assert client.ended()

    def test_connections_are_bounded_and_places_come_free(self, sotto):
        node = sotto("--limit", "rpc-connections=2", listen=("none",))
        with Ipc(socket_of(node)) as first, Ipc(socket_of(node)) as second:
            assert first.call("shh_version") == second.call("shh_version") == "6.0"
            with Ipc(socket_of(node)) as third:
                assert third.ended()
        until(lambda: serves(node), 10, "free place", node)

    @pytest.mark.parametrize("begun", [b"", b"{"])
    def test_who_sends_no_whole_request_keeps_nobody_out(self, sotto, begun):
        node = sotto("--limit", "rpc-connections=2", listen=("none",))
        with contextlib.ExitStack() as stack:
            proven = stack.enter_context(Ipc(socket_of(node)))
            silent = []
            for _ in range(10):
                assert proven.call("shh_version") == "6.0", "who has sent one stays"
                silent.append(stack.enter_context(Ipc(socket_of(node))))
                silent[-1].send(begun)
            assert silent[0].ended(), "the oldest went first"
            assert serves(node)

    def test_calls_a_second_are_bounded(self, sotto):
        node = sotto("--limit", "rpc-calls-per-second=10", listen=("none",))
        with Ipc(socket_of(node)) as client:
            for i in range(30):
                client.send(json.dumps({**CALL, "id": i}).encode())
            codes = [client.receive().get("error", {}).get("code") for _ in range(30)]
        assert codes.count(None) >= 10 and codes.count(-32005) >= 10

    def test_a_client_that_reads_nothing_is_not_read(self, node):
        big = json.dumps({**CALL, "method": "web3_sha3", "params": ["0x"], "id": "x" * 500_000}).encode()
        with Ipc(socket_of(node)) as client:
            client.socket.settimeout(1)
            sent = 0
            with pytest.raises(TimeoutError):
                while sent < 1000:
                    client.socket.sendall(big)
                    sent += 1
            assert sent < 40
        assert serves(node)


def serves(node) -> bool:
    try:
        with Ipc(socket_of(node)) as client:
            return client.call("shh_version") == "6.0"
    except (OSError, EOFError):
        return False


class TestVerbs:
    def test_they_use_it_for_the_node_of_the_data_directory(self, sotto, cli: Cli):
        node = sotto(listen=("none",), rpc="none")
        assert cli("send", "#lobby", "hello", "--data-dir", node.data_dir).code == 0
        assert json.loads(cli("peers", "--json", "--data-dir", node.data_dir).out) == []

    def test_they_bring_the_token_to_nobody_who_listens_where_a_node_was(self, sotto, cli: Cli):
        for flags, end in (((), signal.SIGKILL), ((), signal.SIGTERM), (("--ipc", "none"), signal.SIGTERM)):
            node = sotto(*flags, listen=("none",), name=f"node{len(flags)}{end}")
            node.signal(end)
            node.wait_exit(10)
            with socket.create_server(("127.0.0.1", int(node.http.rsplit(":", 1)[1]))) as squatter:
                squatter.settimeout(0)
                ended = cli("peers", "--data-dir", node.data_dir)
                assert ended.code == 1 and "sotto run" in ended.err
                with pytest.raises(BlockingIOError):
                    squatter.accept()

    def test_without_it_they_use_http(self, sotto, cli: Cli):
        node = sotto("--ipc", "none", listen=("none",))
        assert cli("send", "#lobby", "hello", "--data-dir", node.data_dir).code == 0
