// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <boost/json/fwd.hpp>
#include <map>
#include <memory>

#include "base/event.hpp"
#include "messenger/backend.hpp"

namespace sotto::rpc {
class RpcClient;
}

namespace sotto::messenger {

/// Over the JSON-RPC of a running node, by WebSocket. When the connection ends it connects again, with backoff, and
/// listens to the same. A node that tells no delivery states (geth) takes a message no further than `sent`.
class Remote final : public Backend {
  public:
    /// `url` as RpcClient takes it. Without a token the peers have no names.
    Remote(Env env, std::string url, std::string token);
    ~Remote() override;

    Task<Result<void>> start(const Secret& identity) override;
    Task<Result<std::size_t>> listen(Listening listening) override;
    Task<Result<Hash256>> post(Outgoing message) override;
    Task<void> run() override;
    void stop() noexcept override;
    Result<void> connect(std::string_view address) override;
    bool outlives_us() const noexcept override { return true; }
    bool reachable() const noexcept override { return client_ != nullptr; }
    std::vector<Peer> peers() const override { return peers_; }

  private:
    using Client = rpc::RpcClient;
    using SharedClient = std::shared_ptr<Client>;

    Task<Result<void>> connect_to_node();
    Task<Result<void>> subscribe(const SharedClient& client, std::size_t number);
    Task<Result<std::string>> key_id(const SharedClient& client, const SymmetricKey& key);
    Task<void> serve();
    Task<void> read_notifications(SharedClient client);
    Task<void> watch_peers(SharedClient client);
    Task<void> leave();
    Task<void> forget_channel_keys(SharedClient client);
    void on_notification(const boost::json::value& params);
    void on_message(std::size_t number, const boost::json::object& message);
    void lose(const Error& why);

    Env env_;
    std::string url_;
    std::string token_;
    Secret identity_{};
    std::vector<Listening> listenings_;
    std::vector<Peer> peers_;
    bool stopped_ = false;
    Event wake_;

    // Of the present connection.
    SharedClient client_;
    std::string identity_id_;
    std::map<SymmetricKey, std::string> key_ids_;
    std::map<std::string, std::size_t> numbers_;  ///< of listenings, by the node's id
    std::string states_id_;                       ///< of the subscription to delivery states; empty: the node has none
    std::vector<boost::json::value> early_;
};

}  // namespace sotto::messenger
