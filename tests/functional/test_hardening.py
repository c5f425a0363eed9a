# SPDX-License-Identifier: Apache-2.0 OR MIT
"""What the release binary owes to whoever runs it: the flags that make a defect harder to use."""

import os
import re
import subprocess

import pytest

from support.cli import sotto_binary


def readelf(*flags: str) -> str:
    # -W: one line a header
    return subprocess.run(["readelf", "-W", *flags, sotto_binary()], capture_output=True, text=True, check=True,
                          env={**os.environ, "LC_ALL": "C"}).stdout


@pytest.fixture(scope="module", autouse=True)
def release():
    if sotto_binary().parent.name != "release":
        pytest.skip("only the release preset is hardened")


@pytest.fixture(scope="module")
def segments() -> list[tuple[str, set[str]]]:
    """Type and flags of each program header."""
    found = re.findall(r"^  (\w+) +0x\S+ 0x\S+ 0x\S+ 0x\S+ 0x\S+ ([RWE ]{3}) ", readelf("-l"), re.MULTILINE)
    assert any(kind == "LOAD" for kind, _ in found)
    return [(kind, set(flags.replace(" ", ""))) for kind, flags in found]


def test_it_is_position_independent():
    assert re.search(r"Type: +DYN ", readelf("-h"))
    assert re.search(r"\(FLAGS_1\).*\bPIE\b", readelf("-d"))


def test_relocations_are_bound_at_start_and_then_read_only(segments):
    assert re.search(r"\(FLAGS\).*\bBIND_NOW\b|\(FLAGS_1\).*\bNOW\b", readelf("-d"))
    assert "GNU_RELRO" in [kind for kind, _ in segments]
    assert "TEXTREL" not in readelf("-d")


def test_nothing_is_writable_and_executable(segments):
    assert [segment for segment in segments if {"W", "E"} <= segment[1]] == []
    [stack] = [flags for kind, flags in segments if kind == "GNU_STACK"]
    assert "E" not in stack


def test_no_search_path_is_built_in():
    assert not re.search(r"\((RPATH|RUNPATH)\)", readelf("-d"))


def test_stacks_are_protected_and_copies_are_checked():
    imported = set(re.findall(r" UND (\w+)", readelf("--dyn-syms")))
    assert "__stack_chk_fail" in imported
    assert [name for name in imported if re.fullmatch(r"__\w+_chk", name)], "no checked function is imported"

