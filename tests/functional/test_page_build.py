# SPDX-License-Identifier: Apache-2.0 OR MIT
"""web/dist/index.html is what web/ and its lockfile make, to the byte; and the sources are sound."""

import subprocess
from pathlib import Path

import pytest

from support.js import install

ROOT = Path(__file__).resolve().parents[2]
WEB = ROOT / "web"


@pytest.fixture(scope="module")
def node() -> Path:
    return install("web")


def run(*command) -> None:
    done = subprocess.run(command, cwd=WEB, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_page_in_the_tree_is_built_from_the_sources_in_the_tree(node, tmp_path):
    run(node, "build.mjs", tmp_path / "index.html")
    kept, made = (WEB / "dist/index.html").read_bytes(), (tmp_path / "index.html").read_bytes()
    assert made == kept, "web/dist/index.html is not up to date: cd web && npm ci --ignore-scripts && npm run build"


def test_the_types_fit(node):
    run(node, "node_modules/typescript/bin/tsc", "-p", ".")


def test_the_rules_of_the_page_hold(node):
    run(node, "--test", "test/*.test.ts")
