// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "libp2p/upgrader.hpp"

#include <gtest/gtest.h>

#include "base/task_group.hpp"
#include "libp2p/connection.hpp"
#include "libp2p/echo.hpp"
#include "libp2p/multistream.hpp"
#include "sim/world.hpp"

namespace sotto::libp2p {
namespace {

using namespace std::chrono_literals;
using net::Role;

crypto::PrivateKey key_of(Byte seed) {
    ByteArray<32> secret;
    secret.fill(seed);
    return crypto::PrivateKey::make(crypto::KeyType::secp256k1, secret).value();
}
Config config_of(Byte seed) {
    Config config{.identity = key_of(seed), .agent = "Node"};
    config.serve_echo = true;
    return config;
}
crypto::PeerId id_of(Byte seed) {
    return crypto::PeerId(key_of(seed).public_key());
}
using Upgraded = Result<std::unique_ptr<net::Connection>>;

Task<void> upgrade(sim::World& world,
                   net::Upgrader& upgrader,
                   std::unique_ptr<net::Stream> raw,
                   Role role,
                   const crypto::PeerId* expected,
                   Upgraded& result) {
    net::RawConnection connection{std::move(raw), {}, {}};
    result = co_await upgrader.upgrade(std::move(connection), role, expected, Deadline::in(world, 10s));
}

/// Runs body(group) in the world.
template <class Body>
void run_in_group(sim::World& world, Body body) {
    struct Run {
        static Task<bool> with_result(Body& b, TaskGroup& group) {
            co_await b(group);
            co_return true;
        }
        static Task<void> all(sim::World& w, Body& b) {
            auto in_group = [&b](TaskGroup& group) { return with_result(b, group); };
            co_await with_group(w.env(), 16, in_group);
        }
    };
    world.run(Run::all(world, body));
}

TEST(Libp2pUpgrader, FailsOnBothEndsWhenThePeerIsNotTheExpectedOne) {
    sim::World world(1);
    const auto dialing = make_libp2p_upgrader(world.env(), config_of(1));
    const auto listening = make_libp2p_upgrader(world.env(), config_of(2));
    auto [a, b] = sim::make_pipe(world, {.latency = 50ms});
    const auto wrong = id_of(3);
    Upgraded dialed = fail(Errc::internal);
    Upgraded listened = fail(Errc::internal);
    run_in_group(world, [&](TaskGroup& group) {
        group.spawn(upgrade(world, *dialing, std::move(a), Role::dialer, &wrong, dialed));
        group.spawn(upgrade(world, *listening, std::move(b), Role::listener, nullptr, listened));
        return group.wait_all();
    });
    EXPECT_EQ(dialed.error().code(), Errc::wrong_identity);
    EXPECT_FALSE(listened);
    EXPECT_LT(world.now().since_start, 1s);
}

/// What an upgrade says to a peer that sends `bytes` and then nothing more.
Errc outcome_against(const Bytes& bytes, Role role) {
    sim::World world(1);
    const auto upgrader = make_libp2p_upgrader(world.env(), config_of(1));
    auto [a, b] = sim::make_pipe(world, {.latency = 50ms});
    Upgraded result = fail(Errc::internal);
    run_in_group(world, [&](TaskGroup& group) -> Task<void> {
        group.spawn(upgrade(world, *upgrader, std::move(a), role, nullptr, result));
        EXPECT_TRUE(co_await net::write(*b, bytes));
        co_await group.wait_all();
    });
    EXPECT_LT(world.now().since_start, 11s);
    return result ? Errc::would_block : result.error().code();
}
Bytes tokens(std::initializer_list<std::string_view> texts) {
    Bytes bytes;
    for (const auto text : texts) multistream::append_token(bytes, text);
    return bytes;
}

TEST(Libp2pUpgrader, EndsByItsDeadlineAgainstASilentPeer) {
    EXPECT_EQ(outcome_against({}, Role::dialer), Errc::timed_out);
    EXPECT_EQ(outcome_against({}, Role::listener), Errc::timed_out);
    EXPECT_EQ(outcome_against(tokens({"/multistream/1.0.0"}), Role::dialer), Errc::timed_out);
    EXPECT_EQ(outcome_against(tokens({"/multistream/1.0.0", "/noise"}), Role::listener), Errc::timed_out);
    EXPECT_EQ(outcome_against(tokens({"/multistream/1.0.0", "/noise"}), Role::dialer), Errc::timed_out);
}

TEST(Libp2pUpgrader, RefusesPeersThatSpeakSomethingElse) {
    EXPECT_EQ(outcome_against(tokens({"/multistream/1.0.0", "na"}), Role::dialer), Errc::unsupported);
    EXPECT_EQ(outcome_against(tokens({"/multistream/2.0.0"}), Role::dialer), Errc::unsupported);
    EXPECT_EQ(outcome_against(tokens({"/multistream/2.0.0"}), Role::listener), Errc::unsupported);
    EXPECT_EQ(outcome_against(Bytes(100, 0xff), Role::listener), Errc::too_large);
    auto oversized = tokens({"/multistream/1.0.0", "/noise"});
    append(oversized, Bytes{0xff, 0xff});
    EXPECT_EQ(outcome_against(oversized, Role::listener), Errc::too_large);
    EXPECT_EQ(outcome_against(oversized, Role::dialer), Errc::too_large);
}

/// Calls `at_nth` in front of its n-th operation. It may return an error, with which the stream then fails.
class HookedStream final : public net::Stream {
  public:
    using Hook = std::function<std::optional<Error>()>;
    HookedStream(std::unique_ptr<net::Stream> raw, std::size_t n, Hook at_nth)
        : raw_(std::move(raw)), left_(n), hook_(std::move(at_nth)) {}
    bool reached() const { return left_ == 0; }

    Task<Result<void>> readable() override {
        count();
        return raw_->readable();
    }
    Result<std::size_t> try_read(BytesSpan into) noexcept override {
        count();
        return raw_->try_read(into);
    }
    Task<Result<void>> write(Buffers pieces) override {
        count();
        return raw_->write(pieces);
    }
    Task<Result<void>> close_write() override {
        count();
        return raw_->close_write();
    }
    void reset(Error why) noexcept override { raw_->reset(std::move(why)); }

  private:
    void count() {
        if (left_ == 0 || --left_ > 0) return;
        if (auto error = hook_()) raw_->reset(std::move(*error));
    }
    std::unique_ptr<net::Stream> raw_;
    std::size_t left_;
    Hook hook_;
};

Task<void> run_connection(net::Connection& connection) {
    (void)co_await connection.run();
}
Task<Result<void>> echo(sim::World& world, Connection& connection) {
    SOTTO_CO_TRY(const auto stream, connection.open_stream(kEchoId, Deadline::in(world, 10s)));
    SOTTO_CO_CHECK(co_await net::write(*stream, view_of("hello")));
    ByteArray<5> answer;
    SOTTO_CO_CHECK(co_await net::read_exact(*stream, answer));
    co_return co_await net::finish(*stream, 10);
}

/// One dial with an echo and a goodbye between two nodes, where one end's raw stream has a hook.
struct Flow {
    sim::World world{1};
    std::unique_ptr<net::Upgrader> dialing = make_libp2p_upgrader(world.env(), config_of(1));
    std::unique_ptr<net::Upgrader> listening = make_libp2p_upgrader(world.env(), config_of(2));
    Result<void> outcome = fail(Errc::shutdown);  // as when it is cancelled
    Upgraded dialed = fail(Errc::internal);
    Upgraded listened = fail(Errc::internal);
    Timer cancellation;
    using AtNth = std::function<std::optional<Error>(Flow&, TaskGroup&)>;

    Task<void> dial(TaskGroup& group, std::unique_ptr<net::Stream> raw) {
        const auto expected = id_of(2);
        co_await upgrade(world, *dialing, std::move(raw), Role::dialer, &expected, dialed);
        if (!dialed) {
            outcome = fail(dialed.error());
            co_return;
        }
        group.spawn(run_connection(**dialed));
        outcome = co_await echo(world, dynamic_cast<Connection&>(**dialed));
        (*dialed)->close(Error(Errc::closed));
    }
    Task<void> listen(std::unique_ptr<net::Stream> raw) {
        co_await upgrade(world, *listening, std::move(raw), Role::listener, nullptr, listened);
        if (listened) co_await run_connection(**listened);
    }
    Task<void> finish(TaskGroup& group) {
        co_await group.wait_all();
        cancellation.reset();
    }
    /// False: it came to its end without an n-th operation.
    bool run(Role hooked, std::size_t n, const AtNth& at_nth) {
        bool reached = false;
        run_in_group(world, [&](TaskGroup& group) {
            auto [a, b] = sim::make_pipe(world, {.latency = 50ms});
            auto& side = hooked == Role::dialer ? a : b;
            auto hook = [this, &reached, &group, &at_nth] {
                reached = true;
                return at_nth(*this, group);
            };
            side = std::make_unique<HookedStream>(std::move(side), n, hook);
            group.spawn(dial(group, std::move(a)));
            group.spawn(listen(std::move(b)));
            return finish(group);
        });
        return reached;
    }
};

void sweep(Role hooked, const Flow::AtNth& at_nth) {
    std::size_t n = 1;
    for (;; ++n) {
        ASSERT_LT(n, 1000u);
        Flow flow;
        if (!flow.run(hooked, n, at_nth)) {
            EXPECT_TRUE(flow.outcome);
            break;
        }
        // Whatever fails, nobody hangs and nobody is blamed for it.
        EXPECT_LT(flow.world.now().since_start, 60s) << n;
        if (!flow.outcome) EXPECT_NE(flow.outcome.error().blame(), Blame::bug) << n;
    }
    EXPECT_GT(n, 10u);
}

TEST(Libp2pUpgrader, SurvivesAFailureOfAnyOperationOfTheRawStream) {
    for (const auto hooked : {Role::dialer, Role::listener}) {
        sweep(hooked, [](Flow&, TaskGroup&) { return std::optional(Error(Errc::io, "injected")); });
    }
}

TEST(Libp2pUpgrader, SurvivesCancellationAtAnyOperationOfTheRawStream) {
    for (const auto hooked : {Role::dialer, Role::listener}) {
        sweep(hooked, [](Flow& flow, TaskGroup& group) -> std::optional<Error> {
            // Once all tasks are suspended again.
            flow.cancellation = flow.world.after(0ms, [&group] { group.cancel(); });
            return std::nullopt;
        });
    }
}

}  // namespace
}  // namespace sotto::libp2p
