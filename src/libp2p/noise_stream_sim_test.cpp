// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "libp2p/noise_stream.hpp"

#include <gtest/gtest.h>

#include "base/task_group.hpp"
#include "base/this_executor.hpp"
#include "sim/world.hpp"

namespace sotto::libp2p {
namespace {

using namespace std::chrono_literals;

ByteArray<32> filled(Byte value) {
    ByteArray<32> bytes;
    bytes.fill(value);
    return bytes;
}
NoiseIdentity identity(Byte seed) {
    return NoiseIdentity(crypto::PrivateKey::make(crypto::KeyType::ed25519, filled(seed)).value(), filled(7), {});
}

/// Hands out at most a few bytes at a time, as a network might.
class CuttingStream final : public net::Stream {
  public:
    CuttingStream(std::unique_ptr<net::Stream> raw, RandomSource& random) : raw_(std::move(raw)), random_(&random) {}
    Task<Result<void>> readable() override { return raw_->readable(); }
    Result<std::size_t> try_read(BytesSpan into) noexcept override {
        const auto most = std::size_t{1} << random_->below(17);
        return raw_->try_read(into.first(std::min(into.size(), 1 + random_->below(most))));
    }
    Task<Result<void>> write(Buffers pieces) override { return raw_->write(pieces); }
    Task<Result<void>> close_write() override { return raw_->close_write(); }
    void reset(Error why) noexcept override { raw_->reset(std::move(why)); }

  private:
    std::unique_ptr<net::Stream> raw_;
    RandomSource* random_;
};

Bytes pattern(std::size_t size, Byte seed) {
    Bytes bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<Byte>(i * 7 + i / 251 + seed);
    return bytes;
}

/// Writes `sent` in random pieces, several a call, and ends.
Task<void> send_all(net::Stream& stream, RandomSource& random, BytesView sent) {
    while (!sent.empty()) {
        std::vector<BytesView> pieces;
        for (auto count = random.below(4); !sent.empty(); --count) {
            const auto size = std::min<std::size_t>(sent.size(), random.below(std::uint64_t{1} << random.below(19)));
            pieces.push_back(sent.first(size));
            sent = sent.subspan(size);
            if (count == 0) break;
        }
        EXPECT_TRUE(co_await stream.write(pieces));
    }
    EXPECT_TRUE(co_await stream.close_write());
}
/// Reads pieces of random sizes to the end.
Task<Bytes> receive_all(net::Stream& stream, RandomSource& random) {
    Bytes all;
    for (;;) {
        Bytes piece(1 + random.below(std::uint64_t{1} << random.below(18)));
        const auto count = co_await net::read_some(stream, piece);
        EXPECT_TRUE(count);
        if (!count || *count == 0) co_return all;
        append(all, BytesView(piece).first(*count));
    }
}

struct Ends {
    std::unique_ptr<net::Stream> a;
    std::unique_ptr<net::Stream> b;
};
Ends secure(sim::World& world, std::unique_ptr<net::Stream> a, std::unique_ptr<net::Stream> b) {
    const auto cipher = [](Byte key) { return crypto::NoiseCipher(filled(key)); };
    return {make_noise_stream(world.env(), std::move(a), cipher(1), cipher(2)),
            make_noise_stream(world.env(), std::move(b), cipher(2), cipher(1))};
}

struct Both {
    static Task<void> send(net::Stream& stream, RandomSource& random, const Bytes& data) {
        return send_all(stream, random, data);
    }
    static Task<void> receive(net::Stream& stream, RandomSource& random, Bytes& into) {
        into = co_await receive_all(stream, random);
    }
    static Task<bool> all(
        sim::World& world, TaskGroup& group, const Bytes& from_a, const Bytes& from_b, Bytes& at_a, Bytes& at_b) {
        auto& random = *world.env().random;
        auto [raw_a, raw_b] = sim::make_pipe(world, {.latency = 1ms});
        const auto ends = secure(world,
                                 std::make_unique<CuttingStream>(std::move(raw_a), random),
                                 std::make_unique<CuttingStream>(std::move(raw_b), random));
        group.spawn(send(*ends.a, random, from_a));
        group.spawn(send(*ends.b, random, from_b));
        group.spawn(receive(*ends.a, random, at_a));
        group.spawn(receive(*ends.b, random, at_b));
        co_await group.wait_all();
        co_return true;
    }
    static Task<void> run(sim::World& world, const Bytes& from_a, const Bytes& from_b, Bytes& at_a, Bytes& at_b) {
        auto body = [&](TaskGroup& group) { return all(world, group, from_a, from_b, at_a, at_b); };
        co_await with_group(world.env(), 4, body);
    }
};

TEST(NoiseStream, CarriesBothDirectionsHoweverTheyAreCut) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        sim::World world(seed);
        const auto from_a = pattern(300'000 + seed * 10'000, 1);
        const auto from_b = pattern(seed * 1000, 2);
        Bytes at_a;
        Bytes at_b;
        world.run(Both::run(world, from_a, from_b, at_a, at_b));
        EXPECT_TRUE(at_b == from_a) << "seed " << seed;
        EXPECT_TRUE(at_a == from_b) << "seed " << seed;
    }
}

/// A secured end, and the raw other end in the test's hands.
struct Fixture {
    sim::World world{1};
    std::unique_ptr<net::Stream> secured;
    std::unique_ptr<net::Stream> raw;
    crypto::NoiseCipher sealer{filled(2)};

    Fixture() {
        auto [a, b] = sim::make_pipe(world, {.latency = 1ms});
        secured = make_noise_stream(
            world.env(), std::move(a), crypto::NoiseCipher(filled(1)), crypto::NoiseCipher(filled(2)));
        raw = std::move(b);
    }
    Bytes frame(BytesView plain) {
        Bytes bytes(2 + plain.size() + 16);
        store_be(static_cast<std::uint16_t>(plain.size() + 16), bytes);
        const std::array<BytesView, 1> pieces{plain};
        sealer.seal(pieces, {}, BytesSpan(bytes).subspan(2));
        return bytes;
    }
    using Body = Task<void> (*)(Fixture&);
    void run(Body body) { world.run(body(*this)); }
};
Task<Result<std::size_t>> read_one(net::Stream& stream, std::size_t size = 100) {
    Bytes into(size);
    co_return co_await net::read_some(stream, into);
}

TEST(NoiseStream, TellsACleanEndFromACutFrame) {
    Fixture clean;
    clean.run([](Fixture& f) -> Task<void> {
        EXPECT_TRUE(co_await f.raw->close_write());
        EXPECT_EQ((co_await read_one(*f.secured)).value(), 0u);
    });
    Fixture cut;
    cut.run([](Fixture& f) -> Task<void> {
        const auto frame = f.frame(view_of("hello"));
        EXPECT_TRUE(co_await net::write(*f.raw, BytesView(frame).first(10)));
        EXPECT_TRUE(co_await f.raw->close_write());
        EXPECT_EQ((co_await read_one(*f.secured)).error().code(), Errc::closed);
    });
}

TEST(NoiseStream, SkipsEmptyFrames) {
    Fixture fixture;
    fixture.run([](Fixture& f) -> Task<void> {
        for (int i = 0; i < 100; ++i) EXPECT_TRUE(co_await net::write(*f.raw, f.frame({})));
        EXPECT_TRUE(co_await net::write(*f.raw, f.frame(view_of("hello"))));
        EXPECT_EQ((co_await read_one(*f.secured)).value(), 5u);
    });
}

TEST(NoiseStream, EndsForGoodAtAFrameThatDoesNotVerify) {
    Fixture fixture;
    fixture.run([](Fixture& f) -> Task<void> {
        auto bad = f.frame(view_of("hello"));
        bad.back() ^= 1;
        EXPECT_TRUE(co_await net::write(*f.raw, bad));
        EXPECT_TRUE(co_await net::write(*f.raw, f.frame(view_of("hello"))));
        EXPECT_EQ((co_await read_one(*f.secured)).error().code(), Errc::unauthentic);
        EXPECT_EQ((co_await read_one(*f.secured)).error().code(), Errc::unauthentic);
        EXPECT_EQ((co_await net::write(*f.secured, view_of("x"))).error().code(), Errc::unauthentic);
    });
}

TEST(NoiseStream, RefusesAFrameShorterThanItsTag) {
    Fixture fixture;
    fixture.run([](Fixture& f) -> Task<void> {
        EXPECT_TRUE(co_await net::write(*f.raw, Bytes(17, 0)));
        EXPECT_EQ((co_await read_one(*f.secured)).error().code(), Errc::malformed);
    });
}

TEST(NoiseStream, ServesAFrameLargerThanTheReadersMemoryPieceByPiece) {
    Fixture fixture;
    fixture.run([](Fixture& f) -> Task<void> {
        const auto sent = pattern(50'000, 3);
        EXPECT_TRUE(co_await net::write(*f.raw, f.frame(sent)));
        Bytes received(sent.size());
        for (std::size_t at = 0; at < sent.size(); at += 1000) {
            const auto size = std::min<std::size_t>(1000, sent.size() - at);
            EXPECT_TRUE(co_await net::read_exact(*f.secured, BytesSpan(received).subspan(at, size)));
        }
        EXPECT_TRUE(received == sent);
    });
}

TEST(NoiseHandshakeOverAStream, LeavesWhatFollowsTheLastFrame) {
    struct Run {
        static Task<void> initiate(net::Stream& raw, const NoiseIdentity& local, Bytes& wire) {
            // The first transport frame leaves in the segment of the last handshake frame.
            auto outcome = co_await run_noise_handshake(raw, NoiseHandshake(net::Role::dialer, local, filled(1), {}));
            EXPECT_TRUE(outcome);
            const std::array<BytesView, 1> pieces{view_of("early")};
            Bytes frame(23);
            frame[1] = 21;
            outcome->send.seal(pieces, {}, BytesSpan(frame).subspan(2));
            wire = frame;
            EXPECT_TRUE(co_await net::write(raw, frame));
        }
        static Task<bool> all(sim::World& world, TaskGroup& group) {
            const auto a = identity(1);
            const auto b = identity(2);
            auto [left, right] = sim::make_pipe(world, {.latency = 1ms});
            Bytes wire;
            group.spawn(initiate(*left, a, wire));
            auto outcome = co_await run_noise_handshake(*right, NoiseHandshake(net::Role::listener, b, filled(2), {}));
            EXPECT_TRUE(outcome);
            const auto stream =
                make_noise_stream(world.env(), std::move(right), std::move(outcome->send), std::move(outcome->receive));
            ByteArray<5> early;
            EXPECT_TRUE(co_await net::read_exact(*stream, early));
            EXPECT_EQ(text_of(early), "early");
            co_return true;
        }
        static Task<void> run(sim::World& world) {
            auto body = [&world](TaskGroup& group) { return all(world, group); };
            co_await with_group(world.env(), 2, body);
        }
    };
    sim::World world(1);
    world.run(Run::run(world));
}

TEST(NoiseHandshakeOverAStream, RefusesAnOversizedFrameBeforeItsBody) {
    struct Run {
        static Task<void> all(sim::World& world) {
            const auto local = identity(1);
            auto [left, right] = sim::make_pipe(world, {.latency = 1ms});
            EXPECT_TRUE(co_await net::write(*left, Bytes{0xff, 0xff}));
            const auto outcome =
                co_await run_noise_handshake(*right, NoiseHandshake(net::Role::listener, local, filled(1), {}));
            EXPECT_EQ(outcome.error().code(), Errc::too_large);
        }
    };
    sim::World world(1);
    world.run(Run::all(world));
}

}  // namespace
}  // namespace sotto::libp2p
