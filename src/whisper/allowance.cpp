// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "whisper/allowance.hpp"

#include <algorithm>

namespace sotto::whisper {
namespace {

/// A debt of this length is not paid by waiting any more.
constexpr Duration kMaxDebt = 2 * Allowance::kMaxWait;

}  // namespace

void Allowance::set_rates(const Rates& rates) noexcept {
    if (rates != rates_) *this = Allowance(rates);
}

std::optional<Duration> Allowance::charge(const Load& load, TimePoint now) noexcept {
    const auto debt = std::max(
        {packets_.debt_after(1, now), envelopes_.debt_after(load.envelopes, now), bytes_.debt_after(load.bytes, now)});
    if (debt > kMaxDebt) return std::nullopt;
    packets_.take(1);
    envelopes_.take(load.envelopes);
    bytes_.take(load.bytes);
    return std::min(debt, kMaxWait);
}

void AddressAllowances::set_rates(const Rates& rates) noexcept {
    rates_ = rates;
    for (auto& [address, allowance] : allowances_) allowance->set_rates(rates);
}

std::shared_ptr<Allowance> AddressAllowances::of(const std::string& address) {
    if (address.empty()) return nullptr;
    auto& allowance = allowances_[address];
    if (!allowance) allowance = std::make_shared<Allowance>(rates_);
    return allowance;
}

void AddressAllowances::sweep(TimePoint now) {
    std::erase_if(allowances_,
                  [now](const auto& item) { return item.second.use_count() == 1 && item.second->full(now); });
}

}  // namespace sotto::whisper
