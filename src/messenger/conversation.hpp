// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include "chat/clock.hpp"
#include "messenger/backend.hpp"

namespace sotto::messenger {

/// One message of a conversation. Nick and text are as they came: views make them printable.
struct Line {
    std::uint64_t milliseconds = 0;  ///< when it came or was said, by our clock
    std::string nick;
    std::string text;
    std::optional<std::size_t> number = std::nullopt;  ///< of ours: what say() returned
    Delivery delivery = Delivery::queued;              ///< of ours
    bool own = false;
    bool notice = false;  ///< nobody's words: the program's
    bool old = false;     ///< from the history of an earlier run
};

/// What is known of the other of a one-to-one conversation.
struct Contact {
    Key key{};
    std::string nick = {};                                      ///< his own word; may be empty
    std::optional<chat::Negotiated> negotiated = std::nullopt;  ///< once we listen there
    bool offered = false;                                       ///< he listens there too
    std::optional<Topic> answers_on = std::nullopt;  ///< where he reads, as far as we know; nothing was heard yet: none
};

struct Conversation {
    std::string id;                                       ///< "#lobby", or the key as 0x04…
    std::optional<std::string> channel = std::nullopt;    ///< its bare name
    std::optional<Contact> contact = std::nullopt;        ///< exactly one of the two
    Topic topic{};                                        ///< of a channel
    SymmetricKey key{};                                   ///< of a channel
    std::optional<std::size_t> listening = std::nullopt;  ///< symmetric: the channel's, or the negotiated one
    chat::LamportClock clock = {};
    std::vector<Line> lines = {};  ///< the last ones, oldest first: 1,000 and 512 KiB at most
    std::size_t bytes = 0;         ///< of the lines
    std::size_t unread = 0;

    /// "#lobby", "@bob/1a2b3c4d": a nick alone could be anybody's.
    std::string title() const;
};

/// A new one, with whom a person named: "lobby", "#lobby", or a key as 0x04…. Errors: those of chat::channel_name() and
/// parse_key().
Result<Conversation> conversation_with(std::string_view name);

}  // namespace sotto::messenger
