// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <functional>

#include "base/task_group.hpp"
#include "net/transport.hpp"

namespace sotto::load {

inline constexpr Duration kStepLimit = std::chrono::seconds(10);

/// Makes connections to one node, each with an identity of its own.
class Dialer {
  public:
    static Result<Dialer> make(Env env, const std::string& address, const net::ProtocolSpec& spec);

    const Env& env() const noexcept { return env_; }
    const net::ProtocolSpec& spec() const noexcept { return *spec_; }
    Deadline deadline() const { return Deadline::in(*env_.clock, kStepLimit); }
    Task<Result<std::unique_ptr<net::Connection>>> dial();

  private:
    Dialer(Env env, Multiaddr address, crypto::PeerId peer, const net::ProtocolSpec& spec);
    std::unique_ptr<net::Upgrader> make_upgrader();

    Env env_;
    Multiaddr address_;
    crypto::PeerId peer_;
    const net::ProtocolSpec* spec_;
    std::unique_ptr<net::Transport> tcp_;
};

/// A fresh secp256k1 key.
crypto::PrivateKey make_identity(Env env);

/// Dials, drives the connection while `use` has it, and says goodbye.
using Use = std::function<Task<Result<void>>(net::Connection&)>;
Task<Result<void>> with_connection(Dialer& dialer, const Use& use);

/// The task of a connection that someone else closes.
Task<void> drive(net::Connection& connection);

/// Sends a Whisper status that wants everything and waits for the peer's.
Task<Result<void>> greet(net::MessageStream& stream);

/// Reads and drops until the stream ends.
Task<void> drain(net::MessageStream& stream);

/// Runs `each` `count` times, `parallel` at a time, until the first error.
using Each = std::function<Task<Result<void>>()>;
Task<Result<void>> spread(Env env, std::size_t count, std::size_t parallel, const Each& each);

}  // namespace sotto::load
