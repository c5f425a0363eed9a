// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "node/host.hpp"

#include <algorithm>
#include <list>

#include "base/event.hpp"
#include "base/log.hpp"
#include "base/task_group.hpp"
#include "node/dial_schedule.hpp"
#include "node/sessions.hpp"
#include "node/traffic.hpp"

namespace sotto::node {
namespace {

/// Two connections of one peer on one network that are this close in time are a simultaneous dial.
constexpr Duration kSimultaneous = std::chrono::seconds(10);
constexpr Duration kHeartbeat = std::chrono::seconds(15);
constexpr Duration kSuspectAfter = kHeartbeat * 3 / 2;
constexpr Duration kPulsePeriod = kHeartbeat / 6;
constexpr std::size_t kMaxTasks = 100'000;  // the limits below are what bounds them

std::string describe(const Error& error) {
    return error.message();
}

}  // namespace

struct Host::Impl {
    Impl(Env e, HostConfig c, Parts p)
        : env(e),
          config(std::move(c)),
          parts(std::move(p)),
          gate(config.limits, config.exempt),
          schedule(*env.random),
          sessions(env, config, events),
          dial_wake(env.executor),
          stop_wake(env.executor) {}

    Env env;
    HostConfig config;
    Parts parts;
    Gate gate;
    DialSchedule schedule;
    Signal<PeerEvent> events;
    Signal<PeerStateEvent> states;
    Timer pulse_timer;
    Sessions sessions;
    Event dial_wake;
    Event stop_wake;
    bool stopping = false;
    std::vector<std::unique_ptr<net::Listener>> listeners;
    std::vector<Multiaddr> listen_addresses;
    std::list<Link*> links;
    std::uint64_t pending_inbound = 0;
    std::uint64_t dials = 0;
    /// Shared with every stream: one may outlive the host.
    std::shared_ptr<HostCounters> counters = std::make_shared<HostCounters>();
    TaskGroup* link_tasks = nullptr;
    TaskGroup* pending_tasks = nullptr;

    net::Transport* transport_for(const Multiaddr& address) const {
        const auto it = std::ranges::find_if(parts.transports, [&](const auto& t) { return t->handles(address); });
        return it == parts.transports.end() ? nullptr : it->get();
    }
    net::Upgrader* upgrader_for(const Multiaddr& address) const {
        const auto it = std::ranges::find_if(parts.upgraders,
                                             [&](const auto& u) { return u->network() == net::network_of(address); });
        return it == parts.upgraders.end() ? nullptr : it->get();
    }
    std::uint64_t count(net::Role role) const {
        return static_cast<std::uint64_t>(std::ranges::count_if(links, [&](const Link* l) { return l->role == role; }));
    }
    Link* find(const crypto::PeerId& peer, net::Network network) const {
        const auto it = std::ranges::find_if(
            links, [&](const Link* l) { return l->network == network && l->peer().id == peer && !l->ended; });
        return it == links.end() ? nullptr : *it;
    }
    std::shared_ptr<const Pulse> watch(net::RawConnection& raw, net::Network network) const {
        auto pulse = std::make_shared<Pulse>(env.clock->now());
        raw.stream =
            count_traffic(std::move(raw.stream), {counters, &counters->of(network).traffic}, pulse, *env.clock);
        return pulse;
    }
    Deadline handshake_deadline() const {
        return Deadline::in(*env.clock, std::chrono::seconds(config.limits.handshake_seconds));
    }

    // --- inbound -----------------------------------------------------------------------------------------------------

    Task<void> accept_loop(net::Listener& listener) {
        for (;;) {
            auto raw = co_await listener.accept();
            if (!raw) {
                if (!stopping)
                    log::error("host",
                               "a listener ended",
                               {{"address", listener.local().to_string()}, {"error", describe(raw.error())}});
                co_return;
            }
            begin_inbound(std::move(*raw));
        }
    }
    void begin_inbound(net::RawConnection raw) {
        const bool full = pending_inbound >= config.limits.pending_handshakes;
        const auto entered = full ? fail(Errc::busy, "pending-handshakes") : gate.enter(raw.remote, env.clock->now());
        if (!entered) {
            ++counters->refused[entered.error().detail()];
            log::debug("host",
                       "connection refused",
                       {{"address", raw.remote.to_string()}, {"limit", entered.error().detail()}});
            raw.stream->reset(entered.error());
            return;
        }
        ++pending_inbound;
        const auto remote = raw.remote;
        if (!pending_tasks->spawn(handshake_inbound(std::move(raw)))) {
            --pending_inbound;
            gate.leave(remote);
        }
    }
    Task<void> handshake_inbound(net::RawConnection raw) {
        /// Gives the places back however the handshake ends, cancellation included.
        struct Place {
            Impl& host;
            Multiaddr remote;
            bool passed_on = false;
            ~Place() {
                --host.pending_inbound;
                if (!passed_on) host.gate.leave(remote);
            }
        } place{*this, raw.remote};
        auto* upgrader = upgrader_for(raw.local);
        const auto network = upgrader->network();
        auto pulse = watch(raw, network);
        auto upgraded = co_await upgrader->upgrade(std::move(raw), net::Role::listener, nullptr, handshake_deadline());
        counters->of(network).handshakes.add(upgraded);
        if (!upgraded) {
            log::debug("host",
                       "handshake failed",
                       {{"address", place.remote.to_string()}, {"error", describe(upgraded.error())}});
            co_return;
        }
        place.passed_on =
            link_tasks->spawn(drive(std::move(*upgraded), net::Role::listener, place.remote, std::move(pulse)));
    }

    // --- outbound ----------------------------------------------------------------------------------------------------

    bool may_dial() const {
        return dials < config.limits.concurrent_dials &&
               count(net::Role::dialer) + dials < config.limits.connections_out;
    }
    Task<void> dial_loop() {
        for (;;) {
            while (may_dial()) {
                const auto address = schedule.take_due(env.clock->now());
                if (!address) break;
                ++dials;
                if (!pending_tasks->spawn(dial(*address))) co_return;
            }
            // Without room it is the end of a dial or of a connection that wakes us.
            const auto due = may_dial() ? schedule.next_due() : std::nullopt;
            Timer timer;
            if (due)
                timer =
                    env.clock->after(due->since_start - env.clock->now().since_start, [this] { dial_wake.notify(); });
            co_await dial_wake.wait();
        }
    }
    Task<void> dial(Multiaddr address) {
        struct Place {
            Impl& host;
            ~Place() {
                --host.dials;
                host.dial_wake.notify();
            }
        } place{*this};
        const DialSchedule::Key key{*crypto::PeerId::decode(address.peer_id()), net::network_of(address)};
        if (const auto* link = find(key.peer, key.network); link && !link->suspect) {
            schedule.connected(key, env.clock->now());
            co_return;
        }
        states.emit({PeerState::connecting, key.peer, key.network, address, std::nullopt});
        std::shared_ptr<const Pulse> pulse;
        auto connection = co_await dial_and_upgrade(address, key.peer, pulse);
        counters->of(key.network).dials.add(connection);
        if (!connection) {
            log::debug(
                "host", "dial failed", {{"address", address.to_string()}, {"error", describe(connection.error())}});
            schedule.failed(key, env.clock->now());
            co_return;
        }
        schedule.connected(key, env.clock->now());
        link_tasks->spawn(drive(std::move(*connection), net::Role::dialer, address, std::move(pulse)));
    }
    Task<Result<std::unique_ptr<net::Connection>>> dial_and_upgrade(const Multiaddr& address,
                                                                    const crypto::PeerId& peer,
                                                                    std::shared_ptr<const Pulse>& pulse) {
        auto* transport = transport_for(address);
        auto* upgrader = upgrader_for(address);
        if (!transport || !upgrader) co_return fail(Errc::unsupported, "no transport for this address");
        const auto deadline = Deadline::in(*env.clock, config.dial_limit);
        SOTTO_CO_TRY(auto raw, co_await transport->dial(address, deadline));
        pulse = watch(raw, upgrader->network());
        const auto limit = handshake_deadline();
        co_return co_await upgrader->upgrade(std::move(raw), net::Role::dialer, &peer, limit);
    }

    // --- both --------------------------------------------------------------------------------------------------------

    /// Why a fresh connection may not stay; nothing if it may. Another one may be closed in its favour.
    std::optional<Error> admit(const Link& fresh) {
        if (stopping) return Error(Errc::shutdown);
        const bool unwanted = fresh.role == net::Role::dialer && !schedule.wanted(fresh.peer().id);
        if (unwanted) return Error(Errc::closed, "removed by the operator");
        if (fresh.peer().id == config.self.on(fresh.network)) return Error(Errc::duplicate, "connected to ourselves");
        auto* old = find(fresh.peer().id, fresh.network);
        if (old && !replaces(fresh, *old)) return Error(Errc::duplicate, "already connected");
        const auto limit =
            fresh.role == net::Role::listener ? config.limits.connections_in : config.limits.connections_out;
        const bool takes_its_place = old && old->role == fresh.role;
        if (!takes_its_place && count(fresh.role) >= limit) return Error(Errc::busy, "too many peers");
        if (old) old->connection->close(Error(Errc::duplicate, "replaced by a newer connection"));
        return std::nullopt;
    }
    /// Of two connections dialled at once from both ends, the one dialled by the smaller peer id stays; otherwise a
    /// peer that dials again has lost the old one, whether or not we have noticed.
    bool replaces(const Link& fresh, const Link& old) const {
        if (old.suspect) return true;
        const bool crossed = fresh.role != old.role && fresh.since - old.since < kSimultaneous;
        if (!crossed) return fresh.role == net::Role::listener;
        const bool we_are_smaller = config.self.on(fresh.network) < fresh.peer().id;
        return (fresh.role == net::Role::dialer) == we_are_smaller;
    }

    void tell(PeerState state, const Link& link, std::optional<Error> reason = std::nullopt) {
        states.emit({state, link.peer().id, link.network, link.remote, std::move(reason)});
    }
    void check_pulses() {
        pulse_timer = env.clock->after(kPulsePeriod, [this] { check_pulses(); });
        const auto now = env.clock->now();
        // Whoever is told may close connections.
        for (auto* link : std::vector(links.begin(), links.end())) {
            const bool silent = now - link->pulse->heard >= kSuspectAfter;
            if (silent == link->suspect || link->ended) continue;
            link->suspect = silent;
            const DialSchedule::Key key{link->peer().id, link->network};
            if (silent) {
                schedule.disconnected(key, now);
            } else {
                schedule.connected(key, now);
            }
            dial_wake.notify();
            log::debug("host", silent ? "peer is suspect" : "peer is back", {{"address", link->remote.to_string()}});
            tell(silent ? PeerState::suspect : PeerState::ok, *link);
        }
    }

    Task<void> drive(std::unique_ptr<net::Connection> connection,
                     net::Role role,
                     Multiaddr remote,
                     std::shared_ptr<const Pulse> pulse) {
        Link link(env.executor, std::move(connection), role, parts.protocols);
        link.network = link.connection->info().network;
        link.remote = std::move(remote);
        link.since = env.clock->now();
        link.pulse = std::move(pulse);
        const DialSchedule::Key key{link.peer().id, link.network};
        if (auto refusal = admit(link)) {
            ++counters->of(link.network).closed[refusal->code()];
            link.connection->close(std::move(*refusal));
            (void)co_await link.connection->run();
        } else {
            links.push_back(&link);
            schedule.connected(key, link.since);
            tell(PeerState::ok, link);
            const auto end = co_await sessions.drive(link);
            log::debug("host", "connection ended", {{"address", link.remote.to_string()}, {"error", describe(end)}});
            links.remove(&link);
            ++counters->of(link.network).closed[end.code()];
            tell(PeerState::dead, link, end);
        }
        if (role == net::Role::listener) gate.leave(link.remote);
        if (!find(key.peer, key.network)) schedule.disconnected(key, env.clock->now());
        dial_wake.notify();
    }

    Task<void> run() {
        auto serve = [this](TaskGroup& links_group) -> Task<Result<void>> {
            link_tasks = &links_group;
            check_pulses();
            auto accept_and_dial = [this](TaskGroup& pending) -> Task<Result<void>> {
                pending_tasks = &pending;
                for (const auto& listener : listeners) pending.spawn(accept_loop(*listener));
                pending.spawn(dial_loop());
                while (!stopping) co_await stop_wake.wait();
                for (const auto& listener : listeners) listener->close();
                co_return Result<void>{};
            };
            // Handshakes and dials have nothing to say goodbye to: they are cancelled.
            (void)co_await with_group(env, kMaxTasks, std::ref(accept_and_dial));
            for (auto* link : links) link->connection->close(Error(Errc::shutdown, "the node is stopping"));
            co_await links_group.wait_all();
            pulse_timer.reset();
            co_return Result<void>{};
        };
        (void)co_await with_group(env, kMaxTasks, std::ref(serve));
    }
};

Host::Host(Env env, HostConfig config, Parts parts)
    : impl_(std::make_unique<Impl>(env, std::move(config), std::move(parts))) {}
Host::~Host() = default;

Result<Multiaddr> Host::listen(const Multiaddr& address) {
    auto* transport = impl_->transport_for(address);
    if (!transport || !impl_->upgrader_for(address)) {
        return fail(Errc::invalid_argument, "cannot listen on " + address.to_string() + ": no transport handles it");
    }
    SOTTO_TRY(auto listener, transport->listen(address));
    auto local = listener->local();
    impl_->listeners.push_back(std::move(listener));
    impl_->listen_addresses.push_back(local);
    return local;
}

const std::vector<Multiaddr>& Host::listen_addresses() const noexcept {
    return impl_->listen_addresses;
}

Task<void> Host::run() {
    return impl_->run();
}

void Host::stop() noexcept {
    impl_->stopping = true;
    impl_->stop_wake.notify();
}

void Host::set_limits(const Limits& limits) {
    impl_->config.limits = limits;
    impl_->dial_wake.notify();  // there may be room now
}

Result<void> Host::add_peer(const Multiaddr& address) {
    if (!impl_->transport_for(address)) {
        return fail(Errc::invalid_argument, "no transport can dial " + address.to_string());
    }
    if (const auto peer = crypto::PeerId::decode(address.peer_id());
        peer && *peer == impl_->config.self.on(net::network_of(address))) {
        return fail(Errc::invalid_argument, "this address is the node's own: " + address.to_string());
    }
    SOTTO_TRY(const auto key, impl_->schedule.add(address, impl_->env.clock->now()));
    if (impl_->find(key.peer, key.network)) impl_->schedule.connected(key, impl_->env.clock->now());
    impl_->dial_wake.notify();
    return {};
}

bool Host::remove_peer(const crypto::PeerId& peer) {
    bool known = impl_->schedule.remove(peer);
    for (auto* link : impl_->links) {
        if (link->peer().id != peer) continue;
        known = true;
        link->connection->close(Error(Errc::closed, "removed by the operator"));
    }
    return known;
}

std::vector<PeerSnapshot> Host::peers() const {
    std::vector<PeerSnapshot> all;
    for (const auto* link : impl_->links) {
        PeerSnapshot peer{
            link->peer(), link->connection->info(), impl_->schedule.wanted(link->peer().id), link->suspect, {}, {}};
        peer.age = impl_->env.clock->now() - link->since;
        for (const auto& slot : link->slots) {
            if (slot->established) peer.sessions.emplace_back(slot->protocol.spec().name);
        }
        all.push_back(std::move(peer));
    }
    return all;
}

std::size_t Host::peer_count() const noexcept {
    return impl_->links.size();
}

HostCounters Host::counters() const {
    auto counters = *impl_->counters;
    counters.wanted = impl_->schedule.size();
    counters.dialling = impl_->dials;
    counters.handshaking = impl_->pending_inbound;
    return counters;
}

std::string Host::host_key(const crypto::PeerId& peer) const {
    const auto it =
        std::ranges::find_if(impl_->links, [&](const Link* l) { return l->peer().id == peer && !l->ended; });
    return it == impl_->links.end() ? std::string() : impl_->gate.host_key((*it)->remote);
}

Task<Result<Duration>> Host::ping(const crypto::PeerId& peer, Duration limit) {
    for (auto* link : impl_->links) {
        if (link->peer().id == peer && !link->ended) {
            co_return co_await link->connection->ping(Deadline::in(*impl_->env.clock, limit));
        }
    }
    co_return fail(Errc::not_found, "not connected to this peer");
}

Signal<PeerEvent>& Host::events() noexcept {
    return impl_->events;
}

Signal<PeerStateEvent>& Host::states() noexcept {
    return impl_->states;
}

bool Host::suspect(const crypto::PeerId& peer) const {
    return std::ranges::any_of(impl_->links,
                               [&](const Link* l) { return l->suspect && l->peer().id == peer && l->established(); });
}

std::string_view to_string(PeerState state) noexcept {
    switch (state) {
        case PeerState::connecting:
            return "connecting";
        case PeerState::ok:
            return "ok";
        case PeerState::suspect:
            return "suspect";
        case PeerState::dead:
            return "dead";
    }
    return "unknown";
}

}  // namespace sotto::node
