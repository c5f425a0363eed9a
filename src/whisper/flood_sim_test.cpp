// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "whisper/node_testing.hpp"

namespace sotto::whisper {
namespace {

using namespace std::chrono_literals;
using testing::befriend;
using testing::list_of;
using testing::PipeEnd;
using testing::PipeOptions;
using testing::Rig;
using testing::send;

constexpr std::uint32_t kReader = 2;
constexpr std::uint32_t kHonest = 3;
constexpr std::uint32_t kFirstFlood = 10;
constexpr std::uint32_t kFloods = 20;
constexpr Topic kMine{7, 7, 7, 7};

/// Whoever floods, and how.
struct Flood {
    Limits limits = {};
    PipeOptions link = {};
    PipeOptions reader = {};  ///< the link of who waits for the honest one
    std::size_t size = 0;     ///< of an envelope's data
    int honest = 1;           ///< envelopes of the one who does not, ten times a second
    std::function<std::string(const crypto::PeerId&)> address_of = [](const auto& peer) { return peer.to_string(); };
};

/// Twenty peers of a node that send without a pause, and one that does not. Nothing has any work: only whose it is
/// tells envelopes apart.
class FloodedNode {
  public:
    FloodedNode(Rig& rig, const Flood& flood)
        : rig_(rig),
          flood_(flood),
          node_(rig.node({.min_pow = 0, .limits = flood.limits, .address_of = flood.address_of})) {
        watch_ = node_.events().subscribe([this](const EnvelopeEvent& event) {
            if (event.kind == EnvelopeEvent::Kind::accepted) most_ = std::max(most_, node_.info().memory);
        });
    }

    Task<void> live(Duration time) {
        auto* reader = co_await befriend(rig_, node_, kReader, {}, flood_.reader);
        auto* honest = co_await befriend(rig_, node_, kHonest);
        rig_.group->spawn(read(*reader));
        rig_.group->spawn(drop_all(*honest));
        for (std::uint32_t i = 0; i < kFloods; ++i) {
            auto* end = co_await befriend(rig_, node_, kFirstFlood + i, {}, flood_.link);
            rig_.group->spawn(pour(*end));
            rig_.group->spawn(drop_all(*end));
        }
        for (const auto end = rig_.world.now() + time; rig_.world.now() < end;) {
            for (int i = 0; i < flood_.honest; ++i) co_await send_one(*honest);
            co_await rig_.pass(100ms);
        }
        co_await rig_.pass(kInTime);
        done_ = true;
    }

    void expect_fairness() const {
        EXPECT_GE(in_time_ * 100, sent_.size() * 99) << in_time_ << " of " << sent_.size();
        EXPECT_LE(most_, flood_.limits.pool.bytes) << "after every envelope that was taken";
        EXPECT_GT(most_ + flood_.size + 2 * Pool::kEntryOverhead, flood_.limits.pool.bytes) << "it was full";
        EXPECT_GT(node_.counters().evicted, 1'000u);
        EXPECT_EQ(node_.info().peers, kFloods + 2);
    }
    Counters counters() const { return node_.counters(); }

  private:
    static constexpr Duration kInTime = 2s;

    Task<void> send_one(PipeEnd& honest) {
        const auto envelope = rig_.sealed({.ttl = 60, .topic = kMine, .size = 300, .pow = 0});
        sent_[crypto::keccak256(envelope)] = rig_.world.now();
        (void)co_await send(honest, code::kMessages, list_of({envelope}));
    }
    /// As fast as the link takes it.
    Task<void> pour(PipeEnd& end) {
        Bytes data(flood_.size);
        while (!done_) {
            const auto expiry = static_cast<std::uint32_t>(rig_.world.wall().seconds()) + 60;
            store_be(++poured_, BytesSpan(data).first(8));
            const auto envelope = encode_envelope(encode_body(expiry, 60, Topic{9, 9, 9, 9}, data), 0);
            if (!co_await send(end, code::kMessages, list_of({envelope}))) co_return;
        }
    }
    static Task<void> drop_all(PipeEnd& end) {
        while (co_await end.read()) {
        }
    }
    Task<void> read(PipeEnd& reader) {
        for (;;) {
            const auto message = co_await reader.read();
            if (!message) co_return;
            if (message->code == code::kMessages) note(message->payload);
        }
    }
    void note(BytesView batch) {
        const auto items = split_envelopes(batch, false);
        for (const auto& item : *items) {
            if (decode_envelope(item)->topic != kMine) continue;
            if (rig_.world.now() - sent_.at(crypto::keccak256(item)) <= kInTime) ++in_time_;
        }
    }

    Rig& rig_;
    const Flood& flood_;
    Whisper& node_;
    Subscription watch_;
    std::map<Hash, TimePoint> sent_;
    std::size_t in_time_ = 0;
    std::size_t most_ = 0;  ///< bytes in the pool
    std::uint64_t poured_ = 0;
    bool done_ = false;
};

/// The limits that a node has by itself, and links of 8 Mbit/s to those who flood; the reader's takes everything.
TEST(Fairness, AnHonestSenderIsHeardAmongTwentyAtLineRate) {
    Rig rig;
    auto body = [](Rig& r) -> Task<void> {
        Flood flood{.link = {.bytes_per_second = 1e6}, .size = 8'000};
        flood.limits.rates_per_peer = {.envelopes = 10'000, .bytes = 8 << 20};
        flood.limits.rates_per_address = {.envelopes = 20'000, .bytes = 16 << 20};
        FloodedNode node(r, flood);
        co_await node.live(30s);
        node.expect_fairness();
    };
    rig.run(std::ref(body));
}

/// What twenty links bring in does not go out over one: who sends little must not stand behind those who flood.
TEST(Fairness, AnHonestSenderIsHeardOverALinkThatCannotTakeTheFlood) {
    Rig rig;
    auto body = [](Rig& r) -> Task<void> {
        Flood flood{.link = {.bytes_per_second = 1e6}, .reader = {.bytes_per_second = 1e6}, .size = 8'000};
        FloodedNode node(r, flood);
        co_await node.live(30s);
        node.expect_fairness();
    };
    rig.run(std::ref(body));
}

/// The links take more than the node does, which makes each wait.
Flood above_the_rates() {
    Flood flood{.size = 300};
    flood.limits.pool = {.bytes = std::size_t{8} << 20, .envelopes = 100'000};
    flood.limits.rates_per_peer = {.envelopes = 100, .bytes = 256 * 1024};
    return flood;
}

TEST(Fairness, AnHonestSenderIsHeardAmongTwentyThatHaveToWait) {
    Rig rig;
    auto body = [](Rig& r) -> Task<void> {
        const auto flood = above_the_rates();
        FloodedNode node(r, flood);
        co_await node.live(30s);
        node.expect_fairness();
        EXPECT_GT(node.counters().packets_delayed, 1'000u);
    };
    rig.run(std::ref(body));
}

/// The sender fills far more than a twenty-second of the pool, and less than half.
TEST(Fairness, TwentyPeersOfOneAddressHaveNoMoreThanOneOfAnother) {
    Rig rig;
    auto body = [](Rig& r) -> Task<void> {
        auto flood = above_the_rates();
        flood.honest = 8;
        flood.address_of = [honest = testing::identity(kHonest).id](const crypto::PeerId& peer) {
            return std::string(peer == honest ? "192.0.2.1" : "203.0.113.9");
        };
        FloodedNode node(r, flood);
        co_await node.live(30s);
        node.expect_fairness();
        EXPECT_GT(node.counters().packets_delayed, 1'000u);
    };
    rig.run(std::ref(body));
}

}  // namespace
}  // namespace sotto::whisper
