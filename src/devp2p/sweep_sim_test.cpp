// SPDX-License-Identifier: Apache-2.0 OR MIT
// The whole life of a connection, broken at every point.
#include <optional>

#include "devp2p/devp2p_testing.hpp"

namespace sotto::devp2p {
namespace {

using namespace std::chrono_literals;
using namespace testing;

/// Fails from the operation on whose number was chosen.
class FailingStream final : public net::Stream {
  public:
    FailingStream(std::unique_ptr<net::Stream> raw, std::size_t good) : raw_(std::move(raw)), good_(good) {}
    Task<Result<void>> readable() override {
        spend();
        return raw_->readable();
    }
    Result<std::size_t> try_read(BytesSpan into) noexcept override {
        spend();
        return raw_->try_read(into);
    }
    Task<Result<void>> write(Buffers pieces) override {
        spend();
        return raw_->write(pieces);
    }
    Task<Result<void>> close_write() override {
        spend();
        return raw_->close_write();
    }
    void reset(Error why) noexcept override { raw_->reset(std::move(why)); }

  private:
    void spend() noexcept {
        if (good_ == 0) raw_->reset(Error(Errc::io, "the operation was chosen to fail"));
        if (good_ > 0) --good_;
    }
    std::unique_ptr<net::Stream> raw_;
    std::size_t good_;
};

Task<void> drive(net::Connection& connection) {
    (void)co_await connection.run();
}

/// The listening side: answers one message and waits for the end.
Task<void> serve(sim::World& world, std::unique_ptr<net::Stream> stream) {
    Upgraded made = fail(Errc::internal);
    co_await upgrade(world.env(), config_of(2), std::move(stream), net::Role::listener, {}, made);
    if (!made) co_return;
    const auto connection = *std::move(made);
    auto body = [&](TaskGroup& group) -> Task<Result<void>> {
        group.spawn(drive(*connection));
        auto echo = co_await connection->open(kEcho, {});
        if (!echo) co_return fail(echo.error());
        auto message = co_await (*echo)->read();
        if (!message) co_return fail(message.error());
        const BytesView pieces[] = {message->payload};
        SOTTO_CO_CHECK(co_await (*echo)->write(message->code, pieces));
        while (co_await (*echo)->read()) continue;
        co_await group.wait_all();
        co_return Result<void>{};
    };
    (void)co_await with_group(world.env(), 1, std::ref(body));
}

/// The dialling side: upgrade, open, ask, hear, close.
Task<Result<void>> ask(sim::World& world, std::unique_ptr<net::Stream> stream) {
    Upgraded made = fail(Errc::internal);
    const crypto::PeerId expected(key(2).public_key());
    co_await upgrade(world.env(), config_of(1), std::move(stream), net::Role::dialer, expected, made);
    SOTTO_CO_TRY(const auto connection, std::move(made));
    auto body = [&](TaskGroup& group) -> Task<Result<void>> {
        group.spawn(drive(*connection));
        SOTTO_CO_TRY(const auto echo, co_await connection->open(kEcho, {}));
        const Bytes question(100'000, 7);
        const BytesView pieces[] = {question};
        SOTTO_CO_CHECK(co_await echo->write(1, pieces));
        SOTTO_CO_TRY(const auto answer, co_await echo->read());
        EXPECT_EQ(answer.payload, question);
        SOTTO_CO_CHECK(co_await connection->ping(Deadline::in(world, 5s)));
        connection->close(Error(Errc::closed));
        co_await group.wait_all();
        co_return Result<void>{};
    };
    co_return co_await with_group(world.env(), 1, std::ref(body));
}

sim::Link link() {
    return {.latency = 1ms, .window = 16 * 1024, .max_read = 20'000};
}

/// Either side's stream fails after so many operations.
Result<void> life_with_failure(net::Role failing, std::size_t good) {
    sim::World world;
    auto [left, right] = sim::make_pipe(world, link());
    auto& broken = failing == net::Role::dialer ? left : right;
    broken = std::make_unique<FailingStream>(std::move(broken), good);
    auto body = [&](TaskGroup& group) -> Task<Result<void>> {
        group.spawn(serve(world, std::move(right)));
        auto result = co_await ask(world, std::move(left));
        co_await group.wait_all();
        co_return result;
    };
    return world.run(with_group(world.env(), 1, std::ref(body)));
}

TEST(RlpxSweep, EndsInOrderWhicheverOperationOfItsStreamFails) {
    for (const auto failing : {net::Role::dialer, net::Role::listener}) {
        std::size_t failures = 0;
        std::size_t good = 0;
        for (; good < 1000; ++good) {
            if (life_with_failure(failing, good)) break;
            ++failures;
        }
        EXPECT_GT(failures, 10u);
        EXPECT_LT(good, 1000u) << "it never succeeds";
    }
}

struct Asked {
    static Task<void> run(sim::World& world, std::unique_ptr<net::Stream> stream, std::optional<Result<void>>& result) {
        result = co_await ask(world, std::move(stream));
    }
};

/// Both ends are cancelled so long after the start; the virtual time of a suspension decides which one that is.
bool life_with_cancel(Duration at) {
    sim::World world;
    auto [left, right] = sim::make_pipe(world, link());
    std::optional<Result<void>> result;
    auto body = [&](TaskGroup& group) -> Task<Result<void>> {
        group.spawn(serve(world, std::move(right)));
        group.spawn(Asked::run(world, std::move(left), result));
        co_await sleep_for(world, at);
        group.cancel();
        co_await group.wait_all();
        co_return Result<void>{};
    };
    (void)world.run(with_group(world.env(), 2, std::ref(body)));
    return result.has_value();
}

TEST(RlpxSweep, MayBeCancelledAtAnyTime) {
    int cancelled = 0;
    auto at = 0us;
    for (; at < 1s; at += 250us) {
        if (life_with_cancel(at)) break;
        ++cancelled;
    }
    EXPECT_GT(cancelled, 20);
    EXPECT_LT(at, 1s);
}

}  // namespace
}  // namespace sotto::devp2p
