// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <memory>

#include "base/env.hpp"
#include "base/signal.hpp"
#include "whisper/filter.hpp"
#include "whisper/seen_messages.hpp"

namespace sotto::whisper {

/// Opens envelopes for the filters: where a handful of symmetric keys may fit, at once; else on the workers. Loop
/// thread only.
class Opener {
  public:
    Opener(Env env, const FilterIndex::Limits& limits);

    FilterIndex& filters() noexcept { return state_->filters; }
    const FilterIndex& filters() const noexcept { return state_->filters; }
    /// Ends with the filter; may outlive this.
    Subscription hold(const std::string& id);

    /// Once a second; in seconds since 1970.
    void expire(std::uint64_t now) { state_->seen.expire(now); }
    void open(const SharedEnvelope& envelope, const Arrival& arrival);
    /// Too much waits for the workers: let nothing more come in for a moment.
    bool saturated() const noexcept;
    std::uint64_t delivered() const noexcept { return state_->delivered; }

  private:
    struct State {
        explicit State(const FilterIndex::Limits& limits) : filters(limits) {}
        /// A message that came twice is dropped, unless the operator's own archive sent it.
        void hand_out(const FilterKey& key,
                      const SharedMessage& message,
                      const Envelope& envelope,
                      const Arrival& arrival);

        FilterIndex filters;
        SeenMessages seen;
        std::size_t pending = 0;
        std::size_t pending_bytes = 0;
        std::uint64_t delivered = 0;
    };
    void open_on_workers(const SharedEnvelope& envelope, const Arrival& arrival, std::vector<SharedKey> keys);

    Env env_;
    std::shared_ptr<State> state_;
};

}  // namespace sotto::whisper
