// SPDX-License-Identifier: Apache-2.0 OR MIT
// Handshakes, idle connections, round trips and /perf.
#include "dialer.hpp"
#include "libp2p/connection.hpp"
#include "libp2p/perf.hpp"
#include "libp2p/ping.hpp"
#include "load.hpp"

namespace sotto::load {
namespace {

Result<Dialer> dialer_of(Env env, const Options& options) {
    SOTTO_TRY(const auto* spec, find_spec(options.protocol));
    return Dialer::make(env, options.address, *spec);
}

/// Connections that stay, each with its protocol stream.
struct Held {
    std::vector<std::unique_ptr<net::Connection>> connections;
    std::vector<std::unique_ptr<net::MessageStream>> streams;
};

/// On libp2p with identify, which the connection asks for by itself, and a Whisper stream behind its status.
Task<Result<void>> hold_one(Dialer& dialer, TaskGroup& group, Held& held) {
    SOTTO_CO_TRY(auto connection, co_await dialer.dial());
    auto& kept = *connection;
    held.connections.push_back(std::move(connection));
    group.spawn(drive(kept));
    SOTTO_CO_TRY(auto stream, co_await kept.open(dialer.spec(), dialer.deadline()));
    if (&dialer.spec() == &kShh) SOTTO_CO_CHECK(co_await greet(*stream));
    group.spawn(drain(*stream));
    held.streams.push_back(std::move(stream));
    co_return Result<void>{};
}

}  // namespace

Task<Result<void>> handshakes(Env env, Options options) {
    SOTTO_CO_TRY(auto dialer, dialer_of(env, options));
    std::vector<double> first;
    // When the peer has answered a ping it serves us: to hang up before that would measure half a handshake.
    const Each each = [&]() -> Task<Result<void>> {
        const auto began = env.clock->now();
        const Use use = [&](net::Connection& connection) -> Task<Result<void>> {
            SOTTO_CO_TRY([[maybe_unused]] const auto trip, co_await connection.ping(dialer.deadline()));
            first.push_back(to_seconds(env.clock->now() - began));
            co_return Result<void>{};
        };
        co_return co_await with_connection(dialer, use);
    };
    const auto began = env.clock->now();
    SOTTO_CO_CHECK(co_await spread(env, options.count, options.parallel, each));
    const auto seconds = to_seconds(env.clock->now() - began);
    report({{"count", static_cast<double>(options.count)},
            {"seconds", seconds},
            {"firstByteP50", percentile(first, 0.5)},
            {"firstByteP99", percentile(first, 0.99)}});
    co_return Result<void>{};
}

Task<Result<void>> idle(Env env, Options options) {
    SOTTO_CO_TRY(auto dialer, dialer_of(env, options));
    Held held;
    auto body = [&](TaskGroup& group) -> Task<Result<void>> {
        const Each each = [&]() -> Task<Result<void>> { co_return co_await hold_one(dialer, group, held); };
        SOTTO_CO_CHECK(co_await spread(env, options.count, options.parallel, each));
        report({{"held", static_cast<double>(held.streams.size())}});
        co_await wait_for_end_of_input(env);
        co_return Result<void>{};
    };
    co_return co_await with_group(env, 2 * options.count, std::ref(body));
}

Task<Result<void>> pings(Env env, Options options) {
    SOTTO_CO_TRY(auto dialer, dialer_of(env, options));
    std::vector<double> trips;
    const Use use = [&](net::Connection& connection) -> Task<Result<void>> {
        auto* libp2p = dynamic_cast<libp2p::Connection*>(&connection);
        std::unique_ptr<net::Stream> stream;  // libp2p's pings share one, as other implementations do it
        if (libp2p) {
            SOTTO_CO_TRY(stream, libp2p->open_stream(libp2p::kPingId, dialer.deadline()));
        }
        for (std::size_t i = 0; i < options.count; ++i) {
            Result<Duration> trip = fail(Errc::internal);
            if (stream) {
                trip = co_await libp2p::ping(env, *stream);
            } else {
                trip = co_await connection.ping(dialer.deadline());
            }
            if (!trip) co_return fail(trip.error());
            trips.push_back(to_seconds(*trip));
        }
        co_return Result<void>{};
    };
    SOTTO_CO_CHECK(co_await with_connection(dialer, use));
    report({{"p50", percentile(trips, 0.5)}, {"p99", percentile(trips, 0.99)}});
    co_return Result<void>{};
}

Task<Result<void>> perf(Env env, Options options) {
    SOTTO_CO_TRY(auto dialer, dialer_of(env, options));
    const Use use = [&](net::Connection& connection) -> Task<Result<void>> {
        auto* libp2p = dynamic_cast<libp2p::Connection*>(&connection);
        if (!libp2p) co_return fail(Errc::invalid_argument, "perf needs an address of libp2p");
        SOTTO_CO_TRY(const auto stream, libp2p->open_stream(libp2p::kPerfId, dialer.deadline()));
        SOTTO_CO_TRY(const auto took, co_await libp2p::run_perf(env, *stream, options.up, options.down));
        report({{"upSeconds", to_seconds(took.upload)}, {"downSeconds", to_seconds(took.download)}});
        co_return Result<void>{};
    };
    co_return co_await with_connection(dialer, use);
}

}  // namespace sotto::load
