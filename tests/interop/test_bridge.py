# SPDX-License-Identifier: Apache-2.0 OR MIT
"""geth on devp2p, our node, go-libp2p: what one end posts the other reads, as if there were one network."""

import pytest

from support.whisper import LIMIT, check_asymmetric, check_symmetric, wire_totals

MANY = 2000
RETURN_LIMIT = 60  # seconds until both ends are back after the node was killed


@pytest.fixture
def ends(start_peer):
    return start_peer("gethpeer", name="geth"), start_peer("libp2ppeer", name="go-libp2p")


@pytest.fixture
def bridge(ends, sotto):
    """The node dials geth, which would redial only 35 s after its last attempt; go-libp2p dials the node and redials."""
    geth, libp2p = ends
    node = sotto("--peer", geth.enode)
    libp2p.call("connect", addr=node.multiaddr, keep=True)
    await_both(geth, libp2p, node)
    return node


def await_both(geth, libp2p, node, timeout=LIMIT):
    for peer in (geth, libp2p):
        peer.wait_event("session", timeout, state="up")
    node.await_peers(2)


def test_messages_cross_in_each_direction(ends, bridge):
    geth, libp2p = ends
    for sender, receiver in ((geth, libp2p), (libp2p, geth)):
        check_symmetric(sender, receiver)
        check_asymmetric(sender, receiver)


def test_the_bytes_of_envelopes_are_unchanged(ends, bridge):
    geth, libp2p = ends
    hashes = check_symmetric(geth, libp2p, ttl=120) + check_symmetric(libp2p, geth, ttl=120)
    there, here = geth.call("envelopes"), libp2p.call("envelopes")
    assert set(there) == set(hashes)
    assert there == here


def test_many_messages_cross_once_and_do_not_come_back(ends, bridge):
    geth, libp2p = ends
    once = {"envelopes": MANY, "distinct": MANY, "duplicates": 0}
    check_symmetric(geth, libp2p, count=MANY, timeout=60)
    check_symmetric(libp2p, geth, count=MANY, timeout=60)
    for peer in ends:
        assert wire_totals(peer, "in") == once
        assert wire_totals(peer, "out") == once


def test_both_ends_are_back_after_the_node_was_killed(ends, bridge, cleanup):
    geth, libp2p = ends
    check_symmetric(geth, libp2p)
    bridge.kill()
    for peer in ends:
        peer.wait_event("session", LIMIT, state="down")
    again = bridge.restart()
    cleanup.callback(again.kill)
    assert (again.enode, again.peer_id) == (bridge.enode, bridge.peer_id)
    await_both(geth, libp2p, again, RETURN_LIMIT)
    check_symmetric(geth, libp2p)
    check_symmetric(libp2p, geth)
