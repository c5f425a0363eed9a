// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "rpc/conversation.hpp"

#include <limits>

#include "base/bounded_queue.hpp"
#include "base/task_group.hpp"

namespace sotto::rpc {
namespace {

class Conversation final : public Client {
  public:
    Conversation(Env env,
                 MessageChannel& channel,
                 const Dispatcher& dispatcher,
                 Backlog& backlog,
                 Caller caller,
                 const ConversationBounds& bounds)
        : env_(env),
          channel_(channel),
          dispatcher_(dispatcher),
          caller_(std::move(caller)),
          bounds_(bounds),
          outbox_(env.executor, std::numeric_limits<std::size_t>::max()),
          held_(backlog, [this] { leave(); }),
          drained_(env.executor) {}

    Rights rights() const noexcept override { return caller_.rights; }
    bool take_call() override { return caller_.take_call(); }
    bool can_notify() const noexcept override { return true; }
    void notify(std::string message) override {
        if (gone_) return;
        const auto bytes = message.size();
        if (notified_bytes_ > 0 && notified_bytes_ + bytes > bounds_.unsent_bytes) return leave();
        notified_bytes_ += bytes;
        queue({std::move(message), bytes});
    }

    Task<void> run() {
        auto talk = [this](TaskGroup& calls) -> Task<Result<void>> {
            co_await read_all(calls);
            // A client that has only ended its side still gets what it asked for.
            if (!gone_) co_await calls.wait_all();
            co_return Result<void>{};
        };
        auto body = [&](TaskGroup& writer) -> Task<Result<void>> {
            writer.spawn(write_all());
            (void)co_await with_group(env_, bounds_.calls, std::ref(talk));
            outbox_.close(Error(Errc::closed));
            co_await writer.wait_all();
            co_return Result<void>{};
        };
        (void)co_await with_group(env_, 1, std::ref(body));
    }

  private:
    struct Message {
        std::string text;
        std::size_t notified_bytes = 0;  ///< 0: an answer, which no bound may drop
    };

    void leave() noexcept {
        gone_ = true;
        outbox_.close(Error(Errc::closed));
        drained_.notify();
        channel_.close();
    }

    Task<void> read_all(TaskGroup& calls) {
        for (;;) {
            // Who does not read its answers is not read either.
            while (!gone_ && unsent_bytes_ > bounds_.unsent_bytes) co_await drained_.wait();
            if (gone_) co_return;
            auto request = co_await channel_.read();
            if (!request) {
                end_reading(request.error());
                co_return;
            }
            // All places taken: this one is answered before the next is read.
            if (calls.size() >= bounds_.calls) {
                co_await answer(std::move(*request));
            } else {
                calls.spawn(answer(std::move(*request)));
            }
        }
    }

    void end_reading(const Error& why) {
        if (why == Errc::closed) return;
        if (why == Errc::malformed || why == Errc::too_large) {
            queue_answer(Dispatcher::unreadable(why.detail()));
        } else {
            leave();
        }
    }

    Task<void> answer(std::string request) {
        auto reply = co_await dispatcher_.handle(request, *this);
        if (!reply.empty()) queue_answer(std::move(reply));
    }

    void queue_answer(std::string reply) {
        if (!gone_) queue({std::move(reply), 0});
    }

    void queue(Message message) {
        const auto bytes = message.text.size();
        outbox_.force_push(std::move(message), bytes);
        hold(unsent_bytes_ + bytes);
    }

    void hold(std::size_t bytes) {
        unsent_bytes_ = bytes;
        held_.set(bytes);
    }

    Task<void> write_all() {
        for (;;) {
            const auto message = co_await outbox_.pop();
            if (!message) break;
            const auto deadline = env_.clock->after(bounds_.write_limit, [this] { leave(); });
            const auto written = co_await channel_.write(message->text);
            if (!written) break;
            notified_bytes_ -= message->notified_bytes;
            hold(unsent_bytes_ - message->text.size());
            drained_.notify();
        }
        leave();  // the reader ends when the channel does
    }

    Env env_;
    MessageChannel& channel_;
    const Dispatcher& dispatcher_;
    Caller caller_;
    ConversationBounds bounds_;
    BoundedQueue<Message> outbox_;
    Backlog::Share held_;
    std::size_t unsent_bytes_ = 0;    ///< of the queue, and of what is being written
    std::size_t notified_bytes_ = 0;  ///< of those, notifications
    Event drained_;
    bool gone_ = false;
};

}  // namespace

Task<void> converse(Env env,
                    MessageChannel& channel,
                    const Dispatcher& dispatcher,
                    Backlog& backlog,
                    Caller caller,
                    ConversationBounds bounds) {
    Conversation conversation(env, channel, dispatcher, backlog, std::move(caller), bounds);
    co_await conversation.run();
}

}  // namespace sotto::rpc
