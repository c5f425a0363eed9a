// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "base/fuzz.hpp"
#include "base/task_group.hpp"
#include "codec/rlp.hpp"
#include "sim/world.hpp"
#include "whisper/node.hpp"
#include "whisper/packets.hpp"
#include "whisper/pipe_testing.hpp"
#include "whisper/seal.hpp"

namespace sotto::whisper {
namespace {

using namespace std::chrono_literals;

/// The input as a script: one byte says what, and its operands follow.
class Script {
  public:
    explicit Script(BytesView input) : rest_(input) {}
    bool done() const noexcept { return rest_.empty(); }
    Byte byte() noexcept {
        if (rest_.empty()) return 0;
        const Byte value = rest_.front();
        rest_ = rest_.subspan(1);
        return value;
    }
    BytesView bytes(std::size_t size) noexcept {
        const auto taken = rest_.first(std::min(size, rest_.size()));
        rest_ = rest_.subspan(taken.size());
        return taken;
    }

  private:
    BytesView rest_;
};

Task<void> serve(Whisper& node, net::MessageStream& end, bool& ended) {
    (void)co_await node.run(end, [] {});
    end.close(Error(Errc::closed));
    ended = true;
}

/// An envelope that is in time and worth enough, so that scripts get behind the checks.
Bytes envelope_of(const Env& env, BytesView data) {
    const auto expiry = static_cast<std::uint32_t>(env.clock->wall().seconds() + 20);
    const Bytes body = encode_body(expiry, 20, {1, 2, 3, 4}, data);
    NonceSearch search(body, PowRule::eip627);
    (void)search.advance(target_bits(0.002, body.size(), data.size(), 20), 100'000);
    return encode_envelope(body, search.best_nonce());
}

Bytes batch_of(BytesView envelope) {
    Bytes payload;
    rlp::append_header(payload, true, 2 * envelope.size());
    append(payload, envelope);
    append(payload, envelope);
    return payload;
}

Task<void> send(testing::PipeEnd& peer, net::Code code, BytesView payload) {
    const std::array<BytesView, 1> pieces{payload};
    (void)co_await peer.write(code, pieces);
}

Task<void> play(const Env& env, Script& script, Whisper& node, testing::PipeEnd& peer) {
    while (!script.done()) {
        switch (script.byte() % 8) {
            case 0:
            case 1: {
                const net::Code code = script.byte();
                co_await send(peer, code, script.bytes(script.byte()));
                break;
            }
            case 2: {
                const Bytes payload = batch_of(envelope_of(env, script.bytes(script.byte() % 64)));
                co_await send(peer, code::kMessages, payload);
                break;
            }
            case 3:
                (void)node.post_envelope(envelope_of(env, script.bytes(script.byte() % 64)));
                break;
            case 4: {
                const auto message = peer.try_read();
                if (message && message->code == code::kMessages) {
                    co_await send(peer, code::kBatchAck, encode_batch_ack(crypto::keccak256(message->payload)));
                }
                break;
            }
            case 5:
                co_await sleep_for(*env.clock, std::chrono::milliseconds(10 * script.byte()));
                break;
            case 6: {
                const auto bits = to_bytes(script.bytes(64));
                (void)node.set_bloom(bits);
                (void)node.set_min_pow(script.byte() % 2 == 0 ? 0.002 : 0);
                break;
            }
            default:
                (void)node.mark_trusted(testing::identity(2).id);
                break;
        }
    }
}

Task<void> session(const Env& env, Script& script) {
    Whisper node(env, {.limits = {.pool = {.bytes = 8'000, .envelopes = 10}}});
    auto pipe = testing::make_pipe(env, 1, 2, {.capacity = 16'384});
    const auto key = node.add_sym_key(Bytes(32, 1)).value();
    (void)co_await node.new_filter({.sym_key_id = key, .allow_p2p = true});
    bool ended = false;
    auto body = [&](TaskGroup& group) -> Task<bool> {
        group.spawn(serve(node, *pipe.first, ended));
        if (script.byte() % 8 != 0) co_await send(*pipe.second, code::kStatus, encode_status({.confirmations = true}));
        co_await play(env, script, node, *pipe.second);
        pipe.second->close(Error(Errc::closed));
        // Whatever the peer did, its end ends the session within the stall limit.
        co_await sleep_for(*env.clock, 31s);
        SOTTO_FUZZ_CHECK(ended);
        co_await group.wait_all();
        co_return true;
    };
    (void)co_await with_group(env, 4, std::ref(body));
    SOTTO_FUZZ_CHECK(node.info().memory <= 8'000 && node.info().messages <= 10 && node.info().peers == 0);
}

}  // namespace

SOTTO_FUZZ(whisper_session) {
    Script script(input);
    sim::World world(1);
    world.run(session(world.env(), script));
}

}  // namespace sotto::whisper
