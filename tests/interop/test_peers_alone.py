# SPDX-License-Identifier: Apache-2.0 OR MIT
"""The real peers against one another, so that a failure with our node in the middle can be told from a broken rig."""

import pytest

from support.node import until
from support.whisper import (PASSWORD, TOPIC, check_asymmetric, check_symmetric, connect_devp2p, connect_libp2p,
                             end, rlp_list)

KEY_TYPES = {"secp256k1": "Secp256k1", "ed25519": "Ed25519", "rsa": "RSA", "ecdsa": "ECDSA"}


@pytest.mark.parametrize("other", ["gethpeer", "statuspeer"])
def test_devp2p_peers_exchange_messages_both_ways(start_peer, other):
    a, b = start_peer("gethpeer", name="a"), start_peer(other, name="b")
    connect_devp2p(a, b)
    check_symmetric(a, b)
    check_symmetric(b, a)
    check_asymmetric(a, b)
    check_asymmetric(b, a)


def test_libp2p_peers_exchange_messages_both_ways(start_peer):
    a, b = start_peer("libp2ppeer", name="a"), start_peer("libp2ppeer", name="b")
    connect_libp2p(a, b)
    check_symmetric(a, b)
    check_symmetric(b, a)
    check_asymmetric(a, b)


def test_the_libp2p_listener_opens_the_stream_when_the_dialler_does_not(start_peer):
    listener, dialler = start_peer("libp2ppeer", name="listener"), start_peer("libp2ppeer", name="dialler")
    dialler.call("ping", peer=listener.multiaddr)  # connects without Whisper
    listener.wait_event("session", 15, peer=dialler.peer_id, state="up")
    check_symmetric(listener, dialler)


@pytest.mark.parametrize("key_type", KEY_TYPES)
def test_the_libp2p_tools_work_with_every_key_type(start_peer, key_type):
    a = start_peer("libp2ppeer", "-shh=false", name="a")
    b = start_peer("libp2ppeer", "-shh=false", "-key-type", key_type, name="b")
    assert len(a.call("ping", peer=b.multiaddr, count=3)) == 3
    assert a.call("echo", peer=b.peer_id, bytes=1 << 20) == 1 << 20
    perf = a.call("perf", peer=b.peer_id, up=1 << 22, down=1 << 22)
    assert perf["upSeconds"] > 0 and perf["downSeconds"] > 0
    known = a.call("identify", peer=b.peer_id)
    assert known["keyType"] == KEY_TYPES[key_type]
    assert {"/perf/1.0.0", "/echo/1.0.0", "/ipfs/ping/1.0.0"} <= set(known["protocols"])
    assert (known["security"], known["muxer"]) == ("/noise", "/yamux/1.0.0")


def test_what_a_peer_counts_on_the_wire_is_what_was_sent(start_peer):
    a, b = start_peer("gethpeer", name="a"), start_peer("gethpeer", name="b")
    to_b, to_a = connect_devp2p(a, b)
    hashes = check_symmetric(a, b, count=50)
    counted = b.call("counters")["wire"][to_a]["in"]
    assert (counted["envelopes"], counted["distinct"], counted["duplicates"]) == (50, 50, 0)
    assert set(b.call("envelopes")) == set(hashes)
    assert b.call("envelopes") == a.call("envelopes")
    # the same packet once more, by hand: Whisper drops it in silence, the counter must not
    envelope = a.call("envelopes")[hashes[0]]
    a.call("raw", peer=to_b, code=1, payload="0x" + rlp_list(bytes.fromhex(envelope[2:])).hex())
    check_symmetric(a, b, count=1)  # whatever came before it has been read
    assert b.call("counters")["wire"][to_a]["in"]["duplicates"] == 1


def test_sealed_envelopes_in_a_file_are_accepted(start_peer, tmp_path):
    a, b = start_peer("gethpeer", name="a"), start_peer("gethpeer", name="b")
    to_b, _ = connect_devp2p(a, b)
    filter_id = end(b).subscribe(symKeyID=end(b).sym_key(), topics=[TOPIC])
    made = a.call("sealed", count=20, file=str(tmp_path / "sealed"), password=PASSWORD, topic=TOPIC, payload="0x5e")
    data = (tmp_path / "sealed").read_bytes()
    assert made == {"count": 20, "bytes": len(data)}
    assert a.call("envelopes") == {}
    a.call("raw", peer=to_b, code=1, payload="0x" + rlp_list(data).hex())
    came = b.collect("message", 20, 15, filter=filter_id)
    assert {m["payload"] for m in came} == {f"0x5e{i:08x}" for i in range(20)}


def test_the_bench_peer_counts_messages_and_makes_connections(start_peer):
    a, b = start_peer("gethbench", name="a"), start_peer("gethbench", name="b")
    a.call("connect", addr=b.enode)
    to_b = a.wait_event("session", state="up")["peer"]
    flood = a.call("flood", peer=to_b, count=2000, size=256)
    assert flood["readInSession"] == 2000
    assert flood["perSecond"] > 0 and flood["cpuSeconds"] > 0
    assert a.call("handshakes", addr=b.enode, count=20, parallel=4)["count"] == 20
    assert a.call("idle", addr=b.enode, count=5)["count"] == 5
    until(lambda: b.call("accepted") == 26, 10, "26 sessions", b)
    assert a.call("release") == 5
    assert b.call("cpu")["seconds"] > 0


def test_libp2p_connections_are_made_in_number(start_peer):
    a, b = start_peer("libp2ppeer", "-shh=false", name="a"), start_peer("libp2ppeer", "-shh=false", name="b")
    assert a.call("handshakes", addr=b.multiaddr, count=20, parallel=4)["count"] == 20
    assert a.call("idle", addr=b.multiaddr, count=3) == 3
    # go-libp2p announces no connection that has closed before it could: the twenty may be missing, the idle ones may not.
    until(lambda: b.call("accepted") >= 3, 10, "the three idle connections", b)
    assert a.call("release") == 3


def test_a_bridge_of_gos_own_carries_messages_between_the_networks(start_peer):
    geth, bridge = start_peer("gethpeer"), start_peer("libp2ppeer", "-devp2p", "127.0.0.1:0", name="bridge")
    libp2p = start_peer("libp2ppeer")
    connect_devp2p(geth, bridge)
    connect_libp2p(libp2p, bridge)
    hashes = check_symmetric(geth, libp2p) + check_symmetric(libp2p, geth)
    assert set(hashes) == set(geth.call("envelopes"))
    assert geth.call("envelopes") == bridge.call("envelopes") == libp2p.call("envelopes")
