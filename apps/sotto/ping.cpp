// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <fmt/format.h>

#include <cmath>
#include <cstdio>

#include "base/escape.hpp"
#include "base/loop.hpp"
#include "base/task_group.hpp"
#include "net/peer.hpp"
#include "node/identity.hpp"
#include "node/node.hpp"
#include "verbs.hpp"

namespace sotto::app {
namespace {

constexpr Duration kConnectLimit = std::chrono::seconds(15);
constexpr Duration kAnswerLimit = std::chrono::seconds(10);
constexpr Duration kLook = std::chrono::milliseconds(20);

double milliseconds(Duration duration) {
    return std::chrono::duration<double, std::milli>(duration).count();
}

/// Until the background dial has succeeded.
Task<Result<void>> wait_connected(node::Node& node) {
    const auto& clock = *node.env().clock;
    const auto deadline = Deadline::in(clock, kConnectLimit);
    while (node.host().peer_count() == 0) {
        if (clock.now() >= deadline.at) co_return fail(Errc::timed_out, "could not connect within 15 s");
        co_await sleep_for(*node.env().clock, kLook);
    }
    co_return Result<void>{};
}

void print_answer(const PingOptions& options, unsigned sequence, const Result<Duration>& answer) {
    if (options.json && answer) {
        fmt::print("{{\"sequence\":{},\"milliseconds\":{:.3f}}}\n", sequence, milliseconds(*answer));
    } else if (options.json) {
        fmt::print("{{\"sequence\":{},\"error\":\"{}\"}}\n", sequence, escape_json(answer.error().message()));
    } else if (answer) {
        fmt::print("answer {} from {}: {:.3f} ms\n", sequence, options.address, milliseconds(*answer));
    } else {
        fmt::print("no answer {} from {}: {}\n", sequence, options.address, answer.error().message());
    }
    std::fflush(stdout);
}

Task<Result<unsigned>> ping_all(node::Node& node, const PingOptions& options, const crypto::PeerId& peer) {
    SOTTO_CO_CHECK(co_await wait_connected(node));
    unsigned answers = 0;
    for (unsigned i = 0; i < options.count; ++i) {
        if (i > 0)
            co_await sleep_for(*node.env().clock,
                               std::chrono::duration_cast<Duration>(std::chrono::duration<double>(options.interval)));
        const auto answer = co_await node.host().ping(peer, kAnswerLimit);
        print_answer(options, i + 1, answer);
        if (answer) ++answers;
    }
    co_return answers;
}

Task<int> ping(node::Node& node, const PingOptions& options, crypto::PeerId peer) {
    auto body = [&](TaskGroup& group) -> Task<Result<unsigned>> {
        group.spawn(node.run());
        auto answers = co_await ping_all(node, options, peer);
        node.stop();
        co_await group.wait_all();
        co_return answers;
    };
    const auto answers = co_await with_group(node.env(), 1, std::ref(body));
    if (!answers) co_return report(answers.error());
    if (!options.json) fmt::print("{} sent, {} answered\n", options.count, *answers);
    co_return *answers > 0 ? kDone : kFailed;
}

}  // namespace

int ping_verb(const PingOptions& options) {
    if (options.count == 0 || !std::isfinite(options.interval) || options.interval < 0 || options.interval > 3600) {
        return report(Error(Errc::invalid_argument, "-c is 1 or more, -i is 0 to 3600 seconds"));
    }
    node::RawSettings settings;
    settings["listen"] = {{"none"}, "--listen"};
    settings["rpc"] = {{"none"}, "--rpc"};
    settings["peer"] = {{options.address}, "address"};
    const auto config = node::make_config(settings);
    if (!config) return report(config.error());
    const auto peer = crypto::PeerId::decode(config->peers.front().peer_id());
    if (!peer) return report(peer.error());
    log::configure(log::Level::warn, log::Format::text);
    Loop loop(1);
    const auto key = node::generate_identity(*loop.env().random);
    const auto node = node::Node::make(loop.env(), *config, {key, key});
    if (!node) return report(node.error());
    return loop.run(ping(**node, options, *peer));
}

}  // namespace sotto::app
