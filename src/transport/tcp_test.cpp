// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "transport/tcp.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/loop.hpp"
#include "sim/stream_suite.hpp"
#include "sim/transport_suite.hpp"

namespace sotto::transport {
namespace {

using namespace std::chrono_literals;
using sim::TransportEnds;
using sim::transport_cases::connect;
using sim::transport_cases::dial;

constexpr const char* kLoopbacks[] = {"/ip4/127.0.0.1/tcp/0", "/ip6/::1/tcp/0"};

Multiaddr address(std::string_view text) {
    return Multiaddr::parse(text).value();
}

/// Runs `body(ends)`, a coroutine that returns nothing, on a loop of its own. Both ends are one transport.
template <class Body>
void on_loop(Body body, std::string_view where = kLoopbacks[0]) {
    Loop loop(1);
    const auto transport = make_tcp_transport(loop.env());
    const auto main = [&]() -> Task<int> {
        co_await body(TransportEnds{loop.env(), *transport, *transport, address(where)});
        co_return 0;
    };
    (void)loop.run(main());
}

TEST(Tcp, KeepsTheContractOfATransport) {
    for (const auto* where : kLoopbacks) {
        sim::transport_suite([&](sim::TransportCase test) { on_loop(test, where); });
    }
}

TEST(Tcp, KeepsTheContractOfAStream) {
    sim::stream_suite([](sim::StreamCase test) {
        on_loop([&](TransportEnds ends) -> Task<void> {
            const auto listener = ends.listener.listen(ends.address).value();
            auto made = co_await connect(ends, *listener, listener->local());
            co_await test(ends.env, {std::move(made.dialled->stream), std::move(made.accepted->stream)});
        });
    });
}

TEST(Tcp, BindsBothFamiliesToOnePort) {
    on_loop([](TransportEnds ends) -> Task<void> {
        const auto v4 = ends.listener.listen(address("/ip4/0.0.0.0/tcp/0")).value();
        const auto port = std::to_string(*v4->local().tcp_port());
        const auto v6 = ends.listener.listen(address("/ip6/::/tcp/" + port));
        EXPECT_TRUE(v6) << v6.error().message();
        auto over6 = co_await connect(ends, **v6, address("/ip6/::1/tcp/" + port));
        auto over4 = co_await connect(ends, *v4, address("/ip4/127.0.0.1/tcp/" + port));
        EXPECT_EQ(over6.accepted->remote.ip().size(), 16u);
        EXPECT_EQ(over4.accepted->remote.ip().size(), 4u);
    });
}

TEST(Tcp, ResolvesNamesOfTheFamilyThatIsAskedFor) {
    on_loop([](TransportEnds ends) -> Task<void> {
        const auto listener = ends.listener.listen(ends.address).value();
        const auto port = std::to_string(*listener->local().tcp_port());
        for (const auto* name : {"/dns4/localhost/tcp/", "/dns/localhost/tcp/"}) {
            Result<net::RawConnection> dialled = fail(Errc::internal);
            co_await dial(ends, address(name + port), dialled);
            EXPECT_TRUE(dialled) << dialled.error().message();
            if (dialled) EXPECT_EQ(dialled->remote, listener->local());
        }
        Result<net::RawConnection> dialled = fail(Errc::internal);
        co_await dial(ends, address("/dns6/127.0.0.1/tcp/" + port), dialled);
        EXPECT_FALSE(dialled);
    });
}

TEST(Tcp, SaysWhyItCannotListen) {
    on_loop([](TransportEnds ends) -> Task<void> {
        const auto listener = ends.listener.listen(ends.address).value();
        const auto again = ends.listener.listen(listener->local()).error();
        const auto next = std::to_string(*listener->local().tcp_port() + 1);
        EXPECT_NE(again.message().find(next), std::string::npos) << "it names one to try: " << again.message();
        // TEST-NET-1 (RFC 5737) is no address of this machine.
        const auto foreign = ends.listener.listen(address("/ip4/192.0.2.1/tcp/0")).error();
        EXPECT_EQ(foreign.code(), Errc::unsupported);
        EXPECT_NE(foreign.message().find("192.0.2.1"), std::string::npos);
        EXPECT_EQ(ends.listener.listen(address("/dns4/localhost/tcp/0")).error().code(), Errc::invalid_argument);
        co_return;
    });
}

/// A raw client, to do what our own streams never do.
class RawClient {
  public:
    explicit RawClient(const Multiaddr& to) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in where{};
        where.sin_family = AF_INET;
        where.sin_port = htons(*to.tcp_port());
        std::memcpy(&where.sin_addr, to.ip().data(), 4);
        EXPECT_EQ(::connect(socket_, reinterpret_cast<const sockaddr*>(&where), sizeof where), 0);
    }
    RawClient(const RawClient&) = delete;
    RawClient& operator=(const RawClient&) = delete;
    ~RawClient() { close(); }
    void send(BytesView bytes) const {
        EXPECT_EQ(::send(socket_, bytes.data(), bytes.size(), 0), ssize_t(bytes.size()));
    }
    /// 0 at the end, minus the error otherwise. Blocks.
    ssize_t read(BytesSpan into) const {
        const auto count = ::recv(socket_, into.data(), into.size(), 0);
        return count < 0 ? -errno : count;
    }
    void close() {
        if (socket_ >= 0) ::close(socket_);
        socket_ = -1;
    }
    void close_with_rst() {
        const linger at_once{1, 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        close();
    }

  private:
    int socket_;
};

TEST(Tcp, KnowsTheAddressOfAPeerThatWasGoneBeforeItWasAccepted) {
    on_loop([](TransportEnds ends) -> Task<void> {
        const auto listener = ends.listener.listen(ends.address).value();
        RawClient(listener->local()).close_with_rst();
        const auto accepted = co_await listener->accept();
        EXPECT_TRUE(accepted);
        EXPECT_TRUE(equal(accepted->remote.ip(), listener->local().ip())) << accepted->remote.to_string();
        EXPECT_NE(accepted->remote.tcp_port(), 0);
    });
}

TEST(Tcp, TellsAResetAgainAndAgainButReadsWhatCameBefore) {
    on_loop([](TransportEnds ends) -> Task<void> {
        const auto listener = ends.listener.listen(ends.address).value();
        RawClient client(listener->local());
        const auto accepted = (co_await listener->accept()).value();
        client.send(view_of("goodbye"));
        client.close_with_rst();
        EXPECT_TRUE(co_await accepted.stream->readable());
        // Sending asks the kernel for its error and so takes it from the reader.
        EXPECT_EQ((co_await net::write(*accepted.stream, view_of("x"))).error().code(), Errc::reset);
        Bytes got(7);
        EXPECT_TRUE(co_await net::read_exact(*accepted.stream, got));
        EXPECT_EQ(text_of(got), "goodbye");
        for (int i = 0; i < 3; ++i) {
            EXPECT_EQ((co_await net::read_some(*accepted.stream, got)).error().code(), Errc::reset);
        }
    });
}

TEST(Tcp, LetsAGoodbyeLeaveWhenItIsResetAtOnce) {
    on_loop([](TransportEnds ends) -> Task<void> {
        const auto listener = ends.listener.listen(ends.address).value();
        const RawClient client(listener->local());
        const auto accepted = (co_await listener->accept()).value();
        EXPECT_TRUE(co_await net::write(*accepted.stream, view_of("goodbye")));
        accepted.stream->reset(Error(Errc::misbehaved));
        ByteArray<20> got;
        EXPECT_EQ(client.read(got), 7);
        EXPECT_EQ(client.read(got), 0) << "an orderly end";
    });
}

TEST(Tcp, DropsWhatAPeerDoesNotTakeInTime) {
    on_loop([](TransportEnds ends) -> Task<void> {
        const auto listener = ends.listener.listen(ends.address).value();
        const RawClient client(listener->local());
        const auto accepted = (co_await listener->accept()).value();
        accepted.stream->reset(Error(Errc::timed_out));
        ByteArray<20> got;
        EXPECT_EQ(client.read(got), -ECONNRESET);
    });
}

TEST(Tcp, EndsTheStreamWhenAWriteIsCancelledHalfWay) {
    on_loop([](TransportEnds ends) -> Task<void> {
        const auto listener = ends.listener.listen(ends.address).value();
        const auto made = co_await connect(ends, *listener, listener->local());
        const Bytes frame(48 * 1024 * 1024, 7);
        std::optional<Error> end;
        auto body = [&](TaskGroup& group) -> Task<Result<void>> {
            group.spawn(sim::stream_cases::write_once(*made.dialled->stream, frame, end));
            co_await sleep_for(*ends.env.clock, 20ms);
            co_return Result<void>{};
        };
        (void)co_await with_group(ends.env, 1, std::ref(body));
        EXPECT_EQ((co_await net::write(*made.dialled->stream, view_of("next"))).error().code(), Errc::reset);
    });
}

/// Lets the process open no more descriptors while it lives.
class NoDescriptors {
  public:
    NoDescriptors() {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        // The lowest free descriptor is the next one: with that as the limit none is left.
        const int next = ::dup(0);
        ::close(next);
        const rlimit none{static_cast<rlim_t>(next), before_.rlim_max};
        ::setrlimit(RLIMIT_NOFILE, &none);
    }
    NoDescriptors(const NoDescriptors&) = delete;
    NoDescriptors& operator=(const NoDescriptors&) = delete;
    ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

  private:
    rlimit before_{};
};

TEST(Tcp, WaitsOutALackOfDescriptorsInAccept) {
    on_loop([](TransportEnds ends) -> Task<void> {
        const auto listener = ends.listener.listen(ends.address).value();
        const RawClient client(listener->local());
        std::optional<NoDescriptors> lack(std::in_place);
        Result<net::RawConnection> dialled = fail(Errc::internal);
        co_await dial(ends, listener->local(), dialled);
        EXPECT_EQ(dialled.error().code(), Errc::exhausted);
        EXPECT_EQ(ends.listener.listen(ends.address).error().code(), Errc::exhausted);
        const auto relief = ends.env.clock->after(30ms, [&lack] { lack.reset(); });
        const auto begun = ends.env.clock->now();
        EXPECT_TRUE(co_await listener->accept());
        EXPECT_GE(ends.env.clock->now() - begun, 30ms);
    });
}

}  // namespace
}  // namespace sotto::transport
