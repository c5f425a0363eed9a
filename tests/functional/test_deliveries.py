# SPDX-License-Identifier: Apache-2.0 OR MIT
"""What is posted is followed to its end, and what was accepted survives the process."""

import concurrent.futures
import contextlib
import itertools
import random
import re
import signal
import subprocess
from urllib.parse import urlsplit

import pytest

from support.cli import sotto_binary
from support.keccak import keccak256
from support.node import Node, RpcError, until
from support.peers import PeerError
from support.preload import compiled
from support.websocket import WebSocket

KEY = "0x" + "5a" * 32
TOPIC = "0x01020304"
PASSPHRASE = "correct horse battery staple"
KEY_FILE = re.compile(r"UTC--.*Z--([0-9a-f]{40})")
POSTERS = 4
KILLS = 100


def message(key: str, number: int, ttl: int = 600) -> dict:
    return {"symKeyID": key, "topic": TOPIC, "payload": f"0x{number:08x}", "ttl": ttl, "powTarget": 0.002, "powTime": 5}


@pytest.fixture
def start_node(cleanup):
    """start_node(folder, LD_PRELOAD=…): a node in that data directory, with these variables."""
    def start(data_dir, **variables: str) -> Node:
        node = Node(sotto_binary(), data_dir, env=variables)
        cleanup.callback(node.kill)
        return node
    return start


def connect(a: Node, b: Node) -> None:
    a.rpc("admin_addPeer", b.multiaddr, token=True)
    a.await_peers(1)


def state(node: Node, hash_: str) -> dict:
    return node.rpc("sotto_messageState", hash_)


def test_a_message_is_followed_from_queued_to_acknowledged(sotto):
    a, b = sotto(name="a"), sotto(name="b")
    connect(a, b)
    key = a.rpc("shh_addSymKey", KEY)
    with WebSocket((urlsplit(a.http).hostname, urlsplit(a.http).port)) as watch:
        watch.call("sotto_subscribe", "states")
        hash_ = a.rpc("shh_post", message(key, 1) | {"ticket": "mine"})
        seen = []
        while not seen or seen[-1]["state"] != "acknowledged":
            told = watch.receive()["params"]["result"]
            assert told["ticket"] == "mine"
            seen.append(told)
    assert [told["state"] for told in seen] == ["queued", "sealed", "sent", "acknowledged"]
    assert [told["confirms"] for told in seen] == [False, False, True, True]
    assert seen[0]["hash"] is None and all(told["hash"] == hash_ for told in seen[1:])
    now = state(a, hash_)
    assert now["state"] == "acknowledged" and now["heldBy"] == 1 and now["envelopes"] == [hash_]
    assert now["sentTo"] == now["acknowledgedBy"] == [b.peer_id]
    with pytest.raises(RpcError, match="no message of this hash"):
        state(b, hash_)


@pytest.mark.parametrize("limit, networks", [([], ("devp2p", "libp2p")), (["--limit", "held-by=1"], ("devp2p",))],
                         ids=["two peers, by default", "one, if asked"])
def test_a_message_is_held_once_enough_peers_confirmed_it(sotto, limit, networks):
    node = sotto(*limit)
    peers = [sotto(name=network) for network in networks]
    key = node.rpc("shh_addSymKey", KEY)
    with WebSocket((urlsplit(node.http).hostname, urlsplit(node.http).port)) as watch:
        watch.call("sotto_subscribe", "states")
        seen = []

        def next_state() -> str:
            seen.append(watch.receive()["params"]["result"])
            return seen[-1]["state"]

        hash_ = node.rpc("shh_post", message(key, 1))
        wanted = ["queued", "sealed"]
        assert [next_state() for _ in wanted] == wanted
        for number, (peer, network) in enumerate(zip(peers, networks), 1):
            address = peer.enode if network == "devp2p" else peer.multiaddr
            assert state(node, hash_)["state"] != "held"
            node.rpc("admin_addPeer", address, token=True)
            last = "held" if number == len(peers) else "acknowledged"
            while next_state() != last:
                assert seen[-1]["state"] in ("sent", "acknowledged"), seen
    assert seen[-1]["hash"] == hash_
    now = state(node, hash_)
    assert (now["state"], now["heldBy"]) == ("held", len(peers))
    assert set(now["acknowledgedBy"]) == {peer.peer_id for peer in peers}


def test_a_message_that_nobody_takes_expires_and_says_why(sotto):
    node = sotto()
    hash_ = node.rpc("shh_post", message(node.rpc("shh_addSymKey", KEY), 1, ttl=1))
    assert state(node, hash_)["state"] == "sealed"
    ended = until(lambda: (now := state(node, hash_))["state"] == "expired" and now, 10, "end of the message", node)
    assert ended["reason"] == "no peer could be reached in time"


def test_what_was_acknowledged_before_a_restart_is_known_behind_it(sotto, cleanup):
    a, b = sotto(name="a"), sotto(name="b")
    connect(a, b)
    hash_ = a.rpc("shh_post", message(a.rpc("shh_addSymKey", KEY), 1))
    until(lambda: state(a, hash_)["state"] == "acknowledged", 10, "acknowledgement", a)
    a.signal(signal.SIGTERM)
    assert a.wait_exit() == 0
    again = a.restart()
    cleanup.callback(again.kill)
    assert state(again, hash_)["state"] == "acknowledged"
    assert state(again, hash_)["acknowledgedBy"] == [b.peer_id]


class Load:
    """What is asked of a node until it is killed, and what it said yes to."""

    def __init__(self):
        self.posts: dict[str, int] = {}  # number by hash
        self.keys: dict[str, str] = {}  # public key by address
        self._numbers = itertools.count(1)

    def put_on(self, node: Node, seconds: float) -> None:
        key = node.rpc("shh_addSymKey", KEY)
        work = [lambda: self._post(node, key)] * POSTERS + [lambda: self._create_key(node)]
        with concurrent.futures.ThreadPoolExecutor(len(work)) as pool:
            asking = [pool.submit(until_killed, ask) for ask in work]
            concurrent.futures.wait(asking, timeout=seconds)
            node.kill()
            for end in asking:
                end.result()

    def _post(self, node: Node, key: str) -> None:
        number = next(self._numbers)
        self.posts[node.rpc("shh_post", message(key, number), timeout=5)] = number

    def _create_key(self, node: Node) -> None:
        made = node.rpc("admin_keyCreate", PASSPHRASE, {"lightKdf": True}, token=True, timeout=5)
        self.keys[made["id"]] = made["publicKey"]


def until_killed(ask) -> None:
    with contextlib.suppress(PeerError):
        while True:
            ask()


class Inbox:
    """What came to a node that is not killed, by the numbers of the messages."""

    def __init__(self, node: Node):
        self.node = node
        key = node.rpc("shh_addSymKey", KEY)
        self._filter = node.rpc("shh_newMessageFilter", {"symKeyID": key, "topics": [TOPIC]})
        self._came: list[int] = []

    def numbers(self) -> list[int]:
        self._came += [int(m["payload"], 16) for m in self.node.rpc("shh_getFilterMessages", self._filter)]
        return self._came


def check_posts(node: Node, posts: dict[str, int], inboxes: list[Inbox]) -> None:
    """Each is followed still, and whoever is said to have confirmed it has it."""
    held = {inbox.node.peer_id: inbox for inbox in inboxes}
    states = node.rpc_all(("sotto_messageState", [hash_]) for hash_ in posts)
    came = {peer: set(inbox.numbers()) for peer, inbox in held.items()}
    confirmed = 0
    for now, number in zip(states, posts.values()):
        assert now["state"] in ("sealed", "sent", "acknowledged", "held"), now
        for peer in now["acknowledgedBy"]:
            assert number in came[peer], now
            confirmed += 1
    assert confirmed > 0


def check_keys(node: Node, created: dict[str, str]) -> None:
    """No file is torn, and none is missing; there may be one whose creation nobody was told of."""
    files = [KEY_FILE.fullmatch(path.name) for path in (node.data_dir / "keystore").iterdir()]
    there = {name[1] for name in files if name}
    assert there >= created.keys()
    for address in there:
        pair = node.rpc("admin_keyUnlock", address, PASSPHRASE, token=True)
        public = node.rpc("shh_getPublicKey", pair)
        assert keccak256(bytes.fromhex(public[4:]))[-20:].hex() == address
        assert created.get(address, public) == public


def test_nothing_that_was_accepted_is_lost_by_a_hundred_kills(sotto, cleanup):
    node = sotto("--limit", "followed-messages=unlimited")
    inboxes = [Inbox(sotto(name=name)) for name in ("devp2p", "libp2p")]
    addresses = [inboxes[0].node.enode, inboxes[1].node.multiaddr]
    identity = (node.data_dir / "identity").read_bytes()
    load = Load()
    dice = random.Random(7)
    for cycle in range(KILLS):
        # Alone, with a peer on devp2p, with one on libp2p; they may hang up on the old connection only now.
        if way := cycle % 3:
            node.rpc("admin_addPeer", addresses[way - 1], token=True)
            node.await_peers(1)
        # From before the first answer to well behind some hundred.
        load.put_on(node, dice.uniform(0.005, 0.15))
        node = node.restart()
        cleanup.callback(node.kill)
        assert (node.data_dir / "identity").read_bytes() == identity
        for inbox in inboxes:
            inbox.numbers()
    assert len(load.posts) > KILLS and len(load.keys) > 10
    check_keys(node, load.keys)
    check_posts(node, load.posts, inboxes)
    for address in addresses:
        node.rpc("admin_addPeer", address, token=True)
    wanted = set(load.posts.values())
    for inbox in inboxes:
        until(lambda: wanted <= set(inbox.numbers()), 60,
              lambda: f"{len(wanted - set(inbox.numbers()))} of {len(wanted)} messages", inbox.node)
        assert len(inbox.numbers()) == len(set(inbox.numbers())), "a message came twice"


@pytest.fixture
def small_disk(tmp_path, cleanup):
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "tmpfs", folder], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.decode().strip()}")
    cleanup.callback(lambda: subprocess.run(["umount", "-l", folder], check=True))
    return folder


def test_a_full_disk_is_told_to_the_poster_and_nothing_is_acknowledged_falsely(small_disk, start_node):
    node = start_node(small_disk / "data")
    key = node.rpc("shh_addSymKey", KEY)
    accepted = []
    big = "0x" + "00" * 20_000
    with pytest.raises(RpcError, match="no space left") as refused:
        for number in range(200):
            accepted.append(node.rpc("shh_post", message(key, number) | {"padding": big}))
    assert "database" in refused.value.message
    assert accepted and all(state(node, hash_)["state"] == "sealed" for hash_ in accepted)
    subprocess.run(["mount", "-o", "remount,size=8m", small_disk], check=True)
    late = until(lambda: post_or_none(node, message(key, 999)), 10, "post with room again", node)
    node.kill()
    again = start_node(small_disk / "data")
    for hash_ in [*accepted, late]:
        assert state(again, hash_)["state"] == "sealed"


def post_or_none(node: Node, post: dict) -> str | None:
    with contextlib.suppress(RpcError):
        return node.rpc("shh_post", post)


SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static int sabotaged(void) { return access(getenv("FAIL_SYNC"), F_OK) == 0; }
#define SYNC(name)                                                    \
    int name(int file) {                                              \
        if (sabotaged()) { errno = EIO; return -1; }                  \
        return ((int (*)(int))dlsym(RTLD_NEXT, #name))(file);         \
    }
SYNC(fsync)
SYNC(fdatasync)
"""


@pytest.fixture
def failing_sync(tmp_path):
    """A library that makes fsync fail while a file exists: its path, and that file."""
    return compiled(SHIM, tmp_path), tmp_path / "fail-now"


def test_a_failed_fsync_is_told_to_the_poster_and_the_message_does_not_come_back(failing_sync, start_node, tmp_path):
    shim, trigger = failing_sync
    node = start_node(tmp_path / "data", LD_PRELOAD=str(shim), FAIL_SYNC=str(trigger))
    key = node.rpc("shh_addSymKey", KEY)
    before = node.rpc("shh_post", message(key, 1))
    trigger.touch()
    for number in (2, 3):
        with pytest.raises(RpcError, match="database"):
            node.rpc("shh_post", message(key, number))
    trigger.unlink()
    after = until(lambda: post_or_none(node, message(key, 4)), 10, "post that is kept again", node)
    node.kill()
    again = start_node(tmp_path / "data")
    assert state(again, before)["state"] == state(again, after)["state"] == "sealed"
    receiver = start_node(tmp_path / "receiver")
    filter_ = receiver.rpc("shh_newMessageFilter", {"symKeyID": receiver.rpc("shh_addSymKey", KEY), "topics": [TOPIC]})
    connect(again, receiver)
    assert {int(m["payload"], 16) for m in receiver.receive(filter_, 2, 20)} == {1, 4}
    assert receiver.rpc("shh_getFilterMessages", filter_) == []
