// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "whisper/filter.hpp"

#include <algorithm>

#include "whisper/golden_testing.hpp"

namespace sotto::whisper {
namespace {

using testing::TestRandom;

SharedKey symmetric_key(Byte fill) {
    ByteArray<32> bytes;
    bytes.fill(fill);
    return std::make_shared<const FilterKey>(true, bytes);
}
SharedMessage message_of(Topic topic, std::string_view text, std::optional<Point> source = {}) {
    auto message = std::make_shared<ReceivedMessage>();
    message->topic = topic;
    message->payload = to_bytes(text);
    message->source = source;
    return message;
}
SharedEnvelope sealed(
    const FilterKey& key, Topic topic, BytesView payload, const Secret* signer, RandomSource& random) {
    const Bytes plain = *encode_plaintext(payload, {}, signer, random);
    const Bytes data =
        key.symmetric ? seal_symmetric(key.secret, plain, random) : *seal_asymmetric(*key.recipient, plain, random);
    return *make_envelope(encode_envelope(encode_body(1'700'000'000, 10, topic, data), 1));
}

constexpr Topic kTopic{1, 2, 3, 4};

TEST(Filter, QueuesUntilItIsPolled) {
    FilterIndex index({});
    const auto key = symmetric_key(1);
    ASSERT_TRUE(index.add("f", {.key = key, .topics = {kTopic}}).has_value());
    EXPECT_EQ(index.dispatch(*key, message_of(kTopic, "one"), {}), 1u);
    EXPECT_EQ(index.dispatch(*key, message_of(kTopic, "two"), {}), 1u);
    EXPECT_EQ(index.dispatch(*key, message_of({9, 9, 9, 9}, "other topic"), {}), 0u);
    EXPECT_EQ(index.dispatch(*symmetric_key(2), message_of(kTopic, "other key"), {}), 0u);
    const auto messages = index.drain("f");
    ASSERT_EQ(messages->size(), 2u);
    EXPECT_EQ(text_of((*messages)[0]->payload), "one");
    EXPECT_EQ(text_of((*messages)[1]->payload), "two");
    EXPECT_TRUE(index.drain("f")->empty());
    EXPECT_EQ(index.drain("g").error().detail(), "filter not found");
}

TEST(Filter, DropsTheOldestAboveItsBoundsAndCounts) {
    FilterIndex index({.filters = 2, .queued_messages = 3, .queued_bytes = 3'000});
    const auto key = symmetric_key(1);
    ASSERT_TRUE(index.add("f", {.key = key}).has_value());
    for (const auto* text : {"1", "2", "3", "4", "5"}) index.dispatch(*key, message_of(kTopic, text), {});
    EXPECT_EQ(index.dropped(), 2u);
    EXPECT_EQ(text_of(index.drain("f")->front()->payload), "3");
    index.dispatch(*key, message_of(kTopic, std::string(2'000, 'a')), {});
    index.dispatch(*key, message_of(kTopic, std::string(100'000, 'b')), {});
    const auto messages = index.drain("f");
    ASSERT_EQ(messages->size(), 1u);
    EXPECT_EQ(messages->front()->payload.size(), 100'000u);
    for (int i = 0; i < 1'000; ++i) index.dispatch(*key, message_of(kTopic, std::to_string(i)), {});
    EXPECT_EQ(text_of(index.drain("f")->back()->payload), "999");
    EXPECT_TRUE(index.add("g", {.key = key}).has_value());
    EXPECT_EQ(index.add("h", {.key = key}).error(), Errc::busy);
    EXPECT_EQ(index.add("g", {.key = key}).error(), Errc::exists);
}

TEST(Filter, HandsOutSoMuchAtOnceAndKeepsTheRestForTheNextPoll) {
    FilterIndex index({.queued_bytes = 1'000'000, .drained_bytes = 10'000});
    const auto key = symmetric_key(1);
    ASSERT_TRUE(index.add("f", {.key = key}).has_value());
    std::vector<std::size_t> sizes{3'000, 3'000, 20'000, 100};
    for (int i = 0; i < 300; ++i) sizes.push_back(static_cast<std::size_t>(i));
    for (const auto size : sizes) index.dispatch(*key, message_of(kTopic, std::string(size, 'a')), {});
    std::vector<std::size_t> seen;
    for (;;) {
        const auto messages = *index.drain("f");
        if (messages.empty()) break;
        std::size_t bytes = 0;
        for (const auto& message : messages) {
            seen.push_back(message->payload.size());
            bytes += message->payload.size();
        }
        EXPECT_TRUE(bytes <= 10'000 || messages.size() == 1) << bytes;
        EXPECT_GE(messages.size(), seen.size() > 4 && seen.size() < sizes.size() ? 10u : 1u) << "as much as it may";
    }
    EXPECT_EQ(seen, sizes);
    EXPECT_EQ(index.dropped(), 0u);
    for (int i = 0; i < 2; ++i) index.dispatch(*key, message_of(kTopic, std::string(490'000, 'b')), {});
    EXPECT_EQ(index.dropped(), 0u) << "what was handed out is not counted";
}

TEST(Filter, ARepeatedTopicDeliversOnce) {
    FilterIndex index({});
    const auto key = symmetric_key(1);
    ASSERT_TRUE(index.add("f", {.key = key, .topics = {kTopic, kTopic}}).has_value());
    EXPECT_EQ(index.dispatch(*key, message_of(kTopic, "x"), {}), 1u);
    EXPECT_TRUE(index.remove("f"));
    EXPECT_FALSE(index.remove("f"));
    EXPECT_TRUE(index.candidates(kTopic, {}).empty());
}

TEST(Filter, DirectMessagesNeedPermissionAndNoWork) {
    FilterIndex index({});
    const auto key = symmetric_key(1);
    ASSERT_TRUE(index.add("plain", {.key = key, .min_pow = 1}).has_value());
    EXPECT_TRUE(index.candidates(kTopic, {.pow = 5, .direct = true}).empty());
    ASSERT_TRUE(index.add("direct", {.key = key, .min_pow = 1, .allow_direct = true}).has_value());
    EXPECT_EQ(index.candidates(kTopic, {.pow = 0, .direct = true}).size(), 1u);
    EXPECT_EQ(index.dispatch(*key, message_of(kTopic, "history"), {.pow = 0, .direct = true}), 1u);
    EXPECT_EQ(index.dispatch(*key, message_of(kTopic, "worked"), {.pow = 1}), 2u);
    EXPECT_EQ(index.dispatch(*key, message_of(kTopic, "cheap"), {.pow = 0.9}), 0u);
}

TEST(Filter, AHandlerMayRemoveItsOwnAndOtherFilters) {
    FilterIndex index({});
    const auto key = symmetric_key(1);
    int called = 0;
    const auto handler = [&](const SharedMessage&) {
        ++called;
        index.remove("a");
        index.remove("b");
        (void)index.add("c" + std::to_string(called), {.key = key});
    };
    ASSERT_TRUE(index.add("a", {.key = key}, handler).has_value());
    ASSERT_TRUE(index.add("b", {.key = key}, handler).has_value());
    index.dispatch(*key, message_of(kTopic, "x"), {});
    EXPECT_EQ(called, 1);
    EXPECT_EQ(index.size(), 1u);
    EXPECT_TRUE(index.drain("c1")->empty());
}

TEST(Filter, CostsWhatItsTopicCosts) {
    FilterIndex index({});
    for (int i = 0; i < 500; ++i) {
        const auto topic = Topic{static_cast<Byte>(i), static_cast<Byte>(i >> 8), 0, 0};
        ASSERT_TRUE(
            index.add(std::to_string(i), {.key = symmetric_key(static_cast<Byte>(i)), .topics = {topic}}).has_value());
    }
    EXPECT_EQ(index.candidates({7, 0, 0, 0}, {}).size(), 1u);
    EXPECT_TRUE(index.candidates(kTopic, {}).empty());
}

/// One filter and one envelope at a time, as the text says it.
bool naive_match(const FilterSpec& spec, const Envelope& envelope, const Arrival& arrival) {
    const auto& topic = envelope.view().topic;
    if (!spec.topics.empty() && std::ranges::find(spec.topics, topic) == spec.topics.end()) return false;
    if (arrival.direct ? !spec.allow_direct : arrival.pow < spec.min_pow) return false;
    const auto message = open_envelope(*spec.key, envelope, arrival.pow);
    return message && (!spec.source || spec.source == message->source);
}

TEST(Filter, AgreesWithANaiveMatcherOnRandomFiltersAndEnvelopes) {
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
        TestRandom random(seed);
        std::vector<Topic> topics(6);
        for (auto& topic : topics) topic = random.array<4>();
        std::vector<SharedKey> keys;
        std::vector<Secret> signers;
        for (int i = 0; i < 4; ++i)
            keys.push_back(std::make_shared<const FilterKey>(i % 2 == 0, random_secret(random)));
        for (int i = 0; i < 2; ++i) signers.push_back(random_secret(random));

        FilterIndex index({});
        std::vector<std::pair<std::string, FilterSpec>> filters;
        std::map<std::string, std::size_t> expected;
        for (int step = 0; step < 120; ++step) {
            if (random.below(3) == 0) {
                FilterSpec spec{.key = keys[random.below(keys.size())]};
                for (auto n = random.below(4); n > 0; --n) spec.topics.push_back(topics[random.below(topics.size())]);
                if (random.below(3) == 0) spec.source = crypto::secp256k1::public_key(signers[random.below(2)]);
                spec.min_pow = static_cast<double>(random.below(3));
                spec.allow_direct = random.below(2) == 0;
                const auto id = std::to_string(step);
                ASSERT_TRUE(index.add(id, spec).has_value());
                filters.emplace_back(id, spec);
            } else if (!filters.empty() && random.below(8) == 0) {
                const auto gone = filters.begin() + static_cast<std::ptrdiff_t>(random.below(filters.size()));
                EXPECT_EQ(index.drain(gone->first)->size(), expected[gone->first]);
                EXPECT_TRUE(index.remove(gone->first));
                expected.erase(gone->first);
                filters.erase(gone);
            }
            const auto& key = *keys[random.below(keys.size())];
            const auto signer = random.below(3);
            const auto envelope = sealed(key,
                                         topics[random.below(topics.size())],
                                         view_of("x"),
                                         signer < 2 ? &signers[signer] : nullptr,
                                         random);
            const Arrival arrival{static_cast<double>(random.below(3)), random.below(4) == 0};
            for (const auto& candidate : index.candidates(envelope->view().topic, arrival)) {
                const auto message = open_envelope(*candidate, *envelope, arrival.pow);
                if (!message) continue;
                index.dispatch(*candidate, message, arrival);
                break;
            }
            for (const auto& [id, spec] : filters) expected[id] += naive_match(spec, *envelope, arrival) ? 1 : 0;
        }
        for (const auto& [id, spec] : filters) EXPECT_EQ(index.drain(id)->size(), expected[id]) << seed << " " << id;
    }
}

}  // namespace
}  // namespace sotto::whisper
