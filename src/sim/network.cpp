// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "sim/network.hpp"

#include <algorithm>
#include <functional>
#include <list>
#include <map>

#include "base/bounded_queue.hpp"
#include "sim/world.hpp"

namespace sotto::sim {
namespace {

constexpr std::uint16_t kFirstFreePort = 49'152;
constexpr std::size_t kBacklog = 128;
constexpr Duration kFirstRetry = std::chrono::seconds(1);

using Arrivals = BoundedQueue<net::RawConnection>;

class NodeStream;

/// What a node has open. Transports, listeners and streams share it, so that it outlives a kill.
struct Node {
    explicit Node(Ip4 address) : ip(address) {}

    std::uint16_t free_port() {
        return next_port = next_port == 65'535 ? kFirstFreePort : std::uint16_t(next_port + 1);
    }

    Ip4 ip;
    bool alive = true;
    std::uint16_t next_port = kFirstFreePort;
    std::map<std::uint16_t, std::shared_ptr<Arrivals>> listeners;
    std::map<std::uint16_t, Multiaddr> listen_addresses;
    std::list<NodeStream*> streams;
};

/// One end of a pipe, known to its node while it lives.
class NodeStream final : public net::Stream {
  public:
    NodeStream(std::shared_ptr<Node> node, std::unique_ptr<net::Stream> pipe)
        : node_(std::move(node)), pipe_(std::move(pipe)), place_(node_->streams.insert(node_->streams.end(), this)) {}
    ~NodeStream() override { node_->streams.erase(place_); }

    Task<Result<void>> readable() override { return pipe_->readable(); }
    Result<std::size_t> try_read(BytesSpan into) noexcept override { return pipe_->try_read(into); }
    Task<Result<void>> write(Buffers pieces) override { return pipe_->write(pieces); }
    Task<Result<void>> close_write() override { return pipe_->close_write(); }
    void reset(Error why) noexcept override { pipe_->reset(std::move(why)); }

  private:
    std::shared_ptr<Node> node_;
    std::unique_ptr<net::Stream> pipe_;
    std::list<NodeStream*>::iterator place_;
};

/// The way between two nodes.
struct Way {
    std::optional<Link> link;
    std::shared_ptr<LinkControl> control = std::make_shared<LinkControl>();
};

/// The address of an end with what `like` has behind its port, but not the peer.
Multiaddr with_endpoint(Ip4 ip, std::uint16_t port, const Multiaddr& like) {
    auto address = Multiaddr::from_ip(ip, port);
    for (std::size_t i = 2; i < like.parts().size(); ++i) {
        const auto& part = like.parts()[i];
        if (part.code != AddrCode::p2p) address = address.with(part.code, part.value);
    }
    return address;
}

class NodeListener final : public net::Listener {
  public:
    NodeListener(std::shared_ptr<Node> node, std::shared_ptr<Arrivals> arrivals, Multiaddr local)
        : node_(std::move(node)), arrivals_(std::move(arrivals)), local_(std::move(local)) {}
    ~NodeListener() override { close(); }

    Multiaddr local() const override { return local_; }
    Task<Result<net::RawConnection>> accept() override { return accept_one(arrivals_); }
    void close() noexcept override {
        const auto it = node_->listeners.find(*local_.tcp_port());
        if (it != node_->listeners.end() && it->second == arrivals_) node_->listeners.erase(it);
        arrivals_->close(Error(Errc::closed, "the listener was closed"));
    }

  private:
    static Task<Result<net::RawConnection>> accept_one(std::shared_ptr<Arrivals> arrivals) {
        co_return co_await arrivals->pop();
    }

    std::shared_ptr<Node> node_;
    std::shared_ptr<Arrivals> arrivals_;
    Multiaddr local_;
};

}  // namespace

struct Network::Impl {
    explicit Impl(World& w) : world(w) {}

    World& world;
    Link link;
    std::map<Ip4, std::shared_ptr<Node>> nodes;
    std::map<std::pair<Ip4, Ip4>, Way> ways;
    std::vector<std::vector<Ip4>> cuts;

    /// Ways are made when they are first asked for, so a partition is remembered as well.
    Way& way(Ip4 a, Ip4 b) {
        const auto [it, fresh] = ways.try_emplace(std::minmax(a, b));
        if (fresh && is_cut(a, b)) it->second.control->cut();
        return it->second;
    }
    bool is_cut(Ip4 a, Ip4 b) const {
        const auto has = [](const auto& side, Ip4 ip) { return std::ranges::find(side, ip) != side.end(); };
        return std::ranges::any_of(cuts, [&](const auto& side) { return has(side, a) != has(side, b); });
    }
    bool lose(const Link& on) { return world.random().below(1'000'000) < static_cast<std::uint64_t>(on.loss * 1e6); }

    Task<Result<net::RawConnection>> dial(std::shared_ptr<Node> from, Multiaddr address, Deadline deadline) {
        const auto to = first_bytes<4>(address.ip());
        const auto& between = way(from->ip, to);
        const auto on = between.link.value_or(link);
        const auto late = [&] { return fail(Errc::timed_out, address.to_string() + ": no answer in time"); };
        for (Duration retry = kFirstRetry; between.control->is_cut() || lose(on); retry *= 2) {
            co_await sleep_for(world, std::min(retry, deadline.left(world)));
            if (deadline.left(world) <= Duration::zero()) co_return late();
        }
        const auto jitter = Duration(world.random().below(static_cast<std::uint64_t>(on.jitter.count()) + 1));
        const auto round_trip = 2 * on.latency + jitter;
        const bool in_time = round_trip <= deadline.left(world);
        co_await sleep_for(world, in_time ? round_trip : deadline.left(world));
        if (!in_time) co_return late();
        co_return connect(std::move(from), to, address, on, between.control);
    }
    Result<net::RawConnection> connect(std::shared_ptr<Node> from,
                                       Ip4 to,
                                       const Multiaddr& address,
                                       const Link& on,
                                       std::shared_ptr<LinkControl> control) {
        if (!from->alive) return fail(Errc::unreachable, address.to_string() + ": the node was killed");
        const auto node = nodes.find(to);
        if (node == nodes.end()) return fail(Errc::unreachable, address.to_string() + ": no such host");
        const auto port = *address.tcp_port();
        const auto listener = node->second->listeners.find(port);
        if (listener == node->second->listeners.end()) return fail(Errc::refused, address.to_string());
        const auto& like = node->second->listen_addresses.at(port);
        const auto local_port = from->free_port();
        auto [ours, theirs] = make_pipe(world, on, std::move(control));
        net::RawConnection accepted{std::make_unique<NodeStream>(node->second, std::move(theirs)),
                                    like,
                                    with_endpoint(from->ip, local_port, like)};
        if (!listener->second->try_push(accepted, 1))
            return fail(Errc::refused, address.to_string() + ": backlog full");
        world.note(port);
        return net::RawConnection{std::make_unique<NodeStream>(from, std::move(ours)),
                                  with_endpoint(from->ip, local_port, address),
                                  with_endpoint(to, port, address)};
    }
};

namespace {

class NodeTransport final : public net::Transport {
  public:
    using Dial = std::function<Task<Result<net::RawConnection>>(std::shared_ptr<Node>, Multiaddr, Deadline)>;

    NodeTransport(World& world, std::shared_ptr<Node> node, Dial dial)
        : world_(world), node_(std::move(node)), dial_(std::move(dial)) {}

    bool handles(const Multiaddr& address) const noexcept override {
        const auto& parts = address.parts();
        if (parts.size() < 2 || parts[0].code != AddrCode::ip4 || parts[1].code != AddrCode::tcp) return false;
        return std::all_of(parts.begin() + 2, parts.end(), [](const auto& part) {
            return part.code == AddrCode::rlpx || part.code == AddrCode::p2p;
        });
    }
    Task<Result<net::RawConnection>> dial(const Multiaddr& address, Deadline deadline) override {
        return dial_(node_, address, deadline);
    }
    Result<std::unique_ptr<net::Listener>> listen(const Multiaddr& address) override {
        if (!node_->alive) return fail(Errc::closed, "the node was killed");
        if (!handles(address) || !equal(address.ip(), node_->ip)) {
            return fail(Errc::invalid_argument, "not an address of this node: " + address.to_string());
        }
        auto port = *address.tcp_port();
        if (port == 0) port = node_->free_port();
        if (node_->listeners.contains(port)) return fail(Errc::in_use, "port " + std::to_string(port) + " is taken");
        auto arrivals = std::make_shared<Arrivals>(world_.env().executor, kBacklog);
        auto local = with_endpoint(node_->ip, port, address);
        node_->listeners[port] = arrivals;
        node_->listen_addresses[port] = local;
        return std::make_unique<NodeListener>(node_, std::move(arrivals), std::move(local));
    }

  private:
    World& world_;
    std::shared_ptr<Node> node_;
    Dial dial_;
};

}  // namespace

Network::Network(World& world) : impl_(std::make_unique<Impl>(world)) {}
Network::~Network() = default;

std::unique_ptr<net::Transport> Network::transport(Ip4 ip) {
    auto& node = impl_->nodes[ip];
    SOTTO_ASSERT(!node, "two nodes with one address");
    node = std::make_shared<Node>(ip);
    auto dial = [impl = impl_.get()](std::shared_ptr<Node> from, Multiaddr address, Deadline deadline) {
        return impl->dial(std::move(from), std::move(address), deadline);
    };
    return std::make_unique<NodeTransport>(impl_->world, node, std::move(dial));
}

void Network::set_link(const Link& link) {
    impl_->link = link;
}
void Network::set_link(Ip4 a, Ip4 b, const Link& link) {
    impl_->way(a, b).link = link;
}

void Network::partition(const std::vector<Ip4>& side) {
    impl_->cuts.push_back(side);
    for (auto& [ends, way] : impl_->ways) {
        if (impl_->is_cut(ends.first, ends.second)) way.control->cut();
    }
}
void Network::heal() {
    impl_->cuts.clear();
    for (auto& [ends, way] : impl_->ways) way.control->heal();
}

void Network::kill(Ip4 ip) {
    const auto found = impl_->nodes.extract(ip);
    if (!found) return;
    const auto& node = found.mapped();
    node->alive = false;
    for (auto* stream : node->streams) stream->reset(Error(Errc::reset, "the node was killed"));
    const auto listeners = std::move(node->listeners);
    for (const auto& [port, arrivals] : listeners) arrivals->close(Error(Errc::reset, "the node was killed"));
}

}  // namespace sotto::sim
