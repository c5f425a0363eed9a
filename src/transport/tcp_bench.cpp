// SPDX-License-Identifier: Apache-2.0 OR MIT
// Both ends of a loopback connection on one loop: what a stream costs without any protocol on it.
#include <benchmark/benchmark.h>

#include "base/loop.hpp"
#include "base/task_group.hpp"
#include "transport/tcp.hpp"

namespace sotto::transport {
namespace {

Task<void> accept(net::Listener& listener, Result<net::RawConnection>& out) {
    out = co_await listener.accept();
}

/// Runs `body(stream, stream)` on a loop of its own.
template <class Body>
void over_loopback(Body body) {
    Loop loop(1);
    const auto transport = make_tcp_transport(loop.env());
    const auto listener = transport->listen(Multiaddr::parse("/ip4/127.0.0.1/tcp/0").value()).value();
    Result<net::RawConnection> accepted = fail(Errc::internal);
    auto connected = [&](TaskGroup& group) -> Task<Result<void>> {
        group.spawn(accept(*listener, accepted));
        SOTTO_CO_TRY(const auto dialled, co_await transport->dial(listener->local(), Deadline{}));
        co_await group.wait_all();
        co_await body(group, *dialled.stream, *accepted->stream);
        co_return Result<void>{};
    };
    const auto main = [&]() -> Task<int> {
        (void)co_await with_group(loop.env(), 2, std::ref(connected));
        co_return 0;
    };
    (void)loop.run(main());
}

Task<void> echo(net::Stream& stream, std::size_t size) {
    Bytes message(size);
    while (co_await net::read_exact(stream, message)) {
        if (!co_await net::write(stream, message)) co_return;
    }
}

void tcp_ping_pong(benchmark::State& state) {
    const auto size = static_cast<std::size_t>(state.range(0));
    auto body = [&](TaskGroup& group, net::Stream& ours, net::Stream& theirs) -> Task<void> {
        group.spawn(echo(theirs, size));
        Bytes message(size);
        for (auto _ : state) {
            (void)co_await net::write(ours, message);
            (void)co_await net::read_exact(ours, message);
        }
    };
    over_loopback(std::ref(body));
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(tcp_ping_pong)->Arg(1)->Arg(1024);

Task<void> drain(net::Stream& stream, Scratch& scratch) {
    for (;;) {
        const auto count = co_await net::read_some(stream, scratch.wire);
        if (!count || *count == 0) co_return;
    }
}

void tcp_bulk(benchmark::State& state) {
    const auto size = static_cast<std::size_t>(state.range(0));
    const auto scratch = std::make_unique<Scratch>();
    auto body = [&](TaskGroup& group, net::Stream& ours, net::Stream& theirs) -> Task<void> {
        group.spawn(drain(theirs, *scratch));
        const Bytes chunk(size);
        for (auto _ : state) (void)co_await net::write(ours, chunk);
        (void)co_await ours.close_write();
        co_await group.wait_all();
    };
    over_loopback(std::ref(body));
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(size));
}
BENCHMARK(tcp_bulk)->Arg(16 * 1024)->Arg(64 * 1024)->Arg(256 * 1024);

}  // namespace
}  // namespace sotto::transport
