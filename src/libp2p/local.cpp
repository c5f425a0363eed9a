// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "libp2p/local.hpp"

#include <algorithm>

namespace sotto::libp2p {
namespace {

std::vector<std::string> early_muxers(const Config& config) {
    if (!config.early_muxer) return {};
    return {std::string(kYamuxId)};
}

}  // namespace

Local::Local(Config c, const ByteArray<32>& noise_static_secret)
    : config(std::move(c)),
      noise(config.identity, noise_static_secret, early_muxers(config)),
      services(make_services(config.serve_echo, config.serve_perf)) {
    for (const auto* spec : config.protocols) protocol_ids.push_back(spec->protocol_id);
    for (const auto& service : services) protocol_ids.push_back(service.protocol_id);
}

const net::ProtocolSpec* Local::find_protocol(std::string_view id) const noexcept {
    const auto found = std::ranges::find(config.protocols, id, &net::ProtocolSpec::protocol_id);
    return found == config.protocols.end() ? nullptr : *found;
}

const Service* Local::find_service(std::string_view id) const noexcept {
    const auto found = std::ranges::find(services, id, &Service::protocol_id);
    return found == services.end() ? nullptr : &*found;
}

YamuxConfig Local::yamux() const {
    auto yamux = config.yamux;
    if (config.inbound_streams) yamux.core.max_inbound_streams = config.inbound_streams();
    return yamux;
}

IdentifyInfo Local::describe(const Multiaddr& remote) const {
    IdentifyInfo info;
    info.key = config.identity.public_key();
    if (config.listen_addresses) info.listen_addresses = config.listen_addresses();
    info.protocols.assign(protocol_ids.begin(), protocol_ids.end());
    if (!remote.empty()) info.observed = remote;
    info.protocol_version = kIdentifyVersion;
    info.agent = config.agent;
    return info;
}

}  // namespace sotto::libp2p
