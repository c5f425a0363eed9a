// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "messenger/session.hpp"

#include <gmock/gmock.h>

#include "base/task_group.hpp"
#include "messenger/backend_testing.hpp"

namespace sotto::messenger {
namespace {

using sim::World;
using testing::Air;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct RecordingView final : View {
    void on_line(const Conversation& conversation) override {
        const auto& line = conversation.lines.back();
        if (!line.own) heard.push_back(conversation.id.substr(0, 8) + " " + line.nick + ": " + line.text);
    }
    void on_delivery(std::size_t number, Delivery delivery, const std::string& why) override {
        static constexpr std::string_view kNames[] = {"queued", "sent", "acknowledged", "failed"};
        deliveries.push_back(std::to_string(number) + " " + std::string(kNames[static_cast<std::size_t>(delivery)]));
        reasons += why;
    }
    void on_news(const std::string& text) override { news.push_back(text); }

    std::vector<std::string> heard;
    std::vector<std::string> deliveries;
    std::vector<std::string> news;
    std::string reasons;
};

struct Person {
    Person(World& world, Air& air, Byte number, std::string nick)
        : backend(air),
          secret(secret_of(number)),
          session(world.env(), backend, secret, std::move(nick), view, nullptr) {
        EXPECT_TRUE(world.run(session.start()));
    }
    static Secret secret_of(Byte number) {
        Secret secret{};
        secret[31] = number;
        return secret;
    }
    std::string key() const { return chat::key_text(session.key()); }
    Topic discovery() const { return chat::discovery_topic(session.key()); }

    Air::Backend backend;
    Secret secret;
    RecordingView view;
    Session session;
};

/// Says it and waits until it has settled.
void say(World& world, Person& person, const std::string& to, const std::string& text) {
    auto body = [&](TaskGroup& group) -> Task<Result<void>> {
        group.spawn(person.session.deliver());
        SOTTO_CO_TRY(auto* conversation, co_await person.session.open(to));
        person.session.say(*conversation, text);
        co_await person.session.settle();
        co_return Result<void>{};
    };
    const auto done = world.run(with_group(world.env(), 2, std::ref(body)));
    ASSERT_TRUE(done) << done.error().message();
}

Conversation& open(World& world, Person& person, const std::string& id) {
    const auto conversation = world.run(person.session.open(id));
    EXPECT_TRUE(conversation);
    return **conversation;
}

TEST(Session, TalksInTwoChannelsAtOnce) {
    World world;
    Air air;
    Person alice(world, air, 1, "alice");
    Person bob(world, air, 2, "bob");
    open(world, bob, "#tea");
    open(world, bob, "coffee");
    say(world, alice, "#tea", "green");
    say(world, alice, "#coffee", "black");
    EXPECT_THAT(bob.view.heard, ElementsAre("#tea alice: green", "#coffee alice: black"));
    EXPECT_THAT(alice.view.heard, IsEmpty());
    EXPECT_THAT(alice.view.deliveries, ElementsAre("0 acknowledged", "1 acknowledged"));
    EXPECT_EQ(open(world, bob, "#tea").unread, 1u);
    EXPECT_THAT(bob.session.conversations(), SizeIs(2)) << "opening again opens nothing new";
}

TEST(Session, SaysTheSameWordsInTwoChannels) {
    World world;
    Air air;
    Person alice(world, air, 1, "alice");
    Person bob(world, air, 2, "bob");
    for (const auto* channel : {"#a", "#b"}) open(world, bob, channel);
    for (const auto* channel : {"#a", "#b"}) say(world, alice, channel, "hello");
    EXPECT_EQ(alice.backend.posted[0].payload, alice.backend.posted[1].payload);
    EXPECT_THAT(bob.view.heard, ElementsAre("#a alice: hello", "#b alice: hello"));
}

TEST(Session, GoesFromFirstContactToTheNegotiatedTopic) {
    World world;
    Air air;
    Person alice(world, air, 1, "alice");
    Person bob(world, air, 2, "bob");
    const auto shared = *chat::negotiate(alice.secret, bob.session.key());

    say(world, alice, bob.key(), "psst");
    ASSERT_THAT(alice.backend.posted, SizeIs(2));
    EXPECT_EQ(alice.backend.posted[0].topic, bob.discovery());
    EXPECT_EQ(alice.backend.posted[1].topic, chat::kLegacyDiscoveryTopic);
    for (const auto& envelope : alice.backend.posted) {
        EXPECT_EQ(envelope.recipient, bob.session.key());
        EXPECT_FALSE(envelope.key);
    }
    EXPECT_THAT(bob.view.heard, ElementsAre(alice.key().substr(0, 8) + " alice: psst")) << "shown once";

    say(world, bob, alice.key(), "yes?");
    say(world, alice, bob.key(), "nothing");
    ASSERT_THAT(bob.backend.posted, SizeIs(1));
    ASSERT_THAT(alice.backend.posted, SizeIs(3));
    for (const auto& envelope : {bob.backend.posted[0], alice.backend.posted[2]}) {
        EXPECT_EQ(envelope.topic, shared.topic);
        EXPECT_EQ(envelope.key, shared.key);
        EXPECT_FALSE(envelope.recipient);
    }
    EXPECT_THAT(alice.view.heard, SizeIs(1));
    EXPECT_THAT(bob.view.heard, SizeIs(2));
    EXPECT_EQ(open(world, alice, bob.key()).title(), "@bob/" + bob.key().substr(4, 8));
}

TEST(Session, AnswersABotWhereItReads) {
    World world;
    Air air;
    Person alice(world, air, 1, "alice");
    const auto bot = crypto::secp256k1::public_key(Person::secret_of(9));
    const auto payload = *chat::encode_message({.kind = chat::Kind::contact, .text = "beep", .clock = 5});
    alice.backend.take({.topic = chat::kLegacyDiscoveryTopic, .recipient = alice.session.key(), .payload = payload},
                       bot);
    EXPECT_THAT(alice.view.heard, SizeIs(1));
    say(world, alice, chat::key_text(bot), "boop");
    ASSERT_THAT(alice.backend.posted, SizeIs(1));
    EXPECT_EQ(alice.backend.posted[0].topic, chat::kLegacyDiscoveryTopic);
    EXPECT_EQ(alice.backend.posted[0].recipient, bot);
}

TEST(Session, HearsWhomItHasWrittenToBefore) {
    World world;
    Air air;
    Person alice(world, air, 1, "alice");
    Person bob(world, air, 2, "bob");
    const auto shared = *chat::negotiate(alice.secret, bob.session.key());
    const auto payload = *chat::encode_message({.kind = chat::Kind::contact, .text = "still there?"});
    const Outgoing message{.topic = shared.topic, .key = shared.key, .payload = payload};
    alice.backend.take(message, bob.session.key());
    EXPECT_THAT(alice.view.heard, IsEmpty()) << "nobody listens yet";
    ASSERT_TRUE(world.run(alice.session.open(bob.key(), true)));
    alice.backend.take(message, bob.session.key());
    EXPECT_THAT(alice.view.heard, SizeIs(1));
}

TEST(Session, DropsWhatIsNotMeantForIt) {
    World world;
    Air air;
    Person alice(world, air, 1, "alice");
    const auto bob = crypto::secp256k1::public_key(Person::secret_of(2));
    const auto mallory = crypto::secp256k1::public_key(Person::secret_of(6));
    auto& lobby = open(world, alice, "#lobby");
    open(world, alice, chat::key_text(bob));
    ASSERT_TRUE(world.run(alice.session.open(chat::key_text(bob), true)));
    const auto shared = *chat::negotiate(alice.secret, bob);

    const auto to_one = *chat::encode_message({.kind = chat::Kind::contact, .text = "x"});
    const auto to_all = *chat::encode_message({.kind = chat::Kind::channel, .text = "x"});
    const auto to_carol = *chat::encode_message({.kind = chat::Kind::contact, .text = "x", .offer = Topic{1, 2, 3, 4}});
    const auto discovery = alice.discovery();
    const auto own = alice.session.key();
    alice.backend.take({.topic = discovery, .recipient = own, .payload = to_one}, std::nullopt);
    alice.backend.take({.topic = discovery, .recipient = own, .payload = to_all}, bob);
    alice.backend.take({.topic = discovery, .recipient = own, .payload = to_carol}, bob);
    alice.backend.take({.topic = discovery, .recipient = own, .payload = to_one}, own);
    alice.backend.take({.topic = discovery, .recipient = own, .payload = to_bytes("junk")}, bob);
    alice.backend.take({.topic = lobby.topic, .key = lobby.key, .payload = to_one}, bob);
    alice.backend.take({.topic = shared.topic, .key = shared.key, .payload = to_one}, mallory);
    alice.backend.take({.topic = shared.topic, .key = shared.key, .payload = to_all}, bob);
    EXPECT_THAT(alice.view.heard, IsEmpty());
    EXPECT_THAT(alice.session.conversations(), SizeIs(2));
}

TEST(Session, ShowsARepeatedMessageOnceAndTwoAlikeTwice) {
    World world;
    Air air;
    Person alice(world, air, 1, "alice");
    auto& lobby = open(world, alice, "#lobby");
    const auto bob = crypto::secp256k1::public_key(Person::secret_of(2));
    for (const std::uint64_t clock : {1u, 1u, 2u}) {
        const auto payload = *chat::encode_message({.text = "hi", .clock = clock});
        alice.backend.take({.topic = lobby.topic, .key = lobby.key, .payload = payload}, bob);
    }
    EXPECT_THAT(alice.view.heard, SizeIs(2));
}

TEST(Session, BoundsTheConversationsOfStrangers) {
    World world;
    Air air;
    Person alice(world, air, 1, "alice");
    const auto payload = *chat::encode_message({.kind = chat::Kind::contact, .text = "buy"});
    for (std::uint32_t i = 0; i < 300; ++i) {
        Secret secret{};
        store_be(i + 1000, BytesSpan(secret).last(4));
        alice.backend.take({.topic = alice.discovery(), .recipient = alice.session.key(), .payload = payload},
                           crypto::secp256k1::public_key(secret));
    }
    EXPECT_THAT(alice.session.conversations(), SizeIs(128));
    EXPECT_THAT(alice.view.news, SizeIs(1)) << "said once";
    EXPECT_THAT(alice.backend.listenings, SizeIs(1)) << "a stranger costs no listening";
    for (int i = 0; i < 384; ++i) open(world, alice, "#channel-" + std::to_string(i));
    EXPECT_EQ(world.run(alice.session.open("#one-more")).error().code(), Errc::busy);
}

TEST(Session, KeepsTheLastThousandLines) {
    World world;
    Air air;
    Person alice(world, air, 1, "alice");
    auto& lobby = open(world, alice, "#lobby");
    const auto bob = crypto::secp256k1::public_key(Person::secret_of(2));
    for (std::uint64_t i = 0; i < 1100; ++i) {
        const auto payload = *chat::encode_message({.text = std::to_string(i), .clock = i});
        alice.backend.take({.topic = lobby.topic, .key = lobby.key, .payload = payload}, bob);
    }
    ASSERT_THAT(lobby.lines, SizeIs(1000));
    EXPECT_EQ(lobby.lines.front().text, "100");
    EXPECT_EQ(lobby.unread, 1100u);
}

TEST(Session, KeepsHalfAMebibyteOfAConversation) {
    World world;
    Air air;
    Person alice(world, air, 1, "alice");
    auto& lobby = open(world, alice, "#lobby");
    const auto bob = crypto::secp256k1::public_key(Person::secret_of(2));
    for (std::uint64_t i = 0; i < 100; ++i) {
        const auto payload = *chat::encode_message({.text = std::string(60'000, 'x'), .clock = i});
        alice.backend.take({.topic = lobby.topic, .key = lobby.key, .payload = payload}, bob);
        ASSERT_LE(lobby.bytes, 512u * 1024);
    }
    EXPECT_THAT(lobby.lines, SizeIs(8));
}

TEST(Session, FailsAtOnceWhatOthersWouldNotRead) {
    World world;
    Air air;
    Person alice(world, air, 1, "alice");
    Person bob(world, air, 2, "bob");
    open(world, bob, "#lobby");
    alice.backend.is_reachable = false;
    auto& lobby = open(world, alice, "#lobby");
    const auto first = alice.session.say(lobby, std::string(chat::kMaxText + 1, 'x'));
    alice.session.say(lobby, "\xff");
    EXPECT_THAT(alice.view.deliveries, ElementsAre("0 failed", "1 failed")) << "whether anybody is there or not";
    EXPECT_THAT(alice.view.reasons, HasSubstr("64 KiB"));
    EXPECT_THAT(alice.view.reasons, HasSubstr("UTF-8"));
    EXPECT_EQ(lobby.lines.front().number, first);
    EXPECT_EQ(lobby.lines.front().delivery, Delivery::failed);
    alice.backend.is_reachable = true;
    say(world, alice, "#lobby", std::string(chat::kMaxText, 'y'));
    EXPECT_THAT(bob.view.heard, SizeIs(1));
    EXPECT_THAT(alice.view.deliveries, SizeIs(3));
    EXPECT_FALSE(alice.session.all_delivered());
}

TEST(Session, FailsAMessageForWhichNobodyIsThere) {
    World world;
    Air air;
    Person alice(world, air, 1, "alice");
    alice.backend.is_reachable = false;
    const auto before = world.now();
    say(world, alice, "#lobby", "anybody?");
    EXPECT_GE(world.now() - before, std::chrono::seconds(30));
    EXPECT_LT(world.now() - before, std::chrono::seconds(31));
    EXPECT_THAT(alice.view.deliveries, ElementsAre("0 failed"));
    EXPECT_THAT(alice.view.reasons, HasSubstr("--connect"));
    EXPECT_FALSE(alice.session.all_delivered());
}

TEST(Session, FailsAMessageThatTheNodeRefuses) {
    World world;
    Air air;
    Person alice(world, air, 1, "alice");
    alice.backend.refusal = "message rejected, PoW too low";
    say(world, alice, "#lobby", "hello");
    EXPECT_THAT(alice.view.deliveries, ElementsAre("0 failed"));
    EXPECT_THAT(alice.view.reasons, HasSubstr("PoW too low"));
}

TEST(Session, WillNotTalkToItselfNorToNobody) {
    World world;
    Air air;
    Person alice(world, air, 1, "");
    EXPECT_EQ(alice.session.nick(), alice.key().substr(4, 8));
    for (const auto& name : {alice.key(), std::string("0x1234"), std::string("#")}) {
        EXPECT_EQ(world.run(alice.session.open(name)).error().code(), Errc::invalid_argument) << name;
    }
    EXPECT_THAT(alice.session.conversations(), IsEmpty());
    EXPECT_TRUE(alice.session.set_nick("al"));
    EXPECT_FALSE(alice.session.set_nick(""));
    EXPECT_FALSE(alice.session.set_nick(std::string(65, 'a')));
    EXPECT_FALSE(alice.session.set_nick("\xff"));
    EXPECT_EQ(alice.session.nick(), "al");
}

}  // namespace
}  // namespace sotto::messenger
