# SPDX-License-Identifier: Apache-2.0 OR MIT
"""go-libp2p v0.51.0: its own protocols, and go-ethereum's Whisper over its streams."""

import pytest

from interop.cases import WhisperPeerCases, connect
from support.node import until

KEY_TYPES = ["secp256k1", "ed25519", "rsa", "ecdsa"]
MIB = 1 << 20


class TestWhisperOverGoLibp2p(WhisperPeerCases):
    program = "libp2ppeer"


@pytest.mark.parametrize("key_type", KEY_TYPES)
@pytest.mark.parametrize("peer_dials", [True, False], ids=["it dials us", "we dial it"])
def test_its_tools_work_on_one_connection(start_peer, sotto, key_type, peer_dials):
    peer = start_peer("libp2ppeer", "-key-type", key_type)
    serve = ("--serve", "perf", "--serve", "echo")
    node = sotto(*serve) if peer_dials else sotto(*serve, "--peer", peer.multiaddr)
    connect(node, peer, peer_dials)
    assert len(peer.call("ping", peer=node.peer_id, count=5)) == 5
    assert peer.call("beat", peer=node.peer_id, count=5) == {"pings": 1, "answers": 5}
    assert peer.call("echo", peer=node.peer_id, bytes=16 * MIB, timeout=60) == 16 * MIB
    perf = peer.call("perf", peer=node.peer_id, up=16 * MIB, down=16 * MIB, timeout=60)
    assert perf["upSeconds"] > 0 and perf["downSeconds"] > 0
    known = peer.call("identify", peer=node.peer_id)
    assert known["agent"].lower().startswith("sotto")
    assert {"/shh/6.0", "/ipfs/ping/1.0.0", "/ping/0.0.1", "/ipfs/id/1.0.0", "/perf/1.0.0", "/echo/1.0.0"} <= set(known["protocols"])
    assert (known["security"], known["muxer"], known["earlyMuxer"]) == ("/noise", "/yamux/1.0.0", True)
    assert known["connections"] == 1


def test_what_it_calls_itself_harms_nobody_who_asks(start_peer, sotto):
    peer, node = start_peer("libp2ppeer", "-agent", "evil \udcff\u202e\x1b[2J"), sotto()
    connect(node, peer, peer_dials=True)
    known = until(lambda: [p for p in node.rpc("sotto_peers") if p["agent"]], 15, "the peer's agent", node)
    assert known[0]["agent"] == "evil \ufffd\ufffd\ufffd[2J"
    assert node.rpc("admin_peers", token=True)[0]["name"] == known[0]["agent"]


@pytest.mark.parametrize("protocol", ["perf", "echo"])
def test_what_is_not_served_is_refused(start_peer, sotto, protocol):
    peer, node = start_peer("libp2ppeer"), sotto()
    connect(node, peer, peer_dials=True)
    with pytest.raises(RuntimeError, match="protocols not supported"):
        peer.call(protocol, peer=node.peer_id, bytes=1, up=1, down=1)


def test_the_listener_opens_the_whisper_stream_when_the_dialler_does_not(start_peer, sotto):
    peer, node = start_peer("libp2ppeer"), sotto()
    peer.call("ping", peer=node.multiaddr)  # connects without Whisper
    peer.wait_event("session", 15, state="up", inbound=False)
    node.await_peers(1)
