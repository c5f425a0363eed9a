// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <memory>

#include "base/env.hpp"
#include "base/signal.hpp"
#include "whisper/filter.hpp"

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

    void open(const SharedEnvelope& envelope, const Arrival& arrival);
    /// Too much waits for the workers: let nothing more come in for a moment.
    bool saturated() const noexcept;
    std::uint64_t delivered() const noexcept { return state_->delivered; }

  private:
    struct State {
        explicit State(const FilterIndex::Limits& limits) : filters(limits) {}
        FilterIndex filters;
        std::size_t pending = 0;
        std::size_t pending_bytes = 0;
        std::uint64_t delivered = 0;
    };
    void open_on_workers(const SharedEnvelope& envelope, const Arrival& arrival, std::vector<SharedKey> keys);

    Env env_;
    std::shared_ptr<State> state_;
};

}  // namespace sotto::whisper
