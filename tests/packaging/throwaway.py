# SPDX-License-Identifier: Apache-2.0 OR MIT
"""A copy of this machine's root that is thrown away: an overlay in a mount namespace. What is installed there is installed for
real, by root, and nothing of it remains."""

import subprocess
from pathlib import Path

LIMIT = 120  # seconds
# The tmpfs takes what is written; the machine's root is only read.
MAKE = """
set -e
mount -t tmpfs tmpfs "$0"
if grep -F " $0 " /proc/self/mountinfo | grep -q shared:; then
    umount "$0"
    echo "what is mounted here would be seen outside" >&2
    exit 1
fi
mkdir "$0/upper" "$0/work" "$0/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$0/upper,workdir=$0/work" "$0/root"
mount -t proc proc "$0/root/proc"
mount --rbind /dev "$0/root/dev"
mkdir "$0/root/packages"
echo made
exec chroot "$0/root" sleep infinity
"""


class CannotBeMade(RuntimeError):
    """This machine or user may not make one; the text says why."""


class Throwaway:
    def __init__(self, folder: Path):
        # In a chroot the root is no mount, and its propagation cannot be changed; then it must be private already.
        for propagation in ("private", "unchanged"):
            self._holder = subprocess.Popen(
                ["unshare", "--mount", "--propagation", propagation, "sh", "-c", MAKE, folder],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            if self._holder.stdout.readline() == "made\n":
                self.path = Path(f"/proc/{self._holder.pid}/root")
                return
            said = self._holder.communicate(timeout=LIMIT)[1].strip().splitlines()
        raise CannotBeMade((said or ["no reason given"])[-1])

    def close(self) -> None:
        self._holder.kill()
        self._holder.communicate()

    def run(self, *command: str, user: str | None = None, check: bool = True) -> subprocess.CompletedProcess:
        """A command in it, as root or as a user of it."""
        become = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"] if user else []
        done = subprocess.run(
            ["nsenter", f"--target={self._holder.pid}", "--mount", "--root", "--wd=/", *become, *command],
            capture_output=True, text=True, timeout=LIMIT,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive", "HOME": "/"})
        assert not check or done.returncode == 0, f"{command} ended with {done.returncode}\n{done.stdout}{done.stderr}"
        return done
