# SPDX-License-Identifier: Apache-2.0 OR MIT
"""`sotto run --check` and `--print-config`: what a start would do, without starting."""

import json
import os
import re
import signal
import socket
import tomllib

import pytest


def tree(folder) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b"" for path in folder.rglob("*")}


class TestCheck:
    def test_a_good_configuration_is_ok_and_nothing_is_made(self, cli, home):
        (home / "sotto.toml").write_text('log-level = "debug"\n')
        before = tree(home)
        ended = cli("run", "--check", "--data-dir", home / "new/data", "--config-file", home / "sotto.toml")
        assert (ended.code, ended.out, ended.err) == (0, "ok\n", "")
        assert tree(home) == before

    def test_with_json_it_is_one_object(self, cli, home):
        assert json.loads(cli("run", "--check", "--json").out) == {"event": "ok"}

    def test_it_binds_nothing(self, cli, home):
        with socket.create_server(("127.0.0.1", 0)) as holder:
            port = holder.getsockname()[1]
            ended = cli("run", "--check", "--listen", f"/ip4/127.0.0.1/tcp/{port}", "--rpc", f"127.0.0.1:{port}")
        assert (ended.code, ended.out) == (0, "ok\n"), ended.err

    def test_it_may_run_beside_the_node_that_it_checks_for(self, sotto, cli):
        node = sotto()
        ended = cli("run", "--check", "--data-dir", node.data_dir)
        assert (ended.code, ended.out) == (0, "ok\n"), ended.err

    def test_a_broken_setting_exits_2_with_file_and_line(self, cli, home):
        (home / "sotto.toml").write_text('\nlog-level = "loud"\n')
        ended = cli("run", "--check", "--data-dir", home)
        assert (ended.code, ended.out) == (2, "")
        assert f"{home / 'sotto.toml'}:2: log-level" in ended.err

    @pytest.mark.parametrize("args", [
        ["--listen", "/ip4/127.0.0.1/tcp/0/ws"], ["--listen", "/dns4/localhost/tcp/0"],
        ["--listen", "/ip4/127.0.0.1/udp/0/quic-v1"],
        ["--peer", "/ip4/127.0.0.1/udp/1/quic-v1/p2p/16Uiu2HAmRHPzF3rQg55PgYPcQkyvPVH9n2hWsYPhUJBZ6kVjJgdV"],
        ["--peer", "/ip4/127.0.0.1/tcp/1/rlpx/p2p/12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA"],
        ["--rpc-vhosts", "*"], ["--rpc-origins", "*"], ["--rpc-origins", "null"]])
    def test_what_run_refuses_check_refuses_by_the_same_words(self, cli, args):
        checked, started = (cli("run", *how, "--rpc", "none", *args) for how in (["--check"], ["--listen", "none"]))
        assert (checked.code, checked.out) == (2, "") and f"{args[0]}: '{args[1]}'" in checked.err
        assert (started.code, started.out, started.err) == (2, "", checked.err)

    def test_what_no_transport_handles_is_named_by_file_and_line(self, cli, home):
        (home / "sotto.toml").write_text('\nlisten = ["/ip4/127.0.0.1/tcp/0/ws"]\n')
        ended = cli("run", "--check", "--data-dir", home)
        assert ended.code == 2 and f"{home / 'sotto.toml'}:2: listen: '/ip4/127.0.0.1/tcp/0/ws'" in ended.err

    @pytest.mark.parametrize("name", ["identity", "rpc-token"])
    def test_a_secret_that_others_may_read_is_warned_of_once(self, sotto, cli, name):
        first = sotto(listen=("none",))
        secret = first.data_dir / name
        first.signal(signal.SIGTERM)
        first.wait_exit()
        assert cli("run", "--check", "--data-dir", first.data_dir).err == ""
        secret.chmod(0o644)
        checked = cli("run", "--check", "--data-dir", first.data_dir)
        assert (checked.code, checked.out) == (0, "ok\n")
        for log in (checked.err, sotto(listen=("none",)).log_tail()):
            [warning] = [line for line in log.splitlines() if not line.startswith("I ")]
            assert warning.startswith("W ") and f"chmod 600 {secret}" in warning

    @pytest.mark.parametrize("file", ["sotto.toml", "identity", "rpc-token", "version"])
    def test_a_file_that_never_ends_is_refused_and_not_waited_for(self, cli, home, file):
        os.mkfifo(home / file)
        ended = cli("run", "--check", "--data-dir", home)
        assert ended.code == (2 if file == "sotto.toml" else 1)
        assert f"{home / file} is not a regular file" in ended.err

    def test_settings_from_a_device_are_refused(self, cli):
        ended = cli("run", "--check", "--config-file", "/dev/zero")
        assert ended.code == 2 and "/dev/zero is not a regular file" in ended.err

    @pytest.mark.parametrize("file, text", [("identity", "no key"), ("rpc-token", "no token"), ("version", "999\n"),
                                            ("version", ""), ("version", "odd")])
    def test_a_damaged_file_of_the_data_directory_exits_1_and_is_named(self, cli, home, file, text):
        (home / file).write_text(text)
        ended = cli("run", "--check", "--data-dir", home)
        assert (ended.code, ended.out) == (1, "")
        assert str(home) in ended.err and (file in ended.err or "another version" in ended.err)

    def test_an_identity_that_devp2p_cannot_use_exits_2(self, cli, home):
        (home / "identity").write_text("ed25519:" + "11" * 32)
        ended = cli("run", "--check", "--data-dir", home)
        assert (ended.code, ended.out) == (2, "") and "--devp2p-identity-file" in ended.err

    def test_an_identity_file_where_none_can_be_made_exits_1(self, cli, home):
        ended = cli("run", "--check", "--identity-file", home / "missing/identity")
        assert ended.code == 1 and str(home / "missing/identity") in ended.err

    def test_a_data_directory_that_everybody_may_write_is_refused_by_check_and_run(self, cli, home):
        (home / "data").mkdir()
        (home / "data").chmod(0o777)
        for args in (["--check"], ["--listen", "none", "--rpc", "none"]):
            ended = cli("run", "--data-dir", home / "data", *args)
            assert ended.code == 1 and "chmod 700" in ended.err, ended
        assert list((home / "data").iterdir()) == []

    def test_a_settings_file_that_cannot_be_read_is_no_missing_one(self, cli, home):
        """Settings that were meant to hold must not be passed over in silence."""
        (home / "sotto.toml").mkdir()
        ended = cli("run", "--check", "--data-dir", home)
        assert (ended.code, ended.out) == (2, "") and str(home / "sotto.toml") in ended.err

    def test_both_at_once_are_refused(self, cli):
        assert cli("run", "--check", "--print-config").code == 2


class TestPrintConfig:
    def test_every_setting_is_there_with_its_value_and_its_source(self, cli, home):
        (home / "sotto.toml").write_text('# ours\nmin-pow = 0.25\nserve = ["echo"]\n')
        ended = cli("run", "--print-config", "--data-dir", home, "--log-level", "warn", SOTTO_POW_RULE="legacy")
        assert (ended.code, ended.err) == (0, "")
        flags = set(re.findall(r"--([a-z0-9-]+)", cli("help", "run").out))
        settings = tomllib.loads(ended.out)
        assert settings.keys() == flags - {"help", "config-file", "check", "print-config"}
        assert settings["min-pow"] == 0.25 and settings["json"] is False and settings["max-connections"] == 192
        lines = ended.out.splitlines()
        assert f'min-pow = 0.25  # {home}/sotto.toml:2' in lines
        assert f'serve = ["echo"]  # {home}/sotto.toml:3' in lines
        assert 'log-level = "warn"  # flag --log-level' in lines
        assert 'pow-rule = "legacy"  # environment SOTTO_POW_RULE' in lines
        assert 'rpc = "localhost:8545"  # default' in lines
        assert all("  # " in line for line in lines if line not in ("limit = [", "]"))

    def test_what_it_prints_can_be_fed_back(self, cli, home):
        args = ["--data-dir", str(home / 'da"ta'), "--listen", "none", "--limit", "pool-bytes=unlimited",
                "--limit", "connections-in=5", "--max-connections", "30", "--exempt", "10.0.0.0/8"]
        first = cli("run", "--print-config", *args)
        assert first.code == 0, first.err
        (home / "fed.toml").write_text(first.out)
        again = cli("run", "--print-config", "--config-file", home / "fed.toml")
        assert again.code == 0, again.err
        assert tomllib.loads(again.out) == tomllib.loads(first.out)
        assert cli("run", "--check", "--config-file", home / "fed.toml").out == "ok\n"

    def test_with_json_it_is_one_object(self, cli, home):
        ended = cli("run", "--print-config", "--json", "--serve", "perf")
        [line] = ended.out.splitlines()
        told = json.loads(line)
        assert told["serve"] == {"value": ["perf"], "source": "flag --serve"}
        assert told["log-level"] == {"value": "info", "source": "default"}
        assert "pool-envelopes=200000" in told["limit"]["value"]

    def test_no_secret_is_printed(self, sotto, cli):
        node = sotto()
        secrets = [(node.data_dir / name).read_text().strip() for name in ("identity", "rpc-token")]
        for args in ([], ["--json"]):
            printed = cli("run", "--print-config", "--data-dir", node.data_dir, *args).out
            assert str(node.data_dir / "identity") in printed
            assert not [secret for secret in secrets if secret in printed]

    def test_a_broken_setting_prints_nothing_and_exits_2(self, cli, home):
        ended = cli("run", "--print-config", "--min-pow", "much")
        assert (ended.code, ended.out) == (2, "") and "--min-pow" in ended.err
