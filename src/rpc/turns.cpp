// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "rpc/turns.hpp"

#include <utility>

namespace sotto::rpc {

Turn::Turn(Turns& turns) : turns_(&turns), place_(turns.line_.emplace(turns.line_.end(), turns.executor_)) {}

Turn::Turn(Turn&& other) noexcept : turns_(std::exchange(other.turns_, nullptr)), place_(other.place_) {}

Turn::~Turn() {
    if (!turns_) return;
    auto& line = turns_->line_;
    const bool had_it = place_ == line.begin();
    line.erase(place_);
    if (had_it && !line.empty()) line.front().notify();
}

Task<Result<Turn>> Turns::take() {
    if (line_.size() > waiting_) co_return fail(Errc::busy, "too many calls wait for their turn; try again later");
    Turn turn(*this);
    if (line_.size() > 1) co_await turn.place_->wait();
    co_return turn;
}

}  // namespace sotto::rpc
