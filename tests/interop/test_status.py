# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Status's Whisper v1.6.2 over devp2p."""

from interop.cases import DirectMessageCases, WhisperPeerCases
from support.whisper import check_symmetric


class TestStatus(WhisperPeerCases, DirectMessageCases):
    program = "statuspeer"

    def test_every_batch_is_confirmed_in_both_directions(self, dialled):
        node, peer = dialled
        check_symmetric(peer, node)
        check_symmetric(node, peer)
        [wire] = peer.call("counters")["wire"].values()
        ours, theirs = wire["in"]["codes"], wire["out"]["codes"]
        assert theirs["11"] == theirs["12"] == ours["1"]
        assert ours["11"] == ours["12"] == theirs["1"]
