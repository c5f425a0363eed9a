// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "whisper/session.hpp"

#include "base/this_executor.hpp"
#include "whisper/golden_testing.hpp"
#include "whisper/node_testing.hpp"

namespace sotto::whisper {
namespace {

using namespace std::chrono_literals;
using testing::list_of;
using testing::PipeEnd;
using testing::Rig;
using testing::send;

/// One node, and its peer in the test's hands.
struct Fixture : Rig {
    explicit Fixture(const Config& config = {}, const testing::PipeOptions& options = {})
        : node(env(), config), pipe(testing::make_pipe(env(), 1, 2, options)), peer(*pipe.second) {
        subscription =
            node.events().subscribe([this](const EnvelopeEvent& event) { events[event.kind].push_back(event.hash); });
    }
    testing::Running& start() { return serve(node, *pipe.first); }
    /// Answers the node's status and waits until it is settled.
    Task<testing::Running*> meet(Status status = {.confirmations = false}) {
        auto& running = start();
        EXPECT_TRUE((co_await send(peer, code::kStatus, encode_status(status))).has_value());
        const auto theirs = co_await peer.read();
        EXPECT_TRUE(theirs && theirs->code == code::kStatus);
        co_await pass(0ms);
        EXPECT_TRUE(running.established);
        co_return &running;
    }
    /// Ends the session from the peer's side.
    void part() { peer.close(Error(Errc::closed)); }
    /// Everything that has arrived at the peer, without waiting.
    std::vector<net::Message> arrived() {
        std::vector<net::Message> messages;
        while (auto message = peer.try_read()) messages.push_back(std::move(*message));
        return messages;
    }
    std::size_t count(EnvelopeEvent::Kind kind) { return events[kind].size(); }

    Whisper node;
    testing::PipePair pipe;
    PipeEnd& peer;
    std::map<EnvelopeEvent::Kind, std::vector<Hash>> events;
    Subscription subscription;
};

void run(Fixture& fixture, Task<void> (*body)(Fixture&)) {
    auto inside = [&](Rig&) -> Task<void> {
        co_await body(fixture);
        fixture.part();
    };
    fixture.run(std::ref(inside));
}

TEST(Session, SendsItsStatusAtOnceAndExactlyOnce) {
    Fixture fixture;
    run(fixture, [](Fixture& f) -> Task<void> {
        f.start();
        const auto first = co_await f.peer.read();
        EXPECT_EQ(f.world.now(), TimePoint{});
        EXPECT_EQ(first->code, code::kStatus);
        const auto status = decode_status(first->payload);
        EXPECT_EQ(status->min_pow, 0.002);
        EXPECT_TRUE(status->confirmations);
        // Murmur answers a status with a status: ours must not answer again.
        for (int i = 0; i < 3; ++i) (void)co_await send(f.peer, code::kStatus, encode_status({}));
        co_await f.pass(10s);
        EXPECT_TRUE(f.arrived().empty());
    });
}

TEST(Session, APeerWithoutStatusIsLeftAfterFiveSeconds) {
    Fixture fixture;
    run(fixture, [](Fixture& f) -> Task<void> {
        auto& running = f.start();
        co_await f.pass(4'999ms);
        EXPECT_FALSE(running.ended.has_value());
        co_await f.pass(2ms);
        EXPECT_EQ(running.ended->error(), Errc::timed_out);
        EXPECT_FALSE(running.established);
    });
}

TEST(Session, AWrongFirstMessageEndsIt) {
    struct Case {
        net::Code code;
        const char* payload;
        Errc error;
    };
    for (const auto& wrong : {Case{code::kMessages, "c0", Errc::misbehaved},
                              Case{code::kStatus, "c105", Errc::unsupported},
                              Case{code::kStatus, "80", Errc::malformed},
                              Case{code::kStatus, "ca06887ff8000000000000", Errc::malformed}}) {
        Fixture fixture;
        auto body = [&](Rig& rig) -> Task<void> {
            auto& running = fixture.start();
            (void)co_await send(fixture.peer, wrong.code, testing::hex(wrong.payload));
            co_await rig.pass(1ms);
            EXPECT_EQ(running.ended->error(), wrong.error) << wrong.payload;
            EXPECT_EQ(running.ended->error().blame(), Blame::peer);
            EXPECT_FALSE(running.established);
        };
        fixture.run(std::ref(body));
    }
}

TEST(Session, AcceptsAStatusOfAnyLength) {
    for (const auto* payload : {"c106",
                                "ca06883f50624dd2f1a9fc",
                                "cb06883f50624dd2f1a9fc80",
                                "cd06883f50624dd2f1a9fc808001",
                                "d106883f50624dd2f1a9fc808001c3808080"}) {
        Fixture fixture;
        auto body = [&](Rig& rig) -> Task<void> {
            auto& running = fixture.start();
            (void)co_await send(fixture.peer, code::kStatus, testing::hex(payload));
            co_await rig.pass(1ms);
            EXPECT_TRUE(running.established) << payload;
            fixture.part();
        };
        fixture.run(std::ref(body));
    }
}

TEST(Session, AnEnvelopeLeavesWithin25Milliseconds) {
    Fixture fixture;
    run(fixture, [](Fixture& f) -> Task<void> {
        co_await f.meet();
        for (int i = 0; i < 20; ++i) {
            const auto posted = f.world.now();
            const auto raw = f.sealed({});
            EXPECT_TRUE(f.node.post_envelope(raw).has_value());
            const auto message = co_await f.peer.read();
            EXPECT_LE(f.world.now() - posted, 25ms);
            EXPECT_EQ(message->code, code::kMessages);
            EXPECT_EQ(message->payload, list_of({raw}));
            co_await f.pass(std::chrono::milliseconds(7 * i));
        }
        EXPECT_EQ(f.count(EnvelopeEvent::Kind::sent), 20u);
    });
}

TEST(Session, RelaysWithin25MillisecondsWithTheBytesUnchangedAndNeverBack) {
    Fixture fixture;
    run(fixture, [](Fixture& f) -> Task<void> {
        co_await f.meet();
        auto other = testing::make_pipe(f.env(), 1, 3);
        f.serve(f.node, *other.first);
        (void)co_await send(*other.second, code::kStatus, encode_status({}));
        (void)co_await other.second->read();
        const Bytes raw = f.sealed({});
        const auto sent = f.world.now();
        (void)co_await send(f.peer, code::kMessages, list_of({raw, raw}));
        const auto relayed = co_await other.second->read();
        EXPECT_LE(f.world.now() - sent, 25ms);
        EXPECT_EQ(relayed->payload, list_of({raw}));
        (void)co_await send(*other.second, code::kMessages, list_of({raw}));
        co_await f.pass(5s);
        EXPECT_TRUE(f.arrived().empty());
        EXPECT_FALSE(other.second->try_read().has_value());
        EXPECT_EQ(f.node.counters().accepted, 1u);
        EXPECT_EQ(f.node.counters().duplicates, 2u);
        other.second->close(Error(Errc::closed));
        co_await f.pass(1ms);
    });
}

TEST(Session, ABacklogOf3MegabytesComesInBatchesBelow512KiB) {
    Fixture fixture;
    run(fixture, [](Fixture& f) -> Task<void> {
        for (int i = 0; i < 300; ++i) EXPECT_TRUE(f.node.post_envelope(f.sealed({.size = 10'000})).has_value());
        EXPECT_TRUE(f.node.post_envelope(f.sealed({.size = 700'000})).has_value());
        co_await f.meet();
        const auto began = f.world.now();
        std::size_t envelopes = 0;
        while (envelopes < 301) {
            const auto message = co_await f.peer.read();
            const auto items = split_envelopes(message->payload, false);
            EXPECT_TRUE(message->payload.size() <= 512 * 1024 + 8 || items->size() == 1);
            envelopes += items->size();
        }
        EXPECT_GE(f.world.now() - began, 1s);
        EXPECT_LE(f.world.now() - began, 3s);
        co_await f.pass(10s);
        EXPECT_TRUE(f.arrived().empty());
    });
}

TEST(Session, ConfirmsBatchesWithCodes12And11ToWhoAnnouncedIt) {
    Fixture fixture;
    run(fixture, [](Fixture& f) -> Task<void> {
        co_await f.meet({.confirmations = true});
        const Bytes good = f.sealed({});
        const Bytes cheap = f.sealed({.ttl = 3'000, .pow = 0});
        const Bytes old = f.sealed({.ttl = 10, .age = 100});
        const Bytes payload = list_of({good, cheap, old});
        (void)co_await send(f.peer, code::kMessages, payload);
        const auto detailed = co_await f.peer.read();
        const auto plain = co_await f.peer.read();
        EXPECT_EQ(detailed->code, code::kBatchResponse);
        EXPECT_EQ(plain->code, code::kBatchAck);
        const auto response = **decode_batch_response(detailed->payload);
        EXPECT_EQ(response.batch, crypto::keccak256(payload));
        EXPECT_EQ(decode_batch_ack(plain->payload), response.batch);
        if (response.errors.size() != 2) {
            ADD_FAILURE() << response.errors.size();
            co_return;
        }
        EXPECT_EQ(response.errors[0].hash, crypto::keccak256(cheap));
        EXPECT_EQ(response.errors[0].code, kErrorOther);
        EXPECT_EQ(response.errors[1].hash, crypto::keccak256(old));
        EXPECT_EQ(response.errors[1].code, kErrorTimeNotSynced);
    });
}

TEST(Session, ConfirmsOnlyWhatItKeeps) {
    Fixture fixture({.limits = {.pool = {.bytes = 1 << 20, .envelopes = 150}}});
    run(fixture, [](Fixture& f) -> Task<void> {
        co_await f.meet({.confirmations = true});
        std::vector<Bytes> batch;
        for (int i = 0; i < 150; ++i) batch.push_back(f.sealed({.age = -60}));
        for (int i = 0; i < 10; ++i) batch.push_back(f.sealed({.ttl = 10, .age = 15}));
        for (int i = 0; i < 200; ++i) batch.push_back(f.sealed({.pow = 0.002}));
        (void)co_await send(f.peer, code::kMessages, list_of(batch));
        const auto detailed = co_await f.peer.read();
        EXPECT_EQ(detailed->code, code::kBatchResponse);
        const auto response = **decode_batch_response(detailed->payload);
        const auto counters = f.node.counters();
        EXPECT_EQ(response.errors.size(), counters.refused);
        EXPECT_GT(counters.pool_full, 0u);
        EXPECT_EQ(counters.from_future, 150u);
        EXPECT_EQ(counters.expired, 10u);
    });
}

TEST(Session, AnAnswerIsNoLargerThanWhatItAnswers) {
    Fixture fixture;
    run(fixture, [](Fixture& f) -> Task<void> {
        auto* running = co_await f.meet({.confirmations = true});
        const std::vector<Bytes> batch(1'000,
                                       testing::hex("c98080840000000080"
                                                    "80"));
        (void)co_await send(f.peer, code::kMessages, list_of(batch));
        co_await f.pass(1s);
        EXPECT_FALSE(running->ended.has_value());
        EXPECT_TRUE(f.arrived().empty()) << "neither refused one by one nor confirmed";
    });
}

TEST(Session, ConfirmsNothingToOthers) {
    Fixture fixture;
    run(fixture, [](Fixture& f) -> Task<void> {
        co_await f.meet({.confirmations = false});
        (void)co_await send(f.peer, code::kMessages, list_of({f.sealed({})}));
        co_await f.pass(5s);
        EXPECT_TRUE(f.arrived().empty());
    });
}

TEST(Session, TellsWhichEnvelopesAPeerAcknowledged) {
    Fixture fixture;
    run(fixture, [](Fixture& f) -> Task<void> {
        co_await f.meet({.confirmations = true});
        const Bytes one = f.sealed({});
        const Bytes two = f.sealed({});
        (void)f.node.post_envelope(one);
        (void)f.node.post_envelope(two);
        const auto batch = co_await f.peer.read();
        const auto hash = crypto::keccak256(batch->payload);
        (void)co_await send(f.peer, code::kBatchAck, encode_batch_ack(crypto::keccak256(view_of("another"))));
        BatchResponse response{hash, {{crypto::keccak256(two), kErrorOther, "no"}}};
        (void)co_await send(f.peer, code::kBatchResponse, encode_batch_response(response));
        (void)co_await send(f.peer, code::kBatchAck, encode_batch_ack(hash));
        co_await f.pass(1ms);
        EXPECT_EQ(f.events[EnvelopeEvent::Kind::acknowledged], std::vector{crypto::keccak256(one)});
        EXPECT_EQ(f.events[EnvelopeEvent::Kind::rejected], std::vector{crypto::keccak256(two)});
        const Bytes three = f.sealed({});
        (void)f.node.post_envelope(three);
        const auto second = co_await f.peer.read();
        (void)co_await send(f.peer, code::kBatchAck, encode_batch_ack(crypto::keccak256(second->payload)));
        co_await f.pass(1ms);
        EXPECT_EQ(f.events[EnvelopeEvent::Kind::acknowledged].back(), crypto::keccak256(three));
    });
}

TEST(Session, AVerdictNeverDisconnectsButGarbageDoes) {
    Fixture fixture;
    run(fixture, [](Fixture& f) -> Task<void> {
        auto* running = co_await f.meet();
        (void)f.node.set_bloom(Bloom::Bits{});
        co_await f.pass(11s);
        (void)co_await send(f.peer,
                            code::kMessages,
                            list_of({f.sealed({.ttl = 0, .pow = 0}),
                                     f.sealed({.ttl = 172'801}),
                                     f.sealed({.age = 500}),
                                     f.sealed({.age = -30}),
                                     f.sealed({.ttl = 9'000, .pow = 0}),
                                     f.sealed({})}));
        co_await f.pass(1ms);
        EXPECT_FALSE(running->ended.has_value());
        const auto counters = f.node.counters();
        EXPECT_EQ(counters.refused, 6u);
        EXPECT_EQ(counters.bad_ttl, 2u);
        EXPECT_EQ(counters.expired, 1u);
        EXPECT_EQ(counters.from_future, 1u);
        EXPECT_EQ(counters.low_pow + counters.bloom_mismatch, 2u);
        (void)co_await send(f.peer,
                            code::kMessages,
                            list_of({testing::hex("c98080840000000080"
                                                  "8080")}));
        co_await f.pass(1ms);
        EXPECT_EQ(running->ended->error(), Errc::malformed);
    });
}

TEST(Session, HostilePayloadsEndItWithBlame) {
    struct Case {
        net::Code code;
        const char* payload;
    };
    for (const auto& hostile : {Case{code::kPowRequirement, "887ff8000000000000"},
                                Case{code::kPowRequirement, "887ff0000000000000"},
                                Case{code::kPowRequirement, "88bf50624dd2f1a9fc"},
                                Case{code::kPowRequirement, "c0"},
                                Case{code::kBloom, "80"},
                                Case{code::kBloom, "83010203"},
                                Case{code::kMessages, "80"},
                                Case{code::kMessages, "c3c0c0c0"},
                                Case{code::kMessages, ""},
                                Case{code::kBatchAck, "80"},
                                Case{code::kBatchResponse, "c101"}}) {
        Fixture fixture;
        auto body = [&](Rig& rig) -> Task<void> {
            auto* running = co_await fixture.meet();
            (void)co_await send(fixture.peer, hostile.code, testing::hex(hostile.payload));
            co_await rig.pass(1ms);
            EXPECT_TRUE(running->ended.has_value()) << hostile.payload;
            if (running->ended) EXPECT_EQ(running->ended->error().blame(), Blame::peer);
        };
        fixture.run(std::ref(body));
    }
}

TEST(Session, UnknownCodesAndWhatOnlyTrustedPeersMaySendAreIgnored) {
    Fixture fixture;
    run(fixture, [](Fixture& f) -> Task<void> {
        auto* running = co_await f.meet();
        for (const net::Code code : {4u, 22u, 99u, 124u, 125u, 127u}) {
            (void)co_await send(f.peer, code, testing::hex("c0"));
            (void)co_await send(f.peer, code, testing::hex("01"));
        }
        co_await f.pass(1ms);
        EXPECT_FALSE(running->ended.has_value());
    });
}

TEST(Session, APeerThatNeverReadsIsLeftAfter30SecondsAndCostsOneBatch) {
    Fixture fixture({}, {.capacity = 64 * 1024});
    run(fixture, [](Fixture& f) -> Task<void> {
        auto& running = f.start();
        (void)co_await send(f.peer, code::kStatus, encode_status({}));
        co_await f.pass(1ms);
        for (int i = 0; i < 200; ++i) (void)f.node.post_envelope(f.sealed({.size = 10'000}));
        co_await f.pass(29s);
        EXPECT_FALSE(running.ended.has_value());
        EXPECT_LE(f.pipe.first->stats.bytes, 600u * 1024);
        co_await f.pass(2s);
        EXPECT_EQ(running.ended->error(), Errc::timed_out);
    });
}

TEST(Session, TwoThatDoNotReadWhatTheyAreAskedToConfirmDoNotHangForEver) {
    Fixture fixture({}, {.capacity = 1'000});
    run(fixture, [](Fixture& f) -> Task<void> {
        auto& running = f.start();
        (void)co_await send(f.peer, code::kStatus, encode_status({.confirmations = true}));
        co_await f.pass(1ms);
        auto flood = [](Fixture& fixture) -> Task<void> {
            for (;;) {
                const auto sent = co_await send(fixture.peer, code::kMessages, testing::hex("c0"));
                if (!sent) co_return;
            }
        };
        f.group->spawn(flood(f));
        co_await f.pass(60s);
        EXPECT_TRUE(running.ended.has_value());
    });
}

TEST(Session, HonoursThePeersTermsAndItsUpdates) {
    Fixture fixture;
    run(fixture, [](Fixture& f) -> Task<void> {
        Bloom wants;
        wants.add({9, 9, 9, 9});
        co_await f.meet({.min_pow = 0.01, .bloom = wants});
        const Bytes other_topic = f.sealed({.pow = 0.02});
        const Bytes wanted = f.sealed({.topic = {9, 9, 9, 9}, .pow = 0.02});
        (void)f.node.post_envelope(other_topic);
        (void)f.node.post_envelope(wanted);
        EXPECT_EQ((co_await f.peer.read())->payload, list_of({wanted}));
        co_await f.pass(1s);
        EXPECT_TRUE(f.arrived().empty());
        (void)co_await send(f.peer, code::kBloom, encode_bloom(Bloom::full()));
        EXPECT_EQ((co_await f.peer.read())->payload, list_of({other_topic}));
        (void)co_await send(f.peer, code::kPowRequirement, encode_pow_requirement(1e9));
        co_await f.pass(1ms);
        (void)f.node.post_envelope(f.sealed({}));
        co_await f.pass(5s);
        EXPECT_TRUE(f.arrived().empty());
        (void)co_await send(f.peer, code::kPowRequirement, encode_pow_requirement(0));
        EXPECT_EQ((co_await f.peer.read())->code, code::kMessages);
    });
}

TEST(Session, TellsOurNewTermsAndAcceptsTheOldOnesForTenSeconds) {
    Fixture fixture;
    run(fixture, [](Fixture& f) -> Task<void> {
        co_await f.meet();
        EXPECT_TRUE(f.node.set_min_pow(1e6).has_value());
        const auto pow = co_await f.peer.read();
        EXPECT_EQ(pow->code, code::kPowRequirement);
        EXPECT_EQ(decode_pow_requirement(pow->payload), 1e6);
        (void)co_await send(f.peer, code::kMessages, list_of({f.sealed({})}));
        co_await f.pass(9s);
        EXPECT_EQ(f.node.counters().accepted, 1u);
        co_await f.pass(2s);
        (void)co_await send(f.peer, code::kMessages, list_of({f.sealed({})}));
        co_await f.pass(1ms);
        EXPECT_EQ(f.node.counters().low_pow, 1u);
        EXPECT_TRUE(f.node.set_min_pow(0).has_value());
        (void)co_await f.peer.read();
        Bloom wants;
        wants.add({9, 9, 9, 9});
        EXPECT_TRUE(f.node.set_bloom(wants.bits()).has_value());
        const auto bloom = co_await f.peer.read();
        EXPECT_EQ(bloom->code, code::kBloom);
        EXPECT_EQ(decode_bloom(bloom->payload), wants);
        (void)co_await send(f.peer, code::kMessages, list_of({f.sealed({})}));
        co_await f.pass(11s);
        EXPECT_EQ(f.node.counters().accepted, 2u);
        (void)co_await send(f.peer, code::kMessages, list_of({f.sealed({})}));
        co_await f.pass(1ms);
        EXPECT_EQ(f.node.counters().bloom_mismatch, 1u);
    });
}

TEST(Session, TakesDirectMessagesOnlyFromTrustedPeersSingleAndListed) {
    Fixture fixture;
    run(fixture, [](Fixture& f) -> Task<void> {
        co_await f.meet();
        const auto key = f.node.add_sym_key(Bytes(32, 7)).value();
        const auto plain_filter = (co_await f.node.new_filter({.sym_key_id = key})).value();
        const auto filter = (co_await f.node.new_filter({.sym_key_id = key, .min_pow = 5, .allow_p2p = true})).value();
        const Bytes data = seal_symmetric(first_bytes<32>(Bytes(32, 7)),
                                          *encode_plaintext(view_of("old"), {}, nullptr, *f.env().random),
                                          *f.env().random);
        // Long expired, without work: a mail server's answer.
        const Bytes raw = encode_envelope(encode_body(1'500'000'000, 10, {1, 2, 3, 4}, data), 0);
        (void)co_await send(f.peer, code::kDirect, raw);
        co_await f.pass(1ms);
        EXPECT_TRUE(f.node.get_filter_messages(filter)->empty());
        EXPECT_TRUE(f.node.mark_trusted(f.pipe.first->peer().id).has_value());
        (void)co_await send(f.peer, code::kDirect, raw);
        (void)co_await send(f.peer, code::kDirect, list_of({raw, raw}));
        co_await f.pass(1ms);
        EXPECT_EQ(f.node.get_filter_messages(filter)->size(), 3u);
        EXPECT_TRUE(f.node.get_filter_messages(plain_filter)->empty());
        EXPECT_EQ(f.node.info().messages, 0u);
        EXPECT_EQ(f.node.mark_trusted(testing::identity(77).id).error(), Errc::not_found);
    });
}

TEST(Session, WaitsForBusyWorkersAndLosesNothing) {
    Fixture fixture;
    run(fixture, [](Fixture& f) -> Task<void> {
        co_await f.meet();
        (void)f.node.set_min_pow(0);
        const auto pair = (co_await f.node.new_key_pair()).value();
        const auto to = *crypto::secp256k1::parse_point((co_await f.node.get_public_key(pair)).value());
        std::size_t seen = 0;
        const auto subscription =
            (co_await f.node.subscribe({.private_key_id = pair, .allow_p2p = true}, [&](const SharedMessage&) {
                ++seen;
            })).value();
        auto& random = *f.env().random;
        const auto expiry = static_cast<std::uint32_t>(f.world.wall().seconds() + 50);
        std::vector<Bytes> many;
        for (std::uint64_t i = 0; i < 1'300; ++i) {
            const Bytes data = *seal_asymmetric(to, *encode_plaintext({}, {}, nullptr, random), random);
            many.push_back(encode_envelope(encode_body(expiry, 50, {1, 2, 3, 4}, data), i));
        }
        (void)co_await send(f.peer, code::kMessages, list_of(many));
        co_await f.pass(10s);
        EXPECT_EQ(seen, 1'300u);
        EXPECT_TRUE(f.node.mark_trusted(f.pipe.first->peer().id).has_value());
        (void)co_await send(f.peer, code::kDirect, list_of(many));
        co_await f.pass(10s);
        EXPECT_EQ(seen, 2'600u);
    });
}

TEST(Session, ALargeBatchLetsOthersRunMeanwhile) {
    Fixture fixture;
    run(fixture, [](Fixture& f) -> Task<void> {
        co_await f.meet();
        std::vector<Bytes> many;
        for (int i = 0; i < 3'000; ++i) many.push_back(f.sealed({.size = 250, .pow = 0}));
        (void)f.node.set_min_pow(0);
        (void)co_await send(f.peer, code::kMessages, list_of(many));
        std::size_t turns = 0;
        while (f.node.counters().accepted < 3'000) {
            ++turns;
            co_await yield_now();
        }
        // 64 KiB a turn.
        EXPECT_GE(turns, 10u);
        EXPECT_EQ(f.node.info().messages, 3'000u);
    });
}

}  // namespace
}  // namespace sotto::whisper
