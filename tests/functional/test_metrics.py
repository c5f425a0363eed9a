# SPDX-License-Identifier: Apache-2.0 OR MIT
"""GET /metrics and /health of a live node, and that what packaging/monitoring makes of them fits."""

import json
import re
import subprocess
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path

import pytest

from support.cli import ROOT, sotto_binary
from support.node import Node, RpcError, until
from support.prometheus import Page, parse, promtool, scrape, selectors

MONITORING = ROOT / "packaging/monitoring"
RULES = MONITORING / "sotto.rules.yml"
LISTEN = {"devp2p": ("/ip4/127.0.0.1/tcp/0/rlpx",), "libp2p": ("/ip4/127.0.0.1/tcp/0",)}
# What Prometheus adds to every series of a target.
TARGET_LABELS = {"job", "instance"}


def health(node) -> dict:
    with urllib.request.urlopen(node.http + "/health", timeout=10) as response:
        return json.load(response)


def rules() -> list[tuple[str, str]]:
    """Name and expression of each alert, as promtool reads them; no YAML reader is needed for two keys."""
    text = re.sub(r"expr: >-\n((?: {10}.*\n)+)", lambda m: f"expr: {' '.join(m[1].split())}\n", RULES.read_text())
    found = re.findall(r"- alert: (\w+)\n +expr: (.+)\n", text)
    assert len(found) == text.count("- alert:")
    return found


def dashboard() -> list[tuple[str, str]]:
    """Title and expression of every target of every panel, and of what the variables ask for."""
    board = json.loads((MONITORING / "sotto-dashboard.json").read_text())
    found = [(panel["title"], target["expr"]) for panel in board["panels"] for target in panel.get("targets", [])]
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            found.append((variable["name"], re.fullmatch(r"label_values\((\w+), \w+\)", variable["definition"])[1]))
    assert len(found) > 20
    return found


@pytest.fixture(scope="module")
def middle(tmp_path_factory):
    """A node on both networks with a peer on each, behind some traffic of messages and calls."""
    folder = tmp_path_factory.mktemp("metrics")
    with ExitStack() as stack:
        def start(name: str, *args: str, **options) -> Node:
            node = Node(sotto_binary(), folder / name, *args, **options)
            stack.callback(node.kill)
            return node
        middle = start("middle")
        old = start("old", "--peer", middle.enode, listen=("none",))
        new = start("new", "--peer", middle.multiaddr, listen=("none",))
        middle.await_peers(2)
        send_message(old, new)
        with pytest.raises(RpcError):
            middle.rpc("shh_nothing")
        with pytest.raises(RpcError):
            middle.rpc("shh_getFilterMessages", "00")
        with pytest.raises(RpcError):
            middle.rpc("admin_peers")
        yield middle


@pytest.fixture(scope="module")
def page(middle) -> Page:
    return scrape(middle)


def send_message(sender: Node, receiver: Node) -> None:
    criteria = {"symKeyID": receiver.rpc("shh_generateSymKeyFromPassword", "metrics"), "topics": ["0x0a0b0c0d"]}
    filter_id = receiver.rpc("shh_newMessageFilter", criteria)
    # Its bloom filter must have reached the sender; a full one lets everything pass from the start.
    sender.rpc("shh_post", {"symKeyID": sender.rpc("shh_generateSymKeyFromPassword", "metrics"), "topic": "0x0a0b0c0d",
                            "payload": "0x" + "61" * 1000, "ttl": 60, "powTime": 5, "powTarget": 0.002})
    receiver.receive(filter_id, 1, 20)


class TestPage:
    def test_every_family_has_help_type_and_a_name_of_ours(self, page):
        families = {page.family(name) for name in page.names}
        assert page.helps.keys() == page.types.keys() == families
        assert all(name.startswith(("sotto_", "process_")) for name in families)

    def test_promtool_has_nothing_to_say(self, page):
        done = promtool("check", "metrics", stdin=page.text)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

    def test_an_idle_node_has_the_same_names_as_a_busy_one(self, sotto, page):
        assert scrape(sotto(listen=("none",))).names == page.names

    def test_nothing_that_a_remote_chose_is_a_label(self, page):
        for name, labels in page.samples:
            for label, value in labels:
                if (name, label) not in {("sotto_build_info", "version"), ("sotto_build_info", "compiler")} and label != "le":
                    assert re.fullmatch(r"[a-z_]+(-[a-z0-9]+)*|devp2p|libp2p|web3", value), (name, label, value)

    def test_the_process_is_this_one(self, middle, page):
        started = time.time() - float(subprocess.run(["ps", "-o", "etimes=", "-p", str(middle.pid)], capture_output=True,
                                                     text=True, check=True).stdout)
        assert abs(page.value("process_start_time_seconds") - started) < 5
        limits = Path(f"/proc/{middle.pid}/limits").read_text()
        assert page.value("process_max_fds") == int(re.search(r"Max open files +(\d+)", limits)[1])
        resident = int(Path(f"/proc/{middle.pid}/statm").read_text().split()[1]) * 4096
        assert 0.5 < page.value("process_resident_memory_bytes") / resident < 2
        assert page.value("process_start_time_seconds") == scrape(middle).value("process_start_time_seconds")
        assert page.value("process_cpu_seconds_total") > 0

    def test_peers_and_their_handshakes_are_counted(self, page):
        for network in ("devp2p", "libp2p"):
            assert page.value("sotto_peers", network=network, direction="in") == 1
            assert page.value("sotto_peers", network=network, direction="out") == 0
            assert page.value("sotto_handshakes_total", network=network, outcome="ok") == 1
            assert page.value("sotto_listeners", network=network) == 1
        assert page.value("sotto_sessions") == 2

    def test_calls_are_counted_by_namespace_and_outcome(self, page):
        assert page.value("sotto_rpc_calls_total", namespace="admin", outcome="ok") >= 1
        assert page.value("sotto_rpc_calls_total", namespace="admin", outcome="refused") == 1
        assert page.value("sotto_rpc_calls_total", namespace="shh", outcome="failed") == 1
        assert page.value("sotto_rpc_calls_total", namespace="none", outcome="unknown") == 1

    def test_health_says_who_is_connected(self, middle):
        said = health(middle)
        assert said["status"] == "ok" and said["nodeHealth"] == "ready" and said["problems"] == []
        assert said["connectionStatus"] == "connected"
        assert (said["peers"], said["peersByNetwork"]) == (2, {"devp2p": 1, "libp2p": 1})
        assert said["protocolsHealth"] == [{"shh": "ready"}]


@pytest.mark.parametrize("network", ["devp2p", "libp2p"])
def test_counters_move_when_a_message_passes(sotto, network):
    receiver = sotto(listen=LISTEN[network], name="receiver")
    address = receiver.enode if network == "devp2p" else receiver.multiaddr
    sender = sotto("--peer", address, listen=("none",), name="sender")
    receiver.await_peers(1)
    until(lambda: scrape(receiver).value("sotto_sessions") == 1, 10, "session", receiver)
    before, sender_before = scrape(receiver), scrape(sender)
    send_message(sender, receiver)
    after, sender_after = scrape(receiver), scrape(sender)

    def moved(earlier: Page, later: Page, name: str, **labels: str) -> float:
        return later.value(name, **labels) - earlier.value(name, **labels)
    assert moved(before, after, "sotto_envelopes_total", verdict="accepted") == 1
    assert moved(before, after, "sotto_messages_delivered_total") == 1
    assert moved(before, after, "sotto_pool_envelopes") == 1
    assert moved(before, after, "sotto_pool_bytes") > 1000
    assert moved(before, after, "sotto_filters") == 1
    assert moved(before, after, "sotto_network_receive_bytes_total", network=network) > 1000
    assert moved(before, after, "sotto_rpc_calls_total", namespace="shh", outcome="ok") >= 3
    assert moved(sender_before, sender_after, "sotto_envelopes_sent_total") == 1
    assert moved(sender_before, sender_after, "sotto_network_transmit_bytes_total", network=network) > 1000
    other = ({"devp2p", "libp2p"} - {network}).pop()
    assert after.value("sotto_network_receive_bytes_total", network=other) == 0


def test_a_peer_that_cannot_be_reached_is_counted_and_is_a_problem(sotto):
    gone = sotto(listen=LISTEN["libp2p"], name="gone")
    address = gone.multiaddr
    gone.kill()
    node = sotto("--peer", address, listen=("none",), name="node")
    until(lambda: scrape(node).sum("sotto_dials_total") >= 1, 20, "failed dial", node)
    page = scrape(node)
    assert page.value("sotto_dials_total", network="libp2p", outcome="refused") >= 1
    assert page.value("sotto_dials_total", network="libp2p", outcome="ok") == 0
    assert page.value("sotto_peers_wanted") == 1
    said = health(node)
    assert said["status"] == "ok" and said["nodeHealth"] == "degraded"
    assert [problem.split(":")[0] for problem in said["problems"]] == ["no peer is connected"]


class TestMonitoring:
    def test_the_rules_are_valid(self):
        done = promtool("check", "rules", RULES)
        assert done.returncode == 0, done.stdout + done.stderr

    def test_the_rules_fire_when_they_should_and_only_then(self):
        done = promtool("test", "rules", "sotto.rules.test.yml", cwd=MONITORING)
        assert done.returncode == 0, done.stdout + done.stderr
        tested = (MONITORING / "sotto.rules.test.yml").read_text()
        for name, _ in rules():
            assert f"alertname: {name}\n" in tested, "an alert without a test"

    def test_the_example_configuration_is_valid(self):
        done = promtool("check", "config", "prometheus.yml", cwd=MONITORING)
        assert done.returncode == 0, done.stdout + done.stderr

    @pytest.mark.parametrize("origin", [rules, dashboard])
    def test_expressions_name_only_what_a_live_node_has(self, page, origin):
        for title, expression in origin():
            named = selectors(expression)
            assert named, (title, expression)
            for name, matchers in named:
                if name == "up":  # Prometheus makes it itself
                    continue
                assert name in page.names, (title, name)
                values = page.label_values(name)
                for label, operator, value in matchers:
                    if label in TARGET_LABELS:
                        continue
                    assert label in values, (title, name, label)
                    wanted = value.split("|") if "~" in operator else [value]
                    assert set(wanted) <= values[label], (title, name, label, value)

    def test_the_dashboard_is_whole(self):
        board = json.loads((MONITORING / "sotto-dashboard.json").read_text())
        panels = board["panels"]
        assert len({panel["id"] for panel in panels}) == len(panels)
        cells = [(x, y) for place in (panel["gridPos"] for panel in panels)
                 for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])]
        assert len(set(cells)) == len(cells) and max(x for x, _ in cells) < 24, "panels overlap or stick out"
        for panel in panels:
            if panel["type"] != "row":
                sources = [panel["datasource"], *(target["datasource"] for target in panel["targets"])]
                assert all(source == {"type": "prometheus", "uid": "${datasource}"} for source in sources)
                assert all("$instance" in target["expr"] for target in panel["targets"])
        assert [panel["title"] for panel in panels if panel["type"] == "row"] == [
            "At a glance", "Peers", "Traffic", "Envelopes and messages", "Pool", "JSON-RPC", "Process"]

    def test_every_expression_is_promql(self, tmp_path):
        """promtool reads it as the expression of a rule; Grafana's variables get values as Grafana gives them."""
        lines = ["groups:", "- name: dashboard", "  rules:"]
        for number, (_, expression) in enumerate(dashboard()):
            plain = expression.replace("$__rate_interval", "1m").replace("$instance", ".+")
            lines += [f"  - record: test:{number}", f"    expr: {json.dumps(plain)}"]
        file = tmp_path / "dashboard.yml"
        file.write_text("\n".join(lines) + "\n")
        done = promtool("check", "rules", file)
        assert done.returncode == 0, done.stdout + done.stderr

    def test_every_series_is_on_the_dashboard_or_in_a_rule(self, page):
        used = {page.family(name) for _, expression in rules() + dashboard() for name, _ in selectors(expression)}
        assert page.types.keys() - used <= {"sotto_min_pow", "sotto_listeners"}

    def test_the_manual_describes_every_series_and_every_alert(self, page):
        manual = (ROOT / "docs/operating.md").read_text()
        described = set(re.findall(r"^\| `(\w+)", manual, re.MULTILINE))
        assert page.types.keys() <= described
        assert {name for name in described if name.startswith(("sotto_", "process_"))} <= page.types.keys()
        for name, _ in rules():
            assert re.search(rf"^\| `{name}`", manual, re.MULTILINE), name


def test_the_reader_of_expressions_reads_promql():
    assert selectors('sum by (a, b) (rate(x_total{l!~"a|b", m="}"}[5m])) / on (a) group_left (c) y > 1e3 or abs(z)') == [
        ("x_total", [("l", "!~", "a|b"), ("m", "=", "}")]), ("y", []), ("z", [])]


def test_the_reader_of_pages_refuses_what_comes_twice():
    for text in ('a{b="c"} 1\na{b="c"} 2\n', "# TYPE a gauge\n# TYPE a gauge\n", "a\n"):
        with pytest.raises(AssertionError):
            parse(text)


def test_no_web_server_or_client_of_others_is_linked():
    needed = subprocess.run(["readelf", "-d", sotto_binary()], capture_output=True, text=True, check=True).stdout
    assert "prometheus-cpp-core" in needed
    assert not re.search("prometheus-cpp-pull|prometheus-cpp-push|civetweb|libcurl", needed)
