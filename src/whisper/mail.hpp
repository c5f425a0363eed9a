// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include "net/message_stream.hpp"
#include "whisper/mail_packets.hpp"

namespace sotto::whisper {

/// The peer that a mail packet came from, and the way back. Lives as long as the call it is given to.
class MailLink {
  public:
    virtual ~MailLink() = default;
    virtual const crypto::PeerId& peer() const noexcept = 0;
    /// The operator lets this peer send direct messages.
    virtual bool trusted() const noexcept = 0;
    /// Suspends while the peer does not read. Codes 123 to 127.
    virtual Task<Result<void>> send(net::Code code, BytesView payload) = 0;
};

/// What an archive of envelopes, or a client of one, does with codes 123 to 126. Views in the packets are valid during
/// the call. The session's reader waits meanwhile; an error ends the session. Loop thread only.
class Mail {
  public:
    virtual ~Mail() = default;
    virtual Task<Result<void>> on_request(MailLink& link, const MailRequest& request) = 0;
    virtual Task<Result<void>> on_sync_request(MailLink& link, const MailSyncRequest& request) = 0;
    /// These two come from trusted peers only.
    virtual Task<Result<void>> on_complete(MailLink& link, const MailComplete& complete) = 0;
    virtual Task<Result<void>> on_sync_response(MailLink& link, const MailSyncResponse& response) = 0;
};

/// A node without an archive: says so, in answers no larger than the requests, and ignores what it did not ask for.
class NoMail final : public Mail {
  public:
    Task<Result<void>> on_request(MailLink& link, const MailRequest& request) override;
    Task<Result<void>> on_sync_request(MailLink& link, const MailSyncRequest& request) override;
    Task<Result<void>> on_complete(MailLink& link, const MailComplete& complete) override;
    Task<Result<void>> on_sync_response(MailLink& link, const MailSyncResponse& response) override;
};

/// Decodes a packet of code 123 to 126 and hands it to `mail`. Errors: malformed, and what `mail` says.
Task<Result<void>> hand_to_mail(Mail& mail, MailLink& link, const net::Message& message);

}  // namespace sotto::whisper
