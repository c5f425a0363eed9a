# SPDX-License-Identifier: Apache-2.0 OR MIT
"""The manual page and the shell completions: made from the flags, so they name every one."""

import re
import shutil
import subprocess

import pytest

LIMIT = 20  # seconds


def flags_of(text: str) -> set[str]:
    """The flags that a page of --help explains."""
    return set(re.findall(r"(?:^ +|,)(--?[a-z][a-z0-9-]*)", text, re.MULTILINE))


@pytest.fixture
def verbs(cli) -> dict[str, set[str]]:
    """Every verb and its flags, as `sotto help` explains them: {"key show": {"--json", …}}."""
    names = re.findall(r"^  (\w+)", cli("help").out, re.MULTILINE)
    found = {}
    for name in names:
        below = re.findall(r"^  (\w+)", cli(name, "--help").out.partition("Subcommands:")[2], re.MULTILINE)
        for path in [f"{name} {verb}" for verb in below] or [name]:
            found[path] = flags_of(cli(*path.split(), "--help").out)
    assert len(found["run"]) > 20 and "key show" in found
    return found


class TestManual:
    def test_it_explains_every_verb_flag_limit_and_variable(self, cli, verbs):
        page = cli("help", "--man")
        assert (page.code, page.err) == (0, "")
        text = page.out.replace("\\-", "-").replace("\\fB", "").replace("\\fR", "").replace("\\fI", "")
        sections = dict(re.findall(r'^\.SS "sotto (.*?)"\n(.*?)(?=^\.S[SH] )', text, re.MULTILINE | re.DOTALL))
        for path, flags in verbs.items():
            [section] = [body for title, body in sections.items() if f"{title} ".startswith(f"{path} ")]
            missing = [flag for flag in flags if not re.search(rf"(^|, ){flag}\b", section, re.MULTILINE)]
            assert not missing, path
        limits = re.findall(r"^  ([\w-]+)", cli("help", "limits").out, re.MULTILINE)
        assert limits and not [name for name in limits if f"\n{name} " not in text]
        assert "\nSOTTO_LOG_LEVEL\n" in text and "\nSOTTO_LISTEN\n" in text

    @pytest.mark.skipif(not shutil.which("groff"), reason="groff is not installed: it would say what it cannot read")
    def test_roff_has_no_complaint(self, cli):
        done = subprocess.run(["groff", "-man", "-Tutf8", "-ww"], input=cli("help", "--man").out, capture_output=True,
                              text=True, timeout=LIMIT, check=True)
        assert done.stderr == "" and "sotto run" in done.stdout

    def test_it_does_not_say_when_it_was_made(self, cli):
        """Two builds of one source give one file."""
        assert not re.search(r"\b20\d\d\b", cli("help", "--man").out)


@pytest.fixture
def complete(cli, tmp_path):
    """complete("run", "--log-l") gives what bash offers for the last word."""
    script = tmp_path / "sotto.bash"
    script.write_text(cli("help", "--completion", "bash").out)

    def offered(*words: str) -> list[str]:
        done = subprocess.run(
            ["bash", "--norc", "-euc",
             'source "$0"; COMP_WORDS=(sotto "$@"); COMP_CWORD=$#; _sotto sotto "${@: -1}"; printf "%s\\n" "${COMPREPLY[@]}"',
             script, *words], capture_output=True, text=True, timeout=LIMIT, cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, ""), done
        return sorted(done.stdout.split())
    return offered


class TestBash:
    def test_it_offers_every_verb_and_every_flag(self, complete, verbs):
        assert set(complete("")) >= {path.split()[0] for path in verbs}
        assert set(complete("key", "")) >= {path.split()[1] for path in verbs if path.startswith("key ")}
        for path, flags in verbs.items():
            assert set(complete(*path.split(), "-")) == flags, path

    @pytest.mark.parametrize("words, expected", [
        (["ru"], ["run"]),
        (["run", "--log-l"], ["--log-level"]),
        (["run", "--log-level", ""], ["debug", "error", "info", "off", "trace", "warn"]),
        (["run", "--json", "--log-format", "j"], ["json"]),
        (["run", "--limit", "pool-b"], ["pool-bytes="]),
        (["run", "--listen", ""], []),
        (["send", "run", "--rp"], ["--rpc"]),
        (["help", "lim"], ["limits"]),
        (["help", "--completion", ""], ["bash", "fish", "zsh"]),
        (["nonsense", "--js"], []),
    ])
    def test_it_offers_what_fits(self, complete, words, expected):
        assert complete(*words) == expected

    def test_it_offers_files_and_folders(self, complete, tmp_path):
        (tmp_path / "one.toml").touch()
        (tmp_path / "onefolder").mkdir()
        assert complete("run", "--config-file", "on") == ["one.toml", "onefolder"]
        assert complete("run", "--data-dir", "on") == ["onefolder"]
        assert complete("key", "restore", "one.") == ["one.toml"]


@pytest.mark.parametrize("shell", ["zsh", "fish"])
class TestOtherShells:
    def test_they_name_every_verb_and_flag(self, cli, verbs, shell):
        text = cli("help", "--completion", shell).out
        for path, flags in verbs.items():
            for word in path.split():
                assert re.search(rf"['\s]{word}[':\s)]", text), word
            for flag in flags:
                long = {"zsh": f"'*{flag}[", "fish": f" -l {flag[2:]} "}[shell]
                short = {"zsh": f"'*{flag}[", "fish": f" -s {flag[1:]} "}[shell]
                assert (long if flag.startswith("--") else short) in text, (path, flag)

    def test_the_shell_can_read_it(self, cli, tmp_path, shell):
        if not shutil.which(shell):
            pytest.skip(f"{shell} is not installed")
        (tmp_path / "sotto").write_text(cli("help", "--completion", shell).out)
        done = subprocess.run([shell, "-n", tmp_path / "sotto"], capture_output=True, text=True, timeout=LIMIT)
        assert (done.returncode, done.stderr) == (0, "")


def test_fish_offers_what_fits(cli, tmp_path):
    if not shutil.which("fish"):
        pytest.skip("fish is not installed")
    (tmp_path / "sotto.fish").write_text(cli("help", "--completion", "fish").out)

    def offered(line: str) -> list[str]:
        done = subprocess.run(["fish", "--no-config", "-c", f"source {tmp_path}/sotto.fish; complete -C '{line}'"],
                              capture_output=True, text=True, timeout=LIMIT, env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"})
        assert (done.returncode, done.stderr) == (0, "")
        return sorted(entry.split("\t")[0] for entry in done.stdout.splitlines())
    assert {"run", "chat", "key"} <= set(offered("sotto "))
    assert offered("sotto run --log-l") == ["--log-level"]
    assert offered("sotto run --log-level tr") == ["trace"]
    assert {"show", "generate"} <= set(offered("sotto key "))
    assert "--identity-file" in offered("sotto key show --")


def test_an_unknown_shell_is_refused(cli):
    ended = cli("help", "--completion", "tcsh")
    assert (ended.code, ended.out) == (2, "") and "bash, zsh, fish" in ended.err
