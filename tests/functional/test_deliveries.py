# SPDX-License-Identifier: Apache-2.0 OR MIT
"""What is posted is followed to its end, and what was accepted survives the process."""

import concurrent.futures
import contextlib
import random
import signal
import subprocess
import threading
from urllib.parse import urlsplit

import pytest

from support.cli import sotto_binary
from support.node import Node, RpcError, until
from support.peers import PeerError
from support.preload import compiled
from support.websocket import WebSocket

KEY = "0x" + "5a" * 32
TOPIC = "0x01020304"
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
    assert seen[0]["hash"] is None and all(told["hash"] == hash_ for told in seen[1:])
    now = state(a, hash_)
    assert now["state"] == "acknowledged" and now["heldBy"] == 1 and now["envelopes"] == [hash_]
    assert now["sentTo"] == now["acknowledgedBy"] == [b.peer_id]
    with pytest.raises(RpcError, match="no message of this hash"):
        state(b, hash_)


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


def post_until_killed(node: Node, key: str, numbers, accepted: dict, lock: threading.Lock) -> None:
    with contextlib.suppress(PeerError):
        while True:
            number = next(numbers)
            hash_ = node.rpc("shh_post", message(key, number), timeout=5)
            with lock:
                accepted[hash_] = number


def test_nothing_that_was_accepted_is_lost_by_a_hundred_kills(sotto, cleanup):
    node = sotto("--limit", "followed-messages=unlimited")
    identity = (node.data_dir / "identity").read_bytes()
    accepted: dict[str, int] = {}
    lock = threading.Lock()
    numbers = iter(range(1 << 32))
    dice = random.Random(7)
    for _ in range(KILLS):
        key = node.rpc("shh_addSymKey", KEY)
        with concurrent.futures.ThreadPoolExecutor(POSTERS) as pool:
            posts = [pool.submit(post_until_killed, node, key, numbers, accepted, lock) for _ in range(POSTERS)]
            # From before the first answer to well behind some hundred.
            concurrent.futures.wait(posts, timeout=dice.uniform(0.005, 0.15))
            node.kill()
            for post in posts:
                post.result()
        node = node.restart()
        cleanup.callback(node.kill)
        assert (node.data_dir / "identity").read_bytes() == identity
    assert len(accepted) > KILLS
    for hash_ in accepted:
        assert state(node, hash_)["state"] == "sealed"
    receiver = sotto(name="receiver")
    filter_ = receiver.rpc("shh_newMessageFilter", {"symKeyID": receiver.rpc("shh_addSymKey", KEY), "topics": [TOPIC]})
    connect(node, receiver)
    wanted = set(accepted.values())
    came: list[int] = []

    def all_came() -> bool:
        came.extend(int(m["payload"], 16) for m in receiver.rpc("shh_getFilterMessages", filter_))
        return wanted <= set(came)
    until(all_came, 60, lambda: f"{len(wanted - set(came))} of {len(wanted)} messages", receiver)
    assert len(came) == len(set(came)), "a message came twice"


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
