// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <functional>
#include <map>
#include <set>

#include "base/event.hpp"
#include "messenger/backend.hpp"

namespace sotto::messenger {

/// Posts messages in the order in which they were said, each as one or more envelopes, and follows each until a peer
/// has it. Loop thread only.
class Outbox {
  public:
    /// Makes the envelopes of a message when its turn has come.
    using Make = std::function<Task<Result<std::vector<Outgoing>>>()>;
    using OnDelivery = std::function<void(std::size_t number, Delivery delivery, const std::string& why)>;

    Outbox(Env env, Backend& backend, OnDelivery on_delivery);

    static constexpr std::size_t kMaxWaiting = 256;

    /// Queues a message; it is posted when somebody is there to take it, within 30 s, or fails.
    std::size_t add(Make make);
    /// Waits while settle() would for more than kMaxWaiting messages: for who reads faster than the network takes.
    Task<void> wait_for_room();
    /// Posts what was added, in order, until it is cancelled.
    Task<void> run();
    /// Fails a message that is not posted yet, and will not be.
    void fail_message(std::size_t number, const std::string& why);
    /// Waits until every message is acknowledged, or sent to peers that confirm nothing, or failed.
    Task<void> settle();
    /// Lets settle() wait no longer than that, and not at all for what a backend that outlives us has taken. What
    /// nobody was sent by then fails.
    void leave_within(Duration grace);
    /// For how many messages settle() would wait now.
    std::size_t count_waiting() const noexcept;
    bool any_failed() const noexcept { return !failed_.empty(); }

  private:
    struct Envelope {
        Hash256 hash{};
        Delivery delivery = Delivery::queued;
        bool expects_more = false;
        std::string why;
    };
    struct Message {
        Make make;
        TimePoint patient_until;
        std::vector<Envelope> envelopes;
        Delivery delivery = Delivery::queued;
        bool posted = false;
        bool settled = false;
    };

    void on_progress(const Progress& progress);
    static void apply(Envelope& envelope, const Progress& progress);
    void set_delivery(std::size_t number, Message& message, Delivery delivery, const std::string& why);
    void update(std::size_t number);
    Task<void> wait_for_fewer(std::size_t messages);
    bool is_waited_for(const Message& message) const noexcept;
    void give_up();
    Task<void> post(std::size_t number);
    Task<bool> wait_until_reachable(TimePoint limit);

    Env env_;
    Backend& backend_;
    OnDelivery on_delivery_;
    void forget_oldest();

    std::map<std::size_t, Message> messages_;  ///< those that may still change
    std::map<Hash256, std::size_t> by_hash_;
    std::set<std::size_t> failed_;
    std::size_t count_ = 0;
    std::size_t next_ = 0;
    std::vector<Progress> early_;  ///< of envelopes whose hash post() has not returned yet
    Event added_;
    Event reachable_;
    Event settled_;
    bool leaving_ = false;
    bool given_up_ = false;
    Timer last_call_;
    std::vector<Subscription> subscriptions_;
};

}  // namespace sotto::messenger
