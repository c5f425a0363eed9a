# SPDX-License-Identifier: Apache-2.0 OR MIT
"""A bare Debian that is thrown away: the essential packages of this machine and what else is named, in a mount namespace and a
network of its own. What is installed there is installed for real, by root, and nothing of it remains."""

import functools
import os
import re
import subprocess
from pathlib import Path

LIMIT = 120  # seconds
DPKG = Path("/var/lib/dpkg")
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive", "HOME": "/"}
# What no program reads.
LEFT_OUT = ("/usr/share/doc/", "/usr/share/locale/", "/usr/share/man/", "/usr/share/zoneinfo/")
# The tmpfs takes everything. Made here is what packages make when they are configured: users, the ways in, the linker's cache.
MAKE = """
set -e
mount -t tmpfs -o mode=755 tmpfs "$0"
if grep -F " $0 " /proc/self/mountinfo | grep -q shared:; then
    umount "$0"
    echo "what is mounted here would be seen outside" >&2
    exit 1
fi
mkdir "$0/proc" "$0/dev" "$0/packages"
mount -t proc proc "$0/proc"
mount --rbind /dev "$0/dev"
ip link set lo up
echo mounted
tar -c -C / --no-recursion --null -T "$1" | tar -x -C "$0"
cp "$2" "$0/var/lib/dpkg/status"
cp "$0/usr/share/base-passwd/passwd.master" "$0/etc/passwd"
sed 's/:.*/:*::0:99999:7:::/' "$0/etc/passwd" >"$0/etc/shadow"
cp "$0/usr/share/base-passwd/group.master" "$0/etc/group"
cp "$0/usr/share/libc-bin/nsswitch.conf" "$0/etc/nsswitch.conf"
# Whoever reads the word enters the root of this process: it has to be the new one by then.
exec chroot "$0" sh -ec 'pam-auth-update --package --force; ldconfig; echo made; exec sleep infinity'
"""


class CannotBeMade(RuntimeError):
    """This machine or user may not make one; the text says why."""


class Books:
    """What dpkg has installed here, by name."""

    def __init__(self):
        self._stanzas = {}
        self._provided = {}
        for stanza in (DPKG / "status").read_text().strip().split("\n\n"):
            fields = dict(re.findall(r"^([A-Z][\w-]*): (.*)$", stanza, re.MULTILINE))
            if fields["Status"] == "install ok installed":
                self._stanzas[fields["Package"]] = (stanza, fields)
                for name in _names(fields.get("Provides", "")):
                    self._provided[name[0]] = fields["Package"]

    def closure(self, wanted: str) -> set[str]:
        """The essential packages, and those that `wanted` names as a Depends field does, with all that they depend on."""
        found, ways = set(), _names(wanted)
        ways += [[name] for name, (_, fields) in self._stanzas.items() if fields.get("Essential") == "yes"]
        while ways:
            either = ways.pop()
            names = [name for name in either if name in self._stanzas] or [
                self._provided[name] for name in either if name in self._provided]
            assert names, f"nothing here is {' or '.join(either)}"
            if names[0] not in found:
                found.add(names[0])
                fields = self._stanzas[names[0]][1]
                ways += _names(fields.get("Depends", "")) + _names(fields.get("Pre-Depends", ""))
        return found

    def status(self, names: set[str]) -> str:
        return "".join(f"{self._stanzas[name][0]}\n\n" for name in sorted(names))

    def files(self, names: set[str]) -> list[str]:
        """Of the packages and of dpkg's books on them; folders before what is in them."""
        paths = {str(DPKG / name) for name in ("info/format", "updates", "triggers", "alternatives", "available")}
        for name in names:
            books = [*(DPKG / "info").glob(f"{name}.*"), *(DPKG / "info").glob(f"{name}:*")]
            paths.update(map(str, books))
            for book in books:
                if book.suffix == ".list":
                    paths.update(book.read_text().splitlines())
        real = {str(_real_folder(Path(path).parent) / Path(path).name) for path in paths if path != "/."}
        for choice in (DPKG / "alternatives").iterdir():
            link = choice.read_text().split("\n")[1]
            if os.path.realpath(link) in real:
                real |= {link, f"/etc/alternatives/{choice.name}"}
        return sorted(f".{path}" for path in real if not path.startswith(LEFT_OUT) and os.path.lexists(path))


@functools.cache
def _real_folder(folder: Path) -> Path:
    """/bin/sh is in /usr/bin, and only there."""
    return folder.resolve()


def _names(field: str) -> list[list[str]]:
    """What each of the words of a Depends field may be, without versions."""
    return [[re.split(r"[ (:]", way.strip())[0] for way in word.split("|")] for word in field.split(",") if word.strip()]


class Throwaway:
    def __init__(self, folder: Path, wanted: str):
        """`wanted` as in a Depends field."""
        books = Books()
        names = books.closure(wanted)
        (folder / "status").write_text(books.status(names))
        (folder / "files").write_text("\0".join(books.files(names)))
        root = folder / "root"
        root.mkdir()
        # In a chroot the root is no mount, and its propagation cannot be changed; then it must be private already.
        for propagation in ("private", "unchanged"):
            self._holder = subprocess.Popen(
                ["unshare", "--mount", "--net", "--propagation", propagation, "sh", "-c", MAKE, root, folder / "files",
                 folder / "status"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)
            if self._holder.stdout.readline() == "mounted\n":
                break
            said = self._holder.communicate(timeout=LIMIT)[1].strip().splitlines()
        else:
            raise CannotBeMade((said or ["no reason given"])[-1])
        if self._holder.stdout.readline() != "made\n":
            raise AssertionError(self._holder.communicate(timeout=LIMIT)[1])
        self.path = Path(f"/proc/{self._holder.pid}/root")

    def close(self) -> None:
        self._holder.kill()
        self._holder.communicate()

    def run(self, *command: str, user: str | None = None, check: bool = True) -> subprocess.CompletedProcess:
        """A command in it, as root or as a user of it."""
        become = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"] if user else []
        done = subprocess.run(
            ["nsenter", f"--target={self._holder.pid}", "--mount", "--net", "--root", "--wdns=/", *become, *command],
            capture_output=True, text=True, timeout=LIMIT, env=ENVIRONMENT)
        assert not check or done.returncode == 0, f"{command} ended with {done.returncode}\n{done.stdout}{done.stderr}"
        return done
