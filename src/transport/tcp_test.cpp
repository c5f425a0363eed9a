// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "transport/tcp.hpp"

#include <gtest/gtest.h>

#include "base/loop.hpp"
#include "sim/stream_suite.hpp"

namespace sotto::transport {
namespace {

using namespace std::chrono_literals;

Multiaddr address(std::string_view text) {
    return *Multiaddr::parse(text);
}

/// Runs a coroutine that returns nothing on a loop of its own.
template <class Body>
void on_loop(Body body) {
    Loop loop(1);
    const auto main = [&]() -> Task<int> {
        co_await body(loop.env());
        co_return 0;
    };
    (void)loop.run(main());
}

struct Dialled {
    Result<net::RawConnection> ours = fail(Errc::internal);
    Result<net::RawConnection> theirs = fail(Errc::internal);
};

Task<void> dial(net::Transport& transport, Env env, Multiaddr to, Result<net::RawConnection>& out) {
    out = co_await transport.dial(to, Deadline::in(*env.clock, 5s));
}

Task<Dialled> connect(net::Transport& transport, Env env, const Multiaddr& listen) {
    Dialled dialled;
    auto listener = transport.listen(listen);
    EXPECT_TRUE(listener) << listener.error().message();
    auto body = [&](TaskGroup& group) -> Task<Result<void>> {
        group.spawn(dial(transport, env, (*listener)->local(), dialled.ours));
        dialled.theirs = co_await (*listener)->accept();
        co_await group.wait_all();
        co_return Result<void>{};
    };
    (void)co_await with_group(env, 1, std::ref(body));
    co_return dialled;
}

TEST(Tcp, KeepsTheContractOfAStream) {
    sim::stream_suite([](sim::StreamCase test) {
        on_loop([&](Env env) -> Task<void> {
            const auto transport = make_tcp_transport(env);
            auto dialled = co_await connect(*transport, env, address("/ip4/127.0.0.1/tcp/0"));
            sim::StreamEnds ends{std::move(dialled.ours->stream), std::move(dialled.theirs->stream)};
            co_await test(env, std::move(ends));
        });
    });
}

TEST(Tcp, ReportsTheAddressesOfBothEndsWithTheirMarks) {
    on_loop([](Env env) -> Task<void> {
        const auto transport = make_tcp_transport(env);
        const auto dialled = co_await connect(*transport, env, address("/ip4/127.0.0.1/tcp/0/rlpx"));
        EXPECT_TRUE(dialled.theirs->local.has(AddrCode::rlpx));
        EXPECT_EQ(dialled.ours->remote, dialled.theirs->local);
        EXPECT_EQ(dialled.ours->local.tcp_port(), dialled.theirs->remote.tcp_port());
    });
}

TEST(Tcp, ResolvesNamesUnderTheDeadline) {
    on_loop([](Env env) -> Task<void> {
        const auto transport = make_tcp_transport(env);
        const auto listener = transport->listen(address("/ip4/127.0.0.1/tcp/0"));
        const auto port = std::to_string(*(*listener)->local().tcp_port());
        Result<net::RawConnection> out = fail(Errc::internal);
        co_await dial(*transport, env, address("/dns4/localhost/tcp/" + port), out);
        EXPECT_TRUE(out) << out.error().message();
    });
}

TEST(Tcp, SaysWhyItCannotDialOrListen) {
    on_loop([](Env env) -> Task<void> {
        const auto transport = make_tcp_transport(env);
        auto listener = transport->listen(address("/ip4/127.0.0.1/tcp/0"));
        const auto local = (*listener)->local();
        const auto again = transport->listen(local);
        EXPECT_EQ(again.error().code(), Errc::in_use);
        EXPECT_NE(again.error().detail().find(std::to_string(*local.tcp_port() + 1)), std::string::npos)
            << "it names one to try";
        listener->reset();
        Result<net::RawConnection> out = fail(Errc::internal);
        co_await dial(*transport, env, local, out);
        EXPECT_EQ(out.error().code(), Errc::refused);
        EXPECT_FALSE(transport->handles(address("/ip4/1.2.3.4/udp/1")));
        EXPECT_FALSE(transport->handles(address("/ip4/1.2.3.4/tcp/1/ws")));
        EXPECT_FALSE(transport->listen(address("/dns4/localhost/tcp/0")));
    });
}

TEST(Tcp, EndsAnAcceptWhenItsListenerCloses) {
    on_loop([](Env env) -> Task<void> {
        const auto transport = make_tcp_transport(env);
        const auto listener = transport->listen(address("/ip4/127.0.0.1/tcp/0"));
        const auto timer = env.clock->after(10ms, [&] { (*listener)->close(); });
        const auto accepted = co_await (*listener)->accept();
        EXPECT_EQ(accepted.error().code(), Errc::closed);
    });
}

}  // namespace
}  // namespace sotto::transport
