# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Verbs that end by themselves: help, version, key, and what wrong usage says."""

import json
import re
import stat

import pytest

FLAGS = {
    "run": ("--data-dir", "--config-file", "--identity-file", "--devp2p-identity-file", "--libp2p-identity-file",
            "--listen", "--peer", "--rpc", "--ipc", "--rpc-vhosts", "--rpc-origins", "--min-pow", "--pow-rule",
            "--max-connections", "--limit", "--exempt", "--serve", "--log-level", "--log-format", "--json",
            "--check", "--print-config"),
    "chat": ("conversation", "--connect", "--rpc", "--nick", "--data-dir", "--history"),
    "send": ("channel", "text", "--rpc", "--data-dir"),
    "listen": ("channel", "--rpc", "--data-dir"),
    "peers": ("--rpc", "--data-dir"),
    "page": ("--rpc", "--data-dir"),
    "ping": ("address", "-c", "-i", "--json"),
    "key": ("show", "generate", "backup", "restore", "create", "import", "export", "list", "remove", "--data-dir",
            "--identity-file", "--passphrase-file", "--passphrase-fd", "--light-kdf", "--json", "file", "id"),
    "version": ("--json",),
    "help": ("verb",),
}
LIMITS = ("connections-per-ip", "connections-per-24", "accepts-per-second", "pending-handshakes", "pool-bytes",
          "outbox-bytes")


def mode(path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("verb", FLAGS)
def test_help_of_a_verb_lists_every_flag(cli, verb):
    ended = cli("help", verb)
    assert (ended.code, ended.err) == (0, "")
    words = set(re.findall(r"[\w-]+", ended.out))
    assert words >= set(FLAGS[verb])
    assert f"sotto {verb}" in ended.out


def test_help_lists_every_verb(cli):
    for args in (["help"], ["--help"], ["-h"]):
        ended = cli(*args)
        assert (ended.code, ended.err) == (0, "")
        assert set(re.findall(r"^  (\w+)", ended.out, re.MULTILINE)) >= set(FLAGS)


def test_help_limits_lists_name_default_and_unit_of_each(cli):
    ended = cli("help", "limits")
    assert ended.code == 0
    rows = {line.split()[0]: line.split()[1:3] for line in ended.out.splitlines() if line.startswith("  ")}
    assert rows.keys() >= set(LIMITS)
    assert rows["accepts-per-second"] == ["100", "connections"]
    assert all(default == "unlimited" or int(default) > 0 for default, _ in rows.values())
    assert all(unit.isalpha() for _, unit in rows.values())


def test_version_for_people_and_for_programs(cli):
    spoken, parsed = cli("version"), json.loads(cli("version", "--json").out)
    assert spoken.code == 0
    assert spoken.out.startswith(f"Sotto {parsed['version']} ")
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", parsed["version"])


@pytest.mark.parametrize("args, named", [
    (["run", "--lisen", "none"], ["'--lisen'", "'--listen'"]),
    (["run", "--rpc-origin=x"], ["'--rpc-origin'", "'--rpc-origins'"]),
    (["rnu"], ["'rnu'", "'run'"]),
    (["help", "caht"], ["'caht'", "'chat'"]),
    (["key", "shwo"], ["'shwo'", "'show'"]),
    (["run", "--listen", "/ip4/300.0.0.1/tcp/1"], ["--listen", "300.0.0.1"]),
    (["run", "--listen", "localhost:30303"], ["--listen", "localhost:30303"]),
    (["run", "--peer", "/ip4/127.0.0.1/tcp/1"], ["--peer", "/p2p/"]),
    (["run", "--peer", "enode://00@127.0.0.1:1"], ["--peer"]),
    (["run", "--rpc", "example.org:8545"], ["--rpc", "example.org"]),
    (["run", "--rpc", "127.0.0.1:65536"], ["--rpc", "65536"]),
    (["run", "--min-pow", "nan"], ["--min-pow", "nan"]),
    (["run", "--min-pow", "-1"], ["--min-pow", "-1"]),
    (["run", "--pow-rule", "eip628"], ["--pow-rule", "eip628", "eip627"]),
    (["run", "--max-connections", "1"], ["--max-connections"]),
    (["run", "--limit", "pool-byte=1"], ["--limit", "'pool-byte'", "'pool-bytes'"]),
    (["run", "--limit", "pool-bytes=0"], ["--limit", "0"]),
    (["run", "--limit", "pool-bytes"], ["--limit", "NAME=VALUE"]),
    (["run", "--exempt", "10.0.0.0/33"], ["--exempt", "10.0.0.0/33"]),
    (["run", "--serve", "pref"], ["--serve", "pref", "perf"]),
    (["run", "--log-level", "loud"], ["--log-level", "loud", "info"]),
    (["run", "--log-format", "xml"], ["--log-format", "xml", "json"]),
    (["run", "--config-file", "missing.toml"], ["--config-file", "missing.toml"]),
    (["run", "stray"], ["stray"]),
    (["chat"], ["conversation"]),
    (["chat", "#lobby"], ["--connect"]),
    (["chat", "#lobby", "--connect", "nowhere"], ["--connect", "nowhere"]),
    (["chat", "", "--connect", "/ip4/127.0.0.1/tcp/1"], ["channel"]),
    (["ping", "/ip4/127.0.0.1/tcp/1"], ["/p2p/"]),
    ([], ["sotto help"]),
])
def test_wrong_usage_exits_2_and_names_what_is_wrong(cli, args, named):
    ended = cli(*args)
    assert (ended.code, ended.out) == (2, ""), ended
    assert ended.err.startswith("sotto: ") and ended.err.count("\n") == 1, ended.err
    for word in named:
        assert word in ended.err


@pytest.mark.parametrize("text, line, named", [
    ('log-level = "info"\nlisen = ["none"]\n', 2, ["'lisen'", "'listen'"]),
    ('\n\nmin-pow = "much"\n', 3, ["min-pow", "much"]),
    ('rpc = ["none", "none"]\n', 1, ["rpc", "one value"]),
    ("max-connections = 10\nlog-level = \n", 2, []),
    ('[log]\nlevel = "info"\n', 1, ["'log'"]),
    ('limit = ["pool-bytes=1", "pool-bytse=2"]\n', 1, ["'pool-bytse'", "'pool-bytes'"]),
    ("listen = [[1]]\n", 1, ["listen"]),
    ("json = 2\n", 1, ["json", "2"]),
    ('\xff = 1\n', 1, []),
])
def test_a_broken_config_exits_2_and_names_file_and_line(cli, home, text, line, named):
    file = home / "sotto.toml"
    file.write_bytes(text.encode("latin-1"))
    ended = cli("run", "--data-dir", home)
    assert (ended.code, ended.out) == (2, ""), ended
    assert f"{file}:{line}: " in ended.err, ended.err
    for word in named:
        assert word in ended.err


@pytest.mark.parametrize("variables, named", [
    ({"SOTTO_LOG_LEVLE": "info"}, ["SOTTO_LOG_LEVLE", "SOTTO_LOG_LEVEL"]),
    ({"SOTTO_MIN_POW": "much"}, ["SOTTO_MIN_POW", "much"]),
    ({"SOTTO_LISTEN": "none,/ip4"}, ["SOTTO_LISTEN"]),
])
def test_a_wrong_variable_exits_2_and_is_named(cli, variables, named):
    ended = cli("run", **variables)
    assert (ended.code, ended.out) == (2, ""), ended
    for word in named:
        assert word in ended.err


def test_flags_win_over_variables_and_variables_over_the_file(cli, home):
    """Whichever value is taken is a wrong one, so that the error tells which it was."""
    (home / "sotto.toml").write_text('log-level = "file"\n')
    where = ["--data-dir", str(home)]
    assert "file" in cli("run", *where).err
    assert "SOTTO_LOG_LEVEL" in cli("run", *where, SOTTO_LOG_LEVEL="variable").err
    ended = cli("run", *where, "--log-level", "flag", SOTTO_LOG_LEVEL="variable")
    assert "--log-level: " in ended.err and "flag" in ended.err


class TestKey:
    def test_generate_makes_a_private_file_whatever_the_umask(self, cli, home):
        made = cli("key", "generate", "--data-dir", home / "data", umask=0)
        assert made.code == 0, made.err
        assert mode(home / "data/identity") == 0o600
        assert mode(home / "data") == 0o700

    def test_show_names_both_ids_and_the_place_and_no_secret(self, cli, home):
        assert cli("key", "generate", "--data-dir", home / "data").code == 0
        secret = (home / "data/identity").read_text().strip()
        assert re.fullmatch("[0-9a-f]{64}", secret)
        for args in ([], ["--json"]):
            shown = cli("key", "show", "--data-dir", home / "data", *args)
            assert shown.code == 0
            assert secret not in shown.out + shown.err
        told = json.loads(shown.out)
        assert re.fullmatch("[0-9a-f]{128}", told["enodeId"])
        assert told["peerId"].startswith("16Uiu2HA")
        assert told["file"] == str(home / "data/identity")

    def test_generate_never_overwrites(self, cli, home):
        assert cli("key", "generate", "--data-dir", home).code == 0
        before = (home / "identity").read_bytes()
        again = cli("key", "generate", "--data-dir", home)
        assert again.code == 1 and str(home / "identity") in again.err
        assert (home / "identity").read_bytes() == before

    def test_backup_and_restore_keep_the_key(self, cli, home):
        assert cli("key", "generate", "--data-dir", home / "a").code == 0
        saved = cli("key", "backup", home / "copy", "--data-dir", home / "a", umask=0)
        assert saved.code == 0, saved.err
        assert mode(home / "copy") == 0o600
        restored = cli("key", "restore", home / "copy", "--data-dir", home / "b", umask=0)
        assert restored.code == 0, restored.err
        assert mode(home / "b/identity") == 0o600
        secret = (home / "a/identity").read_bytes()
        assert (home / "b/identity").read_bytes() == secret
        assert secret.decode().strip() not in saved.out + saved.err + restored.out + restored.err

    def test_backup_and_restore_never_overwrite(self, cli, home):
        for name in "ab":
            assert cli("key", "generate", "--data-dir", home / name).code == 0
        kept = {name: (home / name / "identity").read_bytes() for name in "ab"}
        assert cli("key", "backup", home / "b/identity", "--data-dir", home / "a").code == 1
        assert cli("key", "restore", home / "a/identity", "--data-dir", home / "b").code == 1
        assert {name: (home / name / "identity").read_bytes() for name in "ab"} == kept

    def test_show_without_a_key_says_how_to_make_one(self, cli, home):
        ended = cli("key", "show", "--data-dir", home)
        assert ended.code == 1 and "sotto key generate" in ended.err
        assert not (home / "identity").exists()

    def test_the_default_place_follows_xdg_and_home(self, cli, home):
        assert cli("key", "generate", XDG_DATA_HOME=str(home / "xdg")).code == 0
        assert (home / "xdg/sotto/identity").exists()
        assert cli("key", "generate").code == 0
        assert (home / ".local/share/sotto/identity").exists()

    @pytest.mark.parametrize("text", ["", "zz" * 32, "00" * 32, "ff" * 32, "11" * 31, "ed25519:" + "11" * 33, "1" * 5000])
    def test_a_broken_key_is_refused_by_name_and_not_quoted(self, cli, home, text):
        (home / "identity").write_text(text)
        ended = cli("key", "show", "--data-dir", home)
        assert ended.code != 0 and str(home / "identity") in ended.err
        assert len(text) < 64 or text not in ended.err
