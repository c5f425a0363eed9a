// SPDX-License-Identifier: Apache-2.0 OR MIT
// The README's library example, whole: an embedded node that joins a network and reads or writes one message.
//
//   postcard read ADDRESS     prints the first message that comes
//   postcard write ADDRESS    posts one and waits until a peer has confirmed it
#include <cstdio>
#include <string>
#include <string_view>

#include "base/loop.hpp"
#include "base/task_group.hpp"
#include "node/identity.hpp"
#include "node/node.hpp"

namespace {

using namespace sotto;

const whisper::Topic kTopic{0xca, 0xfe, 0xba, 0xbe};
constexpr std::string_view kText = "greetings from a consumer";

/// Subscribes, says so, and prints the first message.
Task<Result<void>> read(node::Node& node) {
    Event came(node.env().executor);
    std::string text;
    whisper::Criteria criteria;
    SOTTO_CO_TRY(criteria.sym_key_id, co_await node.whisper().generate_sym_key_from_password("postcards"));
    criteria.topics = {kTopic};
    const auto on_message = [&](const whisper::SharedMessage& message) {
        text.assign(message->payload.begin(), message->payload.end());
        came.notify();
    };
    SOTTO_CO_TRY(const auto subscription, co_await node.whisper().subscribe(criteria, on_message));
    std::fputs("reading\n", stderr);
    co_await came.wait();
    std::puts(text.c_str());
    co_return Result<void>{};
}

/// Posts and waits for the confirmation of a peer.
Task<Result<void>> write(node::Node& node) {
    Event confirmed(node.env().executor);
    const auto watch = node.whisper().events().subscribe([&](const whisper::EnvelopeEvent& event) {
        if (event.kind == whisper::EnvelopeEvent::Kind::acknowledged) confirmed.notify();
    });
    whisper::NewMessage message;
    SOTTO_CO_TRY(message.sym_key_id, co_await node.whisper().generate_sym_key_from_password("postcards"));
    message.topic = kTopic;
    message.payload.assign(kText.begin(), kText.end());
    message.ttl = 10;
    message.pow_time = 1;
    message.pow_target = 0.002;
    SOTTO_CO_CHECK(co_await node.whisper().post(std::move(message)));
    co_await confirmed.wait();
    co_return Result<void>{};
}

Task<int> serve(node::Node& node, bool reads) {
    auto body = [&](TaskGroup& group) -> Task<Result<void>> {
        group.spawn(node.run());
        auto done = reads ? co_await read(node) : co_await write(node);
        node.stop();
        co_await group.wait_all();
        co_return done;
    };
    const auto done = co_await with_group(node.env(), 1, std::ref(body));
    if (!done) std::fprintf(stderr, "postcard: %s\n", done.error().message().c_str());
    co_return done ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) return 2;
    // No listeners, a fresh identity, one peer.
    node::RawSettings settings;
    settings["listen"] = {{"none"}, "listen"};
    settings["peer"] = {{argv[2]}, "peer"};
    const auto config = node::make_config(settings);
    if (!config) return std::fprintf(stderr, "postcard: %s\n", config.error().detail().c_str()), 2;

    Loop loop(1);
    const auto key = node::generate_identity(*loop.env().random);
    const auto node = node::Node::make(loop.env(), *config, {key, key});
    return loop.run(serve(**node, std::string_view(argv[1]) == "read"));
}
