// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include "messenger/backend.hpp"
#include "sim/world.hpp"

namespace sotto::messenger::testing {

/// A network of backends in memory: what one posts all the others get at once, if they can open it.
class Air {
  public:
    class Backend final : public messenger::Backend {
      public:
        explicit Backend(Air& air) : air_(air) { air_.backends_.push_back(this); }
        ~Backend() override { std::erase(air_.backends_, this); }

        Task<Result<void>> start(const Secret& identity) override {
            secret = identity;
            co_return Result<void>{};
        }
        Task<Result<std::size_t>> listen(Listening listening) override {
            listenings.push_back(std::move(listening));
            co_return listenings.size() - 1;
        }
        Task<Result<Hash256>> post(Outgoing message) override {
            if (refusal) co_return fail(Errc::refused, *refusal);
            posted.push_back(message);
            for (auto* other : air_.backends_) {
                if (other != this) other->take(message, crypto::secp256k1::public_key(secret));
            }
            const Byte number = static_cast<Byte>(posted.size());
            const auto hash = crypto::keccak256(BytesView(&number, 1));
            if (deliver) progress.emit({.hash = hash, .delivery = *deliver, .expects_more = expects_more});
            co_return hash;
        }
        Task<void> run() override { co_return; }
        void stop() noexcept override {}
        Result<void> connect(std::string_view) override { return {}; }
        bool outlives_us() const noexcept override { return is_remote; }
        bool reachable() const noexcept override { return is_reachable; }
        std::vector<Peer> peers() const override { return {}; }

        /// As if it had come from the network.
        void take(const Outgoing& message, std::optional<Key> signer) {
            for (std::size_t number = 0; number < listenings.size(); ++number) {
                const auto& listening = listenings[number];
                if (std::ranges::find(listening.topics, message.topic) == listening.topics.end()) continue;
                const bool mine = message.recipient && *message.recipient == crypto::secp256k1::public_key(secret);
                if (message.key ? listening.key == message.key : !listening.key && mine) {
                    incoming.emit({number, message.topic, signer, message.payload});
                }
            }
        }

        Secret secret{};
        std::vector<Listening> listenings;
        std::vector<Outgoing> posted;
        std::optional<Delivery> deliver = Delivery::acknowledged;  ///< told before post() returns
        bool expects_more = false;
        bool is_reachable = true;
        bool is_remote = false;
        std::optional<std::string> refusal;

      private:
        Air& air_;
    };

  private:
    std::vector<Backend*> backends_;
};

}  // namespace sotto::messenger::testing
