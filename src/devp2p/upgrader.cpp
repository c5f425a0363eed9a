// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "devp2p/upgrader.hpp"

#include "codec/rlp.hpp"
#include "devp2p/disconnect.hpp"

namespace sotto::devp2p {
namespace {

constexpr std::uint32_t kHello = 0x00;
constexpr std::uint32_t kDisconnect = 0x01;

/// One upgrade under way.
class Upgrade {
  public:
    Upgrade(Env env, const Config& config, net::RawConnection raw, net::Role role)
        : env_(env), config_(config), raw_(std::move(raw)), role_(role) {}

    net::Stream& stream() noexcept { return *raw_.stream; }

    Task<Result<std::unique_ptr<net::Connection>>> run(const crypto::PeerId* expected) {
        SOTTO_CO_TRY(const auto secrets, co_await shake_hands(expected));
        encoder_ = std::make_unique<FrameEncoder>(secrets);
        std::size_t max_message = kMaxHello;
        for (const auto* spec : config_.protocols) max_message = std::max(max_message, spec->max_message);
        decoder_ = std::make_unique<FrameDecoder>(secrets, max_frame_content(max_message));
        SOTTO_CO_CHECK(co_await send(kHello, encode_hello(our_hello())));
        SOTTO_CO_TRY(auto hello, co_await receive_hello());
        co_return co_await finish(std::move(hello));
    }

  private:
    Task<Result<RlpxSecrets>> shake_hands(const crypto::PeerId* expected) {
        std::optional<Point> remote;
        if (role_ == net::Role::dialer) {
            SOTTO_CO_TRY(const auto key, expected->public_key());
            SOTTO_CO_TRY(remote, key.node_id());
        }
        RlpxHandshake handshake(config_.identity.secret(), remote ? &*remote : nullptr, *env_.random);
        SOTTO_CO_TRY(const auto auth, handshake.start());
        SOTTO_CO_CHECK(co_await net::write(stream(), auth));
        while (!handshake.done()) {
            if (input_.empty()) SOTTO_CO_CHECK(co_await read_more());
            BytesView rest(input_);
            SOTTO_CO_TRY(const auto answer, handshake.feed(rest));
            input_.erase(input_.begin(), input_.end() - static_cast<std::ptrdiff_t>(rest.size()));
            SOTTO_CO_CHECK(co_await net::write(stream(), answer));
        }
        peer_ = net::PeerIdentity(crypto::PublicKey::from_secp256k1(handshake.remote()));
        co_return handshake.secrets();
    }

    Task<Result<void>> read_more() {
        ByteArray<4096> chunk;
        SOTTO_CO_TRY(const auto count, co_await net::read_some(stream(), chunk));
        if (count == 0) co_return fail(Errc::closed, "the peer hung up during the handshake");
        append(input_, BytesView(chunk).first(count));
        co_return Result<void>{};
    }

    Hello our_hello() const {
        Hello hello;
        hello.client = config_.client;
        for (const auto* spec : config_.protocols)
            hello.capabilities.push_back({std::string(spec->name), spec->version});
        hello.id = crypto::secp256k1::public_key(config_.identity.secret());
        return hello;
    }

    /// Before both Hellos are exchanged nothing is compressed.
    Task<Result<void>> send(std::uint32_t code, Bytes payload) {
        const auto id = rlp::encode_uint(code);
        const BytesView content[] = {id, payload};
        Bytes frame;
        encoder_->append_frame(frame, content);
        co_return co_await net::write(stream(), frame);
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
        SOTTO_CO_TRY(const auto id, peer_.key.node_id());
        if (hello.id != id) co_return fail(Errc::wrong_identity, "Hello names another node than the handshake");
        co_return hello;
    }

    Task<Result<std::unique_ptr<net::Connection>>> finish(Hello hello) {
        auto shared = share_capabilities(config_.protocols, hello.capabilities);
        if (shared.empty()) {
            SOTTO_CO_CHECK(co_await send(kDisconnect, encode_disconnect(Reason::useless)));
            co_return fail(Errc::useless, "no capability in common with " + hello.client);
        }
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
        link.peer = std::move(peer_);
        link.hello = std::move(hello);
        link.capabilities = std::move(shared);
        co_return make_connection(env_, config_.connection, std::move(link));
    }

    Env env_;
    const Config& config_;
    net::RawConnection raw_;
    net::Role role_;
    net::PeerIdentity peer_;
    std::unique_ptr<FrameEncoder> encoder_;
    std::unique_ptr<FrameDecoder> decoder_;
    Bytes input_;
};

class RlpxUpgrader final : public net::Upgrader {
  public:
    RlpxUpgrader(Env env, Config config) : env_(env), config_(std::move(config)) {}

    net::Network network() const noexcept override { return net::Network::devp2p; }

    Task<Result<std::unique_ptr<net::Connection>>> upgrade(net::RawConnection raw,
                                                           net::Role role,
                                                           const crypto::PeerId* expected,
                                                           Deadline deadline) override {
        if (role == net::Role::dialer && !expected) co_return fail(Errc::invalid_argument, "devp2p dials by node id");
        const auto begun = env_.clock->now();
        Upgrade upgrade(env_, config_, std::move(raw), role);
        auto& stream = upgrade.stream();
        const auto limit = env_.clock->after(deadline.left(*env_.clock), [&stream] {
            stream.reset(Error(Errc::timed_out, "the RLPx handshake took too long"));
        });
        auto connection = co_await upgrade.run(expected);
        const bool probing = !connection && connection.error().blame() == Blame::peer && role == net::Role::listener;
        if (probing) co_await sleep_for(*env_.clock, config_.failure_delay - (env_.clock->now() - begun));
        co_return connection;
    }

  private:
    Env env_;
    Config config_;
};

}  // namespace

std::unique_ptr<net::Upgrader> make_rlpx_upgrader(Env env, Config config) {
    return std::make_unique<RlpxUpgrader>(env, std::move(config));
}

}  // namespace sotto::devp2p
