// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "whisper/mail.hpp"

#include "whisper/packets.hpp"

namespace sotto::whisper {
namespace {

constexpr std::string_view kNoArchive = "no mail is kept here";

}  // namespace

Task<Result<void>> NoMail::on_request(MailLink& link, const MailRequest& request) {
    MailComplete refusal{.id = request.id};
    refusal.error = kNoArchive;
    const Bytes payload = encode_mail_complete(refusal);
    co_return co_await link.send(code::kMailComplete, payload);
}

Task<Result<void>> NoMail::on_sync_request(MailLink& link, const MailSyncRequest&) {
    MailSyncResponse refusal;
    refusal.last = true;
    refusal.error = kNoArchive;
    const Bytes payload = encode_mail_sync_response(refusal);
    co_return co_await link.send(code::kMailSyncResponse, payload);
}

Task<Result<void>> NoMail::on_complete(MailLink&, const MailComplete&) {
    co_return Result<void>{};
}

Task<Result<void>> NoMail::on_sync_response(MailLink&, const MailSyncResponse&) {
    co_return Result<void>{};
}

Task<Result<void>> hand_to_mail(Mail& mail, MailLink& link, const net::Message& message) {
    if (message.code == code::kMailRequest) {
        SOTTO_CO_TRY(const auto request, decode_mail_request(message.payload));
        co_return co_await mail.on_request(link, request);
    }
    if (message.code == code::kMailSyncRequest) {
        SOTTO_CO_TRY(const auto request, decode_mail_sync_request(message.payload));
        co_return co_await mail.on_sync_request(link, request);
    }
    if (!link.trusted()) co_return Result<void>{};
    if (message.code == code::kMailComplete) {
        SOTTO_CO_TRY(const auto complete, decode_mail_complete(message.payload));
        co_return co_await mail.on_complete(link, complete);
    }
    SOTTO_CO_TRY(const auto response, decode_mail_sync_response(message.payload));
    co_return co_await mail.on_sync_response(link, response);
}

}  // namespace sotto::whisper
