# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Murmur 0.3.4 over devp2p: base protocol version 4, and little work in its envelopes."""

import pytest

from interop.cases import LIMIT
from support.js import check_signed

MIN_POW = "0.001"  # it mines for another rule: what is left under EIP-627's varies


@pytest.fixture(params=["it dials us", "we dial it"])
def linked(request, start_js, sotto):
    murmur = start_js("murmur")
    work = ("--min-pow", MIN_POW, "--pow-rule", "both")
    if request.param == "we dial it":
        node = sotto(*work, "--peer", murmur.enode)
    else:
        node = sotto(*work)
        murmur.call("connect", addr=node.enode)
    node.await_peers(1)
    return node, murmur


def test_the_handshake_is_one_that_murmur_understands(linked):
    node, murmur = linked
    up = murmur.wait_event("session", LIMIT, state="up")
    assert up["peer"] == node.enode.removeprefix("enode://").split("@")[0]
    assert up["client"].startswith("Sotto/") and "shh/6" in up["caps"] and up["base"] >= 4
    status = murmur.wait_event("status", LIMIT)
    assert status["version"] == 6
    [peer] = node.peers()
    assert peer["name"].startswith("murmur/") and peer["transport"] == "rlpx"


@pytest.mark.parametrize("to_key", [False, True], ids=["symmetric", "asymmetric"])
def test_signed_messages_pass_both_ways(linked, to_key):
    node, murmur = linked
    murmur.wait_event("status", LIMIT)  # it answers ours, and the session is up
    check_signed(murmur, node, to_key=to_key)
    check_signed(node, murmur, to_key=to_key)
    murmur.wait_event("session", state="up")
    assert murmur.drain("session") == [] and len(node.peers()) == 1


def test_a_peer_on_the_other_network_talks_with_murmur_through_our_node(start_js, sotto):
    bridge = sotto("--min-pow", MIN_POW, name="bridge")
    murmur = start_js("murmur")
    murmur.call("connect", addr=bridge.enode)
    murmur.wait_event("status", LIMIT)
    # a low minimum: an outbox goes by EIP-627, for which Murmur's envelopes have work only by luck
    far = sotto("--min-pow", "0.000001", "--peer", bridge.multiaddr, listen=("none",), name="far")
    bridge.await_peers(2)
    assert {peer["transport"] for peer in bridge.peers()} == {"rlpx", "libp2p"}
    for to_key in (False, True):
        check_signed(murmur, far, to_key=to_key)
        check_signed(far, murmur, to_key=to_key)
