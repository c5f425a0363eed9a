# SPDX-License-Identifier: Apache-2.0 OR MIT
"""What our node owes to every foreign Whisper peer, on whichever network it is."""

import pytest

from support.whisper import LIMIT, TOPIC, bloom_of, check_asymmetric, check_symmetric, end, wire_totals

MANY = 10_000
MANY_LIMIT = 120  # seconds; geth alone takes about 6
LITTLE_WORK = 0.00001
OTHER_TOPIC = "0x0a0b0c07"


def address(peer) -> str:
    return peer.ready["enode"] or peer.multiaddr


def connect(node, peer, peer_dials: bool) -> None:
    """Both ends know of the session when this returns. A node that dials was started with the peer's address."""
    if peer_dials:
        peer.call("connect", addr=node.multiaddr if peer.ready["enode"] is None else node.enode)
    peer.wait_event("session", LIMIT, state="up", inbound=not peer_dials)
    node.await_peers(1)


class WhisperPeerCases:
    """A subclass names the program."""

    program: str

    @pytest.fixture(params=["it dials us", "we dial it"])
    def linked(self, request, start_peer, sotto):
        return self.link(start_peer, sotto, peer_dials=request.param == "it dials us")

    @pytest.fixture
    def dialled(self, start_peer, sotto):
        return self.link(start_peer, sotto, peer_dials=False)

    def link(self, start_peer, sotto, peer_dials: bool, min_pow: float = 0.002):
        work = str(min_pow)
        peer = start_peer(self.program, "-min-pow", work)
        wanted = [] if peer_dials else ["--peer", address(peer)]
        node = sotto("--min-pow", work, *wanted)
        connect(node, peer, peer_dials)
        return node, peer

    def test_symmetric_messages_pass_both_ways(self, linked):
        node, peer = linked
        check_symmetric(peer, node)
        check_symmetric(node, peer)

    def test_asymmetric_messages_pass_both_ways(self, linked):
        node, peer = linked
        check_asymmetric(peer, node)
        check_asymmetric(node, peer)

    def test_many_messages_each_way_are_neither_lost_nor_doubled_nor_changed(self, linked):
        node, peer = linked
        check_symmetric(peer, node, count=MANY, timeout=MANY_LIMIT)
        assert wire_totals(peer, "in")["envelopes"] == 0, "what a peer sent came back to it"
        check_symmetric(node, peer, count=MANY, timeout=MANY_LIMIT)
        assert wire_totals(peer, "in") == {"envelopes": MANY, "distinct": MANY, "duplicates": 0}
        # It may send one of ours back: it notes that we have an envelope only after its pool has it, and its tick runs between.
        assert wire_totals(peer, "out")["distinct"] >= MANY
        assert peer.drain("session") == [], "the session did not last"

    @pytest.mark.parametrize("size", [0, 1, 255, 256, 70_000, 500_000])
    def test_a_payload_of_any_size_passes_both_ways(self, start_peer, sotto, size):
        # every nonce hashes the whole envelope: at the usual work the largest would take minutes
        node, peer = self.link(start_peer, sotto, peer_dials=False, min_pow=LITTLE_WORK)
        payload = "0x" + "a5" * size
        for sender, receiver in ((end(peer), end(node)), (end(node), end(peer))):
            filter_id = receiver.subscribe(symKeyID=receiver.sym_key(), topics=[TOPIC])
            hashes = sender.post(1, payload, symKeyID=sender.sym_key(), topic=TOPIC, powTarget=LITTLE_WORK)
            [message] = receiver.receive(filter_id, 1, LIMIT)
            assert (message["hash"], message["payload"]) == (hashes[0], payload + "00000000")

    def test_an_envelope_below_the_announced_work_is_not_sent(self, dialled):
        node, peer = dialled
        ours, theirs = end(node), end(peer)
        filter_id = theirs.subscribe(symKeyID=theirs.sym_key(), topics=[TOPIC])
        peer.call("setMinPow", pow=2.0)
        check_symmetric(peer, node, count=1, powTarget=2.5, ttl=10)  # so the announcement has been read
        key = ours.sym_key()
        ours.post(1, "0x10", symKeyID=key, topic=TOPIC, powTarget=0.003, ttl=120)
        worthy = ours.post(1, "0x11", symKeyID=key, topic=TOPIC, powTarget=2.5, ttl=10)
        own = theirs.receive(filter_id, 2, LIMIT)  # the one it posted itself, and the worthy one
        assert worthy[0] in {m["hash"] for m in own}
        assert wire_totals(peer, "in")["envelopes"] == 1
        assert peer.drain("session") == []

    def test_an_envelope_outside_the_announced_bloom_is_not_sent(self, dialled):
        node, peer = dialled
        ours, theirs = end(node), end(peer)
        filter_id = theirs.subscribe(symKeyID=theirs.sym_key(), topics=[TOPIC])
        peer.call("setBloom", bloom=bloom_of(TOPIC))
        check_symmetric(peer, node, count=1)  # so the announcement has been read
        key = ours.sym_key()
        ours.post(1, "0x10", symKeyID=key, topic=OTHER_TOPIC)
        wanted = ours.post(1, "0x11", symKeyID=key, topic=TOPIC)
        own = theirs.receive(filter_id, 2, LIMIT)
        assert wanted[0] in {m["hash"] for m in own}
        assert wire_totals(peer, "in")["envelopes"] == 1
        assert peer.drain("session") == []


class DirectMessageCases:
    """Code 127 passes between peers that trust each other, and reaches filters that allow it."""

    program: str

    def test_a_direct_message_of_a_trusted_peer_arrives(self, start_peer, sotto):
        peer = start_peer(self.program)
        node = sotto("--peer", peer.enode)
        connect(node, peer, peer_dials=False)
        assert node.rpc("shh_markTrustedPeer", peer.enode) is True
        [known] = peer.call("peers")
        peer.call("trust", peer=known["id"])
        for sender, receiver, target in ((end(peer), end(node), node.enode), (end(node), end(peer), peer.enode)):
            filter_id = receiver.subscribe(symKeyID=receiver.sym_key(), topics=[TOPIC], allowP2P=True)
            sender.post(1, "0x77", symKeyID=sender.sym_key(), topic=TOPIC, targetPeer=target)
            [message] = receiver.receive(filter_id, 1, LIMIT)
            assert message["payload"] == "0x7700000000"
        codes = peer.call("counters")["wire"][known["id"]]
        assert codes["in"]["codes"]["127"] == codes["out"]["codes"]["127"] == 1
