# SPDX-License-Identifier: Apache-2.0 OR MIT
"""js-libp2p 3.3.11 over TCP, Noise and yamux: its own protocols, and Whisper's stream with bytes written by hand."""

import pytest

from interop.cases import LIMIT
from support.node import until
from support.peers import PeerError
from support.whisper import PASSWORD, TOPIC

KEY_TYPES = ["ed25519", "secp256k1", "rsa"]
MIB = 1 << 20
SHH = "/shh/6.0"
SERVE = ("--serve", "perf", "--serve", "echo")
STATUS = bytes.fromhex("80" "c106")  # code 0 as RLP has it, [6]: every other field has a default
MESSAGES = 1


@pytest.mark.parametrize("key_type", KEY_TYPES)
@pytest.mark.parametrize("peer_dials", [True, False], ids=["it dials us", "we dial it"])
def test_its_tools_work_on_one_connection(start_js, sotto, key_type, peer_dials):
    peer = start_js("libp2p", "--key-type", key_type, "--raw", SHH)
    node = sotto(*SERVE) if peer_dials else sotto(*SERVE, "--peer", peer.multiaddr)
    if peer_dials:
        assert peer.call("connect", addr=node.multiaddr) == node.peer_id
    peer.wait_event("connection", LIMIT, peer=node.peer_id, state="up", inbound=not peer_dials)
    assert len(peer.call("ping", peer=node.peer_id, count=5)) == 5
    assert peer.call("echo", peer=node.peer_id, bytes=16 * MIB, timeout=60) == 16 * MIB
    spent = peer.call("perf", peer=node.peer_id, up=16 * MIB, down=16 * MIB, timeout=60)
    assert spent["upSeconds"] > 0 and spent["downSeconds"] > 0
    known = peer.call("identify", peer=node.peer_id)
    assert known["agent"].lower().startswith("sotto")
    assert {SHH, "/ipfs/ping/1.0.0", "/ipfs/id/1.0.0", "/perf/1.0.0", "/echo/1.0.0"} <= set(known["protocols"])
    assert (known["security"], known["muxer"]) == ("/noise", "/yamux/1.0.0")
    assert known["connections"] == 1
    assert peer.drain("connection") == [], "the connection did not last"


def test_identify_tells_where_our_node_listens_and_what_it_observed(start_js, sotto):
    peer, node = start_js("libp2p"), sotto()
    peer.call("connect", addr=node.multiaddr)
    known = peer.call("identify", peer=node.peer_id)
    assert node.multiaddr.split("/p2p/")[0] in known["listenAddrs"]
    assert not any("rlpx" in addr for addr in known["listenAddrs"])
    assert known["observedAddr"].startswith("/ip4/127.0.0.1/tcp/")
    assert not {"/perf/1.0.0", "/echo/1.0.0"} & set(known["protocols"])


@pytest.mark.parametrize("protocol", ["perf", "echo"])
def test_what_is_not_served_is_refused(start_js, sotto, protocol):
    peer, node = start_js("libp2p"), sotto()
    peer.call("connect", addr=node.multiaddr)
    with pytest.raises(PeerError, match="could not negotiate"):
        peer.call(protocol, peer=node.peer_id, bytes=1, up=1, down=1)
    assert len(peer.call("ping", peer=node.peer_id)) == 1


class HandSession:
    """A Whisper session over a stream of js-libp2p: RLP code, then one RLP item, and nothing between them."""

    def __init__(self, peer, stream: int):
        self.peer, self.stream, self._came = peer, stream, b""

    @classmethod
    def opened_by_us(cls, peer, node):
        return cls(peer, peer.call("open", peer=node.peer_id, protocol=SHH))

    def send(self, data: bytes) -> None:
        self.peer.call("write", stream=self.stream, bytes="0x" + data.hex())

    def receive(self) -> tuple[int, bytes]:
        """The next message: its code, and its item as it came."""
        code_end = self._item_end(0)
        end = self._item_end(code_end)
        code, item = self._came[:code_end], self._came[code_end:end]
        self._came = self._came[end:]
        return (0 if code == b"\x80" else code[0]), item

    def receive_messages(self) -> bytes:
        while (found := self.receive())[0] != MESSAGES:
            pass
        return found[1]

    def _item_end(self, start: int) -> int:
        self._need(start + 1)
        kind = self._came[start]
        if kind < 0x80:
            return start + 1
        short = kind - (0xC0 if kind >= 0xC0 else 0x80)
        if short <= 55:
            size, head = short, 1
        else:
            head = 1 + short - 55
            self._need(start + head)
            size = int.from_bytes(self._came[start + 1:start + head], "big")
        self._need(start + head + size)
        return start + head + size

    def _need(self, count: int) -> None:
        while len(self._came) < count:
            data = self.peer.wait_event("data", LIMIT, stream=self.stream)["bytes"]
            self._came += bytes.fromhex(data[2:])


def sessions(peer, *nodes) -> list[HandSession]:
    """A session with each node, its status read and answered."""
    made = []
    for node in nodes:
        peer.call("connect", addr=node.multiaddr)
        session = HandSession.opened_by_us(peer, node)
        session.send(STATUS)
        code, status = session.receive()
        assert (code, status[0] >= 0xC1) == (0, True)
        node.await_peers(1)
        made.append(session)
    return made


def posted(node, text: bytes) -> str:
    key = node.rpc("shh_generateSymKeyFromPassword", PASSWORD)
    return node.rpc("shh_post", {"symKeyID": key, "topic": TOPIC, "payload": "0x" + text.hex(), "ttl": 30,
                                 "powTarget": 0.01, "powTime": 10})


def test_envelopes_cross_a_stream_of_js_libp2p_unchanged(start_js, sotto):
    a, b = sotto(name="a"), sotto(name="b")
    peer = start_js("libp2p")
    from_a, to_b = sessions(peer, a, b)
    key = b.rpc("shh_generateSymKeyFromPassword", PASSWORD)
    filter_id = b.rpc("shh_newMessageFilter", {"symKeyID": key, "topics": [TOPIC]})
    hash_ = posted(a, b"over a stream of js")
    to_b.send(bytes([MESSAGES]) + from_a.receive_messages())
    [message] = b.receive(filter_id, 1, LIMIT)
    assert (message["hash"], bytes.fromhex(message["payload"][2:])) == (hash_, b"over a stream of js")


def test_a_message_may_come_in_any_pieces(start_js, sotto):
    a, b = sotto(name="a"), sotto(name="b")
    peer = start_js("libp2p")
    from_a, to_b = sessions(peer, a, b)
    filter_id = b.rpc("shh_newMessageFilter", {"symKeyID": b.rpc("shh_generateSymKeyFromPassword", PASSWORD)})
    hash_ = posted(a, b"piecemeal")
    packet = bytes([MESSAGES]) + from_a.receive_messages()
    for i in range(0, len(packet), 7):
        to_b.send(packet[i:i + 7])
    [message] = b.receive(filter_id, 1, LIMIT)
    assert message["hash"] == hash_


@pytest.mark.parametrize("hostile", ["01ffffffffffffffffff", "01" "fb7fffffff", "01" "c0ffff" "ff" * 9, "80c107"],
                         ids=["64-bit length", "2 GiB", "garbage after a packet", "another version"])
def test_a_hostile_packet_ends_its_stream_and_nothing_else(start_js, sotto, hostile):
    node, peer = sotto(), start_js("libp2p")
    data = bytes.fromhex(hostile)
    peer.call("connect", addr=node.multiaddr)
    session = HandSession.opened_by_us(peer, node)
    session.send(data if data[0] == 0x80 else STATUS + data)
    until(lambda: peer.drain("closed", stream=session.stream) or peer.drain("end", stream=session.stream)
          or peer.drain("connection", state="down"), LIMIT, "end of the stream", peer)
    other = start_js("libp2p", name="other")
    assert len(other.call("ping", peer=node.multiaddr)) == 1


def test_the_listener_opens_the_whisper_stream_when_the_dialler_does_not(start_js, sotto):
    node, peer = sotto(), start_js("libp2p", "--raw", SHH)
    peer.call("connect", addr=node.multiaddr)
    opened = peer.wait_event("stream", 15, peer=node.peer_id, protocol=SHH, inbound=True)
    session = HandSession(peer, opened["stream"])
    assert session.receive()[0] == 0
    session.send(STATUS)
    node.await_peers(1)
