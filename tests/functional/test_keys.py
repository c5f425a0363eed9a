# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Key pairs for chat at rest: `sotto key create|import|export|list|remove` and admin_key*."""

import json
import os
import re
import resource
import shutil
import signal
import stat
import subprocess
import tempfile
import termios
import threading
import time
from pathlib import Path

import pytest

from support.cli import clean_environment, sotto_binary
from support.node import RpcError
from support.peers import PeerError
from support.terminal import Terminal

VECTORS = json.loads((Path(__file__).parents[1] / "vectors/eth/keystore.json").read_text())
PASSPHRASE = "correct horse battery staple"
VECTOR_PASSPHRASE = VECTORS["scrypt"]["password"]
SECRET = VECTORS["scrypt"]["secret"]
ADDRESS = "008aeeda4d805471df9b2a5b0f38a0c3bcba786b"
NAME = re.compile(r"UTC--\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{9}Z--([0-9a-f]{40})")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


@pytest.fixture
def passphrase(home) -> Path:
    file = home / "passphrase"
    file.write_text(PASSPHRASE + "\n")
    return file


@pytest.fixture
def vector(home) -> Path:
    """A key file of another wallet, with the file of its passphrase."""
    (home / "vector-passphrase").write_text(VECTOR_PASSPHRASE)
    file = home / "vector.json"
    file.write_text(json.dumps(VECTORS["pbkdf2"]["json"]))
    return file


@pytest.fixture
def create(cli, home, passphrase):
    """create() makes a key with little work and returns what the verb says of it."""
    def run(*args, data="data", **options) -> dict:
        made = cli("key", "create", "--data-dir", home / data, "--passphrase-file", passphrase, "--light-kdf", "--json",
                   *args, **options)
        assert made.code == 0, made.err
        return json.loads(made.out)
    return run


def listed(cli, folder) -> list[dict]:
    ended = cli("key", "list", "--data-dir", folder, "--json")
    assert ended.code == 0, ended.err
    return [json.loads(line) for line in ended.out.splitlines()]


class TestVerbs:
    def test_create_keeps_a_key_as_geth_names_it_for_the_owner_only_whatever_the_umask(self, cli, home, create):
        made = create(umask=0)
        file = Path(made["file"])
        assert file.parent == home / "data/keystore" and NAME.fullmatch(file.name)[1] == made["id"]
        assert (mode(home / "data"), mode(file.parent), mode(file)) == (0o700, 0o700, 0o600)
        assert re.fullmatch("0x04[0-9a-f]{128}", made["publicKey"])
        content = json.loads(file.read_text())
        assert content["version"] == 3 and content["address"] == made["id"]
        assert content["crypto"]["kdfparams"] | {"salt": ""} == {"dklen": 32, "n": 4096, "r": 8, "p": 6, "salt": ""}

    def test_the_standard_kdf_is_geths(self, cli, home, passphrase):
        made = cli("key", "create", "--data-dir", home, "--passphrase-file", passphrase, "--json")
        kdf = json.loads(Path(json.loads(made.out)["file"]).read_text())["crypto"]["kdfparams"]
        assert (kdf["n"], kdf["r"], kdf["p"]) == (262144, 8, 1)

    def test_list_tells_of_every_key_by_age(self, cli, home, create):
        assert listed(cli, home / "data") == []
        made = [create() for _ in range(3)]
        known = listed(cli, home / "data")
        assert [key["id"] for key in known] == [key["id"] for key in made]
        assert all(re.fullmatch(r"[\d-]{10}T[\d:]{8}\.\d{9}Z", key["created"]) for key in known)
        spoken = cli("key", "list", "--data-dir", home / "data")
        assert [line.split()[0] for line in spoken.out.splitlines()] == [key["id"] for key in made]

    def test_a_key_is_exported_and_imported_elsewhere_under_its_passphrase(self, cli, home, create, passphrase):
        made = create()
        saved = cli("key", "export", made["id"], home / "copy.json", "--data-dir", home / "data", umask=0)
        assert saved.code == 0, saved.err
        assert mode(home / "copy.json") == 0o600
        taken = cli("key", "import", home / "copy.json", "--data-dir", home / "other", "--passphrase-file", passphrase,
                    "--light-kdf", "--json", umask=0)
        assert taken.code == 0, taken.err
        told = json.loads(taken.out)
        assert (told["id"], told["publicKey"]) == (made["id"], made["publicKey"])
        assert mode(Path(told["file"])) == 0o600

    def test_a_wallets_key_file_and_the_secret_in_hex_are_one_key(self, cli, home, vector, passphrase):
        taken = cli("key", "import", vector, "--data-dir", home / "a", "--passphrase-file", home / "vector-passphrase",
                    "--light-kdf", "--json")
        assert taken.code == 0, taken.err
        assert json.loads(taken.out)["id"] == ADDRESS
        for source, stdin in ((home / "secret", ""), ("-", f"0x{SECRET}\n")):
            (home / "secret").write_text(SECRET)
            folder = home / f"b{len(stdin)}"
            hexed = cli("key", "import", source, "--data-dir", folder, "--passphrase-file", passphrase, "--light-kdf",
                        "--json", stdin=stdin)
            assert hexed.code == 0, hexed.err
            assert json.loads(hexed.out)["publicKey"] == json.loads(taken.out)["publicKey"]
            assert SECRET not in hexed.out + hexed.err + Path(json.loads(hexed.out)["file"]).read_text()

    def test_remove_deletes_that_key_alone(self, cli, home, create):
        gone, kept = create(), create()
        removed = cli("key", "remove", "0x" + gone["id"].upper(), "--data-dir", home / "data")
        assert (removed.code, removed.err) == (0, "")
        assert [key["id"] for key in listed(cli, home / "data")] == [kept["id"]]
        again = cli("key", "remove", gone["id"], "--data-dir", home / "data")
        assert again.code == 1 and "sotto key list" in again.err

    def test_nothing_is_overwritten(self, cli, home, create, vector):
        made = create()
        before = Path(made["file"]).read_bytes()
        (home / "taken").write_text("mine")
        assert cli("key", "export", made["id"], home / "taken", "--data-dir", home / "data").code == 1
        assert (home / "taken").read_text() == "mine"
        cli("key", "export", made["id"], home / "copy", "--data-dir", home / "data")
        again = cli("key", "import", home / "copy", "--data-dir", home / "data", "--passphrase-file",
                    home / "passphrase", "--light-kdf")
        assert again.code == 1 and made["id"] in again.err
        assert Path(made["file"]).read_bytes() == before and len(listed(cli, home / "data")) == 1


class TestPassphrase:
    def import_with(self, cli, home, vector, *args, **options):
        return cli("key", "import", vector, "--data-dir", home / "data", "--light-kdf", *args, **options)

    @pytest.mark.parametrize("content, code", [
        (VECTOR_PASSPHRASE, 0), (VECTOR_PASSPHRASE + "\n", 0), (VECTOR_PASSPHRASE + "\r\n", 0),
        (VECTOR_PASSPHRASE + " ", 1), (VECTOR_PASSPHRASE.upper(), 1), ("", 1),
        (VECTOR_PASSPHRASE + "\n\n", 2), ("x" * 1100, 2)])
    def test_it_is_the_one_line_of_its_file(self, cli, home, vector, content, code):
        (home / "p").write_text(content)
        ended = self.import_with(cli, home, vector, "--passphrase-file", home / "p")
        assert ended.code == code, ended
        assert len(listed(cli, home / "data")) == (code == 0)
        assert len(content) < 3 or content.strip() not in ended.err

    def test_it_comes_through_a_descriptor(self, home, vector):
        for text, code in ((VECTOR_PASSPHRASE, 0), ("wrong", 1)):
            read, write = os.pipe()
            os.write(write, text.encode())
            os.close(write)
            done = subprocess.run(
                [sotto_binary(), "key", "import", vector, "--data-dir", home / f"data{code}", "--light-kdf",
                 "--passphrase-fd", str(read)], pass_fds=(read,), env=clean_environment(home), capture_output=True,
                timeout=30, text=True)
            os.close(read)
            assert done.returncode == code, done.stderr

    @pytest.mark.parametrize("args, named", [
        (["--passphrase-fd", "77"], "--passphrase-fd 77"),
        (["--passphrase-fd", "-1"], "--passphrase-fd"),
        (["--passphrase-file", "missing"], "--passphrase-file missing"),
        (["--passphrase-file", "a", "--passphrase-fd", "0"], "--passphrase-f"),
        (["--passphrase", "secret"], "'--passphrase'"),
    ])
    def test_wrong_sources_are_wrong_usage(self, cli, home, vector, args, named):
        ended = self.import_with(cli, home, vector, *args)
        assert (ended.code, ended.out) == (2, ""), ended
        assert named in ended.err and "secret" not in ended.err
        assert not (home / "data/keystore").exists()

    def test_key_and_passphrase_do_not_both_come_from_stdin(self, cli, home):
        ended = cli("key", "import", "-", "--passphrase-fd", "0", "--data-dir", home, stdin=SECRET)
        assert ended.code == 2 and "standard input" in ended.err

    def test_an_empty_one_protects_nothing(self, cli, home):
        (home / "empty").write_text("\n")
        ended = cli("key", "create", "--data-dir", home / "data", "--passphrase-file", home / "empty", "--light-kdf")
        assert ended.code == 2 and "empty" in ended.err
        assert listed(cli, home / "data") == []

    def test_a_file_that_others_may_read_is_warned_of(self, cli, home, passphrase):
        create = ("key", "create", "--data-dir", home / "data", "--light-kdf", "--passphrase-file")
        passphrase.chmod(0o644)
        [warning] = cli(*create, passphrase).err.splitlines()
        assert warning.startswith("W ") and f"chmod 600 {passphrase}" in warning
        passphrase.chmod(0o600)
        assert cli(*create, passphrase).err == ""
        assert cli(*create, "/dev/stdin", stdin=PASSPHRASE + "\n").err == ""

    def test_without_a_terminal_it_says_what_to_give(self, home):
        done = subprocess.run([sotto_binary(), "key", "create", "--data-dir", home / "data"], capture_output=True,
                              start_new_session=True, env=clean_environment(home), text=True, timeout=20)
        assert done.returncode == 2 and "--passphrase-file" in done.stderr


class TestTerminal:
    @pytest.fixture
    def terminal(self, home, cleanup):
        def start(*args):
            running = Terminal([sotto_binary(), "key", *args, "--data-dir", home / "data", "--light-kdf"],
                               clean_environment(home))
            cleanup.callback(running.kill)
            return running
        return start

    def test_it_asks_twice_and_shows_nothing(self, cli, home, terminal):
        shown = terminal("create")
        shown.wait("^Passphrase:")
        shown.type("s3cret words\n")
        shown.wait("^The same again:")
        shown.type("s3cret words\n")
        shown.wait("^public key")
        assert shown.wait_exit() == 0
        assert b"s3cret" not in shown.raw
        [key] = listed(cli, home / "data")
        (home / "p").write_text("s3cret words")
        again = cli("key", "import", key["file"], "--data-dir", home / "other", "--passphrase-file", home / "p",
                    "--light-kdf")
        assert again.code == 0, again.err

    def test_two_that_differ_make_no_key(self, cli, home, terminal):
        shown = terminal("create")
        shown.wait("^Passphrase:")
        shown.type("one\n")
        shown.wait("^The same again:")
        shown.type("two\n")
        assert shown.wait_exit() == 1
        assert listed(cli, home / "data") == []

    def test_the_line_can_be_edited_and_is_bounded(self, home, terminal, vector):
        shown = terminal("import", str(vector))
        shown.wait("^Passphrase:")
        shown.type("nonsense\x15" + VECTOR_PASSPHRASE + "xx\x7f\x7f\n")
        shown.wait(ADDRESS)
        assert shown.wait_exit() == 0
        shown = terminal("create")
        shown.wait("^Passphrase:")
        shown.type("x" * 1100 + "\n")
        shown.wait("too long")
        assert shown.wait_exit() == 2

    def test_a_key_file_asks_once(self, home, terminal, vector):
        shown = terminal("import", str(vector))
        shown.wait("^Passphrase:")
        shown.type(VECTOR_PASSPHRASE + "\n")
        shown.wait(ADDRESS)
        assert shown.wait_exit() == 0

    def test_ctrl_c_gives_up_and_leaves_the_terminal_as_it_was(self, cli, home, terminal):
        shown = terminal("create")
        shown.wait("^Passphrase:")
        assert not shown.modes()[3] & termios.ECHO
        shown.type("half\x03")
        assert shown.wait_exit() == 1
        assert shown.modes()[3] & termios.ECHO
        assert listed(cli, home / "data") == []


class TestHostile:
    @pytest.mark.parametrize("change, named", [
        ({"n": 1 << 30}, "MiB"), ({"n": 1024}, "weak"), ({"r": 1 << 40}, "MiB"), ({"p": 1 << 40}, "work"),
        ({"n": 262143}, "power"), ({"dklen": 1 << 40}, "dklen"), ({"salt": "00" * 5000}, "salt")])
    def test_parameters_that_ask_too_much_or_too_little_are_refused_at_once(self, cli, home, change, named):
        file = json.loads(json.dumps(VECTORS["scrypt"]["json"]))
        file["crypto"]["kdfparams"].update(change)
        (home / "hostile").write_text(json.dumps(file))
        started = time.monotonic()
        ended = cli("key", "import", home / "hostile", "--data-dir", home / "data", "--passphrase-fd", "0",
                    stdin=VECTOR_PASSPHRASE)
        assert ended.code == 1 and named in ended.err, ended
        assert time.monotonic() - started < 5

    @pytest.mark.parametrize("content", [b"", b"{", b"\0" * 100, b"{" * 9000, b"x" * 20000, b"ed25519:" + b"11" * 32,
                                         b"00" * 32, b"ff" * 32, b"11" * 31])
    def test_what_is_no_key_is_refused_by_name_and_not_quoted(self, cli, home, content):
        (home / "file").write_bytes(content)
        ended = cli("key", "import", home / "file", "--data-dir", home / "data", "--passphrase-fd", "0", stdin="x")
        assert ended.code in (1, 2) and str(home / "file") in ended.err
        assert len(content) < 60 or content.decode() not in ended.err
        assert listed(cli, home / "data") == []

    def test_links_are_not_followed(self, cli, home, create, passphrase):
        victim = home / "victim"
        victim.mkdir(mode=0o755)
        (home / "data").mkdir()
        (home / "data/keystore").symlink_to(victim)
        ended = cli("key", "create", "--data-dir", home / "data", "--passphrase-file", passphrase, "--light-kdf")
        assert ended.code == 1 and "link" in ended.err
        assert list(victim.iterdir()) == [] and mode(victim) == 0o755

        made = create(data="good")
        (home / "precious").write_text("precious")
        (home / "out").symlink_to(home / "precious")
        (home / "dangling").symlink_to(home / "nowhere")
        for target in ("out", "dangling"):
            assert cli("key", "export", made["id"], home / target, "--data-dir", home / "good").code == 1
        assert (home / "precious").read_text() == "precious" and not (home / "nowhere").exists()
        stored = Path(made["file"])
        stored.rename(home / "moved")
        stored.symlink_to(home / "moved")
        assert cli("key", "export", made["id"], home / "fresh", "--data-dir", home / "good").code == 1
        assert not (home / "fresh").exists()

    def test_temporaries_and_foreign_files_are_ignored(self, cli, home, create):
        made = create()
        file = Path(made["file"])
        (file.parent / (file.name + ".tmp.aZ09bx")).write_text('{"crypto":{"ci')
        (file.parent / "README").write_text("hello")
        assert [key["id"] for key in listed(cli, home / "data")] == [made["id"]]
        assert cli("key", "export", made["id"], home / "copy", "--data-dir", home / "data").code == 0

    def test_a_kill_at_any_moment_leaves_whole_keys_only(self, cli, home, passphrase):
        """Killed at moments spread over the life of the verb; some of them die before, some within, some after the write."""
        folder = home / "data"
        argv = [sotto_binary(), "key", "create", "--data-dir", folder, "--passphrase-file", passphrase, "--light-kdf"]
        started = time.monotonic()
        assert subprocess.run(argv, capture_output=True, timeout=30, env=clean_environment(home)).returncode == 0
        took = time.monotonic() - started
        killed = 0
        for i in range(60):
            process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                       env=clean_environment(home))
            try:
                process.wait(took * i / 50)
            except subprocess.TimeoutExpired:
                process.kill()
                killed += 1
            process.wait()
        assert killed > 10
        keys = listed(cli, folder)
        assert 1 <= len(keys) <= 61
        for number, key in enumerate(keys):
            assert mode(Path(key["file"])) == 0o600
            ended = cli("key", "import", key["file"], "--data-dir", home / "check", "--passphrase-file", passphrase,
                        "--light-kdf")
            assert ended.code == 0, ended.err
        assert cli("key", "create", "--data-dir", folder, "--passphrase-file", passphrase, "--light-kdf").code == 0

    def test_a_full_disk_is_an_error_and_leaves_no_key(self, home, passphrase):
        """A limit on the size of files stands in for it: the write fails in the middle."""
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))

        folder = home / "data"
        done = subprocess.run(
            [sotto_binary(), "key", "create", "--data-dir", folder, "--passphrase-file", passphrase, "--light-kdf"],
            capture_output=True, text=True, timeout=30, env=clean_environment(home), preexec_fn=limit)
        assert done.returncode == 1 and "cannot write" in done.stderr, done
        assert list((folder / "keystore").iterdir()) == []


class TestRpc:
    @pytest.fixture
    def node(self, sotto):
        return sotto("--log-level", "trace")

    @staticmethod
    def call(node, method, *params, **options):
        return node.rpc(f"admin_key{method}", *params, token=True, **options)

    @pytest.fixture
    def made(self, node) -> dict:
        return self.call(node, "Create", PASSPHRASE, {"lightKdf": True})

    def test_a_key_is_made_unlocked_used_and_locked(self, node, made):
        assert mode(Path(made["file"])) == 0o600 and Path(made["file"]).parent == node.data_dir / "keystore"
        [before] = self.call(node, "List")
        assert (before["id"], before["keyPairId"]) == (made["id"], None)
        pair = self.call(node, "Unlock", "0x" + made["id"], PASSPHRASE)
        assert node.rpc("shh_getPublicKey", pair) == made["publicKey"]
        assert self.call(node, "List")[0]["keyPairId"] == pair
        assert self.call(node, "Unlock", made["id"], PASSPHRASE) == pair
        sym = node.rpc("shh_newSymKey")
        node.rpc("shh_post", {"symKeyID": sym, "sig": pair, "ttl": 10, "topic": "0x01020304", "payload": "0x00",
                              "powTime": 1, "powTarget": 0.002})
        assert self.call(node, "Lock", made["id"]) is True
        assert node.rpc("shh_hasKeyPair", pair) is False
        assert self.call(node, "List")[0]["keyPairId"] is None
        assert self.call(node, "Lock", made["id"]) is False

    def test_an_unlocked_key_is_used_and_not_read(self, node, made):
        pair = self.call(node, "Unlock", made["id"], PASSPHRASE)
        for name in (pair, made["publicKey"]):
            with pytest.raises(RpcError, match="sotto key export"):
                node.rpc("shh_getPrivateKey", name)
        own = node.rpc("shh_addPrivateKey", "0x" + SECRET)
        assert node.rpc("shh_getPrivateKey", own) == "0x" + SECRET
        assert self.call(node, "Import", "0x" + SECRET, PASSPHRASE, {"lightKdf": True})["id"] == ADDRESS
        assert self.call(node, "Unlock", ADDRESS, PASSPHRASE) == own
        assert node.rpc("shh_addPrivateKey", "0x" + SECRET) == own
        with pytest.raises(RpcError, match="sotto key export"):
            node.rpc("shh_getPrivateKey", own)
        assert self.call(node, "Lock", ADDRESS) is True
        assert node.rpc("shh_addPrivateKey", "0x" + SECRET) == own
        assert node.rpc("shh_getPrivateKey", own) == "0x" + SECRET

    def test_what_the_verbs_wrote_the_node_reads_and_the_other_way(self, cli, home, node, made, passphrase):
        wrote = cli("key", "create", "--data-dir", node.data_dir, "--passphrase-file", passphrase, "--light-kdf",
                    "--json")
        assert wrote.code == 0, wrote.err
        ids = [made["id"], json.loads(wrote.out)["id"]]
        assert [key["id"] for key in self.call(node, "List")] == ids
        assert [key["id"] for key in listed(cli, node.data_dir)] == ids
        assert self.call(node, "Unlock", ids[1], PASSPHRASE)

    def test_import_and_export(self, node):
        light = {"lightKdf": True}
        taken = self.call(node, "Import", VECTORS["pbkdf2"]["json"], VECTOR_PASSPHRASE, light)
        assert taken["id"] == ADDRESS
        file = self.call(node, "Export", ADDRESS)
        assert file["version"] == 3 and file["crypto"]["kdf"] == "scrypt" and file["address"] == ADDRESS
        assert self.call(node, "Remove", ADDRESS) is True
        assert self.call(node, "Import", "0x" + SECRET, PASSPHRASE, light)["id"] == ADDRESS
        with pytest.raises(RpcError, match="kept already"):
            self.call(node, "Import", file, VECTOR_PASSPHRASE, light)

    def test_remove_locks_too(self, node, made):
        pair = self.call(node, "Unlock", made["id"], PASSPHRASE)
        assert self.call(node, "Remove", made["id"]) is True
        assert node.rpc("shh_hasKeyPair", pair) is False
        assert self.call(node, "List") == [] and not Path(made["file"]).exists()

    def test_errors_say_what_is_wrong(self, node, made):
        wrong = [
            ("Unlock", [made["id"], "wrong"], -32000, "passphrase is wrong"),
            ("Unlock", [made["id"]], -32602, "argument 1"),
            ("Unlock", ["00" * 20, PASSPHRASE], -32000, "no key"),
            ("Unlock", ["../rpc-token", PASSPHRASE], -32000, "no key"),
            ("Export", ["00" * 20], -32000, "no key"),
            ("Remove", [""], -32000, "no key"),
            ("Create", [""], -32000, "empty"),
            ("Create", ["x" * 1025], -32602, "too long"),
            ("Create", [PASSPHRASE, {"lightKdf": 1}], -32602, "lightKdf"),
            ("Import", ["0x" + "00" * 32, PASSPHRASE], -32602, "secret"),
            ("Import", [{"version": 3}, PASSPHRASE], -32602, "crypto"),
            ("Import", [VECTORS["pbkdf2"]["json"], "wrong"], -32000, "passphrase is wrong"),
        ]
        for method, params, code, text in wrong:
            with pytest.raises(RpcError) as caught:
                self.call(node, method, *params)
            assert caught.value.code == code and text in caught.value.message, (method, params, caught.value)
        assert len(self.call(node, "List")) == 1

    def test_every_method_needs_the_token(self, node, made):
        for method in ("Create", "Import", "Export", "List", "Remove", "Unlock", "Lock"):
            with pytest.raises(RpcError, match="Authorization"):
                node.rpc(f"admin_key{method}", made["id"], PASSPHRASE)
        assert len(self.call(node, "List")) == 1

    def test_costly_calls_take_turns_and_others_are_served_meanwhile(self, node):
        """Twelve standard keys at once: one works, eight wait, and who finds the line full is told so."""
        answers = []

        def ask():
            try:
                answers.append(self.call(node, "Create", PASSPHRASE, timeout=120)["id"])
            except RpcError as error:
                answers.append(error.message)
        callers = [threading.Thread(target=ask) for _ in range(12)]
        for caller in callers:
            caller.start()
        slowest = 0.0
        while any(caller.is_alive() for caller in callers):
            started = time.monotonic()
            node.rpc("shh_info")
            slowest = max(slowest, time.monotonic() - started)
            callers[-1].join(0.05)
        busy = [answer for answer in answers if "turn" in answer]
        assert len(answers) == 12 and len(busy) <= 3, answers
        assert {key["id"] for key in self.call(node, "List")} == set(answers) - set(busy)
        assert slowest < 2
        peak = int(re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{node.pid}/status").read_text())[1])
        assert peak < 2 * 256 * 1024, f"{peak} kB at the peak"

    def test_a_node_that_is_told_to_stop_within_a_call_stops(self, node):
        caller = threading.Thread(target=lambda: pytest.raises((RpcError, PeerError), self.call, node, "Create",
                                                               PASSPHRASE))
        caller.start()
        memory = re.compile(r"VmRSS:\s+(\d+) kB")
        deadline = time.monotonic() + 20
        while int(memory.search(Path(f"/proc/{node.pid}/status").read_text())[1]) < 128 * 1024:
            assert time.monotonic() < deadline, "scrypt never began"
            time.sleep(0.01)
        node.signal(signal.SIGTERM)
        assert node.wait_exit(10) == 0
        caller.join(20)

    def test_no_secret_is_logged_or_kept_in_the_environment(self, node, made):
        self.call(node, "Import", "0x" + SECRET, PASSPHRASE, {"lightKdf": True})
        self.call(node, "Unlock", ADDRESS, PASSPHRASE)
        with pytest.raises(RpcError):
            self.call(node, "Unlock", ADDRESS, "an-other-passphrase")
        log = (node.data_dir.parent / f"{node.data_dir.name}.log").read_bytes()
        for secret in (SECRET, PASSPHRASE, "an-other-passphrase"):
            assert secret.encode() not in log
        assert all(PASSPHRASE not in file.read_text(errors="replace") for file in node.data_dir.rglob("*")
                   if file.is_file())


class TestMemory:
    def test_no_core_files(self, sotto):
        node = sotto()
        limits = Path(f"/proc/{node.pid}/limits").read_text()
        assert re.search(r"^Max core file size +0 +0 ", limits, re.MULTILINE)

    def test_other_processes_of_the_user_may_not_read_the_memory(self, home):
        """The kernel gives the files of such a process to root."""
        if os.geteuid() == 0:
            user, folder = 65534, Path(tempfile.mkdtemp(dir="/tmp"))
        else:
            user, folder = os.geteuid(), home
        try:
            folder.chmod(0o755)
            binary = Path(shutil.copy(sotto_binary(), folder))
            data = folder / "data"
            data.mkdir()
            os.chown(data, user, -1)
            process = subprocess.Popen(
                [binary, "run", "--json", "--data-dir", data, "--listen", "none", "--rpc", "none"], user=user,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=clean_environment(data))
            try:
                assert json.loads(process.stdout.readline())["event"] == "ready"
                assert Path(f"/proc/{process.pid}/mem").stat().st_uid == 0
                assert process.poll() is None
            finally:
                process.kill()
                process.wait()
                process.stdout.close()
        finally:
            if folder != home:
                shutil.rmtree(folder)
