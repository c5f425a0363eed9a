// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <gtest/gtest.h>

#include "base/task_group.hpp"
#include "codec/rlp.hpp"
#include "sim/world.hpp"
#include "whisper/node.hpp"
#include "whisper/packets.hpp"
#include "whisper/pipe_testing.hpp"
#include "whisper/seal.hpp"

namespace sotto::whisper::testing {

/// An envelope that satisfies `pow`, made `age` seconds ago.
struct Made {
    std::uint32_t ttl = 50;
    Topic topic{1, 2, 3, 4};
    std::size_t size = 200;
    double pow = 0.002;
    std::int64_t age = 0;
};

/// One run() of a node on one end of a pipe.
struct Running {
    bool established = false;
    std::optional<Result<void>> ended;
};

/// A simulated world in which a test body runs, with a group for what it starts.
class Rig {
  public:
    explicit Rig(std::uint64_t seed = 1) : world(seed) {}

    /// Runs `body(rig)`; what it started ends with it.
    template <class Body>
    void run(Body body) {
        world.run(live(body));
    }
    Env env() { return world.env(); }
    Task<void> pass(Duration time) { return sleep_for(world, time); }

    /// A node that lives until all sessions have ended.
    Whisper& node(const Config& config = {}) { return *nodes_.emplace_back(std::make_unique<Whisper>(env(), config)); }
    /// One whose wall clock is off.
    Whisper& node_with_skew(Duration skew) {
        return *nodes_.emplace_back(std::make_unique<Whisper>(world.env_with_skew(skew), Config{}));
    }
    /// Lets `node` serve its end; the other end is the caller's.
    Running& serve(Whisper& node, net::MessageStream& end) {
        auto& running = runs_.emplace_back();
        EXPECT_TRUE(group->spawn(drive(node, end, running)));
        return running;
    }
    /// Joins two nodes by a pipe that lives as long as the rig.
    std::pair<PipeEnd*, PipeEnd*> join(
        Whisper& a, std::uint32_t a_number, Whisper& b, std::uint32_t b_number, const PipeOptions& options = {}) {
        auto& [end_a, end_b] = pipes_.emplace_back(make_pipe(env(), a_number, b_number, options));
        serve(a, *end_a);
        serve(b, *end_b);
        return {end_a.get(), end_b.get()};
    }
    /// Lets `node` serve a peer of that number, and returns the peer's end.
    PipeEnd& dangling(Whisper& node, std::uint32_t number, const PipeOptions& options = {}) {
        auto& [ours, theirs] = pipes_.emplace_back(make_pipe(env(), 1, number, options));
        serve(node, *ours);
        return *theirs;
    }
    std::size_t ended_runs() const {
        return static_cast<std::size_t>(
            std::ranges::count_if(runs_, [](const Running& running) { return running.ended.has_value(); }));
    }
    Bytes sealed(const Made& made) {
        const auto wall = static_cast<std::int64_t>(world.wall().seconds());
        const auto expiry = static_cast<std::uint32_t>(wall - made.age + made.ttl);
        const Bytes body = encode_body(expiry, made.ttl, made.topic, env().random->bytes(made.size));
        NonceSearch search(body, PowRule::eip627);
        if (made.pow > 0) {
            EXPECT_TRUE(search.advance(target_bits(made.pow, body.size(), made.size, made.ttl), 100'000'000));
        }
        return encode_envelope(body, search.best_nonce());
    }

    sim::World world;
    TaskGroup* group = nullptr;

  private:
    template <class Body>
    Task<void> live(Body& body) {
        auto in_group = [this, &body](TaskGroup& tasks) -> Task<bool> {
            group = &tasks;
            co_await body(*this);
            for (auto& [a, b] : pipes_) {
                a->close(Error(Errc::shutdown));
                b->close(Error(Errc::shutdown));
            }
            co_await tasks.wait_all();
            co_return true;
        };
        co_await with_group(env(), 4096, std::ref(in_group));
    }
    static Task<void> drive(Whisper& node, net::MessageStream& end, Running& running) {
        auto established = [&running] { running.established = true; };
        running.ended = co_await node.run(end, std::move(established));
        end.close(Error(Errc::closed));
    }

    std::list<std::unique_ptr<Whisper>> nodes_;
    std::list<Running> runs_;
    std::list<PipePair> pipes_;
};

inline Task<Result<void>> send(net::MessageStream& stream, net::Code code, BytesView payload) {
    const std::array<BytesView, 1> pieces{payload};
    co_return co_await stream.write(code, pieces);
}

/// A peer in the test's hands that has exchanged its status with `node`.
inline Task<PipeEnd*> befriend(
    Rig& rig, Whisper& node, std::uint32_t number, Status status = {}, PipeOptions options = {}) {
    auto& peer = rig.dangling(node, number, options);
    EXPECT_TRUE((co_await send(peer, code::kStatus, encode_status(status))).has_value());
    EXPECT_TRUE((co_await peer.read()).has_value());
    co_await rig.pass({});
    co_return &peer;
}

inline Bytes list_of(const std::vector<Bytes>& items) {
    std::size_t size = 0;
    for (const auto& item : items) size += item.size();
    Bytes out;
    rlp::append_header(out, true, size);
    for (const auto& item : items) append(out, item);
    return out;
}

}  // namespace sotto::whisper::testing
