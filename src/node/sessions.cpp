// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "node/sessions.hpp"

#include <algorithm>

namespace sotto::node {
namespace {

constexpr Duration kOpenLimit = std::chrono::seconds(15);
constexpr Duration kFirstReopenDelay = std::chrono::seconds(5);
constexpr Duration kLongestReopenDelay = std::chrono::seconds(60);

/// Of two connections of one peer whose sessions have not begun, both ends choose the same: libp2p before devp2p.
bool preferred(const Link& a, const Link& b) noexcept {
    return a.network == net::Network::libp2p && b.network == net::Network::devp2p;
}

Duration reopen_delay(unsigned failures) noexcept {
    return std::min<Duration>(kLongestReopenDelay, kFirstReopenDelay * (1 << std::min(failures - 1, 5u)));
}

}  // namespace

Task<Error> Sessions::drive(Link& link) {
    links_.push_back(&link);
    Error end(Errc::internal);
    auto body = [this, &link, &end](TaskGroup& group) -> Task<Result<void>> {
        group.spawn(accept_streams(link));
        for (const auto& slot : link.slots) group.spawn(run_protocol(link, *slot));
        end = co_await link.connection->run();
        link.ended = true;
        link.wake_all();
        // Sessions end by themselves now: their streams return the connection's error.
        co_await group.wait_all();
        co_return Result<void>{};
    };
    (void)co_await with_group(env_, link.slots.size() + 1, std::ref(body));
    links_.remove(&link);
    co_return end;
}

Task<void> Sessions::accept_streams(Link& link) {
    for (;;) {
        auto incoming = co_await link.connection->accept();
        if (!incoming) co_return;
        on_incoming(link, std::move(*incoming));
    }
}

void Sessions::on_incoming(Link& link, net::Incoming incoming) {
    auto* slot = link.slot_of(incoming.spec);
    if (!slot || slot->incoming) return;
    if (slot->active) {
        // Both ends opened a stream: the one opened by the smaller peer id stays.
        const bool theirs_stays = slot->active_is_ours && link.peer().id < config_.self.on(link.network);
        if (!theirs_stays) return;
        slot->active->close(Error(Errc::duplicate, "the peer's stream for this protocol stays"));
    }
    slot->incoming = std::move(incoming.stream);
    slot->wake.notify();
}

Task<void> Sessions::run_protocol(Link& link, ProtocolSlot& slot) {
    for (;;) {
        // Nobody opens a stream that the peer refused: it may still open one itself.
        if (slot.unsupported) {
            co_await wait_for_incoming(slot, link, std::nullopt);
        } else if (slot.failures > 0) {
            // Without the turn: another connection of the peer may do better meanwhile.
            co_await wait_for_incoming(slot, link, reopen_delay(slot.failures));
        }
        const bool mine = co_await take_turn(link, slot);
        if (!mine) co_return;
        auto stream = co_await obtain_stream(link, slot);
        Result<void> ended;
        if (stream) {
            ended = co_await run_session(link, slot, std::move(*stream));
        } else {
            ended = fail(std::move(stream).error());
        }
        give_turn_back(link, slot);
        if (link.ended) co_return;
        const Error why = ended ? Error(Errc::closed, "the session ended") : ended.error();
        if (why == Errc::unsupported) slot.unsupported = true;
        const bool devp2p = link.network == net::Network::devp2p;
        if (devp2p && slot.unsupported) co_return;
        if (devp2p || (why.blame() == Blame::peer && !slot.unsupported)) {
            link.connection->close(why);
            co_return;
        }
    }
}

Task<bool> Sessions::take_turn(Link& link, ProtocolSlot& slot) {
    while (!link.ended) {
        if (try_take_turn(link, slot)) co_return true;
        co_await slot.wake.wait();
    }
    co_return false;
}

bool Sessions::try_take_turn(Link& link, ProtocolSlot& slot) {
    auto& holder = turns_[Turn(link.peer().id, &slot.protocol)];
    if (holder.link == nullptr) {
        holder = {&link, &slot};
        return true;
    }
    const bool yields = !holder.slot->established && preferred(link, *holder.link);
    if (yields && holder.slot->active)
        holder.slot->active->close(Error(Errc::duplicate, "another connection carries it"));
    return false;
}

void Sessions::give_turn_back(Link& link, ProtocolSlot& slot) {
    turns_.erase(Turn(link.peer().id, &slot.protocol));
    for (auto* other : links_) {
        if (other == &link || other->peer().id != link.peer().id) continue;
        other->wake_all();
    }
}

Task<void> Sessions::wait_for_incoming(ProtocolSlot& slot, const Link& link, std::optional<Duration> limit) {
    bool late = false;
    Timer timer;
    if (limit) {
        timer = env_.clock->after(*limit, [&late, &slot] {
            late = true;
            slot.wake.notify();
        });
    }
    while (!slot.incoming && !link.ended && !late) co_await slot.wake.wait();
}

Task<Result<std::unique_ptr<net::MessageStream>>> Sessions::obtain_stream(Link& link, ProtocolSlot& slot) {
    if (link.network == net::Network::libp2p) {
        const bool leaves_it_to_peer = link.role == net::Role::listener && slot.failures == 0;
        co_await wait_for_incoming(slot, link, leaves_it_to_peer ? config_.listener_opens_after : Duration::zero());
    }
    if (link.ended) co_return fail(Errc::closed, "the connection ended");
    slot.active_is_ours = slot.incoming == nullptr;
    if (slot.incoming) co_return std::move(slot.incoming);
    co_return co_await link.connection->open(slot.protocol.spec(), Deadline::in(*env_.clock, kOpenLimit));
}

Task<Result<void>> Sessions::run_session(Link& link, ProtocolSlot& slot, std::unique_ptr<net::MessageStream> stream) {
    slot.active = stream.get();
    auto established = [this, &link, &slot] {
        slot.established = true;
        slot.unsupported = false;
        tell(PeerEvent::Kind::connected, link, slot, std::nullopt);
    };
    auto ended = co_await slot.protocol.run(*stream, std::move(established));
    slot.active = nullptr;
    // Told before the stream goes: on devp2p that alone ends the connection, without the reason.
    if (!ended) stream->close(ended.error());
    const bool was_established = std::exchange(slot.established, false);
    slot.failures = was_established ? 1 : slot.failures + 1;
    if (was_established) tell(PeerEvent::Kind::disconnected, link, slot, ended ? Error(Errc::closed) : ended.error());
    co_return ended;
}

void Sessions::tell(PeerEvent::Kind kind, const Link& link, const ProtocolSlot& slot, std::optional<Error> reason) {
    events_.emit(PeerEvent{
        kind, link.peer().id, link.network, link.role, link.remote, slot.protocol.spec().name, std::move(reason)});
}

}  // namespace sotto::node
