# SPDX-License-Identifier: Apache-2.0 OR MIT
"""The Debian package of the build under test."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from manager import ROOT

from support.cli import sotto_binary

BUILD_LIMIT = 120  # seconds


def pack(folder: Path, *version: str) -> Path:
    for program in ("dpkg-deb", "dpkg-shlibdeps"):
        if not shutil.which(program):
            pytest.skip(f"{program} is not installed: this is no Debian")
    build = os.environ.get("SOTTO_BUILD", str(sotto_binary().parent))
    if not (Path(build) / "CMakeCache.txt").exists():
        pytest.skip("the binary is not in a build directory")
    done = subprocess.run([ROOT / "packaging/deb/build.sh", build, folder, *version], capture_output=True, text=True,
                          timeout=BUILD_LIMIT)
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


def field(package: Path, name: str) -> str:
    return subprocess.run(["dpkg-deb", "--field", package, name], capture_output=True, text=True, check=True).stdout.strip()
