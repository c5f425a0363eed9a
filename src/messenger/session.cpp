// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "messenger/session.hpp"

#include <algorithm>

#include "base/offload.hpp"
#include "chat/channel.hpp"
#include "crypto/hash.hpp"
#include "whisper/keys.hpp"

namespace sotto::messenger {
namespace {

constexpr std::size_t kMaxConversations = 512;
constexpr std::size_t kMaxStrangers = 128;  // who have written and were not answered
// Of a conversation; what is older is dropped.
constexpr std::size_t kMaxLines = 1000;
constexpr std::size_t kMaxBytes = std::size_t{512} << 10;
constexpr std::size_t kSeen = 4096;

std::size_t bytes_of(const Line& line) noexcept {
    return sizeof(Line) + line.nick.size() + line.text.size();
}

/// Cuts the oldest.
void bound(Conversation& conversation) {
    auto& lines = conversation.lines;
    auto kept = lines.end();
    std::size_t bytes = 0;
    while (kept != lines.begin() && lines.end() - kept < static_cast<std::ptrdiff_t>(kMaxLines)) {
        bytes += bytes_of(*std::prev(kept));
        // The newest stays, whatever its size.
        if (bytes > kMaxBytes && kept != lines.end()) break;
        --kept;
    }
    lines.erase(lines.begin(), kept);
    conversation.bytes = 0;
    for (const auto& line : lines) conversation.bytes += bytes_of(line);
}

}  // namespace

Result<Conversation> conversation_with(std::string_view name) {
    Conversation named;
    if (chat::looks_like_key(name)) {
        SOTTO_TRY(const auto key, chat::parse_key(name));
        named.id = chat::key_text(key);
        named.contact = Contact{.key = key};
    } else {
        SOTTO_TRY(named.channel, chat::channel_name(name));
        named.id = "#" + *named.channel;
    }
    return named;
}

std::string Conversation::title() const {
    if (!contact) return id;
    const auto digits = chat::short_name(contact->key);
    return contact->nick.empty() ? "@" + digits : "@" + contact->nick + "/" + digits;
}

Session::Session(Env env, Backend& backend, const Secret& identity, std::string nick, View& view, History* history)
    : contacts_changed(),
      env_(env),
      backend_(backend),
      identity_(identity),
      key_(crypto::secp256k1::public_key(identity)),
      nick_(nick.empty() ? chat::short_name(key_) : std::move(nick)),
      view_(view),
      history_(history),
      seen_(kSeen),
      outbox_(env, backend, [this](std::size_t number, Delivery delivery, const std::string& why) {
          on_delivery(number, delivery, why);
      }) {
    subscriptions_.push_back(backend_.incoming.subscribe([this](const Incoming& message) { on_incoming(message); }));
    subscriptions_.push_back(backend_.news.subscribe([this](const std::string& text) { view_.on_news(text); }));
    subscriptions_.push_back(backend_.peers_changed.subscribe([this] { view_.on_change(); }));
}

Session::~Session() {
    crypto::wipe(identity_);
}

Task<Result<void>> Session::start() {
    SOTTO_CO_CHECK(co_await backend_.start(identity_));
    Listening first_contacts{{chat::discovery_topic(key_), chat::kLegacyDiscoveryTopic}};
    SOTTO_CO_TRY(first_contacts_, co_await backend_.listen(std::move(first_contacts)));
    co_return Result<void>{};
}

Result<void> Session::set_nick(std::string nick) {
    if (nick.empty()) return fail(Errc::invalid_argument, "a nick has 1 to 64 bytes");
    SOTTO_CHECK(chat::check_nick(nick));
    nick_ = std::move(nick);
    view_.on_change();
    return {};
}

// ---- conversations ----

Conversation* Session::find(const std::string& id) const {
    const auto found = std::ranges::find(conversations_, id, [](const auto& known) { return known->id; });
    return found == conversations_.end() ? nullptr : found->get();
}

Conversation* Session::find_listening(std::size_t number) const {
    const auto found =
        std::ranges::find(conversations_, std::optional(number), [](const auto& known) { return known->listening; });
    return found == conversations_.end() ? nullptr : found->get();
}

Result<Conversation*> Session::add(Conversation conversation) {
    if (conversations_.size() >= kMaxConversations) {
        return fail(Errc::busy, "there are " + std::to_string(kMaxConversations) + " conversations; no more is opened");
    }
    if (history_) conversation.lines = history_->last(conversation.id, kMaxLines);
    bound(conversation);
    conversations_.push_back(std::make_unique<Conversation>(std::move(conversation)));
    return conversations_.back().get();
}

/// They do not take the places of those with whom one wants to talk.
Result<Conversation*> Session::add_stranger(const Contact& contact) {
    const auto strangers =
        std::ranges::count_if(conversations_, [](const auto& known) { return known->contact && !known->listening; });
    if (strangers >= static_cast<std::ptrdiff_t>(kMaxStrangers)) {
        return fail(Errc::busy,
                    std::to_string(kMaxStrangers) +
                        " strangers have written; further ones are not shown until you answer some");
    }
    return add({.id = chat::key_text(contact.key), .contact = contact});
}

Task<Result<Conversation*>> Session::open(std::string name, bool contacted) {
    SOTTO_CO_TRY(auto wanted, conversation_with(name));
    if (wanted.contact && wanted.contact->key == key_) co_return fail(Errc::invalid_argument, "this is your own key");
    auto* conversation = find(wanted.id);
    if (!conversation) {
        SOTTO_CO_TRY(conversation, add(std::move(wanted)));
    }
    if (conversation->channel) {
        SOTTO_CO_CHECK(co_await join(*conversation));
    } else if (contacted) {
        SOTTO_CO_CHECK(co_await agree(*conversation));
    }
    view_.on_change();
    co_return conversation;
}

Task<Result<void>> Session::join(Conversation& conversation) {
    if (conversation.listening) co_return Result<void>{};
    const auto name = *conversation.channel;
    auto derive = [&name] { return whisper::key_from_password(name); };
    conversation.key = co_await offload(env_, std::move(derive));
    conversation.topic = chat::channel_topic(name);
    Listening channel{{conversation.topic}, conversation.key};
    SOTTO_CO_TRY(conversation.listening, co_await backend_.listen(std::move(channel)));
    co_return Result<void>{};
}

/// Listens on the negotiated topic from here on.
Task<Result<void>> Session::agree(Conversation& conversation) {
    if (conversation.listening) co_return Result<void>{};
    auto& contact = *conversation.contact;
    const auto key = contact.key;
    auto derive = [this, &key] { return chat::negotiate(identity_, key); };
    SOTTO_CO_TRY(contact.negotiated, co_await offload(env_, std::move(derive)));
    Listening negotiated{{contact.negotiated->topic}, contact.negotiated->key};
    SOTTO_CO_TRY(conversation.listening, co_await backend_.listen(std::move(negotiated)));
    contacts_changed.emit();
    co_return Result<void>{};
}

// ---- to others ----

std::size_t Session::say(Conversation& conversation, std::string text) {
    const auto now = env_.clock->wall().milliseconds();
    auto make = [this, &conversation, text] { return envelopes_of(conversation, text); };
    const auto number = outbox_.add(std::move(make));
    const auto readable = chat::check_text(text);
    append(conversation,
           {.milliseconds = now,
            .nick = nick_,
            .text = std::move(text),
            .number = number,
            .delivery = readable ? Delivery::queued : Delivery::failed,
            .own = true});
    if (!readable) outbox_.fail_message(number, readable.error().detail());
    return number;
}

Task<Result<std::vector<Outgoing>>> Session::envelopes_of(Conversation& conversation, std::string text) {
    if (conversation.contact) {
        SOTTO_CO_CHECK(co_await agree(conversation));
    }
    chat::Message message;
    message.text = std::move(text);
    message.nick = nick_;
    message.milliseconds = env_.clock->wall().milliseconds();
    message.clock = conversation.clock.next(message.milliseconds);
    if (!conversation.contact) {
        SOTTO_CO_TRY(auto payload, chat::encode_message(message));
        co_return std::vector<Outgoing>{
            {.topic = conversation.topic, .key = conversation.key, .payload = std::move(payload)}};
    }
    const auto& contact = *conversation.contact;
    message.kind = chat::Kind::contact;
    message.offer = contact.negotiated->topic;
    SOTTO_CO_TRY(const auto payload, chat::encode_message(message));
    if (contact.offered) {
        co_return std::vector<Outgoing>{
            {.topic = contact.negotiated->topic, .key = contact.negotiated->key, .payload = payload}};
    }
    std::vector<Outgoing> envelopes;
    for (const auto& topic : {chat::discovery_topic(contact.key), chat::kLegacyDiscoveryTopic}) {
        if (contact.answers_on && *contact.answers_on != topic) continue;
        envelopes.push_back({.topic = topic, .recipient = contact.key, .payload = payload});
    }
    co_return envelopes;
}

void Session::on_delivery(std::size_t number, Delivery delivery, const std::string& why) {
    for (const auto& conversation : conversations_) {
        auto& lines = conversation->lines;
        const auto line = std::ranges::find(lines, std::optional(number), &Line::number);
        if (line != lines.end()) line->delivery = delivery;
    }
    view_.on_delivery(number, delivery, why);
}

// ---- from others ----

void Session::on_incoming(const Incoming& message) {
    if (message.signer == key_) return;
    const auto decoded = chat::decode_message(message.payload);
    if (!decoded) return;
    if (message.listening == first_contacts_) return take_private(message, *decoded);
    auto* conversation = find_listening(message.listening);
    if (!conversation) return;
    if (conversation->channel && decoded->kind == chat::Kind::channel) take(*conversation, message, *decoded);
    if (conversation->contact && message.signer == conversation->contact->key) {
        take_private(message, *decoded);
    }
}

void Session::take_private(const Incoming& message, const chat::Message& decoded) {
    if (decoded.kind != chat::Kind::contact || !message.signer) return;
    Contact contact{.key = *message.signer};
    auto* conversation = find(chat::key_text(contact.key));
    if (!heard_from(conversation ? *conversation->contact : contact, message, decoded)) return;
    if (!conversation) {
        const auto added = add_stranger(contact);
        if (!added && !std::exchange(full_was_said_, true)) view_.on_news(added.error().detail());
        if (!added) return;
        conversation = *added;
    }
    take(*conversation, message, decoded);
}

/// What a message tells about where its sender reads. False: it was not written for us.
bool Session::heard_from(Contact& contact, const Incoming& message, const chat::Message& decoded) const {
    if (decoded.offer) {
        const auto shared = chat::negotiated_topic(identity_, contact.key);
        if (!shared || *shared != *decoded.offer) return false;
    }
    const bool symmetric = message.listening != first_contacts_;
    if (symmetric || decoded.offer) contact.offered = true;
    if (symmetric) return true;
    const bool legacy = message.topic == chat::kLegacyDiscoveryTopic;
    // Who wrote on both reads on his own topic.
    if (!legacy) contact.answers_on = chat::discovery_topic(contact.key);
    if (!contact.answers_on) contact.answers_on = chat::kLegacyDiscoveryTopic;
    return true;
}

void Session::take(Conversation& conversation, const Incoming& message, const chat::Message& decoded) {
    // The same words may be said in two channels at once.
    const auto id = chat::message_id(message.signer, message.payload);
    if (!seen_.insert(crypto::keccak256(Buffers({BytesView(id), view_of(conversation.id)})))) return;
    const auto now = env_.clock->wall().milliseconds();
    conversation.clock.observe(decoded.clock, now);
    if (conversation.contact && !decoded.nick.empty()) conversation.contact->nick = decoded.nick;
    auto nick = decoded.nick;
    if (nick.empty()) nick = message.signer ? chat::short_name(*message.signer) : "anonymous";
    ++conversation.unread;
    append(conversation, {.milliseconds = now, .nick = std::move(nick), .text = decoded.text});
}

void Session::note(Conversation& conversation, std::string text) {
    append(conversation, {.text = std::move(text), .notice = true});
}

void Session::append(Conversation& conversation, Line line) {
    if (history_ && !line.notice && line.delivery != Delivery::failed) {
        const auto kept = history_->append(conversation.id, line);
        if (!kept) {
            history_ = nullptr;
            view_.on_news("the history is kept no longer: " + kept.error().message());
        }
    }
    conversation.lines.push_back(std::move(line));
    conversation.bytes += bytes_of(conversation.lines.back());
    if (conversation.lines.size() > kMaxLines || conversation.bytes > kMaxBytes) bound(conversation);
    view_.on_line(conversation);
}

}  // namespace sotto::messenger
