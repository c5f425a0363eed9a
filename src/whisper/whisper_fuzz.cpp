// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "base/fuzz.hpp"

#include <cmath>

#include "whisper/delivery.hpp"
#include "whisper/mail_packets.hpp"
#include "whisper/message.hpp"
#include "whisper/packets.hpp"
#include "whisper/verify.hpp"

namespace sotto::whisper {
namespace {

/// Never the same twice, yet repeatable.
class Counting final : public RandomSource {
  public:
    void fill(BytesSpan out) noexcept override {
        for (auto& byte : out) byte = static_cast<Byte>(++state_ * 37 >> 2);
    }

  private:
    unsigned state_ = 0;
};

/// Whatever a decoder accepts, its encoder writes again, byte for byte.
void check_terms(net::Code code, BytesView payload) {
    if (code == code::kPowRequirement) {
        if (const auto pow = decode_pow_requirement(payload)) {
            SOTTO_FUZZ_CHECK(std::isfinite(*pow) && *pow >= 0);
            SOTTO_FUZZ_CHECK(equal(encode_pow_requirement(*pow), payload) || std::signbit(*pow));
        }
    } else if (code == code::kBloom) {
        if (const auto bloom = decode_bloom(payload)) SOTTO_FUZZ_CHECK(equal(encode_bloom(*bloom), payload));
    } else if (code == code::kBatchAck) {
        if (const auto batch = decode_batch_ack(payload)) SOTTO_FUZZ_CHECK(equal(encode_batch_ack(*batch), payload));
    }
}

void check_status(BytesView payload) {
    const auto status = decode_status(payload);
    if (!status) return;
    SOTTO_FUZZ_CHECK(std::isfinite(status->min_pow) && status->min_pow >= 0);
    const auto again = decode_status(encode_status(*status));
    SOTTO_FUZZ_CHECK(again && again->bloom == status->bloom && again->min_pow == status->min_pow);
    SOTTO_FUZZ_CHECK(again->light == status->light && again->confirmations == status->confirmations);
    SOTTO_FUZZ_CHECK(again->rates == status->rates);
}

void check_response(BytesView payload) {
    const auto response = decode_batch_response(payload);
    if (!response || !*response) return;
    const auto again = decode_batch_response(encode_batch_response(**response));
    SOTTO_FUZZ_CHECK(again && *again && (*again)->batch == (*response)->batch);
    SOTTO_FUZZ_CHECK((*again)->errors.size() == (*response)->errors.size());
}

void check_mail(net::Code code, BytesView payload) {
    if (code == code::kMailRequest) {
        const auto request = decode_mail_request(payload);
        SOTTO_FUZZ_CHECK(!request || request->cursor.size() <= kMaxCursor);
    } else if (code == code::kMailComplete) {
        const auto complete = decode_mail_complete(payload);
        if (!complete || (complete->error && complete->error->size() == kMaxMailError)) return;
        SOTTO_FUZZ_CHECK(equal(encode_mail_complete(*complete), payload));
    } else if (code == code::kMailSyncRequest) {
        const auto request = decode_mail_sync_request(payload);
        SOTTO_FUZZ_CHECK(!request || (request->lower <= request->upper && request->limit >= 1));
    } else if (const auto response = decode_mail_sync_response(payload)) {
        const auto again = decode_mail_sync_response(encode_mail_sync_response(*response));
        SOTTO_FUZZ_CHECK(again && again->envelopes.size() == response->envelopes.size());
        SOTTO_FUZZ_CHECK(again->cursor == response->cursor && again->error == response->error);
    }
}

void check_envelopes(net::Code code, BytesView payload) {
    const auto items = split_envelopes(payload, code == code::kDirect);
    if (!items) return;
    std::size_t total = 0;
    for (const auto& item : *items) {
        total += item.size();
        if (const auto view = decode_envelope(item)) (void)verify(*view, {.now = 1'700'000'000});
    }
    SOTTO_FUZZ_CHECK(total <= payload.size());
}

}  // namespace

SOTTO_FUZZ(whisper_envelope) {
    const auto view = decode_envelope(input);
    if (!view) {
        SOTTO_FUZZ_CHECK(view.error().blame() == Blame::peer);
        return;
    }
    const Bytes body = encode_body(view->expiry, view->ttl, view->topic, view->data);
    SOTTO_FUZZ_CHECK(equal(body, view->body));
    SOTTO_FUZZ_CHECK(equal(encode_envelope(body, view->nonce), input));
    const auto envelope = make_envelope(input);
    SOTTO_FUZZ_CHECK(equal((*envelope)->view().data, view->data));
    for (const auto rule : {PowRule::eip627, PowRule::legacy, PowRule::both}) {
        for (const std::uint64_t now :
             {view->sent(), view->sent() + 5, std::uint64_t{view->expiry}, std::uint64_t{0}}) {
            const auto checked = verify(*view, {.now = now, .rule = rule, .min_pow = 0.002});
            SOTTO_FUZZ_CHECK(std::isfinite(checked.work.eip627) && std::isfinite(checked.work.accepted));
            if (checked.verdict != Verdict::accepted) continue;
            SOTTO_FUZZ_CHECK(view->ttl > 0 && view->ttl <= kMaxTtl && checked.work.accepted >= 0.002);
        }
    }
}

SOTTO_FUZZ(whisper_message) {
    if (const auto plain = decode_plaintext(input)) {
        SOTTO_FUZZ_CHECK(plain->payload.size() + plain->padding.size() < input.size());
    }
    Counting random;
    static const Secret secret = random_secret(random);
    SOTTO_FUZZ_CHECK(!open_asymmetric(secret, input).has_value() || input.size() >= 113);
    SOTTO_FUZZ_CHECK(!open_symmetric(secret, input).has_value() || input.size() >= 28);

    const bool sign = !input.empty() && (input[0] & 1) != 0;
    const auto encoded = encode_plaintext(input, {}, sign ? &secret : nullptr, random);
    const auto opened = open_symmetric(secret, seal_symmetric(secret, *encoded, random));
    SOTTO_FUZZ_CHECK(opened && *opened == *encoded);
    const auto decoded = decode_plaintext(*opened);
    SOTTO_FUZZ_CHECK(decoded && equal(decoded->payload, input));
    SOTTO_FUZZ_CHECK(decoded->source.has_value() == sign);
}

SOTTO_FUZZ(whisper_delivery) {
    const auto delivery = decode_delivery(input);
    if (!delivery) return;
    SOTTO_FUZZ_CHECK(delivery->id == delivery->envelopes.front());
    const auto again = decode_delivery(encode_delivery(*delivery));
    SOTTO_FUZZ_CHECK(again && encode_delivery(*again) == encode_delivery(*delivery));
}

SOTTO_FUZZ(whisper_packet) {
    if (input.empty()) return;
    const net::Code code = input[0];
    const auto payload = input.subspan(1);
    check_terms(code, payload);
    if (code == code::kStatus) check_status(payload);
    if (code == code::kBatchResponse) check_response(payload);
    if (code == code::kRateLimits) (void)decode_rates(payload);
    if (code >= code::kMailSyncRequest && code <= code::kMailRequest) check_mail(code, payload);
    if (code == code::kMessages || code == code::kDirect) check_envelopes(code, payload);
}

}  // namespace sotto::whisper
