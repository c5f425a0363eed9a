# SPDX-License-Identifier: Apache-2.0 OR MIT
"""go-ethereum v1.9.18, the last of its kind that speaks Whisper, over devp2p."""

from interop.cases import DirectMessageCases, WhisperPeerCases


class TestGeth(WhisperPeerCases, DirectMessageCases):
    program = "gethpeer"
