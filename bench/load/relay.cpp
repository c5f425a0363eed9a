// SPDX-License-Identifier: Apache-2.0 OR MIT
// Envelopes from us through a node to one or many of us, or to a node alone.
#include <algorithm>

#include "base/event.hpp"
#include "codec/rlp.hpp"
#include "dialer.hpp"
#include "envelopes.hpp"
#include "load.hpp"
#include "whisper/packets.hpp"

namespace sotto::load {
namespace {

constexpr Duration kTick = std::chrono::milliseconds(5);
constexpr Duration kQuiet = std::chrono::seconds(3);   ///< without an envelope: no more will come
constexpr Duration kSettle = std::chrono::seconds(1);  ///< until both sessions are known to the node
constexpr std::size_t kBatchEnvelopes = 400;           ///< far below what any node takes as one packet

/// One run: what is sent, when, and what has come.
struct Run {
    Env env;
    const Envelopes& envelopes;
    double rate;
    std::size_t receivers = 0;
    std::vector<TimePoint> sent_at{};
    std::vector<double> latencies{};
    std::size_t sent = 0;
    std::size_t distinct = 0;  ///< over all receivers, as what follows
    std::size_t duplicates = 0;
    std::size_t strangers = 0;
    bool died = false;
    TimePoint began{};
    TimePoint last{};

    std::size_t wanted() const noexcept { return envelopes.size() * receivers; }
};

/// A connection with a Whisper session on it.
struct Link {
    std::unique_ptr<net::Connection> connection;
    std::unique_ptr<net::MessageStream> stream;
};

/// One that all envelopes come to.
struct Receiver {
    Link link{};
    std::vector<bool> seen{};
};

Task<Result<void>> send_batch(net::MessageStream& stream, BytesView inside) {
    Bytes header;
    rlp::append_header(header, true, inside.size());
    const std::array<BytesView, 2> pieces{BytesView(header), inside};
    co_return co_await stream.write(whisper::code::kMessages, pieces);
}

/// How many are due by now.
std::size_t due(const Run& run) {
    if (run.rate <= 0) return run.envelopes.size();
    const auto passed = to_seconds(run.env.clock->now() - run.began);
    return std::min(run.envelopes.size(), static_cast<std::size_t>(passed * run.rate));
}

Task<Result<void>> send_all(Run& run, net::MessageStream& stream) {
    run.began = run.last = run.env.clock->now();
    while (run.sent < run.envelopes.size()) {
        const auto end = std::min(due(run), run.sent + kBatchEnvelopes);
        if (end == run.sent) {
            co_await sleep_for(*run.env.clock, kTick);
            continue;
        }
        const auto now = run.env.clock->now();
        std::fill_n(run.sent_at.begin() + static_cast<std::ptrdiff_t>(run.sent), end - run.sent, now);
        SOTTO_CO_CHECK(co_await send_batch(stream, run.envelopes.range(run.sent, end)));
        run.sent = end;
    }
    co_return Result<void>{};
}

Result<void> take(Run& run, Receiver& receiver, BytesView payload) {
    SOTTO_TRY(const auto items, whisper::split_envelopes(payload, false));
    run.last = run.env.clock->now();
    for (const auto& raw : items) {
        const auto which = run.envelopes.find(raw);
        if (!which) {
            ++run.strangers;
        } else if (receiver.seen[*which]) {
            ++run.duplicates;
        } else {
            receiver.seen[*which] = true;
            ++run.distinct;
            run.latencies.push_back(to_seconds(run.last - run.sent_at[*which]));
        }
    }
    return {};
}

Task<void> receive(Run& run, Receiver& receiver) {
    for (;;) {
        const auto message = co_await receiver.link.stream->read();
        if (!message) {
            run.died = run.died || run.distinct < run.wanted();
            co_return;
        }
        if (message->code == whisper::code::kMessages) (void)take(run, receiver, message->payload);
    }
}

/// Until all have come, the link is dead, or nothing comes any more.
Task<void> await_all(const Run& run) {
    while (run.distinct < run.wanted() && !run.died && run.env.clock->now() - run.last < kQuiet) {
        co_await sleep_for(*run.env.clock, kTick);
    }
}

void report_run(Run& run) {
    const auto seconds = to_seconds(run.last - run.began);
    const auto each = static_cast<double>(run.distinct) / static_cast<double>(run.receivers);
    report({{"sent", static_cast<double>(run.sent)},
            {"received", static_cast<double>(run.distinct)},
            {"duplicates", static_cast<double>(run.duplicates)},
            {"changed", static_cast<double>(run.strangers)},
            {"died", run.died ? 1.0 : 0.0},
            {"seconds", seconds},
            {"perSecond", seconds > 0 ? each / seconds : 0},
            {"latencyP50", percentile(run.latencies, 0.5)},
            {"latencyP99", percentile(run.latencies, 0.99)}});
}

Task<Result<Link>> connect(Dialer& dialer, TaskGroup& group) {
    Link link;
    SOTTO_CO_TRY(link.connection, co_await dialer.dial());
    group.spawn(drive(*link.connection));
    SOTTO_CO_TRY(link.stream, co_await link.connection->open(kShh, dialer.deadline()));
    SOTTO_CO_CHECK(co_await greet(*link.stream));
    co_return link;
}

}  // namespace

Task<Result<void>> relay(Env env, Options options) {
    SOTTO_CO_TRY(auto dialer, Dialer::make(env, options.address, kShh));
    SOTTO_CO_TRY(const auto envelopes, Envelopes::load(options.file, options.count));
    Run run{env, envelopes, options.rate, options.receivers};
    run.sent_at.resize(options.count);
    run.latencies.reserve(run.wanted());
    Link from;
    std::vector<Receiver> receivers(options.receivers);
    auto body = [&](TaskGroup& group) -> Task<Result<void>> {
        for (auto& receiver : receivers) {
            receiver.seen.resize(options.count);
            SOTTO_CO_TRY(receiver.link, co_await connect(dialer, group));
            group.spawn(receive(run, receiver));
        }
        SOTTO_CO_TRY(from, co_await connect(dialer, group));
        group.spawn(drain(*from.stream));
        co_await sleep_for(*env.clock, kSettle);
        if (!co_await send_all(run, *from.stream)) run.died = true;
        co_await await_all(run);
        report_run(run);
        co_return Result<void>{};
    };
    co_return co_await with_group(env, 2 * (1 + options.receivers), std::ref(body));
}

Task<Result<void>> feed(Env env, Options options) {
    SOTTO_CO_TRY(auto dialer, Dialer::make(env, options.address, kShh));
    SOTTO_CO_TRY(const auto envelopes, Envelopes::load(options.file, options.count));
    Run run{env, envelopes, options.rate};
    run.sent_at.resize(options.count);
    Link to;
    auto body = [&](TaskGroup& group) -> Task<Result<void>> {
        SOTTO_CO_TRY(to, co_await connect(dialer, group));
        group.spawn(drain(*to.stream));
        report({{"envelopes", static_cast<double>(envelopes.size())}});  // it begins: someone reads the other end
        SOTTO_CO_CHECK(co_await send_all(run, *to.stream));
        co_await wait_for_end_of_input(env);
        co_return Result<void>{};
    };
    co_return co_await with_group(env, 2, std::ref(body));
}

}  // namespace sotto::load
