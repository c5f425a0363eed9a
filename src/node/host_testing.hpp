// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <list>

#include "base/task_group.hpp"
#include "codec/rlp.hpp"
#include "devp2p/upgrader.hpp"
#include "libp2p/upgrader.hpp"
#include "node/host.hpp"
#include "sim/network.hpp"
#include "sim/world.hpp"

namespace sotto::node::testing {

using net::Network;

inline constexpr Network kBoth[] = {Network::devp2p, Network::libp2p};

/// A greeting each way, then words, until the stream ends or the test ends it.
class Parrot final : public net::Protocol {
  public:
    static constexpr net::ProtocolSpec kSpec{"parrot", 1, 2, 1024, "/parrot/1.0.0"};

    explicit Parrot(Env env) : env_(env) {}

    const net::ProtocolSpec& spec() const noexcept override { return kSpec; }
    Task<Result<void>> run(net::MessageStream& stream, Established established) override {
        const auto place = running.insert(running.end(), &stream);
        auto ended = co_await converse(stream, established);
        running.erase(place);
        ++ended_sessions;
        co_return ended;
    }
    Task<void> say(std::string_view text) {
        if (running.empty()) {
            ADD_FAILURE() << "no session to say it in: " << text;
            co_return;
        }
        const auto word = rlp::encode_string(view_of(text));
        const std::array<BytesView, 1> pieces{word};
        EXPECT_TRUE(co_await running.front()->write(1, pieces));
    }
    /// The running session returns `why`.
    void end(Error why) {
        if (running.empty()) {
            ADD_FAILURE() << "no session to end";
            return;
        }
        end_with.emplace(why);
        running.front()->close(std::move(why));
    }

    Duration slow_greeting{};  ///< waits so long before it greets
    std::list<net::MessageStream*> running;
    std::vector<std::string> heard;
    unsigned ended_sessions = 0;
    std::optional<Error> end_with;

  private:
    Task<Result<void>> converse(net::MessageStream& stream, Established& established) {
        if (slow_greeting > Duration::zero()) co_await sleep_for(*env_.clock, slow_greeting);
        const auto greeting = rlp::encode_string(view_of("hello"));
        const std::array<BytesView, 1> pieces{greeting};
        SOTTO_CO_CHECK(co_await stream.write(0, pieces));
        for (bool greeted = false;;) {
            auto message = co_await stream.read();
            if (end_with) co_return fail(*std::exchange(end_with, std::nullopt));
            if (!message) co_return fail(message.error());
            if (message->code == 1) heard.emplace_back(text_of(BytesView(message->payload).subspan(1)));
            if (!std::exchange(greeted, true)) established();
        }
    }

    Env env_;
};

struct Seen {
    PeerEvent event;
    TimePoint at;
};

struct PartyOptions {
    Limits limits = {};
    bool parrot = true;
    bool devp2p = true;
    bool libp2p = true;
};

inline crypto::PrivateKey key_of(Byte seed) {
    ByteArray<32> secret;
    secret.fill(seed);
    return crypto::PrivateKey::make(crypto::KeyType::secp256k1, secret).value();
}

/// The keys 1 to 4 by their peer ids, the smallest first.
inline std::array<Byte, 4> sorted_keys() {
    std::array<Byte, 4> keys{1, 2, 3, 4};
    std::ranges::sort(keys, {}, [](Byte key) { return crypto::PeerId(key_of(key).public_key()); });
    return keys;
}

/// A host on the simulated network, at 10.0.0.<number>.
class Party {
  public:
    Party(sim::World& world, sim::Network& network, Byte number, Byte devp2p_key, Byte libp2p_key, PartyOptions options)
        : parrot(world.env()), world_(world), ip(ip_of(number)), devp2p_key_(devp2p_key), libp2p_key_(libp2p_key) {
        Host::Parts parts;
        parts.transports.push_back(network.transport(ip));
        std::vector<const net::ProtocolSpec*> specs;
        if (options.parrot) specs.push_back(&Parrot::kSpec);
        if (options.devp2p) parts.upgraders.push_back(devp2p_upgrader(world.env(), devp2p_key, specs));
        if (options.libp2p) parts.upgraders.push_back(libp2p_upgrader(world.env(), libp2p_key, specs));
        if (options.parrot) parts.protocols.push_back(&parrot);
        HostConfig config;
        config.limits = options.limits;
        config.self = {id(Network::devp2p), id(Network::libp2p)};
        host = std::make_unique<Host>(world.env(), std::move(config), std::move(parts));
        subscription_ =
            host->events().subscribe([this](const PeerEvent& event) { events.push_back({event, world_.now()}); });
        if (options.devp2p) EXPECT_TRUE(host->listen(listen_address(Network::devp2p)));
        if (options.libp2p) EXPECT_TRUE(host->listen(listen_address(Network::libp2p)));
    }

    static sim::Ip4 ip_of(Byte number) { return {10, 0, 0, number}; }
    static std::unique_ptr<net::Upgrader> devp2p_upgrader(Env env,
                                                          Byte key,
                                                          std::vector<const net::ProtocolSpec*> specs) {
        return devp2p::make_rlpx_upgrader(env,
                                          {.identity = key_of(key), .client = "test", .protocols = std::move(specs)});
    }
    static std::unique_ptr<net::Upgrader> libp2p_upgrader(Env env,
                                                          Byte key,
                                                          std::vector<const net::ProtocolSpec*> specs) {
        libp2p::Config config{.identity = key_of(key), .agent = "test", .protocols = std::move(specs)};
        return libp2p::make_libp2p_upgrader(env, std::move(config));
    }
    Multiaddr listen_address(Network network) const {
        auto address = Multiaddr::from_ip(ip, network == Network::devp2p ? 30303 : 60000);
        return network == Network::devp2p ? address.with(AddrCode::rlpx) : address;
    }
    crypto::PeerId id(Network network) const {
        return crypto::PeerId(key_of(network == Network::devp2p ? devp2p_key_ : libp2p_key_).public_key());
    }
    Multiaddr address(Network network) const {
        return listen_address(network).with(AddrCode::p2p, id(network).bytes());
    }
    void want(const Party& other, Network network) { EXPECT_TRUE(host->add_peer(other.address(network))); }
    std::size_t count(PeerEvent::Kind kind) const {
        return static_cast<std::size_t>(
            std::ranges::count_if(events, [&](const Seen& s) { return s.event.kind == kind; }));
    }
    std::size_t ups() const { return count(PeerEvent::Kind::connected); }
    std::size_t downs() const { return count(PeerEvent::Kind::disconnected); }
    /// The networks whose connection carries a session now.
    std::vector<Network> carriers() const {
        std::vector<Network> all;
        for (const auto& peer : host->peers()) {
            if (!peer.sessions.empty()) all.push_back(peer.info.network);
        }
        return all;
    }

    Parrot parrot;
    std::unique_ptr<Host> host;
    std::vector<Seen> events;
    bool ended = false;

  private:
    sim::World& world_;

  public:
    const sim::Ip4 ip;

  private:
    Byte devp2p_key_;
    Byte libp2p_key_;
    Subscription subscription_;
};

/// A world with a network, in which the body of a test runs; every host is stopped behind it.
class Rig {
  public:
    explicit Rig(std::uint64_t seed = 1) : world(seed), network(world) {
        network.set_link({.latency = std::chrono::milliseconds(20), .jitter = std::chrono::milliseconds(5)});
    }

    template <class Body>
    void run(Body body) {
        world.run(live(body));
    }
    Task<void> sleep(Duration time) { return sleep_for(world, time); }
    Env env() { return world.env(); }

    /// One key on both networks, or one for each.
    Party& party(Byte number, PartyOptions options = {}) { return party(number, number, number, options); }
    Party& party(Byte number, Byte devp2p_key, Byte libp2p_key, PartyOptions options = {}) {
        auto& made =
            *parties_.emplace_back(std::make_unique<Party>(world, network, number, devp2p_key, libp2p_key, options));
        EXPECT_TRUE(group_->spawn(serve(made)));
        return made;
    }
    /// Two with a key for each network. On `kind` the first has the smaller id; their other ids stand the other way
    /// round, and outside of these.
    std::pair<Party&, Party&> two_keyed_parties(Network kind) {
        const auto keys = sorted_keys();
        if (kind == Network::devp2p) return {party(1, keys[1], keys[3]), party(2, keys[2], keys[0])};
        return {party(1, keys[3], keys[1]), party(2, keys[0], keys[2])};
    }
    Task<void> kill(Party& party) {
        network.kill(party.ip);
        party.host->stop();
        while (!party.ended) co_await sleep(std::chrono::milliseconds(10));
    }
    /// A peer that the test plays itself, connected to `to` from 10.0.1.<key> (devp2p) or 10.0.2.<key>, or from `place`
    /// instead of key; it offers the parrot and never opens it.
    Task<Result<std::unique_ptr<net::Connection>>> meet(const Party& to,
                                                        Network kind,
                                                        Byte key,
                                                        std::vector<const net::ProtocolSpec*> specs = {&Parrot::kSpec},
                                                        std::optional<Byte> place = {}) {
        const Byte side = kind == Network::devp2p ? 1 : 2;
        const auto transport = network.transport({10, 0, side, place.value_or(key)});
        const auto upgrader = kind == Network::devp2p ? Party::devp2p_upgrader(env(), key, specs)
                                                      : Party::libp2p_upgrader(env(), key, specs);
        const auto deadline = Deadline::in(world, std::chrono::seconds(10));
        SOTTO_CO_TRY(auto raw, co_await transport->dial(to.address(kind), deadline));
        const auto expected = to.id(kind);
        co_return co_await upgrader->upgrade(std::move(raw), net::Role::dialer, &expected, deadline);
    }
    TaskGroup& group() { return *group_; }

    sim::World world;
    sim::Network network;

  private:
    template <class Body>
    Task<void> live(Body& body) {
        auto in_group = [this, &body](TaskGroup& tasks) -> Task<bool> {
            group_ = &tasks;
            co_await body(*this);
            for (const auto& party : parties_) party->host->stop();
            co_await tasks.wait_all();
            co_return true;
        };
        co_await with_group(env(), 256, std::ref(in_group));
        parties_.clear();
    }
    static Task<void> serve(Party& party) {
        co_await party.host->run();
        party.ended = true;
    }

    TaskGroup* group_ = nullptr;
    std::list<std::unique_ptr<Party>> parties_;
};

}  // namespace sotto::node::testing
