// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <map>

#include "messenger/backend.hpp"
#include "node/node.hpp"

namespace sotto::messenger {

/// Over a node in this process.
class Embedded final : public Backend {
  public:
    /// Counts peers from here on: make it before the node runs.
    explicit Embedded(node::Node& node);

    Task<Result<void>> start(const Secret& identity) override;
    Task<Result<std::size_t>> listen(Listening listening) override;
    Task<Result<Hash256>> post(Outgoing message) override;
    Task<void> run() override;
    void stop() noexcept override;
    Result<void> connect(std::string_view address) override;
    bool outlives_us() const noexcept override { return false; }
    bool reachable() const noexcept override { return sessions_ > 0; }
    std::vector<Peer> peers() const override;

  private:
    void on_peer(const node::PeerEvent& event);
    void on_delivery(const whisper::Delivery& delivery);
    Result<std::string> key_id(const SymmetricKey& key);

    node::Node& node_;
    std::string identity_id_;
    std::map<SymmetricKey, std::string> key_ids_;
    std::size_t sessions_ = 0;
    std::size_t listenings_ = 0;
    bool stopped_ = false;
    std::vector<Subscription> subscriptions_;
};

}  // namespace sotto::messenger
