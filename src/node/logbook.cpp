// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "node/logbook.hpp"

#include <algorithm>

#include "base/log.hpp"

namespace sotto::node {
namespace {

constexpr Duration kHealthPeriod = std::chrono::minutes(10);
/// Strangers may come and go as often as they are let in: what they do must not fill the disk.
constexpr double kLinesPerSecond = 1;
constexpr double kBurst = 100;  // seconds

}  // namespace

Logbook::Logbook(Node& node)
    : node_(node),
      lines_(kLinesPerSecond, kBurst),
      before_(node.whisper().counters()),
      peers_(node.host().events().subscribe([this](const PeerEvent& event) { tell_peer(event); })) {
    arm();
}

void Logbook::tell_peer(const PeerEvent& event) {
    const bool told = lines_.try_take(1, node_.env().clock->now());
    if (!told) ++left_out_;
    const bool came = event.kind == PeerEvent::Kind::connected;
    const std::string direction = event.role == net::Role::listener ? "in" : "out";
    log::write(
        told ? log::Level::info : log::Level::debug,
        "peers",
        came ? "peer connected" : "peer disconnected",
        {{"peer", event.peer.to_string()},
         {"network", std::string(net::to_string(event.network))},
         {"address", event.remote.to_string()},
         {"protocol", std::string(event.protocol)},
         {came ? "direction" : "reason", came ? direction : event.reason.value_or(Error(Errc::closed)).message()}});
}

void Logbook::arm() {
    timer_ = node_.env().clock->after(kHealthPeriod, [this] { tell_health(); });
}

void Logbook::tell_health() {
    arm();
    const auto peers = node_.host().peers();
    const auto count = [&peers](net::Network network) {
        return std::to_string(
            std::ranges::count(peers, network, [](const PeerSnapshot& peer) { return peer.info.network; }));
    };
    const auto info = node_.whisper().info();
    const auto now = node_.whisper().counters();
    log::info("run",
              "the latest ten minutes",
              {{"devp2p", count(net::Network::devp2p)},
               {"libp2p", count(net::Network::libp2p)},
               {"envelopes", std::to_string(info.messages)},
               {"pool_bytes", std::to_string(info.memory)},
               {"accepted", std::to_string(now.accepted - before_.accepted)},
               {"refused", std::to_string(now.refused - before_.refused)},
               {"sent", std::to_string(now.sent - before_.sent)},
               {"peers_left_out", std::to_string(left_out_)}});
    before_ = now;
    left_out_ = 0;
}

}  // namespace sotto::node
