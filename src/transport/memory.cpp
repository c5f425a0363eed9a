// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "transport/memory.hpp"

#include <algorithm>
#include <map>

#include "base/bounded_queue.hpp"
#include "base/this_executor.hpp"
#include "net/pipe.hpp"

namespace sotto::transport {
namespace {

constexpr std::size_t kBacklog = 128;
constexpr std::size_t kMaxName = 200;  // bytes; an address must have room for more

using Arrivals = BoundedQueue<net::RawConnection>;

/// `name` with what `like` has behind its own, but not the peer.
Multiaddr with_name(Bytes name, const Multiaddr& like) {
    auto address = Multiaddr().with(AddrCode::memory, std::move(name));
    for (std::size_t i = 1; i < like.parts().size(); ++i) {
        const auto& part = like.parts()[i];
        if (part.code != AddrCode::p2p) address = address.with(part.code, part.value);
    }
    return address;
}

struct Listening {
    Multiaddr local;
    std::shared_ptr<Arrivals> arrivals;
};

}  // namespace

class MemoryNetwork {
  public:
    std::map<Bytes, Listening> listeners;
    std::uint64_t dialled = 0;
};

std::shared_ptr<MemoryNetwork> make_memory_network() {
    return std::make_shared<MemoryNetwork>();
}

namespace {

using Network = std::shared_ptr<MemoryNetwork>;

class MemoryListener final : public net::Listener {
  public:
    MemoryListener(Network network, Listening listening)
        : network_(std::move(network)), listening_(std::move(listening)) {}
    ~MemoryListener() override { close(); }

    Multiaddr local() const override { return listening_.local; }
    Task<Result<net::RawConnection>> accept() override { return accept_one(listening_.arrivals); }
    void close() noexcept override {
        const auto it = network_->listeners.find(listening_.local.parts()[0].value);
        if (it != network_->listeners.end() && it->second.arrivals == listening_.arrivals) {
            network_->listeners.erase(it);
        }
        listening_.arrivals->close(Error(Errc::closed, "the listener was closed"));
    }

  private:
    static Task<Result<net::RawConnection>> accept_one(std::shared_ptr<Arrivals> arrivals) {
        co_return co_await arrivals->pop();
    }

    Network network_;
    Listening listening_;
};

class MemoryTransport final : public net::Transport {
  public:
    MemoryTransport(Env env, Network network) : env_(env), network_(std::move(network)) {}

    bool handles(const Multiaddr& address) const noexcept override {
        const auto& parts = address.parts();
        if (parts.empty() || parts[0].code != AddrCode::memory) return false;
        return std::all_of(parts.begin() + 1, parts.end(), [](const auto& part) {
            return part.code == AddrCode::rlpx || part.code == AddrCode::p2p;
        });
    }
    Task<Result<net::RawConnection>> dial(const Multiaddr& address, Deadline deadline) override {
        return dial_one(env_, network_, address, deadline);
    }
    Result<std::unique_ptr<net::Listener>> listen(const Multiaddr& address) override {
        if (!handles(address)) return fail(Errc::invalid_argument, address.to_string() + ": it needs /memory");
        const auto& name = address.parts()[0].value;
        if (name.size() > kMaxName) return fail(Errc::invalid_argument, "a name in memory has at most 200 bytes");
        if (network_->listeners.contains(name)) return fail(Errc::in_use, address.to_string() + " is taken");
        Listening listening{with_name(name, address), std::make_shared<Arrivals>(env_.executor, kBacklog)};
        network_->listeners.emplace(name, listening);
        return std::make_unique<MemoryListener>(network_, std::move(listening));
    }

  private:
    static Task<Result<net::RawConnection>> dial_one(Env env, Network network, Multiaddr address, Deadline deadline) {
        co_await yield_now();
        if (deadline.left(*env.clock) <= Duration::zero()) {
            co_return fail(Errc::timed_out, address.to_string() + ": no answer in time");
        }
        const auto& name = address.parts()[0].value;
        const auto it = network->listeners.find(name);
        if (it == network->listeners.end()) co_return fail(Errc::refused, address.to_string());
        auto ours = name;
        append(ours, view_of("-" + std::to_string(++network->dialled)));
        auto [here, there] = net::make_pipe(env.executor);
        const auto& listening = it->second;
        net::RawConnection accepted{std::move(there), listening.local, with_name(ours, listening.local)};
        if (!listening.arrivals->try_push(accepted, 1)) {
            co_return fail(Errc::refused, address.to_string() + ": backlog full");
        }
        co_return net::RawConnection{std::move(here), with_name(std::move(ours), address), with_name(name, address)};
    }

    Env env_;
    Network network_;
};

}  // namespace

std::unique_ptr<net::Transport> make_memory_transport(Env env, std::shared_ptr<MemoryNetwork> network) {
    return std::make_unique<MemoryTransport>(env, std::move(network));
}

}  // namespace sotto::transport
