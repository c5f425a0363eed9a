# SPDX-License-Identifier: Apache-2.0 OR MIT
"""What rpc.discover says of the methods is true: every one is called, and its parameters and its answer are held to it."""

import contextlib

import pytest

from support.ipc import Ipc, socket_of
from support.node import RpcError
from support.schema import Schemas

TOPIC = "0x01020304"
PASSPHRASE = "correct horse battery staple"
SECRET = "0x" + "33" * 32
POST = {"payload": "0x2a", "ttl": 60, "powTime": 5, "powTarget": 0.002}


class Caller:
    """call("shh_version"): over the socket, where everything may be called."""

    def __init__(self, ipc: Ipc, document: dict):
        self._ipc = ipc
        self.methods = {method["name"]: method for method in document["methods"]}
        self.schemas = Schemas(document)
        self.called: set[tuple[str, int]] = set()
        self.strict = True  # about what is given

    def __call__(self, method: str, *params):
        described = self.methods[method]
        assert len(params) <= len(described["params"])
        for given, param in zip(params, described["params"]):
            assert not self.strict or self.schemas.problems(given, param["schema"], f"{method} {param['name']}") == []
        result = self._ipc.call(method, *params)
        assert self.schemas.problems(result, described["result"]["schema"], method) == []
        self.called.add((method, len(params)))
        return result


@pytest.fixture
def other(sotto):
    return sotto(name="other")


@pytest.fixture
def call(sotto):
    node = sotto("--limit", "held-by=1")
    with Ipc(socket_of(node)) as ipc:
        yield Caller(ipc, ipc.call("rpc.discover"))


def call_about_the_node(call, other):
    assert call("admin_addPeer", other.multiaddr) is True
    other.await_peers(1)
    assert call("admin_peers") and call("sotto_peers") and call("net_peerCount") == "0x1"
    for method in ("admin_nodeInfo", "admin_reload", "net_listening", "net_version", "rpc.discover", "rpc_modules",
                   "shh_info", "shh_version", "sotto_status", "web3_clientVersion"):
        assert call(method) not in (None, "", {})
    call("admin_pageLink")
    call("admin_setLimits", {"rpc-batch": 50, "pool-envelopes": "unlimited"})
    call("admin_setLogLevel", "debug")
    call("web3_sha3", "0x00ff")
    call("shh_setMaxMessageSize", 1_000_000)
    call("shh_setMinPoW", 0.001)
    call("shh_setBloomFilter", "0x" + "ff" * 64)
    call("shh_markTrustedPeer", other.multiaddr)
    assert call("shh_makeLightClient") is True and call("shh_cancelLightClient") is True


def call_about_stored_keys(call):
    made = [call("admin_keyCreate", PASSPHRASE, {"lightKdf": True}), call("admin_keyCreate", PASSPHRASE),
            call("admin_keyImport", SECRET, PASSPHRASE)]
    [listed, *_] = call("admin_keyList")
    assert listed["id"] == made[0]["id"]
    file = call("admin_keyExport", made[0]["id"])
    pair = call("admin_keyUnlock", made[0]["id"], PASSPHRASE)
    assert call("shh_getPublicKey", pair) == made[0]["publicKey"]
    assert call("admin_keyLock", made[0]["id"]) is True and call("admin_keyLock", made[0]["id"]) is False
    for key in made:
        call("admin_keyRemove", key["id"])
    call("admin_keyImport", file, PASSPHRASE, {"lightKdf": True})


def call_about_keys(call) -> tuple[str, str]:
    """A key pair and a symmetric key that are left."""
    pair, known = call("shh_newKeyPair"), call("shh_addPrivateKey", SECRET)
    assert call("shh_hasKeyPair", pair) is True
    assert call("shh_getPrivateKey", known) == SECRET
    contact = call("shh_getPublicKey", known)
    call("sotto_contactKey", pair, contact)
    call("sotto_contactTopic", pair, contact)
    call("shh_deleteKeyPair", known)
    key, password = call("shh_newSymKey"), call("shh_generateSymKeyFromPassword", "lobby")
    assert call("shh_getSymKey", call("shh_addSymKey", SECRET)) == SECRET
    assert call("shh_hasSymKey", password) is True
    assert call("shh_deleteSymKey", password) is True and call("shh_hasSymKey", password) is False
    call("sotto_chatIdentity")
    return pair, key


def call_about_messages(call, pair: str, key: str, peer: str):
    public = call("shh_getPublicKey", pair)
    every = {"symKeyID": key, "sig": public, "topics": [TOPIC], "minPow": 0.001, "allowP2P": True}
    filters = [call("shh_newMessageFilter", every), call("shh_newMessageFilter", {"privateKeyID": pair})]
    posted = [call("shh_post", {**POST, "symKeyID": key, "topic": TOPIC, "sig": pair, "padding": "0x00", "ticket": "mine"}),
              call("shh_post", {**POST, "pubKey": public, "targetPeer": peer})]
    for hash_ in posted:
        assert call("sotto_messageState", hash_)["hash"] == hash_
    call("shhext_post", {**POST, "pubKey": public})
    [message] = call("shh_getFilterMessages", filters[0])
    assert message["hash"] == posted[0]
    [fresh] = call("shhext_getNewFilterMessages", filters[1])
    assert fresh["message"]["payload"] == POST["payload"]
    call("shhext_confirmMessagesProcessed", [fresh["message"]])
    call("shhext_confirmMessagesProcessedByID", [fresh["id"]])
    call("shh_deleteMessageFilter", filters[1])
    criteria = {"symKeyID": key, "topics": [TOPIC]}
    call("shh_unsubscribe", call("shh_subscribe", "messages", criteria))
    for subscription in (call("sotto_subscribe", "messages", criteria), call("sotto_subscribe", "states", {"hash": posted[0]}),
                         call("sotto_subscribe", "peers")):
        call("sotto_unsubscribe", subscription)


def test_every_method_takes_and_answers_what_the_document_says(call, other):
    call_about_the_node(call, other)
    call_about_stored_keys(call)
    pair, key = call_about_keys(call)
    call_about_messages(call, pair, key, other.multiaddr)
    call("admin_removePeer", other.multiaddr)
    # With each optional parameter, and without.
    every = {(name, count) for name, method in call.methods.items()
             for count in range(sum(param["required"] for param in method["params"]), len(method["params"]) + 1)}
    assert call.called == every


def test_every_field_of_a_parameter_is_read(call):
    """What has the wrong type is refused, unless nobody looks at it."""
    key = call("shh_newSymKey")
    takers = {"Criteria": (lambda it: call("shh_newMessageFilter", it), {"symKeyID": key, "topics": [TOPIC]}),
              "NewMessage": (lambda it: call("shh_post", it), {**POST, "symKeyID": key, "topic": TOPIC}),
              "KdfOptions": (lambda it: call("admin_keyCreate", PASSPHRASE, it), {"lightKdf": True})}
    unread = []
    call.strict = False
    for name, (take, sound) in takers.items():
        take(sound)
        for field in call.schemas.resolve({"$ref": f"#/components/schemas/{name}"})["properties"]:
            with contextlib.suppress(RpcError):
                take({**sound, field: {}})
                unread.append(f"{name}.{field}")
    assert unread == []


def test_examples_fit_their_schemas(call):
    schemas = [param["schema"] for method in call.methods.values() for param in method["params"]]
    examples = [(example, schema) for schema in schemas for example in call.schemas.resolve(schema).get("examples", [])]
    assert examples and [why for pair in examples for why in call.schemas.problems(*pair)] == []
