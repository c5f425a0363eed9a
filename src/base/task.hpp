// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

namespace sotto {

/// A lazy coroutine. It starts when it is awaited or spawned in a TaskGroup, and has exactly one owner.
template <class T>
using Task = boost::asio::awaitable<T>;
using Executor = boost::asio::any_io_executor;

}  // namespace sotto
