// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <memory>
#include <string>

#include "base/env.hpp"
#include "net/stream.hpp"

namespace sotto::libp2p {

/// The dialler's side of multistream-select when one protocol is proposed: the proposal leaves with the first bytes
/// written, or alone when the owner reads or ends first, which saves a round trip. Both echoes are verified before data
/// is delivered. A refusal shows at the first read as Errc::unsupported; without echoes until `deadline` the stream is
/// reset. Contract as Stream's.
class LazyStream final : public net::Stream {
  public:
    LazyStream(Env env, std::unique_ptr<net::Stream> raw, std::string protocol_id, Deadline deadline);
    ~LazyStream() override;

    Task<Result<void>> readable() override;
    Result<std::size_t> try_read(BytesSpan into) noexcept override;
    Task<Result<void>> write(Buffers pieces) override;
    Task<Result<void>> close_write() override;
    void reset(Error why) noexcept override;

    /// The stream underneath, once the agreement is verified and with no operation pending. This object is then dead.
    std::unique_ptr<net::Stream> release() noexcept;

  private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace sotto::libp2p
