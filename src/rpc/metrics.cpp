// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "rpc/metrics.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <limits>
#include <sstream>

#include "rpc/process_stats.hpp"

namespace sotto::rpc {
namespace {

using net::Network;
using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Families = std::vector<MetricFamily>;
using Labels = std::vector<ClientMetric::Label>;

constexpr Network kNetworks[] = {Network::devp2p, Network::libp2p};

std::string network_label(Network network) {
    return network == Network::devp2p ? "devp2p" : "libp2p";
}

/// "timed out" -> "timed_out".
std::string reason_label(Errc code) {
    std::string text(to_string(code));
    std::ranges::replace_if(text, [](char c) { return c == ' ' || c == '/'; }, '_');
    return text;
}

double seconds_of(Duration time) {
    return std::chrono::duration<double>(time).count();
}

/// An unlimited bound is +Inf, which a ratio to it survives.
double bound_of(std::uint64_t limit) {
    return limit == node::Limits::kUnlimited ? std::numeric_limits<double>::infinity() : static_cast<double>(limit);
}

MetricFamily& add_family(Families& all, std::string name, std::string help, MetricType type) {
    auto& family = all.emplace_back();
    family.name = std::move(name);
    family.help = std::move(help);
    family.type = type;
    return family;
}

/// The place of a family on the page, to add samples to.
class Family {
  public:
    Family(Families& all, std::string name, std::string help, MetricType type) : all_(all), place_(all.size()) {
        add_family(all, std::move(name), std::move(help), type);
    }
    template <class Number>
    Family& add(Labels labels, Number number) {
        auto& family = all_[place_];
        auto& metric = family.metric.emplace_back();
        metric.label = std::move(labels);
        (family.type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = static_cast<double>(number);
        return *this;
    }

  private:
    Families& all_;
    std::size_t place_;
};

class Page {
  public:
    Family counter(std::string name, std::string help) {
        return {families_, std::move(name), std::move(help), MetricType::Counter};
    }
    Family gauge(std::string name, std::string help) {
        return {families_, std::move(name), std::move(help), MetricType::Gauge};
    }
    void histogram(std::string name, std::string help, const LoopLag::Histogram& lag) {
        auto& family = add_family(families_, std::move(name), std::move(help), MetricType::Histogram);
        auto& histogram = family.metric.emplace_back().histogram;
        histogram.sample_sum = lag.sum;
        for (std::size_t i = 0; i < lag.counts.size(); ++i) {
            histogram.sample_count += lag.counts[i];
            const bool last = i == LoopLag::kBounds.size();
            const double bound = last ? std::numeric_limits<double>::infinity() : LoopLag::kBounds[i];
            histogram.bucket.push_back({histogram.sample_count, bound});
        }
    }
    std::string text() const {
        std::ostringstream out;
        prometheus::TextSerializer().Serialize(out, families_);
        return std::move(out).str();
    }

  private:
    Families families_;
};

void add_build(Page& page, const MetricsSources& sources) {
    const auto compiler = "clang" + std::to_string(__clang_major__) + "." + std::to_string(__clang_minor__);
    page.gauge("sotto_build_info", "1, with what was built as labels.")
        .add({{"version", SOTTO_VERSION}, {"compiler", compiler}}, 1);
    page.gauge("sotto_uptime_seconds", "Time since the start.").add({}, seconds_of(sources.uptime));
}

void add_peers(Page& page, const MetricsSources& sources) {
    const auto peers = sources.node.host().peers();
    auto family = page.gauge("sotto_peers", "Authenticated connections.");
    for (const auto network : kNetworks) {
        for (const auto role : {net::Role::listener, net::Role::dialer}) {
            const auto count = std::ranges::count_if(
                peers, [&](const auto& peer) { return peer.info.network == network && peer.info.role == role; });
            family.add({{"network", network_label(network)}, {"direction", role == net::Role::dialer ? "out" : "in"}},
                       count);
        }
    }
    page.gauge("sotto_peers_suspect", "Connections that nothing was heard from for one and a half heartbeats.")
        .add({}, std::ranges::count_if(peers, &node::PeerSnapshot::suspect));
    const auto counters = sources.node.host().counters();
    page.gauge("sotto_peers_wanted", "Peers that the node keeps a connection to, once a network.")
        .add({}, counters.wanted);
    page.gauge("sotto_peers_dialling", "Dials under way.").add({}, counters.dialling);
    page.gauge("sotto_peers_handshaking", "Inbound connections that are not authenticated yet.")
        .add({}, counters.handshaking);
    auto listeners = page.gauge("sotto_listeners", "Addresses that the node listens on.");
    for (const auto network : kNetworks) {
        listeners.add({{"network", network_label(network)}},
                      std::ranges::count(sources.node.host().listen_addresses(), network, net::network_of));
    }
    const auto& limits = sources.node.limits();
    page.gauge("sotto_peers_limit", "Most connections by direction.")
        .add({{"direction", "in"}}, bound_of(limits.connections_in))
        .add({{"direction", "out"}}, bound_of(limits.connections_out));
}

void add_outcomes(Family family, const std::string& network, const node::Outcomes& outcomes) {
    family.add({{"network", network}, {"outcome", "ok"}}, outcomes.ok);
    for (const auto& [reason, count] : outcomes.failed) {
        family.add({{"network", network}, {"outcome", reason_label(reason)}}, count);
    }
}

void add_connections(Page& page, const node::HostCounters& counters) {
    const auto for_each_network = [&](auto add) {
        for (const auto network : kNetworks) add(network_label(network), counters.of(network));
    };
    auto dials = page.counter("sotto_dials_total", "Dials up to an authenticated connection, by how they ended.");
    for_each_network([&](const auto& name, const auto& of) { add_outcomes(dials, name, of.dials); });
    auto handshakes = page.counter("sotto_handshakes_total", "Handshakes of inbound connections, by how they ended.");
    for_each_network([&](const auto& name, const auto& of) { add_outcomes(handshakes, name, of.handshakes); });
    auto closed = page.counter("sotto_connections_closed_total", "Authenticated connections, by why they ended.");
    for_each_network([&](const auto& name, auto of) {
        of.closed.try_emplace(Errc::closed);
        for (const auto& [reason, count] : of.closed) {
            closed.add({{"network", name}, {"reason", reason_label(reason)}}, count);
        }
    });
    auto refused = counters.refused;
    for (const auto* limit : {"accepts-per-second", "connections-per-24", "connections-per-ip", "pending-handshakes"}) {
        refused.try_emplace(limit);
    }
    auto family = page.counter("sotto_connections_refused_total",
                               "Inbound connections that were refused before any handshake, by the limit.");
    for (const auto& [limit, count] : refused) family.add({{"limit", limit}}, count);
    auto received = page.counter("sotto_network_receive_bytes_total", "Bytes read, with handshakes and framing.");
    for_each_network([&](const auto& name, const auto& of) { received.add({{"network", name}}, of.traffic.in); });
    auto sent = page.counter("sotto_network_transmit_bytes_total", "Bytes written, with handshakes and framing.");
    for_each_network([&](const auto& name, const auto& of) { sent.add({{"network", name}}, of.traffic.out); });
}

void add_whisper(Page& page, const whisper::Counters& counters) {
    auto family =
        page.counter("sotto_envelopes_total", "Envelopes that came from peers or were posted here, by the verdict.");
    const std::pair<const char*, std::uint64_t> verdicts[] = {{"accepted", counters.accepted},
                                                              {"duplicate", counters.duplicates},
                                                              {"too_large", counters.too_large},
                                                              {"bad_ttl", counters.bad_ttl},
                                                              {"from_future", counters.from_future},
                                                              {"expired", counters.expired},
                                                              {"low_pow", counters.low_pow},
                                                              {"bloom_mismatch", counters.bloom_mismatch},
                                                              {"pool_full", counters.pool_full}};
    for (const auto& [verdict, count] : verdicts) family.add({{"verdict", verdict}}, count);
    page.counter("sotto_envelopes_sent_total", "Copies of envelopes that went to peers.").add({}, counters.sent);
    page.counter("sotto_envelopes_evicted_total", "Envelopes that left the full pool for ones with more work.")
        .add({}, counters.evicted);
    page.counter("sotto_packets_limited_total", "Packets of peers above their rate, by what was done with them.")
        .add({{"action", "delayed"}}, counters.packets_delayed)
        .add({{"action", "dropped"}}, counters.packets_dropped);
    page.counter("sotto_messages_delivered_total", "Messages that a filter or subscription took.")
        .add({}, counters.messages);
    page.counter("sotto_messages_dropped_total", "Messages that nobody fetched from a full filter in time.")
        .add({}, counters.dropped);
}

void add_pool(Page& page, const whisper::Info& info, const node::Limits& limits) {
    page.gauge("sotto_sessions", "Peers that Whisper is spoken with.").add({}, info.peers);
    page.gauge("sotto_pool_bytes", "Memory of the envelopes that have not expired.").add({}, info.memory);
    page.gauge("sotto_pool_limit_bytes", "Most that sotto_pool_bytes can be.").add({}, bound_of(limits.pool_bytes));
    page.gauge("sotto_pool_envelopes", "Envelopes that have not expired.").add({}, info.messages);
    page.gauge("sotto_pool_limit_envelopes", "Most that sotto_pool_envelopes can be.")
        .add({}, bound_of(limits.pool_envelopes));
    page.gauge("sotto_filters", "Message filters and subscriptions.").add({}, info.filters);
    page.gauge("sotto_min_pow", "Proof of work that is asked of envelopes.").add({}, info.min_pow);
    page.gauge("sotto_clock_offset_seconds",
               "How far this clock is ahead of what peers agree on; 0: not known to be off.")
        .add({}, info.clock_offset.value_or(0));
}

void add_deliveries(Page& page, const whisper::Deliveries& deliveries) {
    auto family = page.gauge("sotto_deliveries", "Messages posted here lately, by how far they have come.");
    const auto counts = deliveries.counts();
    for (std::size_t i = 0; i < counts.size(); ++i) {
        family.add({{"state", std::string(to_string(static_cast<whisper::DeliveryState>(i)))}}, counts[i]);
    }
}

void add_calls(Page& page, const CallCounters& calls) {
    auto family = page.counter("sotto_rpc_calls_total", "JSON-RPC calls by namespace and by how they ended.");
    for (const auto& [name, of] : calls.namespaces) {
        family.add({{"namespace", name}, {"outcome", "ok"}}, of.ok);
        family.add({{"namespace", name}, {"outcome", "failed"}}, of.failed);
        family.add({{"namespace", name}, {"outcome", "refused"}}, of.refused);
    }
    family.add({{"namespace", "none"}, {"outcome", "unknown"}}, calls.unknown);
    family.add({{"namespace", "none"}, {"outcome", "invalid"}}, calls.invalid);
    family.add({{"namespace", "none"}, {"outcome", "limited"}}, calls.limited);
}

/// Prometheus' own names for what every process has.
void add_process(Page& page, WallTime started) {
    page.gauge("process_start_time_seconds", "Start of the process, seconds since 1970.")
        .add({}, seconds_of(started.since_epoch));
    const auto stats = read_process_stats();
    if (!stats) return;
    page.counter("process_cpu_seconds_total", "CPU time, user and system.").add({}, stats->cpu_seconds);
    page.gauge("process_resident_memory_bytes", "Resident memory.").add({}, stats->resident_bytes);
    page.gauge("process_virtual_memory_bytes", "Virtual memory.").add({}, stats->virtual_bytes);
    page.gauge("process_threads", "Threads.").add({}, stats->threads);
    page.gauge("process_open_fds", "Open file descriptors.").add({}, stats->open_fds);
    page.gauge("process_max_fds", "Most file descriptors that may be open.").add({}, stats->max_fds);
}

}  // namespace

std::string render_metrics(const MetricsSources& sources) {
    Page page;
    add_build(page, sources);
    add_peers(page, sources);
    add_connections(page, sources.node.host().counters());
    add_whisper(page, sources.node.whisper().counters());
    add_pool(page, sources.node.whisper().info(), sources.node.limits());
    add_deliveries(page, sources.node.whisper().deliveries());
    add_calls(page, sources.calls);
    page.histogram("sotto_event_loop_lag_seconds",
                   "How late the event loop ran a timer, sampled every 5 s.",
                   sources.lag.histogram());
    add_process(page, sources.started);
    return page.text();
}

}  // namespace sotto::rpc
