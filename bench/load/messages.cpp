// SPDX-License-Identifier: Apache-2.0 OR MIT
// Both ends of gethbench's protocol on devp2p.
#include <fmt/format.h>

#include "codec/rlp.hpp"
#include "devp2p/upgrader.hpp"
#include "dialer.hpp"
#include "load.hpp"
#include "transport/tcp.hpp"

namespace sotto::load {
namespace {

enum : net::Code { kData, kMark, kMarked };

struct Totals {
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
};

Bytes encode(const Totals& totals) {
    Bytes out;
    rlp::Writer writer(out);
    const auto list = writer.begin_list();
    writer.uint(totals.messages).uint(totals.bytes).end_list(list);
    return out;
}

Result<Totals> decode(BytesView payload) {
    SOTTO_TRY(auto reader, rlp::decode_list(payload));
    Totals totals;
    SOTTO_TRY(totals.messages, reader.uint());
    SOTTO_TRY(totals.bytes, reader.uint());
    return totals;
}

Task<Result<void>> send(net::MessageStream& stream, net::Code code, BytesView payload) {
    const std::array<BytesView, 1> pieces{payload};
    co_return co_await stream.write(code, pieces);
}

/// Counts data and answers marks until the stream ends.
Task<Result<void>> count_messages(net::MessageStream& stream) {
    Totals totals;
    for (;;) {
        SOTTO_CO_TRY(const auto message, co_await stream.read());
        if (message.code == kMark) SOTTO_CO_CHECK(co_await send(stream, kMarked, encode(totals)));
        if (message.code != kData) continue;
        ++totals.messages;
        totals.bytes += message.payload.size();
    }
}

struct Sink {
    Env env;
    std::unique_ptr<net::Upgrader> upgrader;
    std::unique_ptr<net::Listener> listener;

    static Task<void> serve(Sink& sink, net::RawConnection raw) {
        const auto deadline = Deadline::in(*sink.env.clock, kStepLimit);
        auto connection = co_await sink.upgrader->upgrade(std::move(raw), net::Role::listener, nullptr, deadline);
        if (!connection) co_return;
        auto body = [&](TaskGroup& group) -> Task<Result<void>> {
            group.spawn(drive(**connection));
            SOTTO_CO_TRY(const auto stream, co_await (*connection)->open(kBench, {}));
            co_return co_await count_messages(*stream);
        };
        (void)co_await with_group(sink.env, 1, std::ref(body));
    }
    static Task<void> accept(Sink& sink, TaskGroup& group) {
        for (;;) {
            auto raw = co_await sink.listener->accept();
            if (!raw) co_return;
            group.spawn(serve(sink, *std::move(raw)));
        }
    }
};

}  // namespace

Task<Result<void>> sink(Env env, Options) {
    const auto identity = make_identity(env);
    const auto tcp = transport::make_tcp_transport(env);
    SOTTO_CO_TRY(const auto address, Multiaddr::parse("/ip4/127.0.0.1/tcp/0/rlpx"));
    SOTTO_CO_TRY(auto listener, tcp->listen(address));
    const crypto::PeerId id(identity.public_key());
    SOTTO_CO_TRY(const auto enode, net::to_enode(listener->local().with(AddrCode::p2p, id.bytes())));
    devp2p::Config config{.identity = identity, .client = "sotto_load", .protocols = {&kBench}};
    Sink sink{env, devp2p::make_rlpx_upgrader(env, std::move(config)), std::move(listener)};
    fmt::print("{{\"event\":\"ready\",\"enode\":\"{}\",\"multiaddrs\":null,\"peerId\":null}}\n", enode);
    std::fflush(stdout);
    auto body = [&](TaskGroup& group) -> Task<Result<void>> {
        group.spawn(Sink::accept(sink, group));
        co_await wait_for_end_of_input(env);
        co_return Result<void>{};
    };
    co_return co_await with_group(env, 100, std::ref(body));
}

Task<Result<void>> source(Env env, Options options) {
    SOTTO_CO_TRY(auto dialer, Dialer::make(env, options.address, kBench));
    // Random bytes, so that snappy has nothing to gain; an RLP string of `size` bytes in all.
    const auto room = options.size - rlp::header_size(options.size);
    const auto payload = rlp::encode_string(env.random->bytes(room));
    const Bytes empty_list{0xc0};
    const Use use = [&](net::Connection& connection) -> Task<Result<void>> {
        SOTTO_CO_TRY(const auto stream, co_await connection.open(kBench, dialer.deadline()));
        const auto began = env.clock->now();
        for (std::size_t i = 0; i < options.count; ++i) SOTTO_CO_CHECK(co_await send(*stream, kData, payload));
        SOTTO_CO_CHECK(co_await send(*stream, kMark, empty_list));
        SOTTO_CO_TRY(const auto answer, co_await stream->read());
        const auto seconds = to_seconds(env.clock->now() - began);
        SOTTO_CO_TRY(const auto totals, decode(answer.payload));
        if (answer.code != kMarked || totals.messages != options.count)
            co_return fail(Errc::misbehaved, "the other end has not read all");
        report({{"seconds", seconds}, {"perSecond", static_cast<double>(options.count) / seconds}});
        co_return Result<void>{};
    };
    co_return co_await with_connection(dialer, use);
}

}  // namespace sotto::load
