# SPDX-License-Identifier: Apache-2.0 OR MIT
"""go-ethereum v1.9.18's accounts/keystore reads what we write, and we read what it writes."""

import json
import subprocess
from pathlib import Path

import pytest

from support.cli import Cli, sotto_binary

PASSPHRASE = "pass phrase with a ü and spaces "
LIGHT = pytest.mark.parametrize("light", [True, False], ids=["light", "standard"])


@pytest.fixture
def keystore(tmp_path) -> Path:
    return tmp_path / "data/keystore"


@pytest.fixture
def sotto_key(tmp_path):
    """sotto_key("list") runs a verb on the data directory and gives its JSON lines."""
    (tmp_path / "passphrase").write_text(PASSPHRASE + "\n")
    cli = Cli(sotto_binary(), tmp_path)

    def run(verb: str, *args, light: bool = False) -> list[dict]:
        needs_passphrase = verb in ("create", "import")
        ended = cli("key", verb, *args, "--data-dir", tmp_path / "data", "--json",
                    *(["--passphrase-file", tmp_path / "passphrase"] if needs_passphrase else []),
                    *(["--light-kdf"] if light else []), timeout=60)
        assert ended.code == 0, ended.err
        return [json.loads(line) for line in ended.out.splitlines()]
    return run


@pytest.fixture
def geth_keys(go_peers, keystore):
    def run(command: str, *args: str, folder: Path = keystore, passphrase: str = PASSPHRASE):
        done = subprocess.run([go_peers / "gethkeys", command, folder, *args], input=passphrase, capture_output=True,
                              text=True, timeout=60)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        return json.loads(done.stdout)
    return run


@LIGHT
def test_geth_lists_and_opens_what_we_write(geth_keys, sotto_key, tmp_path, light):
    secret = "7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d"
    (tmp_path / "secret").write_text(secret)
    [taken] = sotto_key("import", tmp_path / "secret", light=light)
    [made] = sotto_key("create", light=light)
    assert [(key["address"], key["file"]) for key in geth_keys("list")] == [
        (key["id"], key["file"]) for key in (taken, made)]
    assert geth_keys("open", taken["id"])["secret"] == secret
    assert geth_keys("open", made["id"])["address"] == made["id"]
    with pytest.raises(RuntimeError, match="could not decrypt"):
        geth_keys("open", made["id"], passphrase=PASSPHRASE.strip())


@LIGHT
def test_we_list_and_open_what_geth_writes(geth_keys, sotto_key, sotto, keystore, light):
    """Once by a file in our folder, which a node unlocks, and once by an import."""
    made = geth_keys("create", *(["light"] if light else []))
    [known] = sotto_key("list")
    assert (known["id"], known["file"]) == (made["address"], made["file"])
    node = sotto(name="data")
    pair = node.rpc("admin_keyUnlock", made["address"], PASSPHRASE, token=True)
    assert node.rpc("shh_addPrivateKey", "0x" + made["secret"]) == pair, "an id is that of a public key"

    sotto_key("export", made["address"], keystore.parent / "copy")
    sotto_key("remove", made["address"])
    [taken] = sotto_key("import", keystore.parent / "copy", light=True)
    assert taken["publicKey"] == node.rpc("shh_getPublicKey", pair)
    assert geth_keys("open", made["address"])["secret"] == made["secret"]
