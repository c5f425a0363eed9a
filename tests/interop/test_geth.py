# SPDX-License-Identifier: Apache-2.0 OR MIT
"""go-ethereum v1.9.18, the last of its kind that speaks Whisper, over devp2p."""

import time

import pytest

from interop.cases import LITTLE_WORK, DirectMessageCases, WhisperPeerCases
from support.whisper import LIMIT, TOPIC, check_symmetric, end, wire_totals

LARGEST_MESSAGE = 1 << 20  # bytes; geth hangs up on a packet above, and its own kind sends one
BACKLOG_LIMIT = 10  # seconds


class TestGeth(WhisperPeerCases, DirectMessageCases):
    program = "gethpeer"

    @pytest.mark.parametrize("peer_dials", [True, False], ids=["it dials us", "we dial it"])
    def test_a_backlog_of_three_times_the_largest_message_arrives_when_it_comes(self, start_peer, sotto, peer_dials):
        node = sotto("--min-pow", str(LITTLE_WORK))
        ours = end(node)
        key = ours.sym_key()
        wanted = {"symKeyID": key, "topic": TOPIC, "powTarget": LITTLE_WORK, "ttl": 300}
        hashes = ours.post(1_000, "0x5a", **wanted)
        for number in range(30):
            hashes += ours.post(1, f"0x{number:02x}" + "a5" * 100_000, **wanted)
        assert node.rpc("shh_info")["memory"] >= 3 * LARGEST_MESSAGE

        peer = start_peer(self.program, "-min-pow", str(LITTLE_WORK))
        filter_id = end(peer).subscribe(symKeyID=end(peer).sym_key(), topics=[TOPIC])
        if peer_dials:
            peer.call("connect", addr=node.enode)
        else:
            node.rpc("admin_addPeer", peer.enode, token=True)
        peer.wait_event("session", LIMIT, state="up")
        began = time.monotonic()
        came = end(peer).receive(filter_id, len(hashes), BACKLOG_LIMIT)
        assert {m["hash"] for m in came} == set(hashes)
        print(f"all of it after {time.monotonic() - began:.1f} s")
        assert wire_totals(peer, "in")["duplicates"] == 0
        check_symmetric(peer, node, count=1)
        assert peer.drain("session") == [], "the session did not last"
