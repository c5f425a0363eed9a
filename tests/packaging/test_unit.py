# SPDX-License-Identifier: Apache-2.0 OR MIT
"""The systemd unit: what it starts speaks to a service manager, and fits into the sandbox that it asks for."""

import contextlib
import functools
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

import pytest
from manager import ROOT, UNIT, Manager, service

from support.cli import Program, clean_environment, sotto_binary

LIMIT = 20  # seconds
MAX_EXPOSURE = 1.5
LISTEN = 'listen = ["/ip4/127.0.0.1/tcp/0/rlpx", "/ip4/127.0.0.1/tcp/0"]\nrpc = "127.0.0.1:0"\njson = true\n'


def needs(program: str) -> None:
    if not shutil.which(program):
        pytest.skip(f"{program} is not installed")


class Service(Program):
    """ExecStart= by hand: its own words, but for where things are on this machine."""

    def __init__(self, folder, *before: str, binary: Path = sotto_binary(), **variables: str):
        self.settings = folder / "sotto.toml"
        self.settings.write_text((ROOT / "packaging/sotto.toml").read_text() + LISTEN)
        places = {"/usr/bin/sotto": str(binary), "/etc/sotto/sotto.toml": str(self.settings),
                  "/var/lib/sotto": str(folder / "data")}
        [command] = service()["ExecStart"]
        words = [places.get(word, word) for word in shlex.split(command)]
        assert not [word for word in words if word.startswith(("/usr", "/etc", "/var"))]
        super().__init__([*before, *words], clean_environment(folder, **variables))
        self.ready = json.loads(self.wait_line("out", "^{.*").group())

    def reload(self) -> None:
        [command] = service()["ExecReload"]
        subprocess.run(shlex.split(command.replace("$MAINPID", str(self.ready["pid"]))), check=True, timeout=LIMIT)


@pytest.fixture
def start(tmp_path, cleanup):
    def start_service(*before: str, **variables: str) -> Service:
        running = Service(tmp_path, *before, **variables)
        cleanup.callback(running.kill)
        return running
    return start_service


@pytest.fixture(params=["path", "abstract"])
def manager(request, tmp_path, cleanup):
    address = str(tmp_path / "notify") if request.param == "path" else f"@sotto-test-{os.getpid()}"
    listening = Manager(address)
    cleanup.callback(listening.close)
    return listening


class TestNotify:
    def test_it_tells_when_it_is_ready_reloading_and_stopping(self, start, manager):
        before = time.clock_gettime(time.CLOCK_MONOTONIC)
        running = start(NOTIFY_SOCKET=manager.address)
        assert manager.next("READY") == {"READY": "1", "STATUS": "serving 0 peers"}
        with urllib.request.urlopen(running.ready["rpc"]["http"] + "/health", timeout=LIMIT) as answer:
            assert answer.status == 200, "it serves when it says so"
        running.reload()
        reloading = manager.next("RELOADING")
        assert reloading["RELOADING"] == "1"
        assert before < int(reloading["MONOTONIC_USEC"]) / 1e6 < time.clock_gettime(time.CLOCK_MONOTONIC)
        assert manager.next("READY")["STATUS"] == "serving 0 peers"
        running.settings.write_text("min-pow = \n")
        running.reload()
        manager.next("RELOADING")
        status = manager.next("READY")["STATUS"]
        assert "not reloaded" in status and f"{running.settings}:1" in status
        running.signal(signal.SIGTERM)
        assert manager.next("STOPPING")["STOPPING"] == "1"
        assert running.wait_exit(float(service()["TimeoutStopSec"][0])) == 0

    def test_the_watchdog_is_fed_twice_in_its_time(self, start, manager):
        start(NOTIFY_SOCKET=manager.address, WATCHDOG_USEC="1000000")
        manager.next("READY", other=("WATCHDOG",))
        manager.next("WATCHDOG")
        began = time.monotonic()
        for _ in range(4):
            assert manager.next("WATCHDOG")["WATCHDOG"] == "1"
        assert 1.8 < time.monotonic() - began < LIMIT / 2

    def test_a_loop_that_stands_still_does_not_feed_it(self, start, manager):
        running = start(NOTIFY_SOCKET=manager.address, WATCHDOG_USEC="200000")
        manager.next("WATCHDOG", other=("READY",))
        running.signal(signal.SIGSTOP)
        assert manager.silent_for(1)
        running.signal(signal.SIGCONT)
        manager.next("WATCHDOG", other=("READY",))

    @pytest.mark.parametrize("variables", [
        {"WATCHDOG_USEC": "10000", "WATCHDOG_PID": "1"},
        {"WATCHDOG_USEC": "0"},
        {"WATCHDOG_USEC": "-1"},
        {"WATCHDOG_USEC": "soon"},
        {},
    ])
    def test_nobody_is_fed_who_did_not_ask(self, start, manager, variables):
        running = start(NOTIFY_SOCKET=manager.address, **variables)
        manager.next("READY")
        running.reload()
        manager.next("RELOADING")
        manager.next("READY")

    @pytest.mark.parametrize("address", ["", "@", "/", "relative", "/nobody/listens", "/" + "x" * 200, "vsock:2:1"])
    def test_a_socket_that_cannot_be_used_is_no_reason_to_end(self, start, address):
        running = start(NOTIFY_SOCKET=address, WATCHDOG_USEC="1000000")
        running.reload()
        running.wait_line("err", "were reloaded")
        running.signal(signal.SIGTERM)
        assert running.wait_exit(LIMIT) == 0

    def test_a_manager_that_does_not_read_does_not_hold_it_up(self, start, manager):
        running = start(NOTIFY_SOCKET=manager.address, WATCHDOG_USEC="20000")
        manager.next("WATCHDOG", other=("READY",))
        manager.fill()
        began = time.monotonic()
        for _ in range(50):
            with urllib.request.urlopen(running.ready["rpc"]["http"] + "/health", timeout=LIMIT) as answer:
                assert answer.status == 200
        assert time.monotonic() - began < 5
        running.signal(signal.SIGTERM)
        assert running.wait_exit(LIMIT) == 0


def call(running, token: str, method: str, *params):
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    request = urllib.request.Request(running.ready["rpc"]["http"], body, {
        "Content-Type": "application/json", "Authorization": f"Bearer {token.strip()}"})
    with urllib.request.urlopen(request, timeout=LIMIT) as answer:
        return json.load(answer)["result"]


@pytest.fixture(scope="module")
def own_folder():
    """A folder and the binary in it, for a user who is not root: root's calls are others (SQLite gives files to owners)."""
    with tempfile.TemporaryDirectory(prefix="sotto-trace-") as name:
        folder = Path(name)
        shutil.copy(sotto_binary(), folder / "sotto")
        if os.geteuid() == 0:
            shutil.chown(folder, "nobody")
        yield folder


@pytest.fixture(scope="module")
def trace(own_folder, tmp_path_factory):
    """The system calls of a life: start, peers, RPC, a message that is sealed and kept, reload, end."""
    needs("strace")
    folder, tmp = own_folder, tmp_path_factory.mktemp("other")
    if subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True).returncode != 0:
        pytest.skip("processes cannot be traced here")
    become = ["-u", "nobody"] if os.geteuid() == 0 else []
    running = Service(folder, "strace", *become, "-f", "-qq", "-o", str(folder / "trace"), binary=folder / "sotto")
    other = None
    try:
        addresses = [running.ready["enode"], running.ready["multiaddrs"][0]]
        other = Program([sotto_binary(), "run", "--json", "--data-dir", tmp / "other", "--rpc", "none", "--listen",
                         "none", *(word for address in addresses for word in ("--peer", address))],
                        clean_environment(tmp))
        token = (folder / "data/rpc-token").read_text()
        deadline = time.monotonic() + LIMIT
        while len(call(running, token, "admin_peers")) < 2:
            assert time.monotonic() < deadline, "no peers"
        key = call(running, token, "shh_generateSymKeyFromPassword", "word")
        assert call(running, token, "shh_post", {"symKeyID": key, "ttl": 10, "topic": "0x01020304", "payload": "0x00",
                                                 "powTime": 1, "powTarget": 0.002})
        running.reload()
        running.wait_line("err", "were reloaded")
        os.kill(running.ready["pid"], signal.SIGTERM)
        assert running.wait_exit(LIMIT) == 0
    finally:
        running.kill()
        with contextlib.suppress(ProcessLookupError):  # what strace leaves behind when it is killed
            os.kill(running.ready["pid"], signal.SIGKILL)
        if other:
            other.kill()
    return (folder / "trace").read_text()


@functools.cache
def expand(group: str) -> set[str]:
    """The calls of a group of systemd's; a call is a group of one."""
    if not group.startswith("@"):
        return {group}
    told = subprocess.run(["systemd-analyze", "syscall-filter", "--no-pager", group], capture_output=True, text=True,
                          timeout=LIMIT, check=True).stdout
    names = [line.strip() for line in told.splitlines()[1:]]
    return set().union(*(expand(name) for name in names if name and not name.startswith("#")))


class TestSandbox:
    def test_it_is_asked_for_enough(self):
        needs("systemd-analyze")
        told = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", UNIT], capture_output=True,
                              text=True, timeout=LIMIT, check=True)
        exposure = re.search(r"Overall exposure level for sotto\.service: ([\d.]+)", told.stdout)
        assert float(exposure[1]) <= MAX_EXPOSURE, told.stdout

    def test_systemd_knows_every_line(self, tmp_path):
        needs("systemd-analyze")
        # The programme and its page are not installed where the tests run.
        text = UNIT.read_text().replace("/usr/bin/sotto", str(sotto_binary())).replace("Documentation=", "#")
        (tmp_path / UNIT.name).write_text(text)
        told = subprocess.run(["systemd-analyze", "verify", "--man=no", tmp_path / UNIT.name], capture_output=True,
                              text=True, timeout=LIMIT)
        assert [line for line in told.stderr.splitlines() if "sotto.service" in line] == []

    def test_every_system_call_passes_the_filter(self, trace):
        needs("systemd-analyze")
        allowed: set[str] = set()
        for words in service()["SystemCallFilter"]:
            calls = set().union(*(expand(word) for word in words.removeprefix("~").split()))
            allowed = allowed - calls if words.startswith("~") else allowed | calls
        used = set(re.findall(r"^\d+ +([a-z0-9_]+)\(", trace, re.MULTILINE))
        assert {"epoll_wait", "sendmsg", "fsync"} <= used
        assert used - allowed == set()

    def test_every_socket_is_of_an_allowed_family(self, trace):
        [families] = service()["RestrictAddressFamilies"]
        used = set(re.findall(r"\bsocket\((AF_\w+)", trace))
        assert "AF_INET" in used and used <= set(families.split())

    def test_no_memory_is_writable_and_executable(self, trace):
        assert service()["MemoryDenyWriteExecute"] == ["yes"]
        assert not re.findall(r"\bm(?:map|protect)\(.*PROT_WRITE\|PROT_EXEC", trace)
