# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Every combination of Host, Origin, token, cookie and kind of request, on loopback and off it, held to the rules that
tests/support/rpc_rules.py states."""

import json
import subprocess
import sys

import pytest

from support import rpc_rules
from support.cli import sotto_binary

LIMIT = 180  # seconds


def test_there_are_enough_cases_and_they_differ():
    table = rpc_rules.cases()
    assert len(table) == len(set(table)) >= 2700
    for loopback in (True, False):
        verdicts = {rpc_rules.expected(case, loopback) for case in table}
        assert {status for status, _ in verdicts} >= {101, 200, 204, 401, 403, 405, 415}
        assert {rights for _, rights in verdicts} == {None, "admin", "session"} | ({"open"} if loopback else set())


def test_on_loopback(sotto):
    node = sotto(*rpc_rules.ARGS, listen=("none",))
    assert rpc_rules.Holder(node, loopback=True).wrong() == []


def own_address() -> str:
    told = subprocess.run(["ip", "-j", "-4", "address", "show", "scope", "global"], capture_output=True, check=True)
    addresses = [info["local"] for link in json.loads(told.stdout) for info in link["addr_info"]]
    if not addresses:
        pytest.skip("neither can a network namespace be made here, nor has this machine an address but the loopback's")
    return addresses[0]


def test_off_loopback(sotto, tmp_path):
    # In a chroot nobody may make a user namespace, and only root does without.
    for alone in (["unshare", "-rn"], ["unshare", "-n"]):
        if subprocess.run([*alone, "ip", "link"], capture_output=True).returncode == 0:
            held = subprocess.run([*alone, sys.executable, rpc_rules.__file__, sotto_binary(), tmp_path / "sotto"],
                                  capture_output=True, text=True, timeout=LIMIT)
            assert held.returncode == 0, held.stdout + held.stderr
            return
    node = sotto(*rpc_rules.ARGS, listen=("none",), rpc=f"{own_address()}:0")
    assert rpc_rules.Holder(node, loopback=False).wrong() == []
