// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "dialer.hpp"

#include "devp2p/upgrader.hpp"
#include "libp2p/upgrader.hpp"
#include "load.hpp"
#include "transport/tcp.hpp"
#include "whisper/packets.hpp"

namespace sotto::load {

Result<Dialer> Dialer::make(Env env, const std::string& address, const net::ProtocolSpec& spec) {
    SOTTO_TRY(auto parsed, net::parse_address(address));
    const auto* part = parsed.find(AddrCode::p2p);
    if (!part) return fail(Errc::invalid_argument, "the address has no peer id");
    SOTTO_TRY(auto peer, crypto::PeerId::decode(part->value));
    return Dialer(env, std::move(parsed), std::move(peer), spec);
}

Dialer::Dialer(Env env, Multiaddr address, crypto::PeerId peer, const net::ProtocolSpec& spec)
    : env_(env),
      address_(std::move(address)),
      peer_(std::move(peer)),
      spec_(&spec),
      tcp_(transport::make_tcp_transport(env)) {}

std::unique_ptr<net::Upgrader> Dialer::make_upgrader() {
    if (net::network_of(address_) == net::Network::libp2p) {
        return libp2p::make_libp2p_upgrader(
            env_, {.identity = make_identity(env_), .agent = "sotto_load", .protocols = {spec_}});
    }
    return devp2p::make_rlpx_upgrader(env_,
                                      {.identity = make_identity(env_), .client = "sotto_load", .protocols = {spec_}});
}

Task<Result<std::unique_ptr<net::Connection>>> Dialer::dial() {
    const auto upgrader = make_upgrader();
    SOTTO_CO_TRY(auto raw, co_await tcp_->dial(address_, deadline()));
    co_return co_await upgrader->upgrade(std::move(raw), net::Role::dialer, &peer_, deadline());
}

crypto::PrivateKey make_identity(Env env) {
    for (;;) {
        auto key = crypto::PrivateKey::make(crypto::KeyType::secp256k1, env.random->array<32>());
        if (key) return *std::move(key);
    }
}

Task<void> drive(net::Connection& connection) {
    (void)co_await connection.run();
}

Task<Result<void>> with_connection(Dialer& dialer, const Use& use) {
    SOTTO_CO_TRY(const auto connection, co_await dialer.dial());
    auto body = [&](TaskGroup& group) -> Task<Result<void>> {
        group.spawn(drive(*connection));
        auto used = co_await use(*connection);
        connection->close(Error(Errc::closed));
        co_await group.wait_all();
        co_return used;
    };
    co_return co_await with_group(dialer.env(), 1, std::ref(body));
}

Task<Result<void>> greet(net::MessageStream& stream) {
    const auto status = whisper::encode_status({});
    const std::array<BytesView, 1> pieces{BytesView(status)};
    SOTTO_CO_CHECK(co_await stream.write(whisper::code::kStatus, pieces));
    SOTTO_CO_TRY(const auto first, co_await stream.read());
    if (first.code != whisper::code::kStatus) co_return fail(Errc::misbehaved, "a message before the status");
    co_return Result<void>{};
}

Task<void> drain(net::MessageStream& stream) {
    while (co_await stream.read()) {
    }
}

namespace {

struct Spread {
    std::size_t left;
    const Each& each;
    Result<void> outcome;

    static Task<void> work(Spread& all) {
        while (all.left > 0 && all.outcome) {
            --all.left;
            auto done = co_await all.each();
            if (!done) all.outcome = std::move(done);
        }
    }
};

}  // namespace

Task<Result<void>> spread(Env env, std::size_t count, std::size_t parallel, const Each& each) {
    Spread all{count, each, {}};
    auto body = [&](TaskGroup& group) -> Task<Result<void>> {
        for (std::size_t i = 0; i < parallel; ++i) group.spawn(Spread::work(all));
        co_await group.wait_all();
        co_return all.outcome;
    };
    co_return co_await with_group(env, parallel, std::ref(body));
}

}  // namespace sotto::load
