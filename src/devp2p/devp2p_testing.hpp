// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <gtest/gtest.h>

#include "base/task_group.hpp"
#include "devp2p/upgrader.hpp"
#include "sim/world.hpp"

namespace sotto::devp2p::testing {

inline constexpr net::ProtocolSpec kChat{.name = "chat", .version = 2, .message_count = 200, .max_message = 64 * 1024};
inline constexpr net::ProtocolSpec kEcho{.name = "echo", .version = 1, .message_count = 4, .max_message = 1024 * 1024};

inline crypto::PrivateKey key(Byte number) {
    const ByteArray<32> secret{number};
    return *crypto::PrivateKey::make(crypto::KeyType::secp256k1, secret);
}

inline Config config_of(Byte number, std::vector<const net::ProtocolSpec*> protocols = {&kChat, &kEcho}) {
    Config config{.identity = key(number), .client = "test/" + std::to_string(number)};
    config.protocols = std::move(protocols);
    return config;
}

using Upgraded = Result<std::unique_ptr<net::Connection>>;

/// Both ends of a pipe, upgraded.
struct Pair {
    Upgraded dialer = fail(Errc::internal);
    Upgraded listener = fail(Errc::internal);
};

inline Task<void> upgrade(Env env,
                          Config config,
                          std::unique_ptr<net::Stream> stream,
                          net::Role role,
                          crypto::PeerId expected,
                          Upgraded& out) {
    const auto upgrader = make_rlpx_upgrader(env, std::move(config));
    net::RawConnection raw{std::move(stream), {}, {}};
    out = co_await upgrader->upgrade(std::move(raw),
                                     role,
                                     role == net::Role::dialer ? &expected : nullptr,
                                     Deadline::in(*env.clock, std::chrono::seconds(10)));
}

inline Task<Result<void>> connect(
    sim::World& world, sim::StreamPair streams, Config a, Config b, crypto::PeerId expected, Pair& pair) {
    auto body = [&](TaskGroup& group) -> Task<Result<void>> {
        group.spawn(upgrade(world.env(), a, std::move(streams.first), net::Role::dialer, expected, pair.dialer));
        group.spawn(upgrade(world.env(), b, std::move(streams.second), net::Role::listener, {}, pair.listener));
        co_await group.wait_all();
        co_return Result<void>{};
    };
    co_return co_await with_group(world.env(), 2, std::ref(body));
}

inline Pair connected(sim::World& world,
                      const sim::Link& link = {.latency = std::chrono::milliseconds(5)},
                      Config a = config_of(1),
                      Config b = config_of(2)) {
    Pair pair;
    const crypto::PeerId expected(b.identity.public_key());
    (void)world.run(connect(world, sim::make_pipe(world, link), std::move(a), std::move(b), expected, pair));
    return pair;
}

}  // namespace sotto::devp2p::testing
