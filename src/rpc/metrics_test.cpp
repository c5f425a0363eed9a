// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "rpc/metrics.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <map>
#include <set>
#include <sstream>

#include "base/task_group.hpp"
#include "rpc/health.hpp"
#include "sim/network.hpp"
#include "sim/world.hpp"

namespace sotto::rpc {
namespace {

using namespace std::chrono_literals;
using net::Network;

/// The samples of a page: "name{labels}" -> value. Families must have HELP and TYPE, and no sample may come twice.
std::map<std::string, double> parse(const std::string& page) {
    std::map<std::string, double> samples;
    std::set<std::string> helped, typed;
    std::istringstream lines(page);
    for (std::string line; std::getline(lines, line);) {
        const auto word = [&](std::size_t at) { return line.substr(at, line.find(' ', at) - at); };
        if (line.starts_with("# HELP ")) {
            EXPECT_TRUE(helped.insert(word(7)).second) << line;
        } else if (line.starts_with("# TYPE ")) {
            EXPECT_TRUE(typed.insert(word(7)).second) << line;
        } else {
            const auto name = line.substr(0, line.rfind(' '));
            EXPECT_TRUE(samples.emplace(name, std::stod(line.substr(line.rfind(' ')))).second) << line;
            auto family = name.substr(0, name.find('{'));
            if (family.starts_with("sotto_event_loop_lag_seconds")) family = "sotto_event_loop_lag_seconds";
            EXPECT_TRUE(helped.contains(family) && typed.contains(family)) << line;
            EXPECT_TRUE(family.starts_with("sotto_") || family.starts_with("process_")) << line;
        }
    }
    EXPECT_EQ(helped, typed);
    return samples;
}

/// Two nodes with the keys 1 and 2 at 10.0.0.1 and 10.0.0.2 on a simulated network.
class MetricsTest : public testing::Test {
  protected:
    struct Member {
        std::unique_ptr<node::Node> node;
        node::Config config;
    };

    std::unique_ptr<Member> make(Byte number, std::vector<Multiaddr> peers = {}, const node::Limits& limits = {}) {
        auto member = std::make_unique<Member>();
        member->config.default_listen = false;
        member->config.limits = limits;
        for (const auto kind : {Network::devp2p, Network::libp2p}) {
            member->config.listen.push_back(listen_address(number, kind));
        }
        member->config.peers = std::move(peers);
        const auto key = key_of(number);
        node::Node::Transports transports;
        transports.push_back(network.transport({10, 0, 0, number}));
        member->node = node::Node::make(world.env(), member->config, {key, key}, std::move(transports)).value();
        EXPECT_TRUE(member->node->listen());
        return member;
    }
    static crypto::PrivateKey key_of(Byte number) {
        ByteArray<32> secret{};
        secret.fill(number);
        return crypto::PrivateKey::make(crypto::KeyType::secp256k1, secret).value();
    }
    static Multiaddr listen_address(Byte number, Network kind) {
        const std::array<Byte, 4> ip{10, 0, 0, number};
        auto address = Multiaddr::from_ip(ip, kind == Network::devp2p ? 30303 : 60000);
        return kind == Network::devp2p ? address.with(AddrCode::rlpx) : address;
    }
    static Multiaddr address(Byte number, Network kind) {
        return listen_address(number, kind).with(AddrCode::p2p, crypto::PeerId(key_of(number).public_key()).bytes());
    }
    std::string render(const Member& member) const {
        return render_metrics(
            {.node = *member.node, .calls = calls, .lag = lag, .started = WallTime{1'700'000'000s}, .uptime = 90s});
    }
    std::map<std::string, double> scrape(const Member& member) const { return parse(render(member)); }
    json::object health(const Member& member) const {
        return json::parse(render_health(*member.node, lag)).as_object();
    }
    /// Runs both nodes while `body` does.
    template <class Body>
    void run(Member& a, Member& b, Body body) {
        auto live = [&](TaskGroup& group) -> Task<bool> {
            group.spawn(a.node->run());
            group.spawn(b.node->run());
            co_await body();
            a.node->stop();
            b.node->stop();
            co_await group.wait_all();
            co_return true;
        };
        world.run([](Env env, auto& inner) -> Task<void> { (void)co_await with_group(env, 2, std::ref(inner)); }(
                                               world.env(), live));
    }

    sim::World world{1};
    sim::Network network{world};
    CallCounters calls;
    LoopLag lag{world};
};

TEST_F(MetricsTest, AnIdleNodeHasAllSeriesFromTheStart) {
    const auto node = make(1);
    const auto samples = scrape(*node);
    for (const auto* zero : {"sotto_peers{network=\"devp2p\",direction=\"in\"}",
                             "sotto_peers{network=\"libp2p\",direction=\"out\"}",
                             "sotto_sessions",
                             "sotto_peers_wanted",
                             "sotto_dials_total{network=\"libp2p\",outcome=\"ok\"}",
                             "sotto_handshakes_total{network=\"devp2p\",outcome=\"ok\"}",
                             "sotto_connections_closed_total{network=\"devp2p\",reason=\"closed\"}",
                             "sotto_connections_refused_total{limit=\"connections-per-ip\"}",
                             "sotto_network_receive_bytes_total{network=\"devp2p\"}",
                             "sotto_envelopes_total{verdict=\"accepted\"}",
                             "sotto_envelopes_total{verdict=\"pool_full\"}",
                             "sotto_envelopes_evicted_total",
                             "sotto_packets_limited_total{action=\"dropped\"}",
                             "sotto_messages_dropped_total",
                             "sotto_pool_bytes",
                             "sotto_filters",
                             "sotto_clock_offset_seconds",
                             "sotto_rpc_calls_total{namespace=\"none\",outcome=\"unknown\"}",
                             "sotto_event_loop_lag_seconds_count"}) {
        const auto found = samples.find(zero);
        EXPECT_TRUE(found != samples.end() && found->second == 0) << zero;
    }
    EXPECT_EQ(samples.at("sotto_listeners{network=\"devp2p\"}"), 1);
    EXPECT_EQ(samples.at("sotto_pool_limit_bytes"), 256.0 * 1024 * 1024);
    EXPECT_EQ(samples.at("sotto_pool_limit_envelopes"), 200'000);
    EXPECT_EQ(samples.at("sotto_peers_limit{direction=\"in\"}"), 128);
    EXPECT_EQ(samples.at("sotto_uptime_seconds"), 90);
    EXPECT_EQ(samples.at("process_start_time_seconds"), 1'700'000'000);
    EXPECT_GT(samples.at("process_resident_memory_bytes"), 1'000'000);
    EXPECT_GT(samples.at("process_max_fds"), samples.at("process_open_fds"));
}

TEST_F(MetricsTest, AnUnlimitedBoundIsInfinite) {
    node::Limits limits;
    limits.pool_bytes = node::Limits::kUnlimited;
    const auto node = make(1, {}, limits);
    EXPECT_NE(render(*node).find("sotto_pool_limit_bytes +Inf\n"), std::string::npos);
}

TEST_F(MetricsTest, CallsAreSortedByNamespaceAndOutcome) {
    calls.namespaces["shh"] = {.ok = 5, .failed = 2, .refused = 0};
    calls.namespaces["admin"] = {.refused = 7};
    calls.unknown = 3;
    calls.invalid = 4;
    calls.limited = 6;
    const auto node = make(1);
    const auto samples = scrape(*node);
    EXPECT_EQ(samples.at("sotto_rpc_calls_total{namespace=\"shh\",outcome=\"ok\"}"), 5);
    EXPECT_EQ(samples.at("sotto_rpc_calls_total{namespace=\"shh\",outcome=\"failed\"}"), 2);
    EXPECT_EQ(samples.at("sotto_rpc_calls_total{namespace=\"admin\",outcome=\"refused\"}"), 7);
    EXPECT_EQ(samples.at("sotto_rpc_calls_total{namespace=\"none\",outcome=\"unknown\"}"), 3);
    EXPECT_EQ(samples.at("sotto_rpc_calls_total{namespace=\"none\",outcome=\"invalid\"}"), 4);
    EXPECT_EQ(samples.at("sotto_rpc_calls_total{namespace=\"none\",outcome=\"limited\"}"), 6);
}

TEST_F(MetricsTest, TheLagIsACumulativeHistogram) {
    world.run(sleep_for(world, 3 * LoopLag::kPeriod + 1s));
    const auto node = make(1);
    const auto samples = scrape(*node);
    EXPECT_EQ(samples.at("sotto_event_loop_lag_seconds_count"), 3);
    EXPECT_EQ(samples.at("sotto_event_loop_lag_seconds_sum"), 0);
    EXPECT_EQ(samples.at("sotto_event_loop_lag_seconds_bucket{le=\"0.001\"}"), 3);
    EXPECT_EQ(samples.at("sotto_event_loop_lag_seconds_bucket{le=\"+Inf\"}"), 3);
}

TEST_F(MetricsTest, CountersMoveWhenAMessagePasses) {
    for (const auto kind : {Network::devp2p, Network::libp2p}) {
        const std::string name = kind == Network::devp2p ? "devp2p" : "libp2p";
        const Byte number = kind == Network::devp2p ? 1 : 3;
        const auto a = make(number, {address(number + 1, kind)});
        const auto b = make(number + 1);
        run(*a, *b, [&]() -> Task<void> {
            co_await sleep_for(world, 2s);
            auto& sender = a->node->whisper();
            const auto key = sender.add_sym_key(ByteArray<32>{7}).value();
            const whisper::Topic topic{1, 2, 3, 4};
            auto& receiver = b->node->whisper();
            const auto filter = co_await receiver.new_filter(
                {.sym_key_id = receiver.add_sym_key(ByteArray<32>{7}).value(), .topics = {topic}});
            EXPECT_TRUE(filter);
            const auto before = scrape(*b);
            const auto posted = co_await sender.post({.sym_key_id = key,
                                                      .ttl = 50,
                                                      .topic = topic,
                                                      .payload = Bytes(500),
                                                      .pow_time = 5,
                                                      .pow_target = 0.002});
            EXPECT_TRUE(posted);
            co_await sleep_for(world, 2s);
            const auto at_a = scrape(*a), at_b = scrape(*b);
            EXPECT_EQ(at_a.at("sotto_peers{network=\"" + name + "\",direction=\"out\"}"), 1);
            EXPECT_EQ(at_b.at("sotto_peers{network=\"" + name + "\",direction=\"in\"}"), 1);
            EXPECT_EQ(at_a.at("sotto_peers_wanted"), 1);
            EXPECT_EQ(at_a.at("sotto_dials_total{network=\"" + name + "\",outcome=\"ok\"}"), 1);
            EXPECT_EQ(at_b.at("sotto_handshakes_total{network=\"" + name + "\",outcome=\"ok\"}"), 1);
            EXPECT_EQ(at_b.at("sotto_sessions"), 1);
            EXPECT_EQ(at_b.at("sotto_filters"), 1);
            EXPECT_EQ(at_a.at("sotto_envelopes_sent_total"), 1);
            EXPECT_EQ(at_b.at("sotto_envelopes_total{verdict=\"accepted\"}"), 1);
            EXPECT_EQ(at_b.at("sotto_messages_delivered_total"), 1);
            EXPECT_EQ(at_b.at("sotto_pool_envelopes"), 1);
            EXPECT_GT(at_b.at("sotto_pool_bytes"), 500);
            const auto received = "sotto_network_receive_bytes_total{network=\"" + name + "\"}";
            EXPECT_GT(at_b.at(received), before.at(received) + 500);
            const auto said = health(*a);
            EXPECT_EQ(said.at("status"), "ok");
            EXPECT_EQ(said.at("nodeHealth"), "ready");
            EXPECT_EQ(said.at("connectionStatus"), "connected");
            EXPECT_EQ(said.at("peers"), 1);
            EXPECT_EQ(said.at("peersByNetwork").at(name), 1);
        });
    }
}

TEST_F(MetricsTest, HealthNamesWhatIsWrong) {
    const auto a = make(1, {address(3, Network::libp2p)});
    node::Limits small;
    small.pool_envelopes = 1;
    const auto b = make(2, {}, small);
    EXPECT_EQ(health(*a),
              (json::object{{"status", "ok"},
                            {"nodeHealth", "ready"},
                            {"connectionStatus", "disconnected"},
                            {"peers", 0},
                            {"peersByNetwork", {{"devp2p", 0}, {"libp2p", 0}}},
                            {"protocolsHealth", json::array{json::object{{"shh", "not ready"}}}},
                            {"problems", json::array{}}}));
    run(*a, *b, [&]() -> Task<void> {
        co_await sleep_for(world, 30s);
        const auto said = health(*a);
        EXPECT_EQ(said.at("status"), "ok") << "it answers";
        EXPECT_EQ(said.at("nodeHealth"), "degraded");
        EXPECT_EQ(said.at("problems").as_array().size(), 1u);
        EXPECT_TRUE(std::string_view(said.at("problems").at(0).as_string()).starts_with("no peer is connected"));
        EXPECT_EQ(health(*b).at("nodeHealth"), "ready") << "it wants nobody";
        const auto sealed = co_await b->node->whisper().post({.sym_key_id = b->node->whisper().new_sym_key().value(),
                                                              .topic = {1, 2, 3, 4},
                                                              .pow_time = 5,
                                                              .pow_target = 0.002});
        EXPECT_TRUE(sealed);
        EXPECT_TRUE(
            std::string_view(health(*b).at("problems").at(0).as_string()).starts_with("the pool is nearly full"));
    });
}

}  // namespace
}  // namespace sotto::rpc
