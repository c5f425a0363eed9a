# SPDX-License-Identifier: Apache-2.0 OR MIT
"""A node whose clock is off, between geth and Status's node: it loses envelopes, and no peer. Go programs read the
kernel's clock past every library, so it is ours that is set."""

import pytest

from interop.between import Between
from support.node import until
from support.preload import skewed_clock
from support.whisper import LIMIT, TOPIC, check_symmetric, end

TTL = 20
LONG = 20_000  # more than any clock here is off


@pytest.mark.parametrize("skew, refused", [(-3600, "fromFuture"), (-60, "fromFuture"), (-13, "fromFuture"),
                                           (60, "expired"), (3600, "expired")])
def test_a_verdict_that_depends_on_the_clock_ends_no_session(start_peer, sotto, tmp_path, skew, refused):
    between = Between(start_peer, sotto, env=skewed_clock(skew, tmp_path))
    for round_ in (1, 2):
        for peer in between.peers:
            end(peer).post(5, "0x51", symKeyID=end(peer).sym_key(), topic=TOPIC, ttl=TTL)
        between.await_refusals(refused, 10 * round_)
    told = between.status.wait_event("envelope", LIMIT, lambda e: e.get("errors"), name="batch.acknowleged")
    assert {e["Code"] for e in told["errors"]} == {36}
    assert between.counters()["accepted"] == 0
    if skew > 0:  # what lives long enough is relayed all the same
        check_symmetric(between.geth, between.status, ttl=LONG)
        check_symmetric(between.status, between.geth, ttl=LONG)
    assert len(between.node.peers()) == 2
    between.no_session_ended()


@pytest.mark.parametrize("skew", [-8, 8])
def test_clocks_within_the_allowance_cost_nothing(start_peer, sotto, tmp_path, skew):
    between = Between(start_peer, sotto, env=skewed_clock(skew, tmp_path))
    for sender, receiver in ((between.geth, between.status), (between.status, between.node),
                             (between.node, between.geth), (between.node, between.status)):
        check_symmetric(sender, receiver, ttl=60, powTarget=0.05)
    between.no_session_ended()


def test_a_message_that_was_refused_for_its_time_is_offered_again(start_peer, sotto, tmp_path):
    status = start_peer("statuspeer", "-min-pow", "0.002")
    node = sotto("--min-pow", "0.002", "--peer", status.enode, env=skewed_clock(14, tmp_path))
    status.wait_event("session", LIMIT, state="up")
    [hash_] = end(node).post(1, "0x52", symKeyID=end(node).sym_key(), topic=TOPIC)

    def state() -> dict:
        return node.rpc("sotto_messageState", hash_)
    refused = until(lambda: (now := state())["reason"] and now, LIMIT, "refusal", node)
    assert (refused["state"], refused["reason"]) == ("sealed", "a peer refused it: envelope from future")
    until(lambda: state()["state"] == "acknowledged", LIMIT, lambda: f"acknowledgement: {state()}", node)
    assert hash_ in status.call("envelopes")
    assert status.drain("session") == []


def test_geth_hangs_up_on_what_it_holds_to_come_from_the_future(start_peer, sotto, tmp_path):
    """Not ours to mend: a message that was posted ahead of time is what it says. The peer is dialled anew."""
    between = Between(start_peer, sotto, env=skewed_clock(60, tmp_path))
    [hash_] = end(between.node).post(1, "0x53", symKeyID=end(between.node).sym_key(), topic=TOPIC)
    assert between.geth.wait_event("session", LIMIT, state="down")["reason"] == "invalid envelope"
    assert between.geth.wait_event("session", LIMIT, state="up")
    assert between.status.drain("session") == []
    assert hash_ not in between.status.call("envelopes")
