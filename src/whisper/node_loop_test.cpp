// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "base/loop.hpp"
#include "base/this_executor.hpp"
#include "whisper/golden_testing.hpp"
#include "whisper/node.hpp"

namespace sotto::whisper {
namespace {

/// Sealing and opening on real workers: what the simulated world, which is one thread, cannot show to a thread
/// sanitizer.
Task<int> exchange(Env env) {
    Whisper node(env, {.min_pow = 0});
    const auto pair = (co_await node.new_key_pair()).value();
    int seen = 0;
    const auto subscription = (co_await node.subscribe({.private_key_id = pair}, [&](const SharedMessage& m) {
                                  seen += text_of(m->payload) == "hi";
                              })).value();
    const NewMessage message{.public_key = (co_await node.get_public_key(pair)).value(),
                             .payload = to_bytes("hi"),
                             .pow_time = 10,
                             .pow_target = 0.001};
    for (int i = 0; i < 50; ++i) {
        const auto posted = co_await node.post(message);
        EXPECT_TRUE(posted.has_value());
    }
    while (seen < 50) co_await yield_now();
    co_return seen;
}

TEST(NodeOnWorkers, SealsAndOpensOffTheLoop) {
    Loop loop(2);
    EXPECT_EQ(loop.run(exchange(loop.env())), 50);
}

}  // namespace
}  // namespace sotto::whisper
