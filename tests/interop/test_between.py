# SPDX-License-Identifier: Apache-2.0 OR MIT
"""geth 1.9.18 and Status's Whisper 1.6.2 as peers at once, our node between them: every code of shh/6, and what each
end may ask of the others."""

import random
import struct
import time

import pytest

from interop.between import MIN_POW, NO_BLOOM, Between, packet, resealed, sealed
from support.node import until
from support.whisper import LIMIT, PASSWORD, TOPIC, bloom_of, check_asymmetric, check_symmetric, end
from support.whisper_oracle import rlp

OTHER_TOPIC = "0x0a0b0c07"
PLAIN_TOPIC = "0x60708000"
QUIRKS = ("0x00010200", "0x0001ff00", "0x10121404")  # topics with two or three bits in one byte of the filter
TOLERANCE = 10  # seconds in which what was asked for before is taken
HIGH_POW = 2.5
TIME_NOT_SYNCED, OTHER_ERROR = 36, 37  # of message 12, as Status's constants came out


@pytest.fixture
def start_between(start_peer, sotto):
    def start(*args, **options) -> Between:
        return Between(start_peer, sotto, *args, **options)
    return start


@pytest.fixture
def between(start_between) -> Between:
    return start_between()


def bits(pow_: float) -> bytes:
    """The payload of code 2."""
    return rlp(struct.unpack(">Q", struct.pack(">d", pow_))[0])


def test_messages_cross_in_each_direction_unchanged(between):
    for sender, receiver in ((between.geth, between.status), (between.status, between.geth)):
        hashes = check_symmetric(sender, receiver, ttl=120)
        check_asymmetric(sender, receiver)
        theirs, ours = receiver.call("envelopes"), sender.call("envelopes")
        assert {h: theirs[h] for h in hashes} == {h: ours[h] for h in hashes}
    between.no_session_ended()


class TestCodes:
    def test_what_is_unknown_is_ignored(self, between):
        dice = random.Random(1)
        for peer in between.peers:
            for code in (0, 4, 10, 13, 19, 21, 22, 122):
                between.raw(peer, code, dice.randbytes(40))
                between.raw(peer, code, b"\xc0")
        between.unharmed()

    def test_confirmations_of_what_was_never_sent_are_ignored(self, between):
        for peer in between.peers:
            batch = random.randbytes(32)
            between.raw(peer, 11, rlp(batch))
            between.raw(peer, 12, rlp([1, [batch, [[random.randbytes(32), 36, b"time"]]]]))
            between.raw(peer, 12, rlp([2, b"what a later version says"]))
        between.unharmed()

    def test_direct_messages_one_or_many_reach_who_trusts_the_sender_and_nobody_else(self, between, tmp_path):
        ours = end(between.node)
        filter_id = ours.subscribe(symKeyID=ours.sym_key(), topics=[TOPIC], allowP2P=True)
        for peer in between.peers:
            first, *others = sealed(peer, tmp_path, 3, powTarget=0, ttl=60)
            between.raw(peer, 127, first.encoded())
            between.heard(peer)
            heard = {m["hash"] for m in ours.late(filter_id)}
            assert first.hash() not in heard, "from a stranger"
            between.trust(peer)
            between.raw(peer, 127, first.encoded())
            between.raw(peer, 127, packet(*others))
            wanted = {e.hash() for e in (first, *others)}
            assert {m["hash"] for m in ours.receive(filter_id, 3, LIMIT)} == wanted
            between.heard(peer)
            ours.late(filter_id)
            assert not wanted & set(between.other(peer).call("envelopes")), "a direct message was passed on"
        between.no_session_ended()

    def test_requests_for_mail_are_refused_politely(self, between, tmp_path):
        for peer in between.peers:
            peer.call("trust", peer=between.ids[peer])  # so that it looks at the answer
            [letter] = sealed(peer, tmp_path, 1)
            request_id = random.randbytes(32)
            between.raw(peer, 126, letter.encoded())
            between.raw(peer, 126, rlp([request_id, 1, 2, 10, b"", bytes(64)]))
            between.raw(peer, 123, rlp([1, 2, bytes(64), 10, b""]))
            between.await_code(peer, 125, 2)
            between.await_code(peer, 124, 1)
            if peer is between.status:
                for id_ in (letter.hash(), "0x" + request_id.hex()):
                    told = peer.wait_event("envelope", LIMIT, name="mailserver.request.completed", hash=id_)
                    assert told["error"] == "no mail is kept here"
        between.unharmed()

    def test_answers_to_no_request_of_ours_are_ignored(self, between):
        for peer in between.peers:
            between.raw(peer, 124, rlp([[], b"", 1, b""]))
            between.raw(peer, 125, rlp(random.randbytes(32)))
            between.trust(peer)
            between.raw(peer, 124, rlp([[], b"", 1, b""]))
            between.raw(peer, 125, rlp(random.randbytes(64)))
        between.unharmed()

    @pytest.mark.parametrize("code, payload", [
        (1, b"\xc1\x05"), (1, b"\x80"), (2, bits(float("nan"))), (2, bits(-1.0)), (3, rlp(bytes(63))),
        (11, rlp(bytes(31)))],
        ids=["no envelope", "no list", "PoW NaN", "PoW below 0", "bloom too short", "hash too short"])
    def test_what_nobody_could_mean_ends_that_session_and_no_other(self, between, code, payload):
        between.raw(between.status, code, payload)
        between.status.wait_event("session", LIMIT, state="down")
        check_symmetric(between.geth, between.node)
        assert between.geth.drain("session") == []


class TestConfirmations:
    def test_status_confirms_what_we_send_and_geth_does_not(self, between):
        key = end(between.node).sym_key()
        [hash_] = end(between.node).post(1, "0x01", symKeyID=key, topic=TOPIC)
        state = between.await_state(hash_, "acknowledged")
        between.await_at(between.geth, hash_)
        until(lambda: len(between.state(hash_)["sentTo"]) == 2, LIMIT, "word that geth was sent it", between.node)
        state = between.state(hash_)
        assert state["acknowledgedBy"] == [between.peer_id(between.status)]
        assert (state["state"], state["heldBy"], state["envelopes"]) == ("acknowledged", 1, [hash_])

    def test_we_confirm_what_status_sends(self, between):
        check_symmetric(between.status, between.node, count=1)
        sent = between.status.wait_event("envelope", LIMIT, name="envelope.sent")
        for errors in ({"errors": []}, {}):  # message 12, then 11
            told = between.status.wait_event("envelope", LIMIT, name="batch.acknowleged", batch=sent["batch"])
            assert {k: v for k, v in told.items() if k == "errors"} == errors
        assert "11" not in between.codes(between.geth, "in") and "12" not in between.codes(between.geth, "in")

    def test_a_refusal_is_told_to_who_understands_it_and_ends_no_session(self, between, tmp_path):
        for peer in between.peers:
            made = sealed(peer, tmp_path, 5)
            good = resealed(made[0], worthy=("eip627",))
            poor = resealed(made[1], unworthy=("eip627", "legacy"))
            future = resealed(made[2], worthy=("eip627",), sent_ago=-15)
            old = resealed(made[3], worthy=("eip627",), sent_ago=60)
            late = resealed(made[4], worthy=("eip627",), sent_ago=25)  # a little: nobody's fault
            between.send(peer, poor, future, old, late, good)
            between.await_at(between.other(peer), good.hash())
            assert not {e.hash() for e in (poor, future, old, late)} & set(between.other(peer).call("envelopes"))
            if peer is between.status:
                told = peer.wait_event("envelope", LIMIT, lambda e: e.get("errors"), name="batch.acknowleged")
                refused = {e["Hash"]: (e["Code"], e["Description"]) for e in told["errors"]}
                assert refused.items() >= {
                    poor.hash(): (OTHER_ERROR, "envelope with low PoW"),
                    future.hash(): (TIME_NOT_SYNCED, "envelope from future"),
                    old.hash(): (TIME_NOT_SYNCED, "very old envelope")}.items()
                assert good.hash() not in refused
        between.unharmed()


class TestWork:
    @pytest.mark.parametrize("rule, taken", [("eip627", ["new"]), ("legacy", ["old"]), ("both", ["new", "old"])])
    def test_each_rule_takes_what_was_sealed_for_it(self, start_between, tmp_path, rule, taken):
        between = start_between("--pow-rule", rule)
        ours = end(between.node)
        filter_id = ours.subscribe(symKeyID=ours.sym_key(), topics=[TOPIC])
        for peer in between.peers:
            new, old = sealed(peer, tmp_path, 2)
            sent = {"new": resealed(new, worthy=("eip627",), unworthy=("legacy",)),
                    "old": resealed(old, worthy=("legacy",), unworthy=("eip627",))}
            low = between.counters()["lowPow"]
            between.send(peer, *sent.values())
            came = ours.receive(filter_id, len(taken), LIMIT)
            assert {m["hash"] for m in came} == {sent[name].hash() for name in taken}
            between.await_refusals("lowPow", low + 2 - len(taken))
            # What is sealed for the old rule is worth too little for today's peers, and they would hang up.
            if "new" in taken:
                between.await_at(between.other(peer), sent["new"].hash())
            assert sent["old"].hash() not in between.other(peer).call("envelopes")
        between.no_session_ended()

    @pytest.mark.parametrize("rule", ["eip627", "legacy", "both"])
    def test_what_is_posted_under_any_rule_reaches_both(self, start_between, rule):
        """For peers that ask for the other rule the message is sealed once more."""
        between = start_between("--pow-rule", rule)
        filters = [end(peer).subscribe(symKeyID=end(peer).sym_key(), topics=[TOPIC]) for peer in between.peers]
        key = end(between.node).sym_key()
        end(between.node).post(5, "0x12", symKeyID=key, topic=TOPIC)
        for peer, filter_id in zip(between.peers, filters):
            came = end(peer).receive(filter_id, 5, LIMIT)
            assert {m["payload"] for m in came} == {f"0x12{i:08x}" for i in range(5)}
        between.no_session_ended()

    def test_a_legacy_envelope_goes_to_who_asks_for_no_work(self, between, tmp_path):
        between.status.call("setMinPow", pow=0.0)
        between.heard(between.status)
        [made] = sealed(between.geth, tmp_path, 1)
        old = resealed(made, worthy=("legacy",), unworthy=("eip627",))
        between.send(between.geth, old)
        between.await_at(between.status, old.hash())
        between.no_session_ended()

    def test_who_asks_for_more_gets_less_until_it_asks_for_less_again(self, between):
        key = end(between.node).sym_key()
        for peer in between.peers:
            peer.call("setMinPow", pow=HIGH_POW)
            between.heard(peer, powTarget=HIGH_POW, ttl=10)
            [poor] = end(between.node).post(1, "0x21", symKeyID=key, topic=TOPIC, powTarget=0.003, ttl=120)
            between.await_at(between.other(peer), poor)
            [worthy] = end(between.node).post(1, "0x22", symKeyID=key, topic=TOPIC, powTarget=HIGH_POW, ttl=10)
            between.await_at(peer, worthy)
            assert poor not in peer.call("envelopes")
            peer.call("setMinPow", pow=MIN_POW)
            between.await_at(peer, poor)
        between.no_session_ended()

    def test_a_message_is_sealed_again_when_every_peer_asks_for_more(self, between):
        """On a topic of its own: what our node heard of one peer may reach the other late."""
        for peer in between.peers:
            peer.call("setMinPow", pow=0.1)
            between.heard(peer, powTarget=HIGH_POW, ttl=10)
        filters = [end(peer).subscribe(symKeyID=end(peer).sym_key(), topics=[OTHER_TOPIC]) for peer in between.peers]
        key = end(between.node).sym_key()
        hash_ = end(between.node).post(1, "0x23", symKeyID=key, topic=OTHER_TOPIC, powTarget=MIN_POW, ttl=60)[0]
        for peer, filter_id in zip(between.peers, filters):
            assert [m["payload"] for m in end(peer).receive(filter_id, 1, LIMIT)] == ["0x2300000000"]
        assert between.await_state(hash_, "acknowledged")["acknowledgedBy"] == [between.peer_id(between.status)]
        between.no_session_ended()

    def test_peers_that_change_their_minds_while_much_is_sent_stay(self, start_between):
        """In their first ten seconds the originals tolerate 0.2, whatever they were set to, so that is what they go
        back to."""
        low, high, cheap = 0.2, 0.5, {"powTarget": 0.25, "ttl": 10}
        between = start_between(their_min_pow=low)
        key = end(between.node).sym_key()
        for i in range(20):
            for peer in between.peers:
                peer.call("setMinPow", pow=(high, low)[i % 2])
            end(between.node).post(10, f"0x24{i:02x}", symKeyID=key, topic=OTHER_TOPIC, **cheap)
        between.unharmed(**cheap)


class TestBloom:
    def test_ours_grows_and_shrinks_with_our_filters(self, between):
        node, ours = between.node, end(between.node)
        assert node.rpc("shh_setBloomFilter", bloom_of(OTHER_TOPIC)) is True
        withheld = {}
        for peer in between.peers:
            between.await_code(peer, 3, 1)
            withheld[peer] = self.withheld(between, peer)
        filter_id = ours.subscribe(symKeyID=ours.sym_key(), topics=[TOPIC])
        assert {m["hash"] for m in ours.receive(filter_id, 2, LIMIT)} == set(withheld.values())
        assert node.rpc("shh_deleteMessageFilter", filter_id) is True
        for peer in between.peers:
            between.await_code(peer, 3, 3)
            self.withheld(between, peer)
        between.no_session_ended()

    @pytest.mark.parametrize("topic", [PLAIN_TOPIC, *QUIRKS])
    def test_theirs_grows_and_shrinks_with_their_filters(self, between, topic):
        """Filters of original nodes lack bits of some topics; what matches them goes there all the same."""
        key = end(between.node).sym_key()
        for peer in between.peers:
            peer.call("setBloom", bloom=bloom_of(OTHER_TOPIC))
            filter_id = end(peer).subscribe(symKeyID=end(peer).sym_key(), topics=[topic])
            between.heard(peer)
            [unwanted] = end(between.node).post(1, "0x31", symKeyID=key, topic="0x99aabb00")
            [wanted] = end(between.node).post(1, "0x32", symKeyID=key, topic=topic)
            assert [m["hash"] for m in end(peer).receive(filter_id, 1, LIMIT)] == [wanted]
            peer.call("setBloom", bloom=bloom_of(OTHER_TOPIC))
            between.heard(peer)
            [late] = end(between.node).post(1, "0x33", symKeyID=key, topic=topic)
            [other] = end(between.node).post(1, "0x34", symKeyID=key, topic=OTHER_TOPIC)
            between.await_at(peer, other)
            assert not {unwanted, late} & set(peer.call("envelopes"))
        between.no_session_ended()

    @pytest.mark.parametrize("topic", QUIRKS)
    def test_a_topic_with_bits_in_one_byte_reaches_us_through_our_bloom(self, between, topic):
        node, ours = between.node, end(between.node)
        node.rpc("shh_setBloomFilter", NO_BLOOM)
        filter_id = ours.subscribe(symKeyID=ours.sym_key(), topics=[topic])
        for peer in between.peers:
            between.await_code(peer, 3, 1)
            [hash_] = self.post(peer, topic)
            assert [m["hash"] for m in ours.receive(filter_id, 1, LIMIT)] == [hash_]
            between.await_at(between.other(peer), hash_)
        between.no_session_ended()

    @staticmethod
    def post(peer, topic: str) -> list[str]:
        return end(peer).post(1, "0x30", symKeyID=end(peer).sym_key(), topic=topic)

    def withheld(self, between, peer) -> str:
        """Posts one of a topic that we do not want: a later one of a topic that we do has come, and it has not."""
        [unwanted] = self.post(peer, TOPIC)
        [wanted] = self.post(peer, OTHER_TOPIC)
        between.await_at(between.other(peer), wanted)
        assert unwanted not in between.other(peer).call("envelopes")
        return unwanted


def test_what_we_asked_for_before_is_taken_for_ten_seconds_more(between, tmp_path):
    """Envelopes that are worth too little now, and those of a topic that we want no longer, until each is refused."""
    node = between.node
    poor = sealed(between.geth, tmp_path, 150, powTarget=0.01, ttl=60)
    stray = sealed(between.status, tmp_path, 150, powTarget=0.3, ttl=60, topic=OTHER_TOPIC)
    node.rpc("shh_setBloomFilter", bloom_of(TOPIC))
    node.rpc("shh_setMinPoW", 0.2)
    began = time.monotonic()
    refused: dict[str, float] = {}

    def both_refused() -> bool:
        between.send(between.geth, poor.pop())
        between.send(between.status, stray.pop())
        counters = between.counters()
        for name in ("lowPow", "bloomMismatch"):
            if counters[name] > 0:
                refused.setdefault(name, time.monotonic() - began)
        return len(refused) == 2
    until(both_refused, TOLERANCE + LIMIT, "refusal", node, pause=0.25)
    assert min(refused.values()) >= TOLERANCE - 0.5
    between.no_session_ended()


class TestRates:
    PACKETS = 60  # sent at once
    RATE = 10  # a second, with four seconds' worth at once
    OVER = (PACKETS - 4 * RATE) / RATE  # seconds

    def test_ours_are_announced_and_who_is_faster_waits_and_loses_nothing(self, start_between, tmp_path):
        """The sixth field of the status is nothing to either: both read five at most."""
        between = start_between("--limit", f"peer-packets-per-second={self.RATE}")
        for peer in between.peers:
            made = sealed(peer, tmp_path, self.PACKETS)
            began = time.monotonic()
            for envelope in made:
                between.send(peer, envelope)
            between.await_at(between.other(peer), *(e.hash() for e in made))
            assert time.monotonic() - began >= self.OVER / 2
        between.unharmed()

    def test_those_that_a_peer_announces_are_obeyed(self, between):
        """By message 20, which Status planned and 1.6.2 does not send."""
        key = end(between.node).sym_key()
        for peer in between.peers:
            between.raw(peer, 20, rlp([0, 1, 0]))
            between.heard(peer)
            before, began = between.codes(peer, "in").get("1", 0), time.monotonic()
            # One by one, further apart than what is gathered into one packet.
            hashes = [end(between.node).post(1, f"0x{i:02x}", symKeyID=key, topic=TOPIC)[0] for i in range(100)]
            between.await_at(peer, *hashes)
            packets = between.codes(peer, "in")["1"] - before
            assert packets <= 4 + (time.monotonic() - began) + 1
        between.unharmed()

    def test_a_peer_that_reads_slowly_gets_all(self, start_between):
        """Status's limiter lets what is above wait in the connection."""
        between = start_between(status_args=("-packets-per-second", "5"))
        status = end(between.status)
        filter_id = status.subscribe(symKeyID=status.sym_key(), topics=[TOPIC])
        key = end(between.node).sym_key()
        hashes = [end(between.node).post(1, f"0x{i:02x}", symKeyID=key, topic=TOPIC)[0] for i in range(100)]
        assert {m["hash"] for m in status.receive(filter_id, 100, 60)} == set(hashes)
        between.unharmed()


class TestLightClients:
    def test_we_relay_nothing_while_we_are_one_and_all_of_it_afterwards(self, start_between):
        between = start_between(prepare=lambda node: node.rpc("shh_makeLightClient"))
        relayed = [check_symmetric(peer, between.node, ttl=120) for peer in between.peers]
        for peer in between.peers:
            check_symmetric(between.node, peer, count=1)  # our own go out
        for peer, hashes in zip(between.peers, relayed):
            assert not set(hashes) & set(between.other(peer).call("envelopes"))
        between.node.rpc("shh_cancelLightClient")
        for peer, hashes in zip(between.peers, relayed):
            between.await_at(between.other(peer), *hashes)
        between.unharmed()

    def test_peers_that_are_ones_hear_us_and_pass_on_what_they_hear(self, start_between):
        """In light mode the originals hand messages to filters for direct ones alone, and relay all the same."""
        between = start_between()
        for peer in between.peers:
            peer.call("rpc", method="shh_makeLightClient", params=[])
            light = end(peer)
            key = light.sym_key()
            plain = light.subscribe(symKeyID=key, topics=[OTHER_TOPIC])
            direct = light.subscribe(symKeyID=key, topics=[OTHER_TOPIC], allowP2P=True)
            hashes = end(between.node).post(3, "0x41", symKeyID=end(between.node).sym_key(), topic=OTHER_TOPIC)
            assert {m["hash"] for m in light.receive(direct, 3, LIMIT)} == set(hashes)
            assert light.late(plain) == []
            between.heard(peer)
        between.no_session_ended()
