// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <functional>
#include <map>
#include <string>

#include "base/event.hpp"
#include "base/signal.hpp"
#include "chat/channel.hpp"
#include "chat/payload.hpp"
#include "node/node.hpp"

namespace sotto::app {

/// Where a message of ours is on its way.
enum class Delivery : std::uint8_t { sealing, sent, acknowledged, failed };

/// What a person or a script sees of a chat.
class ChatView {
  public:
    virtual ~ChatView() = default;
    virtual void on_message(const std::string& nick, const std::string& text, std::uint64_t milliseconds) = 0;
    /// `number` is what say() returned; `why` is for failed.
    virtual void on_delivery(std::size_t number, Delivery delivery, const std::string& why) = 0;
    virtual void on_state(const std::string& text) = 0;
};

/// One channel through an embedded node: joins, posts, follows each message until a peer has it. Loop thread only.
class ChatSession {
  public:
    /// Counts peers from here on: make it before the node runs.
    ChatSession(node::Node& node, std::string channel, std::string nick, ChatView& view);

    /// Makes the keys and subscribes.
    Task<Result<void>> join();
    /// Queues a message; it is posted when a peer is there, within 30 s, or fails.
    std::size_t say(std::string text);
    /// Posts what was said, in order, until it is cancelled.
    Task<void> deliver();
    /// Waits until every message is acknowledged, or sent to peers that confirm nothing, or failed.
    Task<void> settle();
    bool all_delivered() const noexcept;

    const std::string& channel() const noexcept { return channel_; }
    const std::string& nick() const noexcept { return nick_; }
    std::vector<std::string> peer_lines() const;

  private:
    struct Outgoing {
        std::string text;
        std::optional<whisper::Hash> hash;
        Delivery delivery = Delivery::sealing;
        bool confirmed_by_peer = false;  ///< some peer that has it confirms batches
    };

    void on_received(const whisper::SharedMessage& message);
    void on_envelope(const whisper::EnvelopeEvent& event);
    void on_peer(const node::PeerEvent& event);
    void set_delivery(std::size_t number, Delivery delivery, const std::string& why = {});
    bool settled(const Outgoing& message) const noexcept;
    Task<void> post(std::size_t number);
    Task<Result<whisper::Hash>> seal(std::string text);
    Task<bool> wait_for_peer();

    node::Node& node_;
    std::string channel_;
    std::string nick_;
    ChatView& view_;
    std::string sym_key_;
    std::string signing_key_;
    Bytes own_key_;
    std::uint64_t last_clock_ = 0;
    std::size_t peers_ = 0;
    std::vector<Outgoing> outgoing_;
    std::size_t next_ = 0;
    Event said_;
    Event peer_came_;
    Event progress_;
    std::vector<Subscription> subscriptions_;
};

}  // namespace sotto::app
