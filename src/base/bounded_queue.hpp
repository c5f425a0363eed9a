// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "base/event.hpp"
#include "base/result.hpp"

namespace sotto {

/// First in, first out, bounded in bytes. One reader; writers ask first. An empty queue holds no memory. Loop thread
/// only. An item larger than the limit is taken when the queue is empty, so that every legal item can pass.
template <class T>
class BoundedQueue {
  public:
    BoundedQueue(Executor executor, std::size_t limit_bytes)
        : limit_(limit_bytes), readable_(executor), writable_(executor) {}

    bool has_room(std::size_t bytes) const noexcept { return bytes_ == 0 || bytes_ + bytes <= limit_; }
    /// False and unchanged: no room, or closed.
    bool try_push(T& item, std::size_t bytes) {
        if (closed_ || !has_room(bytes)) return false;
        force_push(std::move(item), bytes);
        return true;
    }
    /// Takes the item whatever the limit says: for a writer that looks at bytes() and stops by itself. Dropped when
    /// closed.
    void force_push(T item, std::size_t bytes) {
        if (closed_) return;
        items_.emplace_back(std::move(item), bytes);
        bytes_ += bytes;
        readable_.notify();
    }
    /// Suspends until there is room. One pusher at a time.
    Task<Result<void>> push(T item, std::size_t bytes) {
        while (!closed_ && !has_room(bytes)) co_await writable_.wait();
        if (closed_) co_return fail(*closed_);
        try_push(item, bytes);
        co_return Result<void>{};
    }
    std::optional<T> try_pop() {
        if (head_ == items_.size()) return std::nullopt;
        auto [item, bytes] = std::move(items_[head_++]);
        bytes_ -= bytes;
        if (head_ == items_.size()) {
            std::vector<std::pair<T, std::size_t>>().swap(items_);
            head_ = 0;
        } else if (head_ >= 64 && head_ * 2 >= items_.size()) {
            items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(head_));
            head_ = 0;
        }
        if (writable_.has_waiter()) writable_.notify();
        return std::optional<T>(std::move(item));
    }
    /// The next item; after close(), what is left and then the reason.
    Task<Result<T>> pop() {
        for (;;) {
            if (auto item = try_pop()) co_return std::move(*item);
            if (closed_) co_return fail(*closed_);
            co_await readable_.wait();
        }
    }
    /// The first reason wins. Items already queued can still be popped.
    void close(Error why) noexcept {
        if (closed_) return;
        closed_.emplace(std::move(why));
        readable_.notify();
        writable_.notify();
    }
    const std::optional<Error>& closed() const noexcept { return closed_; }
    std::size_t bytes() const noexcept { return bytes_; }
    std::size_t size() const noexcept { return items_.size() - head_; }
    bool empty() const noexcept { return size() == 0; }

  private:
    std::size_t limit_;
    std::size_t bytes_ = 0;
    std::size_t head_ = 0;
    std::vector<std::pair<T, std::size_t>> items_;
    std::optional<Error> closed_;
    Event readable_;
    Event writable_;
};

}  // namespace sotto
