// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <gtest/gtest.h>

#include "base/task_group.hpp"
#include "libp2p/lazy_stream.hpp"
#include "libp2p/multistream.hpp"
#include "sim/world.hpp"

namespace sotto::libp2p {
namespace {

using namespace std::chrono_literals;
using multistream::answer;

constexpr std::array<std::string_view, 2> kSupported{"/noise", "/echo/1.0.0"};
constexpr auto kLatency = 50ms;

/// One end proposes, the other one is the test's.
struct Fixture {
    sim::World world{1};
    std::unique_ptr<LazyStream> lazy;
    std::unique_ptr<net::Stream> peer;
    std::optional<Result<std::string_view>> answered;

    explicit Fixture(std::string protocol = "/echo/1.0.0") {
        auto [a, b] = sim::make_pipe(world, {.latency = kLatency});
        lazy = std::make_unique<LazyStream>(world.env(), std::move(a), std::move(protocol), Deadline::in(world, 10s));
        peer = std::move(b);
    }
    using Body = Task<void> (*)(Fixture&, TaskGroup&);
    void run(Body body) { world.run(run_in(*this, body)); }
    static Task<void> run_in(Fixture& self, Body body) {
        auto in_group = [&self, body](TaskGroup& group) { return with_result(self, body, group); };
        co_await with_group(self.world.env(), 8, in_group);
    }
    static Task<bool> with_result(Fixture& self, Body body, TaskGroup& group) {
        co_await body(self, group);
        co_return true;
    }
    static Task<void> answer_peer(Fixture& self) { self.answered.emplace(co_await answer(*self.peer, kSupported)); }
    Duration elapsed() { return world.now().since_start; }
};

Bytes tokens(std::initializer_list<std::string_view> texts) {
    Bytes bytes;
    for (const auto text : texts) multistream::append_token(bytes, text);
    return bytes;
}
Task<Bytes> read_all(net::Stream& stream) {
    Bytes all;
    for (;;) {
        Bytes piece(100);
        const auto count = co_await net::read_some(stream, piece);
        if (!count || *count == 0) co_return all;
        append(all, BytesView(piece).first(*count));
    }
}
Task<Errc> read_error(net::Stream& stream) {
    Byte byte = 0;
    const auto count = co_await net::read_some(stream, BytesSpan(&byte, 1));
    co_return count ? Errc::would_block : count.error().code();
}

TEST(LazyStream, SendsTheProposalWithTheFirstBytesInOneFlight) {
    Fixture f;
    f.run([](Fixture& s, TaskGroup& group) -> Task<void> {
        group.spawn(Fixture::answer_peer(s));
        EXPECT_TRUE(co_await net::write(*s.lazy, view_of("first")));
        co_await sleep_for(s.world, kLatency + 1ms);
        EXPECT_TRUE(s.answered && *s.answered && **s.answered == "/echo/1.0.0");
        ByteArray<5> first;
        EXPECT_TRUE(co_await net::read_exact(*s.peer, first));
        EXPECT_EQ(text_of(first), "first");
        EXPECT_LT(s.elapsed(), 2 * kLatency);
    });
}

TEST(LazyStream, SendsTheProposalWhenItsOwnerReadsFirst) {
    Fixture f;
    f.run([](Fixture& s, TaskGroup& group) -> Task<void> {
        group.spawn(Fixture::answer_peer(s));
        EXPECT_TRUE(co_await s.lazy->readable());
        EXPECT_TRUE(s.answered && *s.answered);
    });
}

TEST(LazyStream, SendsTheProposalWhenItsOwnerEndsAtOnceAndVerifiesTheEchoes) {
    Fixture f;
    f.run([](Fixture& s, TaskGroup& group) -> Task<void> {
        EXPECT_TRUE(co_await s.lazy->close_write());
        EXPECT_EQ(co_await read_all(*s.peer), tokens({"/multistream/1.0.0", "/echo/1.0.0"}));
        EXPECT_TRUE(co_await net::write(*s.peer, tokens({"/multistream/1.0.0", "/other"})));
        EXPECT_EQ(co_await read_error(*s.lazy), Errc::malformed);
        (void)group;
    });
}

TEST(LazyStream, DeliversDataBehindBothEchoesOnly) {
    Fixture f;
    f.run([](Fixture& s, TaskGroup&) -> Task<void> {
        auto bytes = tokens({"/multistream/1.0.0", "/echo/1.0.0"});
        append(bytes, view_of("data"));
        for (std::size_t i = 0; i < bytes.size(); ++i) {
            EXPECT_TRUE(co_await net::write(*s.peer, BytesView(bytes).subspan(i, 1)));
        }
        EXPECT_TRUE(co_await net::write(*s.lazy, view_of("x")));
        ByteArray<4> data;
        EXPECT_TRUE(co_await net::read_exact(*s.lazy, data));
        EXPECT_EQ(text_of(data), "data");
    });
}

TEST(LazyStream, SaysUnsupportedWhenThePeerRefuses) {
    Fixture f("/nobody/1.0.0");
    f.run([](Fixture& s, TaskGroup& group) -> Task<void> {
        group.spawn(Fixture::answer_peer(s));
        EXPECT_TRUE(co_await net::write(*s.lazy, {}));
        EXPECT_EQ(co_await read_error(*s.lazy), Errc::unsupported);
    });
}

TEST(LazyStream, KeepsTheWriterBehindAProposalThatTheReaderSends) {
    Fixture f;
    f.run([](Fixture& s, TaskGroup& group) -> Task<void> {
        const auto read = [](Fixture& fixture) -> Task<void> { (void)co_await fixture.lazy->readable(); };
        group.spawn(read(s));
        EXPECT_TRUE(co_await net::write(*s.lazy, view_of("data")));
        EXPECT_TRUE(co_await s.lazy->close_write());
        auto expected = tokens({"/multistream/1.0.0", "/echo/1.0.0"});
        append(expected, view_of("data"));
        EXPECT_EQ(co_await read_all(*s.peer), expected);
        s.lazy->reset(Error(Errc::shutdown));
    });
}

TEST(LazyStream, GivesUpAPeerThatDoesNotAnswerByTheDeadline) {
    Fixture f;
    f.run([](Fixture& s, TaskGroup&) -> Task<void> {
        EXPECT_EQ(co_await read_error(*s.lazy), Errc::timed_out);
        EXPECT_EQ(s.elapsed(), 10s);
    });
}

TEST(LazyStream, LetsTheStreamLiveOnOnceVerified) {
    Fixture f;
    f.run([](Fixture& s, TaskGroup& group) -> Task<void> {
        group.spawn(Fixture::answer_peer(s));
        EXPECT_TRUE(co_await net::write(*s.lazy, view_of("x")));
        EXPECT_TRUE(co_await s.lazy->readable());
        Byte byte = 0;
        EXPECT_EQ(s.lazy->try_read(BytesSpan(&byte, 1)).error().code(), Errc::would_block);
        co_await sleep_for(s.world, 60s);
        const auto raw = s.lazy->release();
        EXPECT_TRUE(co_await net::write(*s.peer, view_of("y")));
        EXPECT_TRUE(co_await net::read_exact(*raw, BytesSpan(&byte, 1)));
        EXPECT_EQ(byte, 'y');
    });
}

struct Answered {
    Bytes sent;
    Result<std::string_view> chosen = fail(Errc::internal);
};
/// What the listener says to `proposals`, and what it chose.
Answered answers_to(const Bytes& proposals) {
    struct Run {
        static Task<void> all(sim::World& world, const Bytes& in, Answered& out) {
            auto [a, b] = sim::make_pipe(world, {.latency = kLatency});
            (void)co_await net::write(*a, in);
            (void)co_await a->close_write();
            out.chosen = co_await answer(*b, kSupported);
            (void)co_await b->close_write();
            out.sent = co_await read_all(*a);
        }
    };
    sim::World world(1);
    Answered answered;
    world.run(Run::all(world, proposals, answered));
    return answered;
}

TEST(MultistreamListener, RefusesUntilAProposalFits) {
    const auto answered = answers_to(tokens({"/multistream/1.0.0", "/a", "/b", "/noise"}));
    EXPECT_EQ(answered.chosen.value(), "/noise");
    EXPECT_EQ(answered.sent, tokens({"/multistream/1.0.0", "na", "na", "/noise"}));
}

TEST(MultistreamListener, ListsItsProtocols) {
    const auto answered = answers_to(tokens({"/multistream/1.0.0", "ls", "/echo/1.0.0"}));
    EXPECT_EQ(answered.chosen.value(), "/echo/1.0.0");
    EXPECT_EQ(answered.sent, to_bytes("\x13/multistream/1.0.0\n\x16\x07/noise\n\x0c/echo/1.0.0\n\n\x0c/echo/1.0.0\n"));
}

TEST(MultistreamListener, RefusesWhatIsNotMultistream) {
    EXPECT_EQ(answers_to(tokens({"/noise"})).chosen.error().code(), Errc::unsupported);
    EXPECT_EQ(answers_to(to_bytes("GET / HTTP/1.1\r\nHost: " + std::string(100, 'x'))).chosen.error().blame(),
              Blame::peer);
    EXPECT_EQ(answers_to(tokens({"/multistream/1.0.0", std::string(1024, 'x')})).chosen.error().code(),
              Errc::too_large);
    EXPECT_EQ(answers_to(tokens({"/multistream/1.0.0"})).chosen.error().code(), Errc::closed);
}

TEST(MultistreamListener, GivesUpAPeerThatProposesForEver) {
    auto proposals = tokens({"/multistream/1.0.0"});
    for (int i = 0; i < 1000; ++i) multistream::append_token(proposals, "/x");
    EXPECT_EQ(answers_to(proposals).chosen.error().code(), Errc::misbehaved);
}

}  // namespace
}  // namespace sotto::libp2p
