// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "devp2p/upgrader.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "codec/rlp.hpp"
#include "codec/snappy.hpp"
#include "devp2p/disconnect.hpp"

namespace sotto::devp2p {
namespace {

constexpr std::size_t kMaxUnreadGoodbye = 64 * 1024;

/// What a node is on devp2p, ready for every upgrade: its Hello costs a multiplication on the curve.
struct Local {
    explicit Local(Config c) : config(std::move(c)) {
        Hello ours;
        ours.client = config.client;
        for (const auto* spec : config.protocols) ours.capabilities.push_back({std::string(spec->name), spec->version});
        ours.id = crypto::secp256k1::public_key(config.identity.secret());
        hello = encode_hello(ours);
    }
    Config config;
    Bytes hello;
};

/// One upgrade under way.
class Upgrade {
  public:
    Upgrade(Env env, const Local& local, net::RawConnection raw, net::Role role)
        : env_(env),
          local_(local),
          config_(local.config),
          raw_(std::move(raw)),
          role_(role),
          last_read_(env.clock->now()) {}

    net::Stream& stream() noexcept { return *raw_.stream; }

    Task<Result<std::unique_ptr<net::Connection>>> run(const crypto::PeerId* expected) {
        SOTTO_CO_TRY(const auto secrets, co_await shake_hands(expected));
        encoder_ = std::make_unique<FrameEncoder>(secrets);
        std::size_t max_message = kMaxHello;
        for (const auto* spec : config_.protocols) max_message = std::max(max_message, spec->max_message);
        decoder_ = std::make_unique<FrameDecoder>(secrets, max_frame_content(max_message));
        SOTTO_CO_CHECK(co_await send(kHello, local_.hello));
        SOTTO_CO_TRY(const auto hello, co_await receive_hello());
        co_return finish(hello);
    }
    /// The end of one that failed. A peer that is not authenticated learns nothing, not even by the time it takes: we
    /// hang up a fixed time after its last byte. Another one is told why.
    Task<void> part(const Error& why) {
        const bool ours = why.blame() == Blame::peer || why == Errc::useless;
        if (!ours) co_return;
        if (!encoder_) {
            co_await sleep_for(*env_.clock, config_.failure_delay - (env_.clock->now() - last_read_));
            co_return;
        }
        const auto limit = env_.clock->after(config_.connection.goodbye_limit, [this, &why] { stream().reset(why); });
        const auto told = co_await send(kDisconnect, encode_disconnect(reason_for(why)));
        if (told) (void)co_await net::finish(stream(), kMaxUnreadGoodbye);
    }

  private:
    Task<Result<RlpxSecrets>> shake_hands(const crypto::PeerId* expected) {
        std::optional<Point> remote;
        if (role_ == net::Role::dialer) {
            const auto key = expected->public_key();
            const auto node = key ? key->node_id() : fail(key.error());
            if (!node) co_return fail(Errc::invalid_argument, "devp2p dials by the peer id of a secp256k1 key");
            remote = *node;
        }
        RlpxHandshake handshake(config_.identity.secret(), remote ? &*remote : nullptr, *env_.random);
        SOTTO_CO_TRY(const auto auth, handshake.start());
        SOTTO_CO_CHECK(co_await net::write(stream(), auth));
        while (!handshake.done()) {
            if (input_.empty()) SOTTO_CO_CHECK(co_await read_more());
            BytesView rest(input_);
            SOTTO_CO_TRY(unsent_, handshake.feed(rest));  // a listener's ack: it leaves with the Hello behind it
            input_.erase(input_.begin(), input_.end() - static_cast<std::ptrdiff_t>(rest.size()));
        }
        node_id_ = handshake.remote();
        co_return handshake.secrets();
    }

    Task<Result<void>> read_more() {
        ByteArray<4096> chunk;
        SOTTO_CO_TRY(const auto count, co_await net::read_some(stream(), chunk));
        if (count == 0) co_return fail(Errc::closed, "the peer hung up during the handshake");
        last_read_ = env_.clock->now();
        append(input_, BytesView(chunk).first(count));
        co_return Result<void>{};
    }

    Task<Result<void>> send(std::uint32_t code, Bytes payload) {
        if (snappy_) payload = snappy::compress(payload);
        const auto id = rlp::encode_uint(code);
        const BytesView content[] = {id, payload};
        Bytes bytes = std::exchange(unsent_, {});
        encoder_->append_frame(bytes, content);
        co_return co_await net::write(stream(), bytes);
    }

    Task<Result<Bytes>> receive_frame() {
        for (;;) {
            while (input_.size() < decoder_->needed()) SOTTO_CO_CHECK(co_await read_more());
            auto chunk = to_bytes(BytesView(input_).first(decoder_->needed()));
            input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(chunk.size()));
            SOTTO_CO_TRY(const auto content, decoder_->take(chunk));
            if (content) co_return to_bytes(*content);
            // The first frame is small: its size is known here, before its body is read.
            if (decoder_->needed() > kMaxHello + kFrameHeader) co_return fail(Errc::too_large, "a Hello above 2 KiB");
        }
    }

    Task<Result<Hello>> receive_hello() {
        SOTTO_CO_TRY(const auto frame, co_await receive_frame());
        rlp::Reader reader(frame);
        SOTTO_CO_TRY(const auto code, reader.uint());
        if (code == kDisconnect) co_return fail(error_of(decode_disconnect(reader.rest())));
        if (code != kHello) co_return fail(Errc::malformed, "a message before Hello");
        SOTTO_CO_TRY(auto hello, decode_hello(reader.rest()));
        snappy_ = hello.version >= kBaseVersion;
        if (hello.id != node_id_) co_return fail(Errc::wrong_identity, "Hello names another node than the handshake");
        co_return hello;
    }

    Result<std::unique_ptr<net::Connection>> finish(const Hello& hello) {
        auto shared = share_capabilities(config_.protocols, hello.capabilities);
        if (shared.empty()) return fail(Errc::useless, "no capability in common with " + hello.client);
        Established link;
        link.info.network = net::Network::devp2p;
        link.info.role = role_;
        link.info.local = raw_.local;
        link.info.remote = raw_.remote;
        link.info.security = "rlpx";
        link.info.agent = hello.client;
        for (const auto& c : hello.capabilities)
            link.info.protocols.push_back(c.name + "/" + std::to_string(c.version));
        link.stream = std::move(raw_.stream);
        link.encoder = std::move(encoder_);
        link.decoder = std::move(decoder_);
        link.leftover = std::move(input_);
        link.peer = net::PeerIdentity(crypto::PublicKey::from_secp256k1(node_id_));
        link.snappy = snappy_;
        link.capabilities = std::move(shared);
        auto connection = config_.connection;
        if (config_.outbox_bytes) connection.outbox_bytes = config_.outbox_bytes();
        return make_connection(env_, connection, std::move(link));
    }

    Env env_;
    const Local& local_;
    const Config& config_;
    net::RawConnection raw_;
    net::Role role_;
    Point node_id_{};  ///< of the peer, from the handshake on
    std::unique_ptr<FrameEncoder> encoder_;
    std::unique_ptr<FrameDecoder> decoder_;
    bool snappy_ = false;  ///< from their Hello on, if they speak it
    Bytes input_;
    Bytes unsent_;  ///< goes out in front of the next frame
    TimePoint last_read_;
};

class RlpxUpgrader final : public net::Upgrader {
  public:
    RlpxUpgrader(Env env, Config config) : env_(env), local_(std::make_shared<const Local>(std::move(config))) {
        for (const auto* spec : local_->config.protocols) {
            SOTTO_ASSERT(spec->name.size() <= kMaxCapabilityName, "a capability's name is too long for devp2p");
            SOTTO_ASSERT(max_frame_content(spec->max_message) <= kMaxFrameContent, "a message does not fit a frame");
        }
    }

    net::Network network() const noexcept override { return net::Network::devp2p; }

    Task<Result<std::unique_ptr<net::Connection>>> upgrade(net::RawConnection raw,
                                                           net::Role role,
                                                           const crypto::PeerId* expected,
                                                           Deadline deadline) override {
        return run(env_, local_, std::move(raw), role, expected, deadline);
    }

  private:
    static Task<Result<std::unique_ptr<net::Connection>>> run(Env env,
                                                              std::shared_ptr<const Local> local,
                                                              net::RawConnection raw,
                                                              net::Role role,
                                                              const crypto::PeerId* expected,
                                                              Deadline deadline) {
        if (role == net::Role::dialer && !expected) co_return fail(Errc::invalid_argument, "devp2p dials by node id");
        Upgrade upgrade(env, *local, std::move(raw), role);
        auto& stream = upgrade.stream();
        const auto limit = env.clock->after(deadline.left(*env.clock), [&stream] {
            stream.reset(Error(Errc::timed_out, "the RLPx handshake took too long"));
        });
        auto connection = co_await upgrade.run(expected);
        if (!connection) co_await upgrade.part(connection.error());
        co_return connection;
    }

    Env env_;
    std::shared_ptr<const Local> local_;
};

}  // namespace

std::unique_ptr<net::Upgrader> make_rlpx_upgrader(Env env, Config config) {
    return std::make_unique<RlpxUpgrader>(env, std::move(config));
}

}  // namespace sotto::devp2p
