// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "libp2p/message_stream.hpp"

#include <gtest/gtest.h>

#include <map>

#include "codec/rlp.hpp"
#include "libp2p/message_codec.hpp"
#include "sim/world.hpp"

namespace sotto::libp2p {
namespace {

using namespace std::chrono_literals;

constexpr net::ProtocolSpec kSpec{"chat", 1, 8, 512 * 1024, "/chat/1.0.0"};

net::PeerIdentity somebody() {
    ByteArray<32> secret;
    secret.fill(1);
    return net::PeerIdentity(crypto::PrivateKey::make(crypto::KeyType::ed25519, secret)->public_key());
}
Bytes item(std::size_t size, Byte fill = 0x90) {
    return rlp::encode_string(Bytes(size, fill));
}
Task<Result<void>> send(net::MessageStream& stream, net::Code code, BytesView payload) {
    const std::array<BytesView, 1> pieces{payload};
    co_return co_await stream.write(code, pieces);
}

/// A message stream, and the raw other end in the test's hands.
struct Fixture {
    sim::World world{1};
    std::unique_ptr<net::MessageStream> messages;
    std::unique_ptr<net::Stream> raw;
    TaskGroup* group = nullptr;

    using Body = Task<void> (*)(Fixture&);
    void run(Body body) { world.run(live(*this, body)); }
    static Task<void> live(Fixture& self, Body body) {
        auto in_group = [&self, body](TaskGroup& group) { return live_in(self, body, group); };
        co_await with_group(self.world.env(), 64, in_group);
    }
    static Task<bool> live_in(Fixture& self, Body body, TaskGroup& group) {
        self.group = &group;
        auto [a, b] = sim::make_pipe(self.world, {.latency = 10ms});
        self.messages = make_message_stream(self.world.env(), group, std::move(a), somebody(), kSpec).value();
        self.raw = std::move(b);
        co_await body(self);
        co_return true;
    }
    /// The next message that arrives at the raw end.
    Task<net::Message> read_raw() { return read_raw(*raw); }
    static Task<net::Message> read_raw(net::Stream& raw) {
        MessageReader reader(kSpec.max_message);
        for (;;) {
            const auto count = co_await net::read_some(raw, reader.want());
            EXPECT_TRUE(count && *count > 0);
            if (!count || *count == 0 || reader.take(*count).value()) co_return reader.take_message();
        }
    }
};

TEST(Libp2pMessageStream, RefusesAHugePromiseBeforeItsBodyAndEndsTheStream) {
    Fixture fixture;
    fixture.run([](Fixture& f) -> Task<void> {
        EXPECT_TRUE(co_await net::write(*f.raw, from_hex("01ff7fffffffffffffff").value()));
        EXPECT_EQ((co_await f.messages->read()).error().code(), Errc::too_large);
        EXPECT_EQ((co_await f.messages->read()).error().code(), Errc::too_large);
        EXPECT_EQ((co_await send(*f.messages, 1, item(1))).error().code(), Errc::too_large);
    });
}

TEST(Libp2pMessageStream, TellsAnEndBetweenMessagesFromACutOne) {
    Fixture between;
    between.run([](Fixture& f) -> Task<void> {
        EXPECT_TRUE(co_await net::write(*f.raw, from_hex("01c0").value()));
        EXPECT_TRUE(co_await f.raw->close_write());
        EXPECT_TRUE(co_await f.messages->read());
        const auto end = co_await f.messages->read();
        EXPECT_EQ(end.error().code(), Errc::closed);
        EXPECT_EQ(end.error().detail(), "");
        EXPECT_TRUE(co_await send(*f.messages, 5, item(1)));  // our direction is open still
        EXPECT_EQ((co_await f.read_raw()).code, 5u);
    });
    Fixture within;
    within.run([](Fixture& f) -> Task<void> {
        EXPECT_TRUE(co_await net::write(*f.raw, from_hex("01c3").value()));
        EXPECT_TRUE(co_await f.raw->close_write());
        EXPECT_EQ((co_await f.messages->read()).error().detail(), "the stream ended within a message");
    });
}

TEST(Libp2pMessageStream, DrainsItsInboxWithoutSuspending) {
    Fixture fixture;
    fixture.run([](Fixture& f) -> Task<void> {
        EXPECT_TRUE(co_await net::write(*f.raw, from_hex("01c002c003c1").value()));
        EXPECT_EQ((co_await f.messages->read())->code, 1u);
        EXPECT_EQ(f.messages->try_read()->code, 2u);
        EXPECT_EQ(f.messages->try_read().error().code(), Errc::would_block);
        EXPECT_TRUE(co_await net::write(*f.raw, from_hex("80").value()));
        EXPECT_EQ((co_await f.messages->read())->code, 3u);
    });
}

Task<void> write_many(Fixture& f, Byte writer) {
    for (std::size_t i = 0; i < 40; ++i) {
        const auto payload = item(1 + (i * 7919 * writer) % 90'000, writer);
        const std::array<BytesView, 2> pieces{BytesView(payload).first(1), BytesView(payload).subspan(1)};
        EXPECT_TRUE(co_await f.messages->write(writer, pieces));
    }
}

TEST(Libp2pMessageStream, KeepsMessagesOfManyWritersWholeAndInEachWritersOrder) {
    Fixture fixture;
    fixture.run([](Fixture& f) -> Task<void> {
        for (Byte writer = 1; writer <= 5; ++writer) f.group->spawn(write_many(f, writer));
        std::map<net::Code, std::size_t> counts;
        for (int i = 0; i < 5 * 40; ++i) {
            const auto message = co_await f.read_raw();
            const auto writer = static_cast<Byte>(message.code);
            const auto index = counts[message.code]++;
            EXPECT_TRUE(message.payload == item(1 + (index * 7919 * writer) % 90'000, writer)) << index;
        }
    });
}

Task<void> count_writes(Fixture& f, std::size_t& written, Errc& end) {
    for (;;) {
        const auto wrote = co_await send(*f.messages, 1, item(100'000));
        if (!wrote) {
            end = wrote.error().code();
            co_return;
        }
        ++written;
    }
}

TEST(Libp2pMessageStream, BoundsWhatIsUnsentAndDropsAPeerThatTakesNothing) {
    Fixture fixture;
    fixture.run([](Fixture& f) -> Task<void> {
        std::size_t written = 0;
        std::array<Errc, 3> ends{};
        for (auto& end : ends) f.group->spawn(count_writes(f, written, end));
        co_await sleep_for(f.world, 20s);
        EXPECT_GT(written, 5u);
        EXPECT_LE(written * 100'000, kMaxOutbox + 200'000);
        EXPECT_FALSE(f.messages->try_read().error() == Errc::timed_out);
        co_await sleep_for(f.world, 20s);
        EXPECT_EQ(f.messages->try_read().error().code(), Errc::timed_out);
        for (const auto end : ends) EXPECT_EQ(end, Errc::timed_out);
    });
}

TEST(Libp2pMessageStream, PassesAMessageAsLargeAsAllowedAndRefusesALargerOne) {
    Fixture fixture;
    fixture.run([](Fixture& f) -> Task<void> {
        EXPECT_EQ((co_await send(*f.messages, 1, item(kSpec.max_message))).error().code(), Errc::invalid_argument);
        EXPECT_TRUE(co_await send(*f.messages, 1, item(kSpec.max_message - 4)));
        EXPECT_EQ((co_await f.read_raw()).payload.size(), kSpec.max_message);
    });
}

Task<void> read_into(Fixture& f, std::optional<Errc>& end) {
    const auto message = co_await f.messages->read();
    end = message ? Errc::internal : message.error().code();
}

TEST(Libp2pMessageStream, SendsWhatWasWrittenBeforeItCloses) {
    Fixture fixture;
    fixture.run([](Fixture& f) -> Task<void> {
        std::optional<Errc> pending_read;
        f.group->spawn(read_into(f, pending_read));
        co_await sleep_for(f.world, 100ms);
        for (int i = 0; i < 5; ++i) EXPECT_TRUE(co_await send(*f.messages, 1, item(50'000)));
        f.messages->close(Error(Errc::duplicate));
        EXPECT_EQ((co_await send(*f.messages, 1, item(1))).error().code(), Errc::duplicate);
        f.messages.reset();
        co_await sleep_for(f.world, 1s);
        EXPECT_EQ(pending_read, Errc::duplicate);                    // at once, though the peer has read nothing yet
        EXPECT_TRUE(co_await net::write(*f.raw, Bytes(10'000, 1)));  // what a peer still sends is dropped
        for (int i = 0; i < 5; ++i) EXPECT_EQ((co_await f.read_raw()).payload.size(), 50'003u);
        Byte byte = 0;
        EXPECT_EQ((co_await net::read_some(*f.raw, BytesSpan(&byte, 1))).value(), 0u);
        EXPECT_TRUE(co_await f.raw->close_write());
        co_await sleep_for(f.world, 100ms);
        EXPECT_EQ(f.group->size(), 0u);
    });
}

TEST(Libp2pMessageStream, WaitsOnlySoLongForThePeerToEndToo) {
    Fixture fixture;
    fixture.run([](Fixture& f) -> Task<void> {
        f.messages->close(Error(Errc::closed));
        f.messages.reset();
        co_await sleep_for(f.world, 4s);
        EXPECT_GT(f.group->size(), 0u);
        co_await sleep_for(f.world, 2s);
        EXPECT_EQ(f.group->size(), 0u);
    });
}

TEST(Libp2pMessageStream, IsResetWhenItIsDestroyed) {
    Fixture fixture;
    fixture.run([](Fixture& f) -> Task<void> {
        std::optional<Errc> pending_read;
        f.group->spawn(read_into(f, pending_read));
        co_await sleep_for(f.world, 100ms);
        f.messages.reset();
        co_await sleep_for(f.world, 100ms);
        EXPECT_EQ(pending_read, Errc::reset);
        EXPECT_EQ(f.group->size(), 0u);
    });
}

TEST(Libp2pMessageStream, OutlivesItsGroupWithAnError) {
    Fixture fixture;
    fixture.run([](Fixture& f) -> Task<void> {
        f.group->cancel();
        co_await f.group->wait_all();
        EXPECT_FALSE(co_await f.messages->read());
        EXPECT_FALSE(co_await send(*f.messages, 1, item(1)));
    });
    EXPECT_EQ(fixture.messages->try_read().error().code(), Errc::shutdown);
}

}  // namespace
}  // namespace sotto::libp2p
