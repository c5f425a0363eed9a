// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "whisper/poster.hpp"

#include "whisper/node_testing.hpp"

namespace sotto::whisper {
namespace {

using namespace std::chrono_literals;
using testing::PipeEnd;
using testing::Rig;
using testing::send;
using State = DeliveryState;

/// Keeps entries in memory, as slowly as a disk, and fails when told to.
class SlowJournal final : public Journal {
  public:
    explicit SlowJournal(Clock& clock) : clock_(clock) {}
    Task<Result<void>> put(JournalEntry entry) override {
        co_await sleep_for(clock_, 5ms);
        if (broken) co_return fail(Errc::io, "no space left on the disk");
        kept[entry.id] = std::move(entry);
        co_return Result<void>{};
    }
    void update(JournalEntry entry) override {
        auto& old = kept[entry.id];
        if (entry.envelope.empty()) entry.envelope = old.envelope;
        old = std::move(entry);
    }
    void remove(const Hash& id) override { kept.erase(id); }
    std::vector<JournalEntry> all() const {
        std::vector<JournalEntry> entries;
        for (const auto& [id, entry] : kept) entries.push_back(entry);
        return entries;
    }

    std::map<Hash, JournalEntry> kept;
    bool broken = false;

  private:
    Clock& clock_;
};

struct Fixture : Rig {
    explicit Fixture(Config config = {}) : journal(world), node_(made(std::move(config))) {
        subscription = node_.deliveries().changes().subscribe([this](const Delivery& d) { told.push_back(d); });
    }
    Whisper& node() { return node_; }
    NewMessage message(std::uint32_t ttl = 20) {
        if (key.empty()) key = node_.new_sym_key().value();
        NewMessage made;
        made.sym_key_id = key;
        made.topic = {1, 2, 3, 4};
        made.ttl = ttl;
        made.payload = to_bytes(view_of("hello"));
        made.pow_time = 1;
        made.pow_target = 0.002;
        return made;
    }
    Task<PipeEnd*> meet(std::uint32_t number, Status status = {.confirmations = true}) {
        auto& peer = dangling(node_, number);
        EXPECT_TRUE((co_await send(peer, code::kStatus, encode_status(status))).has_value());
        EXPECT_TRUE((co_await peer.read()).has_value());
        co_await pass(0ms);
        co_return &peer;
    }
    /// Runs `body` while the node works on what is posted.
    template <class Body>
    void run_serving(Body body) {
        auto inside = [&](Rig& rig) -> Task<void> {
            auto in_group = [&](TaskGroup& serving) -> Task<Result<void>> {
                serving.spawn(node_.serve());
                co_await body(rig);
                co_return Result<void>{};
            };
            (void)co_await with_group(env(), 1, std::ref(in_group));
        };
        run(std::ref(inside));
    }
    State state(const Hash& hash) { return node_.deliveries().find(hash)->state; }

    SlowJournal journal;
    std::vector<Delivery> told;
    std::string key;
    Subscription subscription;

  private:
    Whisper& made(Config config) {
        config.journal = &journal;
        return Rig::node(config);
    }
    Whisper& node_;
};

/// The batches that `peer` got until now.
std::vector<net::Message> batches(PipeEnd& peer) {
    std::vector<net::Message> all;
    while (auto message = peer.try_read()) {
        if (message->code == code::kMessages) all.push_back(std::move(*message));
    }
    return all;
}

Task<void> acknowledge(PipeEnd& peer, const net::Message& batch) {
    EXPECT_TRUE((co_await send(peer, code::kBatchAck, encode_batch_ack(crypto::keccak256(batch.payload)))).has_value());
}

Task<void> refuse(PipeEnd& peer, const net::Message& batch, std::uint64_t number, std::string text) {
    BatchResponse response{crypto::keccak256(batch.payload), {}};
    const auto items = split_envelopes(batch.payload, false);
    for (const auto& item : *items) response.errors.push_back({crypto::keccak256(item), number, text});
    EXPECT_TRUE((co_await send(peer, code::kBatchResponse, encode_batch_response(response))).has_value());
}

TEST(Poster, TellsEveryStateAndTheTicketFromTheBeginning) {
    Fixture fixture;
    auto body = [&](Rig&) -> Task<void> {
        auto* first = co_await fixture.meet(2);
        auto* second = co_await fixture.meet(3);
        auto* silent = co_await fixture.meet(4, {.confirmations = false});
        auto post = fixture.message();
        post.ticket = "mine";
        const auto id = co_await fixture.node().post(std::move(post));
        EXPECT_TRUE(id.has_value());
        EXPECT_EQ(fixture.state(*id), State::sealed);
        EXPECT_TRUE(fixture.journal.kept.contains(*id)) << "on the disk before the poster is told";
        co_await fixture.pass(50ms);
        EXPECT_EQ(fixture.state(*id), State::sent);
        EXPECT_EQ(batches(*silent).size(), 1u);
        const auto to_first = batches(*first);
        const auto to_second = batches(*second);
        co_await acknowledge(*first, to_first.at(0));
        co_await fixture.pass(1ms);
        EXPECT_EQ(fixture.state(*id), State::acknowledged);
        co_await acknowledge(*second, to_second.at(0));
        co_await fixture.pass(1ms);
        EXPECT_EQ(fixture.state(*id), State::held);
        std::vector<State> states;
        for (const auto& change : fixture.told) {
            EXPECT_EQ(change.ticket, "mine");
            if (states.empty() || states.back() != change.state) states.push_back(change.state);
        }
        EXPECT_EQ(states, (std::vector{State::queued, State::sealed, State::sent, State::acknowledged, State::held}));
        EXPECT_EQ(decode_delivery(fixture.journal.kept.at(*id).record)->state, State::held);
    };
    fixture.run(std::ref(body));
}

TEST(Poster, SaysWhetherAPeerThatHasItConfirms) {
    Fixture fixture;
    auto body = [&](Rig&) -> Task<void> {
        (void)co_await fixture.meet(2, {.confirmations = false});
        const auto id = co_await fixture.node().post(fixture.message());
        co_await fixture.pass(50ms);
        EXPECT_EQ(fixture.state(*id), State::sent);
        EXPECT_FALSE(fixture.node().deliveries().find(*id)->confirms);
        (void)co_await fixture.meet(3);
        co_await fixture.pass(1s);
        EXPECT_TRUE(fixture.node().deliveries().find(*id)->confirms);
        EXPECT_TRUE(decode_delivery(fixture.journal.kept.at(*id).record)->confirms);
    };
    fixture.run(std::ref(body));
}

TEST(Poster, ALostAcknowledgementMakesItGoAgain) {
    Fixture fixture;
    auto body = [&](Rig&) -> Task<void> {
        auto* peer = co_await fixture.meet(2);
        const auto id = co_await fixture.node().post(fixture.message(60));
        co_await fixture.pass(100ms);
        EXPECT_EQ(batches(*peer).size(), 1u) << "and the peer says nothing";
        co_await fixture.pass(15s);
        const auto again = batches(*peer);
        EXPECT_EQ(again.size(), 1u);
        co_await acknowledge(*peer, again.at(0));
        co_await fixture.pass(20s);
        EXPECT_EQ(fixture.state(*id), State::acknowledged);
        EXPECT_TRUE(batches(*peer).empty());
    };
    fixture.run(std::ref(body));
}

TEST(Poster, ARefusalBecauseOfAClockIsTriedAgainUntilItsTimeIsOver) {
    Fixture fixture;
    auto body = [&](Rig&) -> Task<void> {
        auto* peer = co_await fixture.meet(2);
        const auto id = co_await fixture.node().post(fixture.message(30));
        std::size_t tries = 0;
        for (int i = 0; i < 8; ++i) {
            co_await fixture.pass(1s);
            for (const auto& batch : batches(*peer)) {
                ++tries;
                co_await refuse(*peer, batch, kErrorTimeNotSynced, "envelope from future");
            }
        }
        EXPECT_GE(tries, 3u);
        EXPECT_EQ(fixture.state(*id), State::sealed);
        co_await fixture.pass(3s);
        const auto batch = batches(*peer);
        EXPECT_EQ(batch.size(), 1u);
        co_await acknowledge(*peer, batch.at(0));
        co_await fixture.pass(1ms);
        EXPECT_EQ(fixture.state(*id), State::acknowledged);
    };
    fixture.run(std::ref(body));
}

TEST(Poster, SealsAgainForPeersThatAskForMore) {
    Fixture fixture;
    auto body = [&](Rig&) -> Task<void> {
        auto* peer = co_await fixture.meet(2, {.min_pow = 0.15, .confirmations = true});
        const auto id = co_await fixture.node().post(fixture.message(20));
        co_await fixture.pass(3s);
        const auto batch = batches(*peer);
        EXPECT_EQ(batch.size(), 1u);
        co_await acknowledge(*peer, batch.at(0));
        co_await fixture.pass(1ms);
        EXPECT_EQ(fixture.state(*id), State::acknowledged);
        const auto* delivery = fixture.node().deliveries().find(*id);
        EXPECT_EQ(delivery->envelopes.size(), 2u);
        const auto items = split_envelopes(batch.at(0).payload, false);
        EXPECT_EQ(crypto::keccak256(items->at(0)), delivery->envelopes.back());
        EXPECT_EQ(decode_envelope(items->at(0))->expiry, delivery->deadline) << "the deadline is never extended";
    };
    fixture.run_serving(std::ref(body));
}

TEST(Poster, SealsAgainByEip627WhatTheOldRuleMadeWorthTooLittle) {
    Fixture fixture({.rule = PowRule::legacy});
    auto body = [&](Rig&) -> Task<void> {
        auto* peer = co_await fixture.meet(2, {.min_pow = 0.02, .confirmations = true});
        auto message = fixture.message(20);
        message.pow_target = 0.05;
        const auto id = co_await fixture.node().post(std::move(message));
        EXPECT_TRUE(id.has_value());
        co_await fixture.pass(3s);
        EXPECT_EQ(batches(*peer).size(), 1u);
        EXPECT_EQ(fixture.node().deliveries().find(*id)->envelopes.size(), 2u);
    };
    fixture.run_serving(std::ref(body));
}

TEST(Poster, DoesNotWorkForAPeerThatAsksForTooMuchOrWhereAnotherTakesIt) {
    Fixture fixture;
    auto body = [&](Rig&) -> Task<void> {
        auto* greedy = co_await fixture.meet(2, {.min_pow = 1e9, .confirmations = true});
        auto id = co_await fixture.node().post(fixture.message(20));
        co_await fixture.pass(5s);
        EXPECT_EQ(fixture.node().deliveries().find(*id)->envelopes.size(), 1u);
        auto* modest = co_await fixture.meet(3, {.min_pow = 0.0001, .confirmations = true});
        auto* wants_more = co_await fixture.meet(4, {.min_pow = 0.15, .confirmations = true});
        id = co_await fixture.node().post(fixture.message(20));
        co_await fixture.pass(5s);
        EXPECT_EQ(fixture.node().deliveries().find(*id)->envelopes.size(), 1u);
        EXPECT_TRUE(batches(*greedy).empty());
        EXPECT_FALSE(batches(*modest).empty());
        EXPECT_TRUE(batches(*wants_more).empty());
    };
    fixture.run_serving(std::ref(body));
}

TEST(Poster, TheReceiverHandsOutAMessageOnceHoweverOftenItWasSealed) {
    Fixture fixture;
    auto body = [&](Rig& rig) -> Task<void> {
        auto message = fixture.message(20);
        auto& receiver = rig.node();
        const auto key = fixture.node().get_sym_key(fixture.key);
        const auto theirs = receiver.add_sym_key(*key);
        std::size_t heard = 0;
        const auto subscription = co_await receiver.subscribe({.sym_key_id = *theirs, .topics = {{1, 2, 3, 4}}},
                                                              [&heard](const SharedMessage&) { ++heard; });
        co_await fixture.meet(2, {.min_pow = 0.15});
        const auto id = co_await fixture.node().post(std::move(message));
        co_await fixture.pass(3s);
        EXPECT_EQ(fixture.node().deliveries().find(*id)->envelopes.size(), 2u);
        rig.join(fixture.node(), 7, receiver, 8);
        co_await fixture.pass(2s);
        EXPECT_EQ(receiver.info().messages, 2u) << "both envelopes came";
        EXPECT_EQ(heard, 1u);
    };
    fixture.run_serving(std::ref(body));
}

TEST(Poster, WhatCannotBeKeptIsNotAcknowledged) {
    Fixture fixture;
    auto body = [&](Rig&) -> Task<void> {
        fixture.journal.broken = true;
        const auto refused = co_await fixture.node().post(fixture.message());
        EXPECT_FALSE(refused.has_value());
        EXPECT_EQ(refused.error().detail(), "no space left on the disk");
        EXPECT_EQ(fixture.node().info().messages, 0u) << "nor sent";
        EXPECT_EQ(fixture.node().deliveries().size(), 0u);
        fixture.journal.broken = false;
        EXPECT_TRUE((co_await fixture.node().post(fixture.message())).has_value());
    };
    fixture.run(std::ref(body));
}

TEST(Poster, GoesOnAfterARestartWhereItWas) {
    Fixture fixture;
    auto body = [&](Rig& rig) -> Task<void> {
        const auto waiting = co_await fixture.node().post(fixture.message(60));
        const auto late = co_await fixture.node().post(fixture.message(2));
        co_await fixture.pass(5s);
        auto& again = rig.node();
        again.restore(fixture.journal.all());
        EXPECT_EQ(again.deliveries().find(*waiting)->state, State::sealed);
        EXPECT_EQ(again.deliveries().find(*late)->state, State::expired);
        auto* theirs = &rig.dangling(again, 5);
        EXPECT_TRUE((co_await send(*theirs, code::kStatus, encode_status({.confirmations = true}))).has_value());
        EXPECT_TRUE((co_await theirs->read()).has_value());
        co_await fixture.pass(2s);
        const auto batch = batches(*theirs);
        EXPECT_EQ(batch.size(), 1u);
        co_await acknowledge(*theirs, batch.at(0));
        co_await fixture.pass(1ms);
        EXPECT_EQ(again.deliveries().find(*waiting)->state, State::acknowledged);
    };
    fixture.run(std::ref(body));
}

TEST(Poster, ADirectMessageIsSentOrFailsWithItsPeer) {
    Fixture fixture;
    auto body = [&](Rig&) -> Task<void> {
        auto* peer = co_await fixture.meet(2);
        auto direct = fixture.message();
        direct.target_peer = testing::identity(2).id;
        const auto id = co_await fixture.node().post(direct);
        co_await fixture.pass(10ms);
        EXPECT_EQ(fixture.state(*id), State::sent);
        fixture.node().set_suspect(testing::identity(2).id, true);
        const auto lost = co_await fixture.node().post(direct);
        co_await fixture.pass(10ms);
        EXPECT_EQ(fixture.state(*lost), State::sealed);
        peer->close(Error(Errc::closed));
        co_await fixture.pass(10ms);
        EXPECT_EQ(fixture.state(*lost), State::failed);
        EXPECT_EQ(fixture.node().deliveries().find(*lost)->reason, "the peer was lost before it was sent");
    };
    fixture.run(std::ref(body));
}

TEST(Poster, ADirectMessageThatWasSentStaysSoWhateverComes) {
    Fixture fixture;
    auto body = [&](Rig& rig) -> Task<void> {
        co_await fixture.meet(2);
        auto direct = fixture.message(5);
        direct.target_peer = testing::identity(2).id;
        const auto sent = co_await fixture.node().post(direct);
        co_await fixture.pass(10ms);
        fixture.node().set_suspect(testing::identity(2).id, true);
        const auto waiting = co_await fixture.node().post(direct);
        co_await fixture.pass(10ms);
        auto& again = rig.node();
        again.restore(fixture.journal.all());
        EXPECT_EQ(again.deliveries().find(*sent)->state, State::sent);
        EXPECT_EQ(again.deliveries().find(*waiting)->state, State::failed);
        EXPECT_EQ(again.deliveries().find(*waiting)->reason, "the node was restarted before it was sent");
        co_await fixture.pass(10s);
        EXPECT_EQ(fixture.state(*sent), State::sent) << "nothing ever confirms it";
        EXPECT_EQ(fixture.node().deliveries().find(*waiting)->reason, "its peer did not take it in time");
    };
    fixture.run(std::ref(body));
}

TEST(Poster, SaysWhyPeersThatAreThereDoNotTakeIt) {
    Fixture fixture;
    auto body = [&](Rig&) -> Task<void> {
        const auto alone = co_await fixture.node().post(fixture.message(2));
        co_await fixture.pass(5s);
        EXPECT_EQ(fixture.node().deliveries().find(*alone)->reason, "no peer could be reached in time");
        auto* peer = co_await fixture.meet(2, {.bloom = Bloom(), .confirmations = true});
        const auto unwanted = co_await fixture.node().post(fixture.message(2));
        co_await fixture.pass(5s);
        EXPECT_EQ(fixture.node().deliveries().find(*unwanted)->reason, "no peer wants its topic");
        peer->close(Error(Errc::closed));
        co_await fixture.meet(3, {.min_pow = 7.5, .confirmations = true});
        const auto cheap = co_await fixture.node().post(fixture.message(2));
        co_await fixture.pass(5s);
        EXPECT_EQ(fixture.state(*cheap), State::expired);
        EXPECT_EQ(fixture.node().deliveries().find(*cheap)->reason,
                  "every peer asks for more proof of work: 7.5 at least");
    };
    fixture.run(std::ref(body));
}

TEST(Poster, ADamagedRecordIsLeftOutAndTheOthersGoOn) {
    Fixture fixture;
    auto body = [&](Rig& rig) -> Task<void> {
        const auto good = co_await fixture.node().post(fixture.message(60));
        auto entries = fixture.journal.all();
        JournalEntry damaged;
        damaged.id.fill(1);
        damaged.record = {1, 2, 3};
        entries.insert(entries.begin(), damaged);
        auto& again = rig.node();
        again.restore(entries);
        EXPECT_EQ(again.deliveries().size(), 1u);
        EXPECT_NE(again.deliveries().find(*good), nullptr);
    };
    fixture.run(std::ref(body));
}

TEST(Poster, APeerThatRefusesForHoursIsAskedLessAndLess) {
    for (const bool speaks : {true, false}) {
        Fixture fixture;
        auto body = [&](Rig&) -> Task<void> {
            auto* peer = co_await fixture.meet(2);
            (void)co_await fixture.node().post(fixture.message(3'600));
            std::size_t tries = 0;
            for (int i = 0; i < 1'800; ++i) {
                co_await fixture.pass(1s);
                for (const auto& batch : batches(*peer)) {
                    ++tries;
                    if (speaks) co_await refuse(*peer, batch, kErrorTimeNotSynced, "envelope from future");
                }
            }
            EXPECT_GE(tries, 10u);
            EXPECT_LE(tries, 45u);
        };
        fixture.run(std::ref(body));
    }
}

TEST(Poster, WhatAPeerRefusedForItsTermsGoesAgain) {
    Fixture fixture;
    auto body = [&](Rig&) -> Task<void> {
        auto* peer = co_await fixture.meet(2);
        const auto id = co_await fixture.node().post(fixture.message(60));
        co_await fixture.pass(100ms);
        const auto first = batches(*peer);
        co_await refuse(*peer, first.at(0), kErrorOther, "no room for the envelope");
        co_await fixture.pass(10s);
        const auto second = batches(*peer);
        EXPECT_EQ(second.size(), 1u);
        if (!second.empty()) co_await acknowledge(*peer, second.at(0));
        co_await fixture.pass(1ms);
        EXPECT_EQ(fixture.state(*id), State::acknowledged);
    };
    fixture.run(std::ref(body));
}

TEST(Poster, ALostAcknowledgementIsNoticedAmongManyOthers) {
    Fixture fixture({.min_pow = 0});
    auto body = [&](Rig& rig) -> Task<void> {
        auto* peer = co_await fixture.meet(2);
        auto* talker = co_await fixture.meet(3);
        const auto id = co_await fixture.node().post(fixture.message(60));
        co_await fixture.pass(100ms);
        for (int i = 0; i < 100; ++i) {
            (void)co_await send(*talker, code::kMessages, testing::list_of({rig.sealed({.pow = 0})}));
            co_await fixture.pass(30ms);
        }
        EXPECT_GT(batches(*peer).size(), 64u) << "and the peer says nothing";
        co_await fixture.pass(15s);
        std::size_t again = 0;
        for (const auto& batch : batches(*peer)) {
            const auto items = split_envelopes(batch.payload, false);
            for (const auto& item : *items) again += crypto::keccak256(item) == *id ? 1 : 0;
        }
        EXPECT_GE(again, 1u);
    };
    fixture.run(std::ref(body));
}

TEST(Poster, APeerThatWantsOtherTopicsDoesNotKeepItFromBeingSealedAgain) {
    Fixture fixture;
    auto body = [&](Rig&) -> Task<void> {
        Bloom others;
        others.add({9, 9, 9, 9});
        co_await fixture.meet(2, {.bloom = others, .confirmations = true});
        auto* peer = co_await fixture.meet(3, {.min_pow = 0.15, .confirmations = true});
        (void)co_await fixture.node().post(fixture.message(20));
        co_await fixture.pass(3s);
        EXPECT_EQ(batches(*peer).size(), 1u);
    };
    fixture.run_serving(std::ref(body));
}

/// Workers that take two seconds for every job.
class SlowWorkers final : public Workers {
  public:
    explicit SlowWorkers(Clock& clock) : clock_(clock) {}
    void submit(std::move_only_function<void()> work, std::move_only_function<void()> done) override {
        work();
        ++jobs;
        timer_ = clock_.after(2s, std::move(done));
    }
    std::size_t parallelism() const noexcept override { return 1; }
    std::size_t jobs = 0;

  private:
    Clock& clock_;
    Timer timer_;
};

TEST(Poster, DoesNotTryAgainWhatIsOutOfReach) {
    Rig rig;
    SlowWorkers workers(rig.world);
    auto env = rig.env();
    env.workers = &workers;
    Whisper node(env, {.min_pow = 0});
    auto body = [&](TaskGroup& serving) -> Task<Result<void>> {
        serving.spawn(node.serve());
        auto& peer = rig.dangling(node, 2);
        EXPECT_TRUE((co_await send(peer, code::kStatus, encode_status({.min_pow = 0.2}))).has_value());
        EXPECT_TRUE((co_await peer.read()).has_value());
        NewMessage message;
        message.sym_key_id = node.new_sym_key().value();
        message.topic = {1, 2, 3, 4};
        message.ttl = 172'800;
        const auto id = co_await node.post(std::move(message));
        EXPECT_TRUE(id.has_value());
        co_await rig.pass(60s);
        EXPECT_GT(workers.jobs, 0u);
        EXPECT_LE(workers.jobs, 4u);
        EXPECT_EQ(node.deliveries().find(*id)->state, State::sealed);
        peer.close(Error(Errc::closed));
        co_return Result<void>{};
    };
    auto inside = [&](Rig&) -> Task<void> { (void)co_await with_group(rig.env(), 1, std::ref(body)); };
    rig.run(std::ref(inside));
}

TEST(Poster, WhoFollowsATicketIsToldOfARefusalToo) {
    Fixture fixture;
    auto body = [&](Rig&) -> Task<void> {
        fixture.journal.broken = true;
        auto message = fixture.message();
        message.ticket = "mine";
        EXPECT_FALSE((co_await fixture.node().post(std::move(message))).has_value());
        EXPECT_EQ(fixture.told.size(), 2u);
        EXPECT_EQ(fixture.told.back().state, State::failed);
        EXPECT_EQ(fixture.told.back().ticket, "mine");
        EXPECT_EQ(fixture.told.back().reason, "no space left on the disk");
    };
    fixture.run(std::ref(body));
}

TEST(Poster, GoesOnAfterARestartWithAClockThatWasSetBack) {
    Fixture fixture;
    auto body = [&](Rig& rig) -> Task<void> {
        const auto id = co_await fixture.node().post(fixture.message(600));
        auto& again = rig.node_with_skew(-60s);
        again.restore(fixture.journal.all());
        auto* theirs = &rig.dangling(again, 5);
        EXPECT_TRUE((co_await send(*theirs, code::kStatus, encode_status({}))).has_value());
        EXPECT_TRUE((co_await theirs->read()).has_value());
        co_await fixture.pass(70s);
        EXPECT_EQ(batches(*theirs).size(), 1u);
        EXPECT_EQ(again.deliveries().find(*id)->state, State::sent);
    };
    fixture.run(std::ref(body));
}

TEST(Poster, SaysSoWhereAPoolHasNoRoomAfterARestart) {
    Fixture fixture;
    auto body = [&](Rig& rig) -> Task<void> {
        const auto id = co_await fixture.node().post(fixture.message(600));
        auto& again = rig.node({.limits = {.pool = {.bytes = 100, .envelopes = 1}}});
        again.restore(fixture.journal.all());
        EXPECT_EQ(again.deliveries().find(*id)->state, State::failed);
        EXPECT_EQ(again.deliveries().find(*id)->reason, "no room for the envelope");
    };
    fixture.run(std::ref(body));
}

TEST(Poster, WhatThePoolHasNoRoomForIsRefusedBeforeItIsKept) {
    Fixture fixture({.limits = {.pool = {.bytes = 1 << 20, .envelopes = 4}}});
    auto body = [&](Rig&) -> Task<void> {
        for (int i = 0; i < 2; ++i) EXPECT_TRUE((co_await fixture.node().post(fixture.message())).has_value());
        const auto refused = co_await fixture.node().post(fixture.message());
        EXPECT_EQ(refused.error().code(), Errc::busy);
        EXPECT_EQ(fixture.journal.kept.size(), 2u);
        EXPECT_EQ(fixture.node().deliveries().size(), 2u);
    };
    fixture.run(std::ref(body));
}

TEST(Poster, ForgetsOnTheDiskWhatItForgets) {
    Fixture fixture({.limits = {.deliveries = {.messages = 2, .held_by = 1}}});
    auto body = [&](Rig&) -> Task<void> {
        for (int i = 0; i < 5; ++i) {
            EXPECT_TRUE((co_await fixture.node().post(fixture.message(1))).has_value());
            co_await fixture.pass(3s);
        }
        EXPECT_EQ(fixture.node().deliveries().size(), 2u);
        EXPECT_EQ(fixture.journal.kept.size(), 2u);
    };
    fixture.run(std::ref(body));
}

}  // namespace
}  // namespace sotto::whisper
