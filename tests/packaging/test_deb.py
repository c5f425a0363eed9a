# SPDX-License-Identifier: Apache-2.0 OR MIT
"""The Debian package: what is in it, and a life from the first installation over an upgrade to the purge."""

import gzip
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from manager import service
from packing import field, pack
from throwaway import Throwaway

COMPLETIONS = ("usr/share/bash-completion/completions/sotto", "usr/share/zsh/vendor-completions/_sotto",
               "usr/share/fish/vendor_completions.d/sotto.fish")


@pytest.fixture(scope="module")
def older_package(tmp_path_factory) -> Path:
    return pack(tmp_path_factory.mktemp("old"), "0.0.1~test")


class TestContents:
    @pytest.fixture
    def unpacked(self, package, tmp_path) -> Path:
        subprocess.run(["dpkg-deb", "--raw-extract", package, tmp_path / "root"], check=True)
        return tmp_path / "root"

    def test_it_depends_on_the_libraries_that_it_runs_with(self, package):
        depends = field(package, "Depends")
        for name in ("libc6 (>= ", "libssl3", "libsodium23", "libsecp256k1-1", "libboost-json1.81.0", "adduser"):
            assert name in depends, depends

    def test_everything_is_in_its_place(self, unpacked):
        files = {str(path.relative_to(unpacked)): path for path in unpacked.rglob("*") if path.is_file()}
        for name in ("usr/bin/sotto", "etc/sotto/sotto.toml", "lib/systemd/system/sotto.service",
                     "usr/share/doc/sotto/copyright", "usr/share/sotto/monitoring/sotto.rules.yml", *COMPLETIONS):
            assert name in files, sorted(files)
        assert (unpacked / "DEBIAN/conffiles").read_text() == "/etc/sotto/sotto.toml\n"
        assert b'.TH SOTTO 1' in gzip.decompress(files["usr/share/man/man1/sotto.1.gz"].read_bytes())
        assert not [name for name in files if name.endswith((".a", ".hpp", ".test.yml"))]
        [command] = service()["ExecStart"]
        for word in command.split():
            assert not word.startswith(("/usr", "/etc")) or word[1:] in files, word

    def test_nothing_is_writable_by_others_or_privileged(self, unpacked):
        """Without capabilities and set-id bits it can be preloaded, and the tests of faults need that."""
        for path in unpacked.rglob("*"):
            assert path.stat().st_mode & (stat.S_ISUID | stat.S_ISGID | stat.S_IWOTH | stat.S_IWGRP) == 0, path

    def test_the_checksums_are_right(self, unpacked):
        subprocess.run(["md5sum", "--check", "--quiet", "--strict", unpacked / "DEBIAN/md5sums"], cwd=unpacked, check=True)

    def test_the_same_build_gives_the_same_bytes(self, package, tmp_path):
        assert pack(tmp_path).read_bytes() == package.read_bytes()


@pytest.fixture
def root(package, bare_root) -> Throwaway:
    """Where nothing is but what the package says it needs."""
    return bare_root(field(package, "Depends"))


def install(root: Throwaway, package: Path) -> None:
    shutil.copy(package, root.path / "packages")
    root.run("dpkg", "--force-unsafe-io", "--force-confold", "--install", f"/packages/{package.name}")


def ours(root: Throwaway) -> set[str]:
    """What the package put where it may; dpkg's own books apart."""
    found = root.run("find", "/etc", "/usr/bin", "/usr/lib", "/usr/share", "/lib/systemd", "/var/lib", "/run", "-xdev",
                     "-name", "*sotto*", check=False).stdout.split()
    return {path for path in found if not path.startswith(("/var/lib/dpkg/", "/usr/share/doc-base"))}


def test_it_installs_upgrades_and_purges_cleanly(root, older_package, package):
    before = ours(root)
    users = root.run("getent", "passwd").stdout
    install(root, older_package)
    assert root.run("dpkg-query", "-W", "-f=${Version} ${Status}", "sotto").stdout == "0.0.1~test install ok installed"
    assert root.run("stat", "-c", "%a %U %G %F", "/var/lib/sotto").stdout == "700 sotto sotto directory\n"
    assert root.run("getent", "passwd", "sotto").stdout.split(":")[5:] == ["/var/lib/sotto", "/usr/sbin/nologin\n"]
    assert root.run("sotto", "version").stdout.startswith("Sotto ")
    # What the unit starts, as its user: all but the start itself.
    [command] = service()["ExecStart"]
    assert root.run(*command.split(), "--check", user="sotto").stdout == "ok\n"

    # What the administrator and the node wrote survives the upgrade.
    with open(root.path / "etc/sotto/sotto.toml", "a") as settings:
        settings.write('log-level = "warn"\n')
    root.run("sotto", "key", "generate", "--data-dir", "/var/lib/sotto", user="sotto")
    identity = (root.path / "var/lib/sotto/identity").read_text()
    install(root, package)
    version = field(package, "Version")
    assert root.run("dpkg-query", "-W", "-f=${Version} ${Status}", "sotto").stdout == f"{version} install ok installed"
    assert (root.path / "var/lib/sotto/identity").read_text() == identity
    assert 'log-level = "warn"' in root.run(*command.split(), "--print-config", user="sotto").stdout
    assert root.run("dpkg", "--verify", "sotto").stdout == "??5?????? c /etc/sotto/sotto.toml\n"

    root.run("dpkg", "--remove", "sotto")
    assert not (root.path / "usr/bin/sotto").exists()
    assert (root.path / "var/lib/sotto/identity").read_text() == identity
    assert (root.path / "etc/sotto/sotto.toml").exists()

    root.run("dpkg", "--purge", "sotto")
    assert ours(root) == before
    assert root.run("getent", "passwd").stdout == users
    assert root.run("dpkg-query", "-W", "sotto", check=False).returncode == 1

    install(root, package)
    assert root.run(*command.split(), "--check", user="sotto").stdout == "ok\n"


def test_a_user_of_that_name_that_is_there_is_used(root, package):
    root.run("useradd", "--system", "--user-group", "sotto")
    before = root.run("getent", "passwd", "sotto").stdout
    install(root, package)
    assert root.run("getent", "passwd", "sotto").stdout == before
    assert root.run("stat", "-c", "%U", "/var/lib/sotto").stdout == "sotto\n"
