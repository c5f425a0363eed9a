# SPDX-License-Identifier: Apache-2.0 OR MIT
"""What is measured. A scenario yields rows; each sets our node beside a program that others wrote."""

from networks import handshakes, latency, messages, perf
from posting import decrypt, delivery, partition, pow_rate
from relaying import relay, relay_filters, relay_peers
from settled import idle, wakeups

SCENARIOS = {"handshakes": handshakes, "messages": messages, "relay": relay, "relay-filters": relay_filters,
             "relay-peers": relay_peers, "decrypt": decrypt, "delivery": delivery, "partition": partition,
             "pow": pow_rate, "perf": perf, "latency": latency, "idle": idle, "wakeups": wakeups}
