# SPDX-License-Identifier: Apache-2.0 OR MIT
"""The peers in JavaScript against one another, so that a failure with our node can be told from a broken rig."""

import pytest

from support.js import check_signed
from support.peers import PeerError

KEY_TYPES = {"ed25519": "Ed25519", "secp256k1": "secp256k1", "rsa": "RSA"}
MIB = 1 << 20


@pytest.mark.parametrize("key_type", KEY_TYPES)
def test_js_libp2p_tools_work_with_every_key_type(start_js, key_type):
    listener = start_js("libp2p", "--key-type", key_type, name="listener")
    dialler = start_js("libp2p", name="dialler")
    assert dialler.call("connect", addr=listener.multiaddr) == listener.peer_id
    listener.wait_event("connection", peer=dialler.peer_id, state="up", inbound=True)
    for a, b in ((dialler, listener), (listener, dialler)):
        assert all(ms > 0 for ms in a.call("ping", peer=b.peer_id, count=3))
        assert a.call("echo", peer=b.peer_id, bytes=16 * MIB, timeout=60) == 16 * MIB
        spent = a.call("perf", peer=b.peer_id, up=16 * MIB, down=16 * MIB, timeout=60)
        assert spent["upSeconds"] > 0 and spent["downSeconds"] > 0
        known = a.call("identify", peer=b.peer_id)
        assert {"/perf/1.0.0", "/echo/1.0.0", "/ipfs/ping/1.0.0"} <= set(known["protocols"])
        assert (known["security"], known["muxer"], known["connections"]) == ("/noise", "/yamux/1.0.0", 1)
    assert dialler.call("identify", peer=listener.peer_id)["keyType"] == KEY_TYPES[key_type]


def test_js_libp2p_streams_can_be_written_by_hand(start_js):
    listener = start_js("libp2p", "--raw", "/shh/6.0", name="listener")
    dialler = start_js("libp2p", name="dialler")
    ours = dialler.call("open", peer=listener.multiaddr, protocol="/shh/6.0")
    dialler.call("write", stream=ours, bytes="0x80c106")
    theirs = listener.wait_event("stream", protocol="/shh/6.0", peer=dialler.peer_id, inbound=True)["stream"]
    assert listener.wait_event("data", stream=theirs)["bytes"] == "0x80c106"
    listener.call("write", stream=theirs, bytes="0x01c0")
    assert dialler.wait_event("data", stream=ours)["bytes"] == "0x01c0"
    dialler.call("close", stream=ours)
    listener.wait_event("end", stream=theirs)
    listener.call("reset", stream=theirs)
    assert dialler.wait_event("closed", stream=ours)["error"]
    with pytest.raises(PeerError, match="could not negotiate /shh/6.0"):
        listener.call("open", peer=dialler.peer_id, protocol="/shh/6.0")


def test_murmurs_exchange_messages_both_ways(start_js):
    a, b = start_js("murmur", name="a"), start_js("murmur", name="b")
    a.call("connect", addr=b.enode)
    for peer, other in ((a, b), (b, a)):
        up = peer.wait_event("session", state="up")
        assert up["peer"] == other.enode[len("enode://"):].split("@")[0]
        assert (up["client"][:7], up["caps"], up["base"]) == ("murmur/", ["shh/6"], 4)
    for sender, receiver in ((a, b), (b, a)):
        for to_key in (False, True):
            check_signed(sender, receiver, to_key=to_key, announced=lambda peer=sender: peer.wait_event("bloom"))
