// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "whisper/golden_testing.hpp"
#include "whisper/node_testing.hpp"

namespace sotto::whisper {
namespace {

using namespace std::chrono_literals;
using testing::PipeEnd;
using testing::Rig;

/// Counts the operations on a stream; the one that is due fails.
class Counted final : public net::MessageStream {
  public:
    Counted(PipeEnd& below, std::size_t fail_at) : below_(below), fail_at_(fail_at) {}
    const net::PeerIdentity& peer() const noexcept override { return below_.peer(); }
    net::Network network() const noexcept override { return below_.network(); }
    Task<Result<net::Message>> read() override {
        if (operations++ == fail_at_) co_return fail(Errc::reset, "injected");
        co_return co_await below_.read();
    }
    Result<net::Message> try_read() override { return below_.try_read(); }
    Task<Result<void>> write(net::Code code, Buffers payload) override {
        if (operations++ == fail_at_) co_return fail(Errc::reset, "injected");
        co_return co_await below_.write(code, payload);
    }
    void close(Error why) noexcept override { below_.close(std::move(why)); }

    std::size_t operations = 0;

  private:
    PipeEnd& below_;
    std::size_t fail_at_;
};

/// The other side: a node that sends batches, terms and a direct message.
Task<void> keep_busy(Rig& rig, Whisper& node, Whisper& other) {
    for (int i = 0; i < 3; ++i) {
        EXPECT_TRUE(node.post_envelope(rig.sealed({})).has_value());
        EXPECT_TRUE(other.post_envelope(rig.sealed({})).has_value());
        co_await rig.pass(50ms);
    }
    EXPECT_TRUE(node.set_min_pow(0.001).has_value());
    EXPECT_TRUE(other.set_bloom(Bytes(64, 0xfe)).has_value());
    const auto key = other.add_sym_key(Bytes(32, 1)).value();
    const NewMessage direct{.sym_key_id = key, .topic = {1, 2, 3, 4}, .target_peer = testing::identity(1).id};
    (void)co_await other.post(direct);
    co_await rig.pass(200ms);
}

constexpr std::size_t kNever = ~std::size_t{0};

struct Outcome {
    std::size_t operations = 0;
    bool ended = false;
};

/// A whole session whose `fail_at`-th operation fails, or which is cancelled once it has begun `cancel_at` of them.
Outcome play(std::size_t fail_at, std::size_t cancel_at) {
    Outcome outcome;
    Rig rig(7);
    auto body = [&](Rig& r) -> Task<void> {
        auto& node = r.node({});
        auto& other = r.node({});
        auto pipe = testing::make_pipe(r.env(), 1, 2);
        Counted counted(*pipe.first, fail_at);
        r.serve(other, *pipe.second);
        auto session = [&]() -> Task<void> {
            (void)co_await node.run(counted, [] {});
            outcome.ended = true;
            counted.close(Error(Errc::closed));
        };
        auto work = [&]() -> Task<void> { co_await keep_busy(r, node, other); };
        auto inside = [&](TaskGroup& group) -> Task<bool> {
            group.spawn(session());
            r.group->spawn(work());
            for (int i = 0; i < 1'000 && !outcome.ended && counted.operations < cancel_at; ++i) co_await r.pass(1ms);
            if (cancel_at == kNever) {
                counted.close(Error(Errc::closed));
                co_await group.wait_all();
            }
            co_return true;
        };
        (void)co_await with_group(r.env(), 2, std::ref(inside));
        EXPECT_EQ(node.info().peers, 0u);
        outcome.operations = counted.operations;
        counted.close(Error(Errc::closed));
        co_await r.pass(2s);
        EXPECT_EQ(other.info().peers, 0u);
    };
    rig.run(std::ref(body));
    return outcome;
}

TEST(SessionSweep, WhicheverOperationFailsTheSessionEndsCleanly) {
    const auto whole = play(kNever, kNever);
    EXPECT_TRUE(whole.ended);
    EXPECT_GE(whole.operations, 20u);
    for (std::size_t i = 0; i < whole.operations; ++i) {
        SCOPED_TRACE(i);
        const auto outcome = play(i, kNever);
        EXPECT_TRUE(outcome.ended);
        EXPECT_LE(outcome.operations, whole.operations + 2);
    }
}

TEST(SessionSweep, WheneverItIsCancelledNothingIsLeftBehind) {
    const auto whole = play(kNever, kNever);
    for (std::size_t i = 0; i < whole.operations; ++i) {
        SCOPED_TRACE(i);
        EXPECT_FALSE(play(kNever, i).ended);
    }
}

}  // namespace
}  // namespace sotto::whisper
