// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "node/node.hpp"

#include "base/log.hpp"
#include "base/task_group.hpp"
#include "node/builtin.hpp"
#include "node/interfaces.hpp"

namespace sotto::node {
namespace {

HostConfig host_config(const Config& config, const Identities& identities) {
    HostConfig host;
    host.limits = config.limits;
    host.exempt = config.exempt;
    host.self = {crypto::PeerId(identities.devp2p.public_key()), crypto::PeerId(identities.libp2p.public_key())};
    return host;
}

double rate(std::uint64_t limit) noexcept {
    return limit == Limits::kUnlimited ? TokenBucket::kUnlimited : static_cast<double>(limit);
}

/// Zero means no limit on the wire.
std::optional<whisper::PacketRates> announced_rates(const Limits& limits) {
    const auto announced = [](std::uint64_t limit) { return limit == Limits::kUnlimited ? 0 : limit; };
    const whisper::PacketRates rates{
        announced(limits.address_packets_per_second), announced(limits.peer_packets_per_second), 0};
    if (rates.strictest() == 0) return std::nullopt;
    return rates;
}

whisper::Limits whisper_limits(const Limits& limits) {
    whisper::Limits whisper;
    whisper.pool = {limits.pool_bytes, limits.pool_envelopes};
    whisper.rates_per_peer = {rate(limits.peer_packets_per_second),
                              rate(limits.peer_envelopes_per_second),
                              rate(limits.peer_bytes_per_second)};
    whisper.rates_per_address = {rate(limits.address_packets_per_second),
                                 rate(limits.address_envelopes_per_second),
                                 rate(limits.address_bytes_per_second)};
    whisper.announced_rates = announced_rates(limits);
    whisper.deliveries = {limits.followed_messages, limits.held_by};
    return whisper;
}

whisper::Config whisper_config(const Config& config, Host* const& host, whisper::Journal* journal) {
    whisper::Config whisper;
    whisper.limits = whisper_limits(config.limits);
    whisper.journal = journal;
    whisper.address_of = [&host](const crypto::PeerId& peer) { return host->host_key(peer); };
    whisper.min_pow = config.min_pow;
    whisper.rule = config.pow_rule;
    return whisper;
}

/// A family that the machine lacks is no error when nobody asked for it.
bool missing_family(const Error& error) {
    return error == Errc::unsupported;
}

}  // namespace

std::string client_name() {
    return "Sotto/v" SOTTO_VERSION "/linux-amd64/clang" + std::to_string(__clang_major__) + "." +
           std::to_string(__clang_minor__);
}

Result<std::unique_ptr<Node>> Node::make(Env env,
                                         const Config& config,
                                         const Identities& identities,
                                         whisper::Journal* journal) {
    return make(env, config, identities, builtin_transports(env), journal);
}

Result<std::unique_ptr<Node>> Node::make(
    Env env, const Config& config, const Identities& identities, Transports transports, whisper::Journal* journal) {
    if (identities.devp2p.type() != crypto::KeyType::secp256k1) {
        return fail(Errc::invalid_argument, "--devp2p-identity-file: devp2p needs a secp256k1 key");
    }
    return std::unique_ptr<Node>(new Node(env, config, identities, std::move(transports), journal));
}

Node::Node(
    Env env, const Config& config, const Identities& identities, Transports transports, whisper::Journal* journal)
    : env_(env),
      config_(config),
      identities_(identities),
      whisper_(std::make_unique<whisper::Whisper>(env, whisper_config(config, host_raw_, journal))) {
    auto parts = builtin_parts(env, config_, identities_, *whisper_, &host_raw_);
    parts.transports = std::move(transports);
    host_ = std::make_unique<Host>(env, host_config(config, identities_), std::move(parts));
    host_raw_ = host_.get();
    peer_states_ = host_->states().subscribe([this](const PeerStateEvent& event) {
        if (event.state == PeerState::suspect || event.state == PeerState::ok) judge(event.peer);
    });
    // The session may have moved from a connection that is suspect to one that is not.
    peer_events_ = host_->events().subscribe([this](const PeerEvent& event) {
        if (event.kind == PeerEvent::Kind::connected) judge(event.peer);
    });
}

Node::~Node() = default;

void Node::judge(const crypto::PeerId& peer) {
    whisper_->set_suspect(peer, host_->suspect(peer));
}

Result<void> Node::listen() {
    for (const auto& address : config_.listen) {
        const auto bound = host_->listen(address);
        if (bound) continue;
        if (config_.default_listen && missing_family(bound.error())) continue;
        return fail(bound.error());
    }
    return {};
}

Task<void> Node::run() {
    for (const auto& peer : config_.peers) {
        const auto added = host_->add_peer(peer);
        if (!added)
            log::warn("node",
                      "a configured peer cannot be dialled",
                      {{"peer", peer.to_string()}, {"error", added.error().message()}});
    }
    auto serve = [this](TaskGroup& group) -> Task<Result<void>> {
        group.spawn(whisper_->serve());
        co_await host_->run();
        co_return Result<void>{};
    };
    (void)co_await with_group(env_, 1, std::ref(serve));
}

void Node::stop() noexcept {
    host_->stop();
}

void Node::set_limits(const Limits& limits) {
    config_.limits = limits;
    host_->set_limits(limits);
    whisper_->set_limits(whisper_limits(limits));
}

std::string Node::enode() const {
    const auto id = crypto::PeerId(identities_.devp2p.public_key());
    for (const auto& listen : host_->listen_addresses()) {
        if (net::network_of(listen) != net::Network::devp2p) continue;
        for (const auto& address : dialable_addresses(listen)) {
            auto text = net::to_enode(address.with(AddrCode::p2p, id.bytes()));
            if (text) return std::move(*text);
        }
    }
    return {};
}

std::vector<std::string> Node::multiaddrs() const {
    const auto id = crypto::PeerId(identities_.libp2p.public_key());
    std::vector<std::string> all;
    for (const auto& listen : host_->listen_addresses()) {
        if (net::network_of(listen) != net::Network::libp2p) continue;
        for (const auto& address : dialable_addresses(listen)) {
            all.push_back(address.with(AddrCode::p2p, id.bytes()).to_string());
        }
    }
    return all;
}

}  // namespace sotto::node
