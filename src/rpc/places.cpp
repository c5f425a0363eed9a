// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "rpc/places.hpp"

#include <algorithm>
#include <utility>

namespace sotto::rpc {

Place::Place(Places& places) : places_(&places), where_(places.taken_.insert(places.taken_.end(), this)) {}

Place::~Place() {
    if (places_) places_->taken_.erase(where_);
}

void Place::on_loss(std::function<void()> close) {
    close_ = std::move(close);
    if (!places_) close_();
}

std::unique_ptr<Place> Places::take(std::uint64_t most) {
    while (taken_.size() >= most) {
        const auto loser = std::ranges::find(taken_, false, &Place::proven_);
        if (loser == taken_.end()) return nullptr;
        Place& place = **loser;
        taken_.erase(loser);
        place.places_ = nullptr;
        if (place.close_) place.close_();
    }
    return std::unique_ptr<Place>(new Place(*this));
}

}  // namespace sotto::rpc
