// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "whisper/opener.hpp"

namespace sotto::whisper {
namespace {

constexpr std::size_t kMaxPending = 1024;
constexpr std::size_t kMaxPendingBytes = std::size_t{32} << 20;
/// Roughly microseconds; above, the way to a worker and back is the cheaper one.
constexpr std::size_t kInlineCost = 32;

std::size_t cost_of(const std::vector<SharedKey>& keys, std::size_t size) noexcept {
    std::size_t cost = 0;
    for (const auto& key : keys) cost += (key->symmetric ? 1 : 60) + size / 4096;
    return cost;
}

/// The first key that fits, and what it opens.
struct Opened {
    SharedKey key;
    SharedMessage message;
};
Opened try_keys(const std::vector<SharedKey>& keys, const Envelope& envelope, double pow) {
    for (const auto& key : keys) {
        if (auto message = open_envelope(*key, envelope, pow)) return {key, std::move(message)};
    }
    return {};
}

/// Holds a filter for a subscription.
struct Held {
    std::function<void()> release;
    ~Held() { release(); }
};

}  // namespace

Opener::Opener(Env env, const FilterIndex::Limits& limits) : env_(env), state_(std::make_shared<State>(limits)) {}

void Opener::State::hand_out(const FilterKey& key,
                             const SharedMessage& message,
                             const Envelope& envelope,
                             const Arrival& arrival) {
    if (!arrival.direct && !seen.add(envelope.view())) return;
    delivered += filters.dispatch(key, message, arrival);
}

Subscription Opener::hold(const std::string& id) {
    auto release = [weak = std::weak_ptr(state_), id] {
        if (const auto state = weak.lock()) state->filters.remove(id);
    };
    return Subscription(std::make_shared<Held>(std::move(release)));
}

void Opener::open(const SharedEnvelope& envelope, const Arrival& arrival) {
    auto keys = state_->filters.candidates(envelope->view().topic, arrival);
    if (keys.empty()) return;
    if (cost_of(keys, envelope->raw().size()) > kInlineCost) {
        open_on_workers(envelope, arrival, std::move(keys));
        return;
    }
    const auto opened = try_keys(keys, *envelope, arrival.pow);
    if (opened.message) state_->hand_out(*opened.key, opened.message, *envelope, arrival);
}

bool Opener::saturated() const noexcept {
    return state_->pending >= kMaxPending || state_->pending_bytes >= kMaxPendingBytes;
}

void Opener::open_on_workers(const SharedEnvelope& envelope, const Arrival& arrival, std::vector<SharedKey> keys) {
    struct Job {
        SharedEnvelope envelope;
        Arrival arrival;
        std::vector<SharedKey> keys;
        Opened opened;
    };
    const auto job = std::make_shared<Job>(envelope, arrival, std::move(keys));
    const auto size = envelope->raw().size();
    ++state_->pending;
    state_->pending_bytes += size;
    env_.workers->submit([job] { job->opened = try_keys(job->keys, *job->envelope, job->arrival.pow); },
                         [job, size, weak = std::weak_ptr(state_)] {
                             const auto state = weak.lock();
                             if (!state) return;
                             --state->pending;
                             state->pending_bytes -= size;
                             const auto& [key, message] = job->opened;
                             if (message) state->hand_out(*key, message, *job->envelope, job->arrival);
                         });
}

}  // namespace sotto::whisper
