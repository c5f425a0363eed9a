// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "base/task_group.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <list>

#include "base/assert.hpp"

namespace sotto {
namespace {

namespace asio = boost::asio;

bool is_cancellation(const std::exception_ptr& thrown) {
    try {
        std::rethrow_exception(thrown);
    } catch (const boost::system::system_error& error) {
        return error.code() == asio::error::operation_aborted;
    } catch (...) {
        return false;
    }
}

}  // namespace

struct TaskGroup::Impl {
    Impl(const Env& env, std::size_t task_limit) : executor(env.executor), idle(env.executor), limit(task_limit) {}
    Executor executor;
    Event idle;
    std::size_t limit;
    bool closed = false;
    std::list<asio::cancellation_signal> tasks;
    std::exception_ptr failure;
};

TaskGroup::TaskGroup(const Env& env, std::size_t limit) : impl_(std::make_unique<Impl>(env, limit)) {}
TaskGroup::~TaskGroup() {
    SOTTO_ASSERT(impl_->tasks.empty(), "a TaskGroup is destroyed with running tasks");
}

bool TaskGroup::spawn(Task<void> task) {
    auto& group = *impl_;
    if (group.closed || group.tasks.size() >= group.limit) return false;
    const auto signal = group.tasks.emplace(group.tasks.end());
    auto done = [&group, signal](std::exception_ptr thrown) {
        if (thrown && !group.failure && !is_cancellation(thrown)) group.failure = thrown;
        group.tasks.erase(signal);
        if (group.tasks.empty()) group.idle.notify();
    };
    asio::co_spawn(group.executor, std::move(task), asio::bind_cancellation_slot(signal->slot(), std::move(done)));
    return true;
}

void TaskGroup::cancel() noexcept {
    impl_->closed = true;
    // A task may end, and leave the list, while its signal is emitted.
    for (auto it = impl_->tasks.begin(); it != impl_->tasks.end();) {
        const auto current = it++;
        current->emit(asio::cancellation_type::terminal);
    }
}

Task<void> TaskGroup::wait_all() {
    while (!impl_->tasks.empty()) co_await impl_->idle.wait();
}

Task<void> TaskGroup::join() {
    while (!impl_->tasks.empty()) co_await impl_->idle.wait_uncancellable();
}

std::size_t TaskGroup::size() const noexcept {
    return impl_->tasks.size();
}
bool TaskGroup::closed() const noexcept {
    return impl_->closed;
}
std::exception_ptr TaskGroup::failure() const noexcept {
    return impl_->failure;
}

}  // namespace sotto
