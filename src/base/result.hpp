// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace sotto {

/// Who is at fault; the only thing that drives scoring and disconnects.
enum class Blame : std::uint8_t {
    peer,       ///< the remote broke its protocol: disconnect, count against it
    local,      ///< our configuration, our user, our disk
    transient,  ///< nobody: network weather, a deadline, an orderly end
    bug,        ///< an invariant of ours does not hold
};

enum class Errc : std::uint8_t {
    // transient
    would_block,  ///< nothing to read now; await readable()
    closed,       ///< the orderly end of a stream or connection
    reset,        ///< the other end gave up
    timed_out,    ///< a deadline passed
    unreachable,  ///< the address could not be dialled
    refused,      ///< nobody listens there, or the peer said no
    busy,         ///< a limit of ours or the peer's is reached; later may work
    duplicate,    ///< already connected, already present
    shutdown,     ///< this process or object is stopping
    useless,      ///< no protocol in common
    // peer
    malformed,       ///< bytes that no encoder of this protocol writes
    too_large,       ///< above a size limit
    unauthentic,     ///< a MAC, tag or signature does not verify
    wrong_identity,  ///< not the peer that was asked for
    misbehaved,      ///< well-formed but forbidden: flood, window overrun, wrong state
    unsupported,     ///< a version or protocol that is not spoken
    // local
    invalid_argument,
    not_found,
    exists,
    permission,
    io,         ///< a system call failed
    in_use,     ///< address or lock is taken
    exhausted,  ///< memory, descriptors, ids
    // bug
    internal,
};

std::string_view to_string(Errc code) noexcept;
Blame blame_of(Errc code) noexcept;

/// What went wrong: a code for programs, a detail for people. Value type; an empty detail allocates nothing.
class [[nodiscard]] Error {
  public:
    Error(Errc code, std::string detail = {}) : code_(code), detail_(std::move(detail)) {}

    Errc code() const noexcept { return code_; }
    Blame blame() const noexcept { return blame_of(code_); }
    const std::string& detail() const noexcept { return detail_; }
    /// "timed out: no answer to ping"
    std::string message() const;
    /// The same error seen from further out: "handshake: <detail>".
    Error within(std::string_view context) const;

    friend bool operator==(const Error& error, Errc code) noexcept { return error.code_ == code; }

  private:
    Errc code_;
    std::string detail_;
};

template <class T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(Errc code, std::string detail = {}) {
    return std::unexpected<Error>(Error(code, std::move(detail)));
}
inline std::unexpected<Error> fail(Error error) {
    return std::unexpected<Error>(std::move(error));
}

}  // namespace sotto

#define SOTTO_CONCAT_(a, b) a##b
#define SOTTO_CONCAT(a, b) SOTTO_CONCAT_(a, b)

/// SOTTO_TRY(auto x, f()): bind the value of a Result, or return its error. SOTTO_CO_TRY: the same in a coroutine.
#define SOTTO_TRY(declaration, expression) \
    SOTTO_TRY_(declaration, expression, return, SOTTO_CONCAT(sotto_result_, __COUNTER__))
#define SOTTO_CO_TRY(declaration, expression) \
    SOTTO_TRY_(declaration, expression, co_return, SOTTO_CONCAT(sotto_result_, __COUNTER__))
#define SOTTO_TRY_(declaration, expression, leave, name)     \
    auto name = expression;                                  \
    if (!name) leave ::sotto::fail(std::move(name).error()); \
    declaration = *std::move(name)

/// SOTTO_CHECK(f()): return the error of a Result<void>, if any. One statement.
#define SOTTO_CHECK(expression) SOTTO_CHECK_(expression, return, SOTTO_CONCAT(sotto_result_, __COUNTER__))
#define SOTTO_CO_CHECK(expression) SOTTO_CHECK_(expression, co_return, SOTTO_CONCAT(sotto_result_, __COUNTER__))
#define SOTTO_CHECK_(expression, leave, name)                    \
    do {                                                         \
        auto name = expression;                                  \
        if (!name) leave ::sotto::fail(std::move(name).error()); \
    } while (false)
