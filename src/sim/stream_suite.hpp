// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/task_group.hpp"
#include "base/this_executor.hpp"
#include "net/stream.hpp"

/// The contract of net::Stream, checked on any implementation: make two connected ends and run every case on a fresh
/// pair.
namespace sotto::sim {

using StreamEnds = std::pair<std::unique_ptr<net::Stream>, std::unique_ptr<net::Stream>>;
using StreamCase = Task<void> (*)(Env env, StreamEnds ends);

namespace stream_cases {

using namespace std::chrono_literals;

inline Task<void> write_and_close(net::Stream& stream, const Bytes& bytes) {
    EXPECT_TRUE(co_await net::write(stream, bytes));
    EXPECT_TRUE(co_await stream.close_write());
}

inline Task<void> read_to_end(net::Stream& stream, Bytes& out) {
    Bytes chunk(10'000);
    for (;;) {
        const auto count = co_await net::read_some(stream, chunk);
        if (!count || *count == 0) co_return;
        append(out, BytesView(chunk).first(*count));
    }
}

inline Task<void> carries_bytes_both_ways_and_ends(Env env, StreamEnds ends) {
    const auto to_b = env.random->bytes(700'000);
    const auto to_a = env.random->bytes(300'001);
    Bytes at_a, at_b;
    auto body = [&](TaskGroup& group) -> Task<Result<void>> {
        group.spawn(write_and_close(*ends.first, to_b));
        group.spawn(write_and_close(*ends.second, to_a));
        group.spawn(read_to_end(*ends.first, at_a));
        group.spawn(read_to_end(*ends.second, at_b));
        co_await group.wait_all();
        co_return Result<void>{};
    };
    (void)co_await with_group(env, 4, std::ref(body));
    EXPECT_EQ(at_a, to_a);
    EXPECT_EQ(at_b, to_b);
}

inline Task<void> gathers_pieces_in_order(Env, StreamEnds ends) {
    const Bytes one = to_bytes("one "), two = to_bytes("two "), three = to_bytes("three");
    const BytesView pieces[] = {one, {}, two, {}, three};
    EXPECT_TRUE(co_await ends.first->write(pieces));
    Bytes got(13);
    EXPECT_TRUE(co_await net::read_exact(*ends.second, got));
    EXPECT_EQ(text_of(got), "one two three");
}

inline Task<void> tells_when_there_is_nothing_and_when_there_is(Env, StreamEnds ends) {
    ByteArray<8> buffer;
    EXPECT_EQ(ends.second->try_read(buffer).error().code(), Errc::would_block);
    EXPECT_TRUE(co_await net::write(*ends.first, view_of("ab")));
    EXPECT_TRUE(co_await ends.second->readable());
    EXPECT_TRUE(co_await ends.second->readable()) << "it is still readable";
    Bytes got(1);
    EXPECT_TRUE(co_await net::read_exact(*ends.second, got));
    EXPECT_TRUE(co_await net::read_exact(*ends.second, got));
    EXPECT_EQ(text_of(got), "b");
}

inline Task<void> closes_one_direction_alone(Env, StreamEnds ends) {
    EXPECT_TRUE(co_await net::write(*ends.first, view_of("bye")));
    EXPECT_TRUE(co_await ends.first->close_write());
    Bytes got;
    co_await read_to_end(*ends.second, got);
    EXPECT_EQ(text_of(got), "bye");
    EXPECT_TRUE(co_await net::write(*ends.second, view_of("still here")));
    Bytes back(10);
    EXPECT_TRUE(co_await net::read_exact(*ends.first, back));
    EXPECT_EQ(text_of(back), "still here");
}

inline Task<void> wait_readable(net::Stream& stream, std::optional<Error>& end) {
    ByteArray<8> buffer;
    const auto count = co_await net::read_some(stream, buffer);
    end = count ? Error(Errc::internal, "it read something") : count.error();
}

inline Task<void> ends_what_waits_when_it_is_reset(Env env, StreamEnds ends) {
    std::optional<Error> end;
    auto body = [&](TaskGroup& group) -> Task<Result<void>> {
        group.spawn(wait_readable(*ends.first, end));
        co_await sleep_for(*env.clock, 10ms);
        ends.first->reset(Error(Errc::timed_out, "first"));
        EXPECT_FALSE(end) << "nothing completes inside reset()";
        ends.first->reset(Error(Errc::internal, "second"));
        co_await group.wait_all();
        co_return Result<void>{};
    };
    (void)co_await with_group(env, 1, std::ref(body));
    EXPECT_TRUE(end && end->code() == Errc::timed_out);
    ByteArray<8> buffer;
    EXPECT_EQ(ends.first->try_read(buffer).error().code(), Errc::timed_out);
    EXPECT_EQ((co_await net::write(*ends.first, view_of("x"))).error().code(), Errc::timed_out);
    EXPECT_EQ((co_await ends.first->readable()).error().code(), Errc::timed_out);
}

inline Task<void> may_be_destroyed_while_something_waits(Env env, StreamEnds ends) {
    std::optional<Error> end;
    auto body = [&](TaskGroup& group) -> Task<Result<void>> {
        group.spawn(wait_readable(*ends.first, end));
        co_await sleep_for(*env.clock, 10ms);
        // read_some looks at the stream again only after readable() has failed: it may be gone by then.
        ends.first.reset();
        co_await group.wait_all();
        co_return Result<void>{};
    };
    (void)co_await with_group(env, 1, std::ref(body));
    EXPECT_TRUE(end);
    ByteArray<8> buffer;
    const auto seen = co_await net::read_some(*ends.second, buffer);
    EXPECT_TRUE(!seen || *seen == 0) << "the other end learns of it";
}

inline Task<void> write_much(net::Stream& stream, std::size_t total, std::size_t& written) {
    const Bytes chunk(64 * 1024, 7);
    while (written < total) {
        const auto done = co_await net::write(stream, chunk);
        if (!done) co_return;
        written += chunk.size();
    }
    EXPECT_TRUE(co_await stream.close_write());
}

inline Task<void> makes_a_writer_wait_for_a_slow_reader(Env env, StreamEnds ends) {
    constexpr std::size_t kTotal = 48 * 1024 * 1024;
    std::size_t written = 0;
    auto body = [&](TaskGroup& group) -> Task<Result<void>> {
        group.spawn(write_much(*ends.first, kTotal, written));
        co_await sleep_for(*env.clock, 300ms);
        EXPECT_LT(written, kTotal);
        Bytes got;
        co_await read_to_end(*ends.second, got);
        EXPECT_EQ(got.size(), kTotal);
        co_return Result<void>{};
    };
    (void)co_await with_group(env, 1, std::ref(body));
}

inline Task<void> passes_many_small_pieces(Env env, StreamEnds ends) {
    const auto sent = env.random->bytes(3000);
    std::vector<BytesView> pieces;
    for (std::size_t at = 0; at < sent.size(); at += 3) pieces.push_back(BytesView(sent).subspan(at, 3));
    EXPECT_TRUE(co_await ends.first->write(pieces));
    EXPECT_TRUE(co_await ends.first->write({}));
    EXPECT_TRUE(co_await net::write(*ends.first, {}));
    Bytes got(1);
    for (const auto byte : sent) {
        EXPECT_TRUE(co_await net::read_exact(*ends.second, got));
        if (got[0] != byte) {
            ADD_FAILURE() << "a byte is wrong";
            co_return;
        }
    }
}

inline Task<void> tells_the_end_again_and_again(Env, StreamEnds ends) {
    EXPECT_TRUE(co_await ends.first->close_write());
    ByteArray<8> buffer;
    for (int i = 0; i < 3; ++i) {
        EXPECT_TRUE(co_await ends.second->readable());
        EXPECT_EQ(ends.second->try_read(buffer).value_or(99), 0u);
    }
}

inline Task<void> count_turns(const bool& stop, std::size_t& turns) {
    while (!stop) {
        ++turns;
        co_await yield_now();
    }
}

inline Task<void> lets_others_run_even_when_it_is_readable(Env env, StreamEnds ends) {
    EXPECT_TRUE(co_await net::write(*ends.first, view_of("0123456789")));
    EXPECT_TRUE(co_await ends.second->readable());
    bool stop = false;
    std::size_t turns = 0;
    auto body = [&](TaskGroup& group) -> Task<Result<void>> {
        group.spawn(count_turns(stop, turns));
        for (int i = 0; i < 9; ++i) {
            ByteArray<1> byte;
            EXPECT_EQ(ends.second->try_read(byte).value_or(0), 1u);
            const auto before = turns;
            EXPECT_TRUE(co_await ends.second->readable());
            EXPECT_GT(turns, before);
        }
        stop = true;
        co_await group.wait_all();
        co_return Result<void>{};
    };
    (void)co_await with_group(env, 1, std::ref(body));
}

inline Task<void> is_of_use_after_a_cancelled_wait(Env env, StreamEnds ends) {
    std::optional<Error> end;
    auto body = [&](TaskGroup& group) -> Task<Result<void>> {
        group.spawn(wait_readable(*ends.second, end));
        co_await sleep_for(*env.clock, 10ms);
        co_return Result<void>{};
    };
    (void)co_await with_group(env, 1, std::ref(body));
    EXPECT_TRUE(co_await net::write(*ends.first, view_of("later")));
    Bytes got(5);
    EXPECT_TRUE(co_await net::read_exact(*ends.second, got));
    EXPECT_EQ(text_of(got), "later");
}

/// Writes until an error comes.
inline Task<void> write_until_it_fails(net::Stream& stream, std::optional<Error>& end) {
    const Bytes chunk(64 * 1024, 7);
    for (int i = 0; i < 1000; ++i) {
        const auto done = co_await net::write(stream, chunk);
        if (done) continue;
        end = done.error();
        co_return;
    }
}

inline Task<void> end_a_waiting_writer(Env env, net::Stream& writer, std::optional<Error>& end, auto ending) {
    auto body = [&](TaskGroup& group) -> Task<Result<void>> {
        group.spawn(write_until_it_fails(writer, end));
        co_await sleep_for(*env.clock, 100ms);
        EXPECT_FALSE(end) << "it waits, for nobody reads";
        ending();
        EXPECT_FALSE(end) << "nothing completes inside reset() or a destructor";
        co_await group.wait_all();
        co_return Result<void>{};
    };
    (void)co_await with_group(env, 1, std::ref(body));
}

inline Task<void> ends_a_waiting_writer_when_it_is_reset(Env env, StreamEnds ends) {
    std::optional<Error> end;
    const auto reset = [&] { ends.first->reset(Error(Errc::busy, "why")); };
    co_await end_a_waiting_writer(env, *ends.first, end, reset);
    EXPECT_TRUE(end && end->code() == Errc::busy);
}

inline Task<void> tells_a_waiting_writer_that_the_reader_is_gone(Env env, StreamEnds ends) {
    std::optional<Error> end;
    const auto leave = [&] { ends.second.reset(); };
    co_await end_a_waiting_writer(env, *ends.first, end, leave);
    EXPECT_TRUE(end);
    if (end) EXPECT_EQ(end->blame(), Blame::transient) << end->message();
}

inline Task<void> write_once(net::Stream& stream, BytesView bytes, std::optional<Error>& end) {
    const auto done = co_await net::write(stream, bytes);
    end = done ? Error(Errc::internal, "it wrote everything") : done.error();
}

inline Task<void> may_be_destroyed_while_a_writer_waits(Env env, StreamEnds ends) {
    const Bytes much(48 * 1024 * 1024, 7);
    std::optional<Error> end;
    auto body = [&](TaskGroup& group) -> Task<Result<void>> {
        group.spawn(write_once(*ends.first, much, end));
        co_await sleep_for(*env.clock, 100ms);
        EXPECT_FALSE(end);
        ends.first.reset();
        co_await group.wait_all();
        co_return Result<void>{};
    };
    (void)co_await with_group(env, 1, std::ref(body));
    EXPECT_TRUE(end && end->code() != Errc::internal);
    Bytes got;
    co_await read_to_end(*ends.second, got);
    EXPECT_LT(got.size(), much.size());
}

}  // namespace stream_cases

/// `run(case)` makes a pair of connected streams and runs `case(env, pair)` to its end.
template <class Run>
void stream_suite(Run run) {
    using namespace stream_cases;
    constexpr std::pair<const char*, StreamCase> kCases[] = {
        {"carries bytes both ways and ends", carries_bytes_both_ways_and_ends},
        {"gathers pieces in order", gathers_pieces_in_order},
        {"tells when there is nothing and when there is", tells_when_there_is_nothing_and_when_there_is},
        {"closes one direction alone", closes_one_direction_alone},
        {"ends what waits when it is reset", ends_what_waits_when_it_is_reset},
        {"may be destroyed while something waits", may_be_destroyed_while_something_waits},
        {"makes a writer wait for a slow reader", makes_a_writer_wait_for_a_slow_reader},
        {"passes many small pieces", passes_many_small_pieces},
        {"tells the end again and again", tells_the_end_again_and_again},
        {"lets others run even when it is readable", lets_others_run_even_when_it_is_readable},
        {"is of use after a cancelled wait", is_of_use_after_a_cancelled_wait},
        {"ends a waiting writer when it is reset", ends_a_waiting_writer_when_it_is_reset},
        {"tells a waiting writer that the reader is gone", tells_a_waiting_writer_that_the_reader_is_gone},
        {"may be destroyed while a writer waits", may_be_destroyed_while_a_writer_waits},
    };
    for (const auto& [name, stream_case] : kCases) {
        SCOPED_TRACE(name);
        run(stream_case);
    }
}

}  // namespace sotto::sim
