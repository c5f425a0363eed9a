// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "base/fuzz.hpp"
#include "libp2p/yamux_core.hpp"

namespace {

using namespace sotto;
using namespace sotto::libp2p::yamux;

class QuietStream final : public StreamState {
  public:
    void on_readable() noexcept override {}
    void on_writable() noexcept override {}
};

Config small_config() {
    Config config;
    config.max_inbound_streams = 8;
    config.max_unread = 100'000;
    config.window_budget = 1024 * 1024;
    return config;
}

}  // namespace

SOTTO_FUZZ(yamux_frame) {
    if (input.size() < kHeaderSize) return;
    const auto header = decode_header(input);
    if (!header) return;
    Bytes again;
    append_header(again, *header);
    SOTTO_FUZZ_CHECK(equal(again, input.first(kHeaderSize)));
}

/// The first byte picks what the application does between chunks; the rest is what a peer sends.
SOTTO_FUZZ(yamux_session) {
    if (input.empty()) return;
    Core core(net::Role::listener, small_config(), [] { return std::make_shared<QuietStream>(); });
    std::vector<std::shared_ptr<StreamState>> streams;
    const Bytes payload(1000, 7);
    const auto habits = input[0];
    input = input.subspan(1);
    std::size_t step = 1 + habits % 64;
    for (TimePoint now; !input.empty(); now = now + std::chrono::milliseconds(1)) {
        const auto chunk = input.first(std::min(step, input.size()));
        input = input.subspan(chunk.size());
        if (!core.feed(chunk, now)) break;
        while (auto stream = core.accept()) streams.push_back(std::move(stream));
        for (std::size_t i = 0; i < streams.size(); ++i) {
            auto& stream = streams[i];
            if ((habits & 64) != 0 && !stream->error) {
                ByteArray<512> out;
                core.read_done(*stream, stream->inbox.read(out), now);
            }
            if ((habits & 128) != 0 && !stream->error && stream->outgoing.empty() && !stream->finish_wanted) {
                stream->outgoing = {payload};
                core.queue(stream);
            }
        }
        Bytes batch;
        core.fill(batch);
        SOTTO_FUZZ_CHECK(core.stream_count() <= 8);
        if (streams.size() > 6) {
            streams.front()->outgoing.clear();
            core.release(streams.front());
            streams.erase(streams.begin());
        }
    }
    for (const auto& stream : streams) {
        stream->outgoing.clear();
        core.release(stream);
    }
    SOTTO_FUZZ_CHECK(core.stream_count() == core.backlog());
}
