# SPDX-License-Identifier: Apache-2.0 OR MIT
"""What `sotto run` writes to stderr, and when it is coloured."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import time

import pytest

from support.cli import clean_environment, sotto_binary

QUIET = ("--listen", "none", "--rpc", "none")
LIMIT = 10  # seconds
COLOUR = re.compile(rb"\x1b\[")


def read_until(descriptor: int, wanted: bytes) -> bytes:
    """All that comes up to the first line with these words."""
    deadline, seen = time.monotonic() + LIMIT, b""
    while not (wanted in seen and seen.endswith(b"\n")):
        left = deadline - time.monotonic()
        assert left > 0 and select.select([descriptor], [], [], left)[0], f"no {wanted!r} in {seen!r}"
        seen += os.read(descriptor, 4096)
    return seen


@pytest.fixture
def log_of(home, cleanup):
    """log_of("--log-format", "json", terminal=True) starts a node and gives what a hang-up makes it write."""
    def start(*args: str, terminal: bool, **variables: str) -> bytes:
        reading, writing = pty.openpty() if terminal else os.pipe()
        cleanup.callback(os.close, reading)
        node = subprocess.Popen(
            [sotto_binary(), "run", "--json", "--data-dir", home / "data", *QUIET, *args], stdout=subprocess.PIPE,
            stderr=writing, env=clean_environment(home, **{"TERM": "xterm-256color", **variables}))
        os.close(writing)
        cleanup.callback(node.stdout.close)
        cleanup.callback(node.wait)
        cleanup.callback(node.kill)
        assert json.loads(node.stdout.readline())["event"] == "ready"
        node.send_signal(signal.SIGHUP)
        written = read_until(reading, b"were reloaded")
        assert b"ready" in written.splitlines()[0]
        return written.splitlines(keepends=True)[-1]
    return start


@pytest.fixture(autouse=True)
def own_environment(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("COLORTERM", raising=False)


def test_text_is_coloured_on_a_terminal(log_of):
    assert COLOUR.search(log_of(terminal=True))


@pytest.mark.parametrize("value, coloured", [("1", False), ("0", False), ("", True)])
def test_no_color_is_heard_when_it_is_not_empty(log_of, value, coloured):
    assert bool(COLOUR.search(log_of(terminal=True, NO_COLOR=value))) == coloured


def test_text_that_is_no_terminal_s_is_plain(log_of):
    line = log_of(terminal=False, COLORTERM="truecolor").decode()
    assert re.fullmatch(r'I \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d the settings were reloaded +topics="run" '
                        r'changed="nothing" needs_restart="nothing"\n', line)


def test_a_terminal_that_knows_no_colours_gets_none(log_of):
    assert not COLOUR.search(log_of(terminal=True, TERM="dumb"))


@pytest.mark.parametrize("terminal", [False, True])
def test_json_is_one_object_a_line_and_never_coloured(log_of, terminal):
    written = log_of("--log-format", "json", terminal=terminal)
    assert not COLOUR.search(written)
    line = json.loads(written)
    assert line["level"] == "info" and line["topic"] == "run" and line["message"] == "the settings were reloaded"
    assert abs(line["time"] / 1000 - time.time()) < 60


def test_the_format_changes_while_it_runs(sotto):
    node = sotto()
    (node.data_dir / "sotto.toml").write_text('log-format = "json"\n')
    node.rpc("admin_reload", token=True)
    node.rpc("admin_reload", token=True)
    last = node.log_tail().splitlines()[-1]
    assert json.loads(last)["changed"] == "nothing"
