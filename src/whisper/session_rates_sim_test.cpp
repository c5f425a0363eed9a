// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "whisper/golden_testing.hpp"
#include "whisper/mail.hpp"
#include "whisper/node_testing.hpp"
#include "whisper/verify.hpp"

namespace sotto::whisper {
namespace {

using namespace std::chrono_literals;
using testing::befriend;
using testing::list_of;
using testing::Made;
using testing::PipeEnd;
using testing::Rig;
using testing::send;

/// Envelopes that have come to `peer` by now.
std::size_t envelopes_at(PipeEnd& peer, std::size_t* packets = nullptr) {
    std::size_t count = 0;
    while (auto message = peer.try_read()) {
        if (message->code != code::kMessages) continue;
        count += split_envelopes(message->payload, false)->size();
        if (packets) ++*packets;
    }
    return count;
}

TEST(Rates, APeerAboveItsRateWaitsAndLosesNothing) {
    Rig rig;
    auto body = [](Rig& r) -> Task<void> {
        Config config;
        config.limits.rates_per_peer = {.envelopes = 10};
        auto& node = r.node(config);
        auto* peer = co_await befriend(r, node, 2);
        for (int i = 0; i < 60; ++i) (void)co_await send(*peer, code::kMessages, list_of({r.sealed({.size = 40})}));
        co_await r.pass(100ms);
        EXPECT_LE(node.info().messages, 42u);
        co_await r.pass(3s);
        EXPECT_EQ(node.info().messages, 60u);
        EXPECT_GT(node.counters().packets_delayed, 0u);
        EXPECT_EQ(node.counters().packets_dropped, 0u);
        EXPECT_EQ(node.info().peers, 1u);
    };
    rig.run(std::ref(body));
}

TEST(Rates, AFarTooLargePacketIsDroppedAndThePeerStays) {
    Rig rig;
    auto body = [](Rig& r) -> Task<void> {
        Config config;
        config.limits.rates_per_peer = {.bytes = 100};
        auto& node = r.node(config);
        auto* peer = co_await befriend(r, node, 2);
        (void)co_await send(*peer, code::kMessages, list_of({r.sealed({.size = 1000})}));
        co_await r.pass(2s);
        EXPECT_EQ(node.info().messages, 0u);
        EXPECT_EQ(node.counters().packets_dropped, 1u);
        (void)co_await send(*peer, code::kMessages, list_of({r.sealed({.size = 100})}));
        co_await r.pass(2s);
        EXPECT_EQ(node.info().messages, 1u);
        EXPECT_EQ(node.info().peers, 1u);
    };
    rig.run(std::ref(body));
}

TEST(Rates, PeersOfOneAddressShareUnlessItIsExempt) {
    for (const bool exempt : {false, true}) {
        Rig rig;
        auto body = [exempt](Rig& r) -> Task<void> {
            Config config;
            config.limits.rates_per_address = {.envelopes = 10};
            config.address_of = [exempt](const crypto::PeerId&) { return std::string(exempt ? "" : "192.0.2.1"); };
            auto& node = r.node(config);
            for (std::uint32_t number = 2; number < 7; ++number) {
                auto* peer = co_await befriend(r, node, number);
                for (int i = 0; i < 20; ++i) {
                    (void)co_await send(*peer, code::kMessages, list_of({r.sealed({.size = 40})}));
                }
            }
            co_await r.pass(200ms);
            if (exempt) {
                EXPECT_EQ(node.info().messages, 100u);
            } else {
                EXPECT_LE(node.info().messages, 50u);
            }
        };
        rig.run(std::ref(body));
    }
}

TEST(Rates, OursAreAnnouncedAndThePeersAreObeyed) {
    Rig rig;
    auto body = [](Rig& r) -> Task<void> {
        Config config;
        config.limits.announced_rates = PacketRates{20, 5, 0};
        auto& node = r.node(config);
        auto& peer = r.dangling(node, 2);
        (void)co_await send(peer, code::kStatus, encode_status({.rates = PacketRates{0, 2, 0}}));
        const auto first = co_await peer.read();
        EXPECT_EQ(decode_status(first->payload)->rates, config.limits.announced_rates);

        std::size_t packets = 0;
        std::size_t envelopes = 0;
        for (int i = 0; i < 100; ++i) {
            EXPECT_TRUE(node.post_envelope(r.sealed({.size = 40})).has_value());
            co_await r.pass(100ms);
            envelopes += envelopes_at(peer, &packets);
        }
        co_await r.pass(2s);
        envelopes += envelopes_at(peer, &packets);
        EXPECT_EQ(envelopes, 100u) << "nothing is lost by waiting";
        EXPECT_LE(packets, 2u * 12 + 8) << "two a second and the first burst";
        EXPECT_GE(packets, 15u);

        (void)co_await send(peer, code::kRateLimits, testing::hex("c3808080"));
        co_await r.pass(10ms);
        packets = 0;
        for (int i = 0; i < 50; ++i) {
            EXPECT_TRUE(node.post_envelope(r.sealed({.size = 40})).has_value());
            co_await r.pass(100ms);
            (void)envelopes_at(peer, &packets);
        }
        EXPECT_GE(packets, 49u) << "the limit is gone";
    };
    rig.run(std::ref(body));
}

TEST(Rates, ChangeForThoseThatAreConnectedAndTheyAreTold) {
    Rig rig;
    auto body = [](Rig& r) -> Task<void> {
        Config config;
        config.address_of = [](const crypto::PeerId&) { return std::string("192.0.2.1"); };
        auto& node = r.node(config);
        auto* first = co_await befriend(r, node, 2);
        auto* second = co_await befriend(r, node, 3);
        const auto send_some = [&r](PipeEnd& peer) -> Task<void> {
            for (int i = 0; i < 60; ++i) (void)co_await send(peer, code::kMessages, list_of({r.sealed({.size = 40})}));
            co_await r.pass(200ms);
        };
        auto limits = config.limits;
        limits.rates_per_peer = {.envelopes = 10};
        limits.announced_rates = PacketRates{20, 5, 0};
        node.set_limits(limits);
        co_await send_some(*first);
        EXPECT_LE(node.info().messages, 42u) << "the peer has its new rate";
        co_await r.pass(10s);
        EXPECT_EQ(node.info().messages, 60u);
        const auto told = first->try_read();
        EXPECT_TRUE(told && told->code == code::kRateLimits && *decode_rates(told->payload) == *limits.announced_rates);

        limits = {.rates_per_address = {.envelopes = 10}};
        node.set_limits(limits);
        co_await send_some(*first);
        co_await send_some(*second);
        EXPECT_LE(node.info().messages, 60u + 48) << "both share the new rate of their address";
        std::vector<PacketRates> heard;
        while (auto message = second->try_read()) {
            if (message->code == code::kRateLimits) heard.push_back(*decode_rates(message->payload));
        }
        EXPECT_EQ(heard, (std::vector{PacketRates{20, 5, 0}, PacketRates{}})) << "lifted in the end";
        EXPECT_EQ(node.info().peers, 2u);
    };
    rig.run(std::ref(body));
}

TEST(Mail, IsRefusedPolitelyWhereNoneIsKept) {
    Rig rig;
    auto body = [](Rig& r) -> Task<void> {
        auto& node = r.node();
        auto* peer = co_await befriend(r, node, 2);
        const auto request = r.sealed({.pow = 0});
        (void)co_await send(*peer, code::kMailRequest, request);
        const auto answer = co_await peer->read();
        EXPECT_EQ(answer->code, code::kMailComplete);
        const auto complete = decode_mail_complete(answer->payload);
        EXPECT_TRUE(complete && complete->error);
        EXPECT_EQ(complete->id, crypto::keccak256(request));
        EXPECT_LT(answer->payload.size(), request.size()) << "no amplification";

        std::string sync = "f8460102b840";
        for (int i = 0; i < 64; ++i) sync += "ff";
        (void)co_await send(*peer, code::kMailSyncRequest, testing::hex(sync + "0a80"));
        const auto refused = co_await peer->read();
        EXPECT_EQ(refused->code, code::kMailSyncResponse);
        const auto response = decode_mail_sync_response(refused->payload);
        EXPECT_TRUE(response && response->last && !response->error.empty());
        EXPECT_EQ(node.info().peers, 1u);
    };
    rig.run(std::ref(body));
}

/// Notes what it is handed.
class NotingMail final : public Mail {
  public:
    Task<Result<void>> on_request(MailLink& link, const MailRequest& request) override {
        seen.push_back(link.trusted() ? "request of a friend" : "request");
        EXPECT_EQ(request.limit, 50u);
        const Bytes nothing = testing::hex("80");
        co_return co_await link.send(code::kMailComplete, nothing);
    }
    Task<Result<void>> on_sync_request(MailLink&, const MailSyncRequest&) override {
        seen.emplace_back("sync request");
        co_return Result<void>{};
    }
    Task<Result<void>> on_complete(MailLink&, const MailComplete&) override {
        seen.emplace_back("complete");
        co_return Result<void>{};
    }
    Task<Result<void>> on_sync_response(MailLink&, const MailSyncResponse& response) override {
        seen.push_back("sync response " + std::to_string(response.envelopes.size()));
        co_return Result<void>{};
    }
    std::vector<std::string> seen;
};

TEST(Mail, AnArchiveIsHandedRequestsOfAllAndAnswersOfTrustedPeers) {
    Rig rig;
    NotingMail mail;
    auto body = [&mail](Rig& r) -> Task<void> {
        Config config;
        config.mail = &mail;
        auto& node = r.node(config);
        auto* peer = co_await befriend(r, node, 2);
        const auto response = testing::hex("d7d3d2845d0000000a84010203048568656c6c6f07800180");
        (void)co_await send(*peer, code::kMailSyncResponse, response);
        co_await r.pass(10ms);
        EXPECT_TRUE(mail.seen.empty()) << "nobody asked this peer";
        EXPECT_TRUE(node.mark_trusted(testing::identity(2).id).has_value());
        (void)co_await send(*peer, code::kMailSyncResponse, response);
        (void)co_await send(*peer, code::kMailComplete, testing::hex("a0" + std::string(64, '1')));
        (void)co_await send(*peer, code::kMailRequest, testing::hex("e6a0" + std::string(64, '2') + "0102328080"));
        co_await r.pass(10ms);
        EXPECT_EQ(mail.seen, (std::vector<std::string>{"sync response 1", "complete", "request of a friend"}));
        EXPECT_EQ(peer->try_read()->code, code::kMailComplete);
    };
    rig.run(std::ref(body));
}

TEST(Suspect, NothingIsSentToASuspectPeerAndNothingIsLost) {
    Rig rig;
    auto body = [](Rig& r) -> Task<void> {
        auto& node = r.node();
        auto* peer = co_await befriend(r, node, 2);
        const auto id = testing::identity(2).id;
        node.set_suspect(id, true);
        for (int i = 0; i < 10; ++i) EXPECT_TRUE(node.post_envelope(r.sealed({})).has_value());
        co_await r.pass(10s);
        EXPECT_EQ(envelopes_at(*peer), 0u);
        node.set_suspect(id, false);
        co_await r.pass(1s);
        EXPECT_EQ(envelopes_at(*peer), 10u);
    };
    rig.run(std::ref(body));
}

TEST(Bloom, ShrinksAgainWhenFiltersGo) {
    Rig rig;
    auto body = [](Rig& r) -> Task<void> {
        auto& node = r.node();
        const Topic base{1, 1, 1, 0};
        const Topic wanted{9, 9, 9, 0};
        Bloom wide;
        wide.add(base);
        EXPECT_TRUE(node.set_bloom(wide.bits()).has_value());
        const auto key = node.new_sym_key();
        EXPECT_TRUE(key.has_value());
        auto first = co_await node.new_filter({.sym_key_id = *key, .topics = {wanted}});
        auto second = co_await node.new_filter({.sym_key_id = *key, .topics = {wanted}});
        EXPECT_TRUE(first && second);
        EXPECT_TRUE(node.bloom().matches(wanted));
        auto* peer = co_await befriend(r, node, 2);
        EXPECT_TRUE(node.delete_filter(*first).has_value());
        co_await r.pass(2s);
        EXPECT_TRUE(node.bloom().matches(wanted)) << "another filter wants it still";
        EXPECT_FALSE(peer->try_read().has_value());
        EXPECT_TRUE(node.delete_filter(*second).has_value());
        co_await r.pass(2s);
        EXPECT_EQ(node.bloom(), wide);
        const auto told = peer->try_read();
        EXPECT_TRUE(told && told->code == code::kBloom && *decode_bloom(told->payload) == wide);
        // For ten seconds peers may not know yet.
        (void)co_await send(*peer, code::kMessages, list_of({r.sealed({.topic = wanted})}));
        co_await r.pass(100ms);
        EXPECT_EQ(node.info().messages, 1u);
        co_await r.pass(11s);
        (void)co_await send(*peer, code::kMessages, list_of({r.sealed({.topic = wanted})}));
        co_await r.pass(100ms);
        EXPECT_EQ(node.info().messages, 1u);
        EXPECT_EQ(node.counters().bloom_mismatch, 1u);
    };
    rig.run(std::ref(body));
}

}  // namespace
}  // namespace sotto::whisper
