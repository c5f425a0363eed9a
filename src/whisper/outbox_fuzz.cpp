// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <array>
#include <map>

#include "base/fuzz.hpp"
#include "whisper/outbox.hpp"

namespace sotto::whisper {
namespace {

constexpr std::size_t kPeers = 6;
constexpr std::size_t kSizes[] = {100, 2'000, 20'000, 150'000};

/// A pool that is filled, and one outbox that empties it, as a script of bytes has it.
class Script {
  public:
    explicit Script(BytesView input) : input_(input) {
        for (std::size_t i = 0; i < kPeers; ++i) slots_[i] = open(static_cast<Byte>(i));
    }

    void play() {
        while (!input_.empty()) step(next());
        // All that is still there has come, once.
        for (int seconds = 0; outbox_.next_due() && seconds < 100; ++seconds) drain();
        SOTTO_FUZZ_CHECK(!outbox_.next_due());
        for (const auto& [hash, came] : came_) SOTTO_FUZZ_CHECK(came || !pool_.find(hash));
    }

  private:
    Byte next() {
        if (input_.empty()) return 0;
        const Byte byte = input_.front();
        input_ = input_.subspan(1);
        return byte;
    }
    Slot open(Byte byte) { return pool_.open_slot(byte % 3 == 0 ? std::string() : std::string(1, 'a' + byte % 3)); }

    void step(Byte what) {
        const auto peer = what / 8 % kPeers;
        switch (what % 8) {
            case 0:
                return take();
            case 1:
                pool_.close_slot(slots_[peer]);
                slots_[peer] = open(next());
                return;
            case 2:
                wall_ += next() % 16;
                (void)pool_.expire(wall_);
                return pool_.sweep();
            case 3:
                return add(kNoSlot, kSizes[next() % 4]);
            default:
                for (int count = next() % 8; count >= 0; --count) add(slots_[peer], kSizes[what % 4]);
        }
    }
    void add(Slot from, std::size_t size) {
        const Bytes data(size, 0x44);
        const auto expiry = static_cast<std::uint32_t>(wall_ + 20);
        const auto envelope = *make_envelope(encode_envelope(encode_body(expiry, 20, {1, 2, 3, 4}, data), nonce_++));
        if (pool_.add(envelope, {1, 1}, from) != Pool::Added::added) return;
        came_[envelope->hash()] = false;
        outbox_.on_added(*pool_.find(envelope->hash()), wall_, now_);
    }
    void take() {
        now_ = now_ + std::chrono::milliseconds(50);
        const auto batch = outbox_.take(wall_, now_);
        if (!batch) return;
        SOTTO_FUZZ_CHECK(batch->bytes <= Outbox::kBatchBytes || batch->envelopes.size() == 1);
        for (const auto& envelope : batch->envelopes) {
            auto& came = came_.at(envelope->hash());
            SOTTO_FUZZ_CHECK(!came);
            came = true;
        }
    }
    void drain() {
        for (int i = 0; i < 20; ++i) take();
    }

    BytesView input_;
    Pool pool_{{.bytes = 1'000'000, .envelopes = 100}, 1};
    std::uint64_t wall_ = 1'700'000'000;
    TimePoint now_;
    Outbox outbox_{pool_, {}, now_};
    std::array<Slot, kPeers> slots_{};
    std::uint64_t nonce_ = 0;
    std::map<Hash, bool> came_;
};

}  // namespace

SOTTO_FUZZ(whisper_outbox) {
    Script(input.first(std::min<std::size_t>(input.size(), 96))).play();
}

}  // namespace sotto::whisper
