// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "base/event.hpp"

#include <boost/asio/append.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "base/assert.hpp"

namespace sotto {
namespace asio = boost::asio;
using Handler =
    asio::async_result<std::decay_t<decltype(asio::use_awaitable)>, void(boost::system::error_code)>::handler_type;

struct Event::Waiter {
    explicit Waiter(Handler h) : handler(std::move(h)) {}
    Handler handler;

    static void complete(std::unique_ptr<Waiter> waiter, const Executor& executor, boost::system::error_code code) {
        auto handler = std::move(waiter->handler);
        asio::get_associated_cancellation_slot(handler).clear();
        asio::post(executor, asio::append(std::move(handler), code));
    }
};

Event::Event(Executor executor) : executor_(std::move(executor)) {}

Event::~Event() {
    SOTTO_ASSERT(!waiter_, "an Event is destroyed while a task waits for it");
}

void Event::notify() noexcept {
    if (waiter_) {
        Waiter::complete(std::move(waiter_), executor_, {});
    } else {
        set_ = true;
    }
}

Task<void> Event::park(bool cancellable) {
    return asio::async_initiate<const asio::use_awaitable_t<>, void(boost::system::error_code)>(
        [this, cancellable](Handler handler) {
            SOTTO_ASSERT(!waiter_, "two tasks wait for one Event");
            auto slot = asio::get_associated_cancellation_slot(handler);
            if (cancellable && slot.is_connected()) {
                slot.assign([this](asio::cancellation_type) {
                    if (waiter_) Waiter::complete(std::move(waiter_), executor_, asio::error::operation_aborted);
                });
            }
            waiter_ = std::make_unique<Waiter>(std::move(handler));
        },
        asio::use_awaitable);
}

Task<void> Event::wait() {
    if (!std::exchange(set_, false)) co_await park(true);
}

Task<void> Event::wait_uncancellable() {
    if (!std::exchange(set_, false)) co_await park(false);
}

}  // namespace sotto
