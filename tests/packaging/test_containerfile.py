# SPDX-License-Identifier: Apache-2.0 OR MIT
"""The container image: what its file says, and its last stage followed on a Debian that is thrown away."""

import json
import re
import shutil
import subprocess

import pytest
from manager import ROOT, service
from packing import field


@pytest.fixture(scope="module")
def instructions() -> list[tuple[str, str]]:
    told = subprocess.run([ROOT / "tests/packaging/containerfile.sh", "list"], capture_output=True, text=True, check=True,
                          cwd=ROOT)
    assert told.stderr == ""
    return [tuple(line.split(" ", 1)) for line in told.stdout.splitlines()]


def stage(instructions, number: int) -> dict[str, str]:
    starts = [i for i, (word, _) in enumerate(instructions) if word == "FROM"]
    stages = [instructions[begin:end] for begin, end in zip(starts, [*starts[1:], None])]
    return dict(stages[number])


def test_the_node_runs_as_a_user_of_its_own(instructions):
    last = stage(instructions, -1)
    assert last["USER"] == "sotto"
    words = [word for word, _ in instructions]
    assert words.index("USER") > max(i for i, word in enumerate(words) if word == "RUN"), "what is installed is root's"


def test_it_starts_what_the_unit_starts(instructions):
    [command] = service()["ExecStart"]
    assert json.loads(stage(instructions, -1)["ENTRYPOINT"]) == command.split()


def test_its_health_is_asked_for(instructions):
    health = stage(instructions, -1)["HEALTHCHECK"]
    assert json.loads(health.partition(" CMD ")[2])[:2] == ["sotto", "peers"]
    assert re.search(r"--interval=\d+s --timeout=\d+s", health)


def test_nothing_of_the_build_is_in_the_image_but_the_package(instructions):
    last = stage(instructions, -1)
    assert stage(instructions, 0)["FROM"].split()[0] == last["FROM"]
    assert last["COPY"] == "--from=build /src/build/deb/sotto.deb /tmp/sotto.deb"
    assert "rm -rf /tmp/sotto.deb" in last["RUN"]


def test_the_image_is_made_from_the_package_and_its_node_is_healthy(instructions, package, bare_root):
    """The first stage's one line of shell is `./dev deb` on a bare Debian: the build under test, packed as `package` is."""
    assert stage(instructions, 0)["RUN"] == "./dev deb"
    root = bare_root(field(package, "Depends") + ", apt")
    shutil.copy(package, root.path / "packages/sotto.deb")
    (root.path / "packages/packaging").mkdir()
    for name in ("packaging/Containerfile", "tests/packaging/containerfile.sh"):
        shutil.copy(ROOT / name, root.path / "packages/packaging")
    done = root.run("sh", "-c", "cd /packages && packaging/containerfile.sh last sotto.deb")
    assert done.stdout.endswith("containerfile: built, healthy, and ended when told\n"), done
    assert root.run("dpkg-query", "-W", "-f=${Status}", "sotto").stdout == "install ok installed"
    assert not (root.path / "tmp/sotto.deb").exists()
