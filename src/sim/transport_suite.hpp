// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <utility>
#include <vector>

#include "base/task_group.hpp"
#include "net/transport.hpp"

/// The contract of net::Transport, checked on any implementation.
namespace sotto::sim {

/// A dialler, a listener (which may be the same) and an address on which nobody listens yet; port 0 is fine.
struct TransportEnds {
    Env env;
    net::Transport& dialler;
    net::Transport& listener;
    Multiaddr address;
};
using TransportCase = Task<void> (*)(TransportEnds ends);

namespace transport_cases {

using namespace std::chrono_literals;

constexpr const char* kPeer = "/p2p/16Uiu2HAmRHPzF3rQg55PgYPcQkyvPVH9n2hWsYPhUJBZ6kVjJgdV";

/// The same address with more behind it.
inline Multiaddr extended(const Multiaddr& address, std::string_view more) {
    return Multiaddr::parse(address.to_string() + std::string(more)).value();
}

inline Task<void> dial(TransportEnds ends, Multiaddr to, Result<net::RawConnection>& out) {
    out = co_await ends.dialler.dial(to, Deadline::in(*ends.env.clock, 10s));
}

struct Connected {
    Result<net::RawConnection> dialled = fail(Errc::internal);
    Result<net::RawConnection> accepted = fail(Errc::internal);
};

inline Task<Connected> connect(TransportEnds ends, net::Listener& listener, Multiaddr to) {
    Connected made;
    auto body = [&](TaskGroup& group) -> Task<Result<void>> {
        group.spawn(dial(ends, to, made.dialled));
        made.accepted = co_await listener.accept();
        co_await group.wait_all();
        co_return Result<void>{};
    };
    (void)co_await with_group(ends.env, 1, std::ref(body));
    EXPECT_TRUE(made.dialled);
    EXPECT_TRUE(made.accepted);
    co_return made;
}

inline Task<void> connects_and_names_both_ends(TransportEnds ends) {
    for (const auto* mark : {"", "/rlpx"}) {
        const auto listener = ends.listener.listen(extended(ends.address, mark)).value();
        const auto local = listener->local();
        EXPECT_EQ(local.has(AddrCode::rlpx), *mark != 0);
        const auto made = co_await connect(ends, *listener, extended(local, kPeer));
        EXPECT_EQ(made.dialled->remote, local) << "without the peer";
        EXPECT_EQ(made.accepted->local, local);
        EXPECT_EQ(made.accepted->remote, made.dialled->local);
        EXPECT_NE(made.dialled->local, local);
        EXPECT_TRUE(co_await net::write(*made.dialled->stream, view_of("ping")));
        Bytes got(4);
        EXPECT_TRUE(co_await net::read_exact(*made.accepted->stream, got));
        EXPECT_EQ(text_of(got), "ping");
    }
}

inline Task<void> keeps_connections_apart(TransportEnds ends) {
    const auto listener = ends.listener.listen(ends.address).value();
    std::vector<Connected> made;
    for (int i = 0; i < 10; ++i) made.push_back(co_await connect(ends, *listener, listener->local()));
    for (std::size_t i = 0; i < made.size(); ++i) {
        const Bytes number(1, static_cast<Byte>(i));
        EXPECT_TRUE(co_await net::write(*made[i].accepted->stream, number));
    }
    for (std::size_t i = 0; i < made.size(); ++i) {
        Bytes got(1);
        EXPECT_TRUE(co_await net::read_exact(*made[i].dialled->stream, got));
        EXPECT_EQ(got[0], i);
        for (std::size_t j = 0; j < i; ++j) EXPECT_NE(made[i].dialled->local, made[j].dialled->local);
    }
}

inline Task<void> accepts_what_was_dialled_before(TransportEnds ends) {
    const auto listener = ends.listener.listen(ends.address).value();
    Result<net::RawConnection> dialled = fail(Errc::internal);
    co_await dial(ends, listener->local(), dialled);
    EXPECT_TRUE(dialled);
    EXPECT_TRUE(co_await listener->accept());
}

inline Task<void> listens_once_on_an_address(TransportEnds ends) {
    auto first = ends.listener.listen(ends.address).value();
    const auto local = first->local();
    const auto second = ends.listener.listen(local);
    EXPECT_FALSE(second);
    if (!second) EXPECT_EQ(second.error().code(), Errc::in_use);
    if (!second) EXPECT_NE(second.error().message().find("taken"), std::string::npos) << second.error().message();
    first.reset();
    EXPECT_TRUE(ends.listener.listen(local)) << "it is free again";
    co_return;
}

inline Task<void> refuses_where_nobody_listens(TransportEnds ends) {
    auto listener = ends.listener.listen(ends.address).value();
    const auto local = listener->local();
    for (const bool destroy : {false, true}) {
        listener->close();
        if (destroy) listener.reset();
        Result<net::RawConnection> dialled = fail(Errc::internal);
        co_await dial(ends, local, dialled);
        EXPECT_FALSE(dialled);
        if (!dialled) EXPECT_EQ(dialled.error().code(), Errc::refused) << dialled.error().message();
        if (!dialled) EXPECT_NE(dialled.error().message().find(local.to_string()), std::string::npos);
    }
}

inline Task<void> keep_accepting(net::Listener& listener, std::optional<Error>& end) {
    const auto accepted = co_await listener.accept();
    end = accepted ? Error(Errc::internal, "it accepted something") : accepted.error();
}

inline Task<void> ends_an_accept_when_its_listener_goes(TransportEnds ends) {
    for (const bool destroy : {false, true}) {
        auto listener = ends.listener.listen(ends.address).value();
        std::optional<Error> end;
        auto body = [&](TaskGroup& group) -> Task<Result<void>> {
            group.spawn(keep_accepting(*listener, end));
            co_await sleep_for(*ends.env.clock, 5ms);
            listener->close();
            if (destroy) listener.reset();
            EXPECT_FALSE(end) << "nothing completes inside close()";
            co_await group.wait_all();
            co_return Result<void>{};
        };
        (void)co_await with_group(ends.env, 1, std::ref(body));
        EXPECT_TRUE(end);
        if (end) EXPECT_EQ(end->code(), Errc::closed) << end->message();
        if (listener) EXPECT_EQ((co_await listener->accept()).error().code(), Errc::closed);
    }
}

inline Task<void> accepts_on_after_a_cancelled_accept(TransportEnds ends) {
    const auto listener = ends.listener.listen(ends.address).value();
    std::optional<Error> end;
    auto body = [&](TaskGroup& group) -> Task<Result<void>> {
        group.spawn(keep_accepting(*listener, end));
        co_await sleep_for(*ends.env.clock, 5ms);
        co_return Result<void>{};
    };
    (void)co_await with_group(ends.env, 1, std::ref(body));
    (void)co_await connect(ends, *listener, listener->local());
}

inline Task<void> gives_up_at_a_deadline_that_has_passed(TransportEnds ends) {
    const auto listener = ends.listener.listen(ends.address).value();
    const auto dialled = co_await ends.dialler.dial(listener->local(), Deadline{ends.env.clock->now()});
    EXPECT_FALSE(dialled);
    if (!dialled) EXPECT_EQ(dialled.error().code(), Errc::timed_out) << dialled.error().message();
}

inline Task<void> dials_without_a_deadline(TransportEnds ends) {
    const auto listener = ends.listener.listen(ends.address).value();
    EXPECT_TRUE(co_await ends.dialler.dial(listener->local(), Deadline{}));
}

inline Task<void> handles_only_its_own(TransportEnds ends) {
    EXPECT_TRUE(ends.dialler.handles(ends.address));
    EXPECT_TRUE(ends.dialler.handles(extended(ends.address, "/rlpx")));
    EXPECT_TRUE(ends.dialler.handles(extended(ends.address, kPeer)));
    EXPECT_FALSE(ends.dialler.handles(extended(ends.address, "/ws")));
    EXPECT_FALSE(ends.dialler.handles(extended(ends.address, std::string(kPeer) + "/p2p-circuit")));
    for (const auto* other : {"/ip4/127.0.0.1/udp/1", "/ip4/127.0.0.1", "/p2p-circuit", "/dnsaddr/example.org"}) {
        const auto address = Multiaddr::parse(other).value();
        EXPECT_FALSE(ends.dialler.handles(address)) << other;
        EXPECT_EQ(ends.listener.listen(address).error().code(), Errc::invalid_argument) << other;
    }
    EXPECT_FALSE(ends.dialler.handles(Multiaddr()));
    co_return;
}

}  // namespace transport_cases

/// `run(case)` makes transports and runs `case(ends)` to its end.
template <class Run>
void transport_suite(Run run) {
    using namespace transport_cases;
    constexpr std::pair<const char*, TransportCase> kCases[] = {
        {"connects and names both ends", connects_and_names_both_ends},
        {"keeps connections apart", keeps_connections_apart},
        {"accepts what was dialled before", accepts_what_was_dialled_before},
        {"listens once on an address", listens_once_on_an_address},
        {"refuses where nobody listens", refuses_where_nobody_listens},
        {"ends an accept when its listener goes", ends_an_accept_when_its_listener_goes},
        {"accepts on after a cancelled accept", accepts_on_after_a_cancelled_accept},
        {"gives up at a deadline that has passed", gives_up_at_a_deadline_that_has_passed},
        {"dials without a deadline", dials_without_a_deadline},
        {"handles only its own", handles_only_its_own},
    };
    for (const auto& [name, transport_case] : kCases) {
        SCOPED_TRACE(name);
        run(transport_case);
    }
}

}  // namespace sotto::sim
