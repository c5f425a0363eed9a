// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "libp2p/yamux_core.hpp"

#include <gtest/gtest.h>

namespace sotto::libp2p::yamux {
namespace {

using namespace std::chrono_literals;

class TestStream final : public StreamState {
  public:
    void on_readable() noexcept override { ++readable; }
    void on_writable() noexcept override { ++writable; }
    int readable = 0;
    int writable = 0;
};

Core make_core(net::Role role, const Config& config = {}) {
    return Core(role, config, [] { return std::make_shared<TestStream>(); });
}

Bytes frame(const Header& header, BytesView body = {}) {
    Bytes out;
    append_header(out, header);
    append(out, body);
    return out;
}

std::vector<Header> frames_of(Core& core) {
    Bytes batch;
    while (core.fill(batch)) {
    }
    std::vector<Header> all;
    for (std::size_t at = 0; at < batch.size();) {
        all.push_back(*decode_header(BytesView(batch).subspan(at, kHeaderSize)));
        at += kHeaderSize + (all.back().type == Type::data ? all.back().length : 0);
    }
    return all;
}

std::shared_ptr<StreamState> accepted(Core& core, std::uint32_t id) {
    EXPECT_TRUE(core.feed(frame({.type = Type::window_update, .flags = kSyn, .stream = id}), {}));
    return core.accept();
}

Errc error_of(Core& core, BytesView bytes) {
    const auto fed = core.feed(bytes, {});
    return fed ? Errc::would_block : fed.error().code();
}

TEST(YamuxFrame, RoundTripsAndRefusesWhatNobodySends) {
    const Header header{.type = Type::ping, .flags = kAck, .stream = 0, .length = 0xdeadbeef};
    const auto again = decode_header(frame(header));
    ASSERT_TRUE(again);
    EXPECT_EQ(again->length, 0xdeadbeef);
    EXPECT_EQ(again->flags, kAck);
    EXPECT_FALSE(decode_header(*from_hex("010000000000000100000000"))) << "version";
    EXPECT_FALSE(decode_header(*from_hex("000400000000000100000000"))) << "type";
    EXPECT_FALSE(decode_header(*from_hex("000000100000000100000000"))) << "flag";
}

TEST(YamuxCore, OpensLazilyAndPutsTheSynOnTheFirstData) {
    auto core = make_core(net::Role::dialer);
    const auto stream = *core.open();
    EXPECT_FALSE(core.wants_write());
    const auto payload = to_bytes("hello");
    stream->outgoing = {payload};
    core.queue(stream);
    const auto sent = frames_of(core);
    ASSERT_EQ(sent.size(), 1u);
    EXPECT_EQ(sent[0].type, Type::data);
    EXPECT_EQ(sent[0].flags, kSyn);
    EXPECT_EQ(sent[0].stream, 1u);
    EXPECT_EQ(sent[0].length, 5u);
    EXPECT_TRUE(stream->outgoing.empty());
}

TEST(YamuxCore, TakesFramesCutAnywhere) {
    auto core = make_core(net::Role::listener);
    auto bytes = frame({.flags = kSyn, .stream = 1, .length = 5}, view_of("hello"));
    append(bytes, frame({.flags = kFin, .stream = 1, .length = 3}, view_of("bye")));
    for (const Byte byte : bytes) ASSERT_TRUE(core.feed(BytesView(&byte, 1), {}));
    const auto stream = core.accept();
    ASSERT_TRUE(stream);
    EXPECT_EQ(text_of(stream->inbox.view()), "hellobye");
    EXPECT_TRUE(stream->remote_finished);
}

TEST(YamuxCore, SendsNoMoreThanTheWindowAndGoesOnWithCredit) {
    auto core = make_core(net::Role::dialer);
    const auto stream = *core.open();
    const Bytes payload(kInitialWindow + 10, 1);
    stream->outgoing = {payload};
    core.queue(stream);
    std::size_t sent = 0;
    for (const auto& header : frames_of(core)) sent += header.length;
    EXPECT_EQ(sent, kInitialWindow);
    ASSERT_TRUE(core.feed(frame({.type = Type::window_update, .flags = kAck, .stream = 1, .length = 4}), {}));
    EXPECT_EQ(frames_of(core).at(0).length, 4u);
}

TEST(YamuxCore, GivesCreditBackAtHalfAWindowAndGrowsItForAFastReader) {
    auto core = make_core(net::Role::listener);
    core.set_rtt(50ms);
    const auto stream = accepted(core, 1);
    (void)frames_of(core);
    TimePoint now{10s};
    std::vector<std::uint32_t> credits;
    for (int i = 0; i < 40; ++i) {
        now = now + 1ms;
        ASSERT_TRUE(core.feed(frame({.stream = 1, .length = 60'000}, Bytes(60'000)), now));
        Bytes drop(60'000);
        core.read_done(*stream, stream->inbox.read(drop), now);
        for (const auto& header : frames_of(core)) credits.push_back(header.length);
    }
    ASSERT_GE(credits.size(), 3u);
    EXPECT_GE(credits.front(), kInitialWindow / 2);
    EXPECT_GT(credits[1], kInitialWindow) << "the second came within four round trips: the window doubles";
}

TEST(YamuxCore, KeepsTheGrowthOfAllWindowsUnderItsBudget) {
    Config config;
    config.window_budget = 3 * kInitialWindow;
    auto core = make_core(net::Role::listener, config);
    core.set_rtt(10s);
    std::uint64_t credit = 0;
    std::uint64_t received = 0;
    for (std::uint32_t id = 1; id < 20; id += 2) {
        const auto stream = accepted(core, id);
        for (int i = 0; i < 8; ++i) {
            ASSERT_TRUE(core.feed(frame({.stream = id, .length = 60'000}, Bytes(60'000)), {1s}));
            Bytes drop(60'000);
            core.read_done(*stream, stream->inbox.read(drop), {1s});
            received += 60'000;
            for (const auto& header : frames_of(core)) credit += header.length;
        }
    }
    EXPECT_LE(credit, received + config.window_budget);
}

TEST(YamuxCore, EndsTheSessionOnWhatBreaksTheProtocol) {
    const std::vector<std::pair<const char*, Bytes>> kOffences{
        {"a stream of our parity", frame({.flags = kSyn, .stream = 2})},
        {"stream 0", frame({.flags = kSyn, .stream = 0})},
        {"never opened", frame({.stream = 7, .length = 0})},
        {"window overrun", frame({.flags = kSyn, .stream = 3, .length = kInitialWindow + 1})},
        {"a frame above any window", frame({.flags = kSyn, .stream = 3, .length = 0xffffffff})},
        {"credit past 2^32 on SYN",
         frame({.type = Type::window_update, .flags = kSyn, .stream = 3, .length = 0xffffffff})},
        {"a ping with a stream", frame({.type = Type::ping, .flags = kSyn, .stream = 1})},
    };
    for (const auto& [name, bytes] : kOffences) {
        auto core = make_core(net::Role::listener);
        const auto code = error_of(core, bytes);
        EXPECT_EQ(Error(code).blame(), Blame::peer) << name;
        EXPECT_EQ(core.stream_count(), code == Errc::misbehaved && std::string_view(name) == "window overrun" ? 1u : 0u)
            << name;
    }
    auto core = make_core(net::Role::listener);
    (void)accepted(core, 1);
    EXPECT_EQ(error_of(core, frame({.flags = kSyn, .stream = 1})), Errc::malformed) << "opened twice";
    auto credit = make_core(net::Role::listener);
    (void)accepted(credit, 1);
    EXPECT_EQ(error_of(credit, frame({.type = Type::window_update, .stream = 1, .length = 0xffffffff})),
              Errc::malformed);
    auto behind = make_core(net::Role::listener);
    (void)accepted(behind, 1);
    EXPECT_EQ(error_of(behind, frame({.type = Type::window_update, .flags = kFin, .stream = 1})), Errc::would_block);
    EXPECT_EQ(error_of(behind, frame({.stream = 1, .length = 1}, view_of("x"))), Errc::misbehaved) << "data behind FIN";
}

TEST(YamuxCore, TreatsTheLengthOfAResetAsAReasonNotAsCredit) {
    auto core = make_core(net::Role::listener);
    const auto stream = accepted(core, 1);
    EXPECT_EQ(error_of(core, frame({.type = Type::window_update, .flags = kRst, .stream = 1, .length = 0xffffffff})),
              Errc::would_block);
    ASSERT_TRUE(stream->error);
    EXPECT_EQ(stream->error->code(), Errc::reset);
    (void)frames_of(core);
    EXPECT_EQ(error_of(core, frame({.stream = 1, .length = 4}, view_of("late"))), Errc::would_block)
        << "a race, not an offence";
    EXPECT_TRUE(stream->inbox.empty());
}

TEST(YamuxCore, SendsNoResetForAStreamThatBothEndsHaveFinished) {
    auto core = make_core(net::Role::listener);
    const auto stream = accepted(core, 1);
    EXPECT_EQ(error_of(core, frame({.type = Type::window_update, .flags = kFin, .stream = 1})), Errc::would_block);
    stream->finish_wanted = true;
    core.queue(stream);
    (void)frames_of(core);
    core.reset(stream, Error(Errc::closed));
    core.release(stream);
    EXPECT_TRUE(frames_of(core).empty());
    EXPECT_EQ(core.stream_count(), 0u);
}

TEST(YamuxCore, RefusesStreamsAboveTheLimitOneByOne) {
    Config config;
    config.max_inbound_streams = 2;
    auto core = make_core(net::Role::listener, config);
    const auto first = accepted(core, 1);
    const auto second = accepted(core, 3);
    (void)frames_of(core);
    EXPECT_FALSE(accepted(core, 5));
    const auto sent = frames_of(core);
    ASSERT_EQ(sent.size(), 1u);
    EXPECT_EQ(sent[0].flags, kRst);
    EXPECT_EQ(sent[0].stream, 5u);
    core.release(first);
    EXPECT_TRUE(accepted(core, 7));
}

TEST(YamuxCore, StopsOpeningWhenThePeerAcknowledgesNothing) {
    Config config;
    config.ack_backlog = 3;
    auto core = make_core(net::Role::dialer, config);
    std::vector<std::shared_ptr<StreamState>> streams;
    for (int i = 0; i < 3; ++i) streams.push_back(*core.open());
    EXPECT_EQ(core.open().error().code(), Errc::busy);
    ASSERT_TRUE(core.feed(frame({.type = Type::window_update, .flags = kAck, .stream = 1}), {}));
    EXPECT_TRUE(core.open());
    core.release(streams[1]);
    EXPECT_TRUE(core.open());
}

TEST(YamuxCore, BoundsFloods) {
    const auto flood = [](const Header& header) {
        auto core = make_core(net::Role::listener);
        (void)accepted(core, 1);
        for (int i = 0; i < 20'000; ++i) {
            const auto code = error_of(core, frame(header));
            if (code != Errc::would_block) return code;
            Bytes batch;
            core.fill(batch);
        }
        return Errc::would_block;
    };
    EXPECT_EQ(flood({.type = Type::ping, .flags = kSyn, .length = 1}), Errc::misbehaved);
    EXPECT_EQ(flood({.type = Type::window_update, .flags = kRst, .stream = 1}), Errc::misbehaved);
    EXPECT_EQ(flood({.stream = 1}), Errc::misbehaved);
}

TEST(YamuxCore, SaysWhenRepliesPileUp) {
    auto core = make_core(net::Role::listener);
    for (int i = 0; i < 64; ++i) ASSERT_TRUE(core.feed(frame({.type = Type::ping, .flags = kSyn, .length = 1}), {}));
    EXPECT_TRUE(core.congested());
    EXPECT_EQ(frames_of(core).size(), 64u);
    EXPECT_FALSE(core.congested());
}

TEST(YamuxCore, ResetsTheFattestStreamWhenTooMuchIsUnread) {
    Config config;
    config.max_unread = 300'000;
    auto core = make_core(net::Role::listener, config);
    const auto thin = accepted(core, 1);
    const auto fat = accepted(core, 3);
    for (int i = 0; i < 2; ++i) ASSERT_TRUE(core.feed(frame({.stream = 1, .length = 50'000}, Bytes(50'000)), {}));
    for (int i = 0; i < 4; ++i) ASSERT_TRUE(core.feed(frame({.stream = 3, .length = 60'000}, Bytes(60'000)), {}));
    EXPECT_FALSE(thin->error);
    ASSERT_TRUE(fat->error);
    EXPECT_EQ(fat->error->code(), Errc::busy);
    EXPECT_TRUE(fat->inbox.empty());
}

TEST(YamuxCore, ServesStreamsInTurn) {
    auto core = make_core(net::Role::dialer);
    const Bytes payload(200'000, 1);
    std::vector<std::shared_ptr<StreamState>> streams;
    for (int i = 0; i < 3; ++i) {
        streams.push_back(*core.open());
        streams.back()->outgoing = {payload};
        core.queue(streams.back());
    }
    std::vector<std::uint32_t> order;
    for (const auto& header : frames_of(core)) order.push_back(header.stream);
    ASSERT_GE(order.size(), 6u);
    EXPECT_EQ((std::vector<std::uint32_t>{order.begin(), order.begin() + 6}),
              (std::vector<std::uint32_t>{1, 3, 5, 1, 3, 5}));
}

}  // namespace
}  // namespace sotto::libp2p::yamux
