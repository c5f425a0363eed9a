# SPDX-License-Identifier: Apache-2.0 OR MIT
import os
from pathlib import Path

import pytest
from packing import pack
from throwaway import CannotBeMade, Throwaway


@pytest.fixture(scope="session")
def package(tmp_path_factory) -> Path:
    return pack(tmp_path_factory.mktemp("new"))


@pytest.fixture
def bare_root(tmp_path, cleanup):
    """bare_root("adduser, libc6"): a Debian with these packages, what they depend on, and nothing else."""
    def make(wanted: str) -> Throwaway:
        if os.geteuid() != 0:
            pytest.skip("only root can install a package, and only in a root of its own does it harm nobody")
        try:
            made = Throwaway(tmp_path, wanted)
        except CannotBeMade as why:
            pytest.skip(f"no root of its own can be made here: {why}")
        cleanup.callback(made.close)
        return made
    return make
