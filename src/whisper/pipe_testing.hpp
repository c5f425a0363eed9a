// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <algorithm>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/env.hpp"
#include "base/event.hpp"
#include "net/message_stream.hpp"

namespace sotto::whisper::testing {

struct PipeOptions {
    std::size_t capacity = std::size_t{1} << 20;  ///< bytes on the way in one direction; then writers wait
    Duration latency{};
    double bytes_per_second = std::numeric_limits<double>::infinity();
    std::size_t max_message = std::size_t{1} << 20;
};

/// What one end wrote.
struct PipeStats {
    std::map<net::Code, std::size_t> messages;
    std::size_t largest = 0;
    std::size_t bytes = 0;
};

/// One direction of a message pipe in memory.
struct PipeChannel {
    explicit PipeChannel(const Env& env) : readable(env.executor) {}
    struct Item {
        net::Message message;
        TimePoint arrives;
    };
    std::list<Item> items;
    std::size_t bytes = 0;
    TimePoint free_from{};  ///< what is written later leaves then
    bool held = false;      ///< nothing arrives
    std::optional<Error> closed;
    Event readable;
    std::list<Event> writers;

    void close(Error why) {
        if (!closed) closed.emplace(std::move(why));
        readable.notify();
        for (auto& writer : writers) writer.notify();
    }
};

/// A MessageStream without a network below it.
class PipeEnd final : public net::MessageStream {
  public:
    PipeEnd(const Env& env,
            net::PeerIdentity peer,
            const PipeOptions& options,
            std::shared_ptr<PipeChannel> in,
            std::shared_ptr<PipeChannel> out)
        : env_(env), peer_(std::move(peer)), options_(options), in_(std::move(in)), out_(std::move(out)) {}
    ~PipeEnd() override { close(Error(Errc::reset, "the end is gone")); }

    const net::PeerIdentity& peer() const noexcept override { return peer_; }
    net::Network network() const noexcept override { return net::Network::libp2p; }

    Task<Result<net::Message>> read() override {
        for (;;) {
            if (closed_by_us_) co_return fail(*closed_by_us_);
            if (!in_->items.empty() && !in_->held) {
                const auto wait = in_->items.front().arrives - env_.clock->now();
                if (wait <= Duration::zero()) co_return pop();
                const auto timer = env_.clock->after(wait, [this] { in_->readable.notify(); });
                co_await in_->readable.wait();
                continue;
            }
            if (in_->closed) co_return fail(*in_->closed);
            co_await in_->readable.wait();
        }
    }
    Result<net::Message> try_read() override {
        if (in_->items.empty() || in_->held || in_->items.front().arrives > env_.clock->now()) {
            return fail(Errc::would_block);
        }
        return pop();
    }
    Task<Result<void>> write(net::Code code, Buffers payload) override {
        const auto size = total_size(payload);
        while (!out_->closed && out_->bytes > 0 && out_->bytes + size > options_.capacity) {
            const auto turn = out_->writers.emplace(out_->writers.end(), env_.executor);
            const Leave leave{out_->writers, turn};
            co_await turn->wait();
        }
        if (closed_by_us_) co_return fail(*closed_by_us_);
        if (out_->closed) co_return fail(*out_->closed);
        const auto begins = std::max(env_.clock->now(), out_->free_from);
        const std::chrono::duration<double> takes(static_cast<double>(size) / options_.bytes_per_second);
        out_->free_from = begins + std::chrono::duration_cast<Duration>(takes);
        PipeChannel::Item item{{code, {}}, out_->free_from + options_.latency};
        for (const auto& piece : payload) append(item.message.payload, piece);
        ++stats.messages[code];
        stats.largest = std::max(stats.largest, size);
        stats.bytes += size;
        out_->bytes += size;
        if (size > options_.max_message) {
            // As the real streams do: the receiver does not take it.
            out_->close(Error(Errc::too_large, "message above the limit"));
            in_->close(Error(Errc::reset, "the peer refused a message"));
        } else {
            out_->items.push_back(std::move(item));
            out_->readable.notify();
        }
        co_return Result<void>{};
    }
    void close(Error why) noexcept override {
        if (closed_by_us_) return;
        closed_by_us_.emplace(why);
        in_->close(why);
        out_->close(Error(Errc::closed, "the peer closed the stream"));
    }

    /// A black hole both ways: what is written waits, and so does who writes once the pipe is full.
    void hold() noexcept { in_->held = out_->held = true; }
    /// What waited is on its way again.
    void release() noexcept {
        for (auto* channel : {in_.get(), out_.get()}) {
            channel->held = false;
            for (auto& item : channel->items) {
                item.arrives = std::max(item.arrives, env_.clock->now() + options_.latency);
            }
            channel->readable.notify();
        }
    }

    /// Bytes that the other end has not taken yet.
    std::size_t unread_by_peer() const noexcept { return out_->bytes; }

    PipeStats stats;

  private:
    struct Leave {
        std::list<Event>& list;
        std::list<Event>::iterator at;
        ~Leave() { list.erase(at); }
    };
    net::Message pop() {
        auto message = std::move(in_->items.front().message);
        in_->items.pop_front();
        in_->bytes -= message.payload.size();
        for (auto& writer : in_->writers) writer.notify();
        return message;
    }

    Env env_;
    net::PeerIdentity peer_;
    PipeOptions options_;
    std::shared_ptr<PipeChannel> in_;
    std::shared_ptr<PipeChannel> out_;
    std::optional<Error> closed_by_us_;
};

/// A secp256k1 identity that depends on the number alone.
inline net::PeerIdentity identity(std::uint32_t number) {
    ByteArray<32> secret{};
    secret[0] = 1;
    store_be(number, BytesSpan(secret).last(4));
    return net::PeerIdentity(crypto::PrivateKey::make(crypto::KeyType::secp256k1, secret)->public_key());
}

using PipePair = std::pair<std::unique_ptr<PipeEnd>, std::unique_ptr<PipeEnd>>;

/// The end of `a`, whose peer is `b`, and the end of `b`.
inline PipePair make_pipe(const Env& env, std::uint32_t a, std::uint32_t b, const PipeOptions& options = {}) {
    auto there = std::make_shared<PipeChannel>(env);
    auto back = std::make_shared<PipeChannel>(env);
    return {std::make_unique<PipeEnd>(env, identity(b), options, back, there),
            std::make_unique<PipeEnd>(env, identity(a), options, there, back)};
}

}  // namespace sotto::whisper::testing
