// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "libp2p/upgrader.hpp"

#include <utility>

#include "libp2p/connection.hpp"
#include "libp2p/lazy_stream.hpp"
#include "libp2p/multistream.hpp"
#include "libp2p/noise_stream.hpp"

namespace sotto::libp2p {
namespace {

using OwnedStream = std::unique_ptr<net::Stream>;

class Libp2pUpgrader final : public net::Upgrader {
  public:
    Libp2pUpgrader(Env env, Config config)
        : env_(env), local_(std::make_shared<const Local>(std::move(config), env.random->array<32>())) {}

    net::Network network() const noexcept override { return net::Network::libp2p; }

    Task<Result<std::unique_ptr<net::Connection>>> upgrade(net::RawConnection raw,
                                                           net::Role role,
                                                           const crypto::PeerId* expected,
                                                           Deadline deadline) override {
        auto stream = std::move(raw.stream);
        // The layers are exchanged under the timer; `stream` is the outermost at any time.
        const auto timer = env_.clock->after(deadline.left(*env_.clock), [&stream] {
            stream->reset(Error(Errc::timed_out, "the upgrade to libp2p took too long"));
        });
        Result<net::PeerIdentity> peer;
        if (role == net::Role::dialer) {
            peer = co_await dial_layers(stream, expected, deadline);
        } else {
            peer = co_await listen_layers(stream, expected);
        }
        if (!peer) {
            stream->reset(peer.error());
            co_return fail(std::move(peer).error());
        }
        net::ConnectionInfo info;
        info.network = net::Network::libp2p;
        info.role = role;
        info.local = std::move(raw.local);
        info.remote = std::move(raw.remote);
        info.security = "noise";
        info.muxer = kYamuxId;
        co_return std::make_unique<Connection>(env_, local_, std::move(stream), *std::move(peer), std::move(info));
    }

  private:
    NoiseHandshake handshake(net::Role role, const crypto::PeerId* expected) const {
        auto expected_id = expected ? std::optional(*expected) : std::nullopt;
        return NoiseHandshake(role, local_->noise, env_.random->array<32>(), std::move(expected_id));
    }
    static bool early_muxer(const NoiseHandshake::Outcome& outcome) noexcept { return outcome.muxer == kYamuxId; }

    Task<Result<net::PeerIdentity>> dial_layers(OwnedStream& stream,
                                                const crypto::PeerId* expected,
                                                Deadline deadline) {
        auto lazy = std::make_unique<LazyStream>(env_, std::move(stream), std::string(kNoiseId), deadline);
        auto& proposed = *lazy;
        stream = std::move(lazy);
        auto machine = handshake(net::Role::dialer, expected);
        SOTTO_CO_TRY(auto outcome, co_await run_noise_handshake(proposed, std::move(machine)));
        stream = make_noise_stream(env_, proposed.release(), std::move(outcome.send), std::move(outcome.receive));
        if (!early_muxer(outcome)) {
            stream = std::make_unique<LazyStream>(env_, std::move(stream), std::string(kYamuxId), deadline);
        }
        co_return std::move(outcome.peer);
    }

    Task<Result<net::PeerIdentity>> listen_layers(OwnedStream& stream, const crypto::PeerId* expected) {
        static constexpr std::array kSecurities{kNoiseId};
        static constexpr std::array kMuxers{kYamuxId};
        SOTTO_CO_CHECK(co_await multistream::answer(*stream, kSecurities));
        auto machine = handshake(net::Role::listener, expected);
        SOTTO_CO_TRY(auto outcome, co_await run_noise_handshake(*stream, std::move(machine)));
        stream = make_noise_stream(env_, std::move(stream), std::move(outcome.send), std::move(outcome.receive));
        if (!early_muxer(outcome)) {
            SOTTO_CO_CHECK(co_await multistream::answer(*stream, kMuxers));
        }
        co_return std::move(outcome.peer);
    }

    Env env_;
    std::shared_ptr<const Local> local_;
};

}  // namespace

std::unique_ptr<net::Upgrader> make_libp2p_upgrader(Env env, Config config) {
    return std::make_unique<Libp2pUpgrader>(env, std::move(config));
}

}  // namespace sotto::libp2p
