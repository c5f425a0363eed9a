# SPDX-License-Identifier: Apache-2.0 OR MIT
"""A node whose clock is off, as its peers agree, tells its operator."""

import re

import pytest

from support.node import until
from support.preload import skewed_clock

LIMIT = 10  # seconds
ENOUGH = 4  # envelopes of each of two peers
MINUTE = 61 * " "


@pytest.mark.parametrize("skew", [60, -8])
def test_a_clock_that_peers_agree_is_off_is_warned_of(sotto, tmp_path, skew):
    leap = tmp_path / "leap"
    node = sotto(env=skewed_clock(skew, tmp_path, leap))
    peers = [sotto("--peer", node.multiaddr, listen=("none",), name=name) for name in ("first", "second")]
    node.await_peers(2)
    keys = {peer: peer.rpc("shh_newSymKey") for peer in peers}

    def a_minute_passes() -> None:
        with leap.open("a") as file:
            file.write(MINUTE)

    def warning():
        """Once a minute the clock is judged, by what came since; what came in a peer's first one may be old."""
        for peer, key in keys.items():
            for number in range(ENOUGH):
                peer.rpc("shh_post", {"symKeyID": key, "topic": "0x01020304", "payload": f"0x{number:02x}", "ttl": 600,
                                      "powTarget": 0.002, "powTime": 5})
        a_minute_passes()
        return re.search(r'^W .* clock .* ahead_seconds="(-?\d+)"$', node.log_tail(), re.MULTILINE)
    a_minute_passes()
    found = until(warning, LIMIT, "a warning", node, pause=1.1)
    assert abs(int(found[1]) - skew) <= 2
