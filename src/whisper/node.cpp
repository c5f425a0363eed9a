// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "whisper/node.hpp"

#include <cmath>

#include "base/offload.hpp"
#include "crypto/hash.hpp"
#include "whisper/engine.hpp"
#include "whisper/keys.hpp"
#include "whisper/poster.hpp"
#include "whisper/session.hpp"

namespace sotto::whisper {
namespace {

constexpr net::ProtocolSpec kSpec{"shh", 6, 128, std::size_t{1} << 20, "/shh/6.0"};
constexpr std::uint64_t kMaxMessageSizeSetting = std::uint64_t{10} << 20;
constexpr std::size_t kUncompressedPoint = 65;

Result<Point> parse_uncompressed(BytesView key, std::string_view error) {
    if (key.size() == kUncompressedPoint) {
        if (auto point = crypto::secp256k1::parse_point(key)) return *point;
    }
    return fail(Errc::invalid_argument, std::string(error));
}

/// Wipes a secret at the end of the scope, however that comes.
class Wiped {
  public:
    explicit Wiped(BytesSpan secret) noexcept : secret_(secret) {}
    Wiped(const Wiped&) = delete;
    Wiped& operator=(const Wiped&) = delete;
    ~Wiped() { crypto::wipe(secret_); }

  private:
    BytesSpan secret_;
};

}  // namespace

struct Whisper::Impl {
    Impl(Env env, const Config& config) : engine(env, config), keys(config.max_keys), poster(engine, keys) {}

    const Env& env() const noexcept { return engine.env(); }
    Task<std::string> pair_id(std::string id);
    /// Good until the caller suspends.
    Task<Result<const Secret*>> find_secret(std::string id);
    Task<Result<FilterSpec>> filter_spec(Criteria criteria, bool for_subscription);
    Result<std::string> add_filter(FilterSpec spec, FilterIndex::Handler handler);

    Engine engine;
    KeyStore keys;
    Poster poster;
};

Whisper::Whisper(Env env, const Config& config) : impl_(std::make_unique<Impl>(env, config)) {}
Whisper::~Whisper() = default;

const net::ProtocolSpec& Whisper::spec() const noexcept {
    return kSpec;
}

Task<Result<void>> Whisper::run(net::MessageStream& stream, Established established) {
    auto& engine = impl_->engine;
    const Status ours = engine.status();
    SOTTO_CO_TRY(const auto theirs, co_await exchange_status(engine.env(), stream, ours));
    Session session(engine, stream, ours, theirs);
    established();
    co_return co_await session.run();
}

// ---- posting ----

Task<Result<Hash>> Whisper::post(NewMessage message) {
    const Secret* signer = nullptr;
    if (!message.sig.empty()) {
        SOTTO_CO_TRY(signer, co_await impl_->find_secret(message.sig));
    }
    co_return co_await impl_->poster.post(std::move(message), signer);
}

Result<Hash> Whisper::post_envelope(BytesView rlp) {
    return impl_->poster.post_envelope(rlp);
}

void Whisper::restore(const std::vector<JournalEntry>& entries) {
    impl_->poster.restore(entries);
}

Task<void> Whisper::serve() {
    return impl_->poster.serve();
}

Deliveries& Whisper::deliveries() noexcept {
    return impl_->poster.deliveries();
}

const Deliveries& Whisper::deliveries() const noexcept {
    return impl_->poster.deliveries();
}

// ---- filters ----

Task<Result<FilterSpec>> Whisper::Impl::filter_spec(Criteria criteria, bool for_subscription) {
    const bool symmetric = !criteria.sym_key_id.empty();
    if (symmetric == !criteria.private_key_id.empty()) {
        co_return fail(Errc::invalid_argument, "specify either a symmetric or an asymmetric key");
    }
    FilterSpec spec;
    if (!criteria.sig.empty()) {
        SOTTO_CO_TRY(spec.source, parse_uncompressed(criteria.sig, "invalid signing public key"));
    }
    if (symmetric) {
        if (for_subscription && criteria.topics.empty()) co_return fail(Errc::invalid_argument, "missing topic(s)");
        const auto* key = keys.symmetric(criteria.sym_key_id);
        if (!key) co_return fail(Errc::not_found, "non-existent key ID");
        spec.key = std::make_shared<const FilterKey>(true, *key);
    } else {
        const auto secret = co_await find_secret(criteria.private_key_id);
        if (!secret && for_subscription) co_return fail(Errc::invalid_argument, "invalid public key");
        if (!secret) co_return fail(secret.error());
        spec.key = std::make_shared<const FilterKey>(false, **secret);
    }
    spec.min_pow = criteria.min_pow;
    spec.topics = std::move(criteria.topics);
    spec.allow_direct = criteria.allow_p2p;
    co_return spec;
}

Result<std::string> Whisper::Impl::add_filter(FilterSpec spec, FilterIndex::Handler handler) {
    auto id = random_id(*env().random);
    SOTTO_CHECK(engine.opener().filters().add(id, std::move(spec), std::move(handler)));
    engine.widen_bloom();
    return id;
}

Task<Result<std::string>> Whisper::new_filter(Criteria criteria) {
    SOTTO_CO_TRY(auto spec, co_await impl_->filter_spec(std::move(criteria), false));
    co_return impl_->add_filter(std::move(spec), {});
}

Task<Result<Subscription>> Whisper::subscribe(Criteria criteria, FilterIndex::Handler handler) {
    SOTTO_CO_TRY(auto spec, co_await impl_->filter_spec(std::move(criteria), true));
    SOTTO_CO_TRY(const auto id, impl_->add_filter(std::move(spec), std::move(handler)));
    co_return impl_->engine.opener().hold(id);
}

Result<std::vector<SharedMessage>> Whisper::get_filter_messages(const std::string& id) {
    return impl_->engine.opener().filters().drain(id);
}

Result<void> Whisper::delete_filter(const std::string& id) {
    if (impl_->engine.opener().filters().remove(id)) return {};
    return fail(Errc::not_found, "Unsubscribe: Invalid ID");
}

// ---- settings ----

Info Whisper::info() const {
    const auto& engine = impl_->engine;
    return {engine.pool().bytes(),
            engine.pool().size(),
            engine.min_pow(),
            engine.config().max_message_size,
            engine.session_count(),
            engine.opener().filters().size(),
            engine.clock_offset()};
}

Counters Whisper::counters() const {
    auto counters = impl_->engine.counters();
    counters.messages = impl_->engine.opener().delivered();
    counters.dropped = impl_->engine.opener().filters().dropped();
    counters.evicted = impl_->engine.pool().evicted();
    return counters;
}

void Whisper::set_limits(const Limits& limits) {
    impl_->engine.set_limits(limits);
    impl_->poster.deliveries().set_limits(limits.deliveries);
}

Result<void> Whisper::set_min_pow(double pow) {
    if (!std::isfinite(pow) || pow < 0) return fail(Errc::invalid_argument, "invalid PoW: " + std::to_string(pow));
    impl_->engine.set_min_pow(pow);
    return {};
}

Result<void> Whisper::set_bloom(BytesView bloom) {
    if (bloom.size() != Bloom::kSize) {
        return fail(Errc::invalid_argument, "invalid bloom filter size: " + std::to_string(bloom.size()));
    }
    impl_->engine.set_base_bloom(Bloom(first_bytes<Bloom::kSize>(bloom)));
    return {};
}

const Bloom& Whisper::bloom() const noexcept {
    return impl_->engine.bloom();
}

Result<void> Whisper::set_max_message_size(std::uint64_t bytes) {
    if (bytes > kMaxMessageSizeSetting) {
        return fail(
            Errc::invalid_argument,
            "message size too large [" + std::to_string(bytes) + ">" + std::to_string(kMaxMessageSizeSetting) + "]");
    }
    impl_->engine.set_max_message_size(std::min<std::uint64_t>(bytes, kMaxEnvelopeSize));
    return {};
}

void Whisper::set_light_client(bool light) {
    impl_->engine.set_light_client(light);
}

bool Whisper::light_client() const noexcept {
    return impl_->engine.config().light_client;
}

Result<void> Whisper::mark_trusted(const crypto::PeerId& peer) {
    return impl_->engine.trust(peer);
}

void Whisper::set_suspect(const crypto::PeerId& peer, bool suspect) {
    if (auto* session = impl_->engine.find_session(peer)) session->set_suspect(suspect);
    impl_->poster.deliveries().set_suspect(peer, suspect);
}

Signal<EnvelopeEvent>& Whisper::events() noexcept {
    return impl_->engine.events();
}

// ---- keys ----

Task<std::string> Whisper::Impl::pair_id(std::string id) {
    auto work = [&id] { return key_pair_id(id); };
    if (id.size() == 64) co_return id;
    co_return co_await offload(env(), std::move(work));
}

Task<Result<const Secret*>> Whisper::Impl::find_secret(std::string id) {
    const auto pair = co_await pair_id(std::move(id));
    if (const auto* secret = keys.secret(pair)) co_return secret;
    co_return fail(Errc::not_found, "invalid id");
}

Task<Result<std::string>> Whisper::new_key_pair() {
    auto secret = random_secret(*impl_->env().random);
    auto bytes = to_bytes(secret);
    crypto::wipe(secret);
    co_return co_await add_private_key(std::move(bytes));
}

Task<Result<std::string>> Whisper::add_private_key(Bytes secret, Export reading) {
    const Wiped wiped(secret);
    if (secret.size() != 32) co_return fail(Errc::invalid_argument, "invalid length, need 256 bits");
    auto fixed = first_bytes<32>(secret);
    const Wiped wiped_too(fixed);
    if (!crypto::secp256k1::valid_secret(fixed)) co_return fail(Errc::invalid_argument, "invalid private key");
    const auto id = co_await impl_->pair_id(public_key_text(crypto::secp256k1::public_key(fixed)));
    SOTTO_CO_CHECK(impl_->keys.add_pair(id, fixed, reading));
    co_return id;
}

Task<Result<bool>> Whisper::delete_key_pair(std::string id, Export reading) {
    const auto pair = co_await impl_->pair_id(id);
    const auto exported = impl_->keys.exported(pair);
    if (reading == Export::allowed && !exported && exported.error() == Errc::unsupported) {
        co_return fail(Errc::unsupported, "this key pair is the data directory's: it cannot be deleted here");
    }
    if (impl_->keys.remove_pair(pair)) co_return true;
    co_return fail(Errc::not_found, "key pair " + id + " not found");
}

Task<bool> Whisper::has_key_pair(std::string id) {
    const auto pair = co_await impl_->pair_id(std::move(id));
    co_return impl_->keys.secret(pair) != nullptr;
}

Task<Result<Bytes>> Whisper::get_public_key(std::string id) {
    SOTTO_CO_TRY(const auto* secret, co_await impl_->find_secret(std::move(id)));
    co_return to_bytes(crypto::secp256k1::uncompressed(crypto::secp256k1::public_key(*secret)));
}

Task<Result<Bytes>> Whisper::get_private_key(std::string id) {
    const auto pair = co_await impl_->pair_id(std::move(id));
    SOTTO_CO_TRY(const auto* secret, impl_->keys.exported(pair));
    co_return to_bytes(*secret);
}

Task<Result<ByteArray<32>>> Whisper::shared_secret(std::string id, Point key) {
    SOTTO_CO_TRY(const auto* secret, co_await impl_->find_secret(std::move(id)));
    co_return crypto::secp256k1::ecdh(*secret, key);
}

Result<std::string> Whisper::new_sym_key() {
    return add_sym_key(impl_->env().random->array<32>());
}

Result<std::string> Whisper::add_sym_key(BytesView key) {
    if (key.size() != 32) return fail(Errc::invalid_argument, "wrong key size: " + std::to_string(key.size()));
    auto id = random_id(*impl_->env().random);
    SOTTO_CHECK(impl_->keys.add_symmetric(id, first_bytes<32>(key)));
    return id;
}

Task<Result<std::string>> Whisper::generate_sym_key_from_password(std::string password) {
    auto derive = [&password] { return key_from_password(password); };
    const auto key = co_await offload(impl_->env(), std::move(derive));
    co_return add_sym_key(key);
}

bool Whisper::has_sym_key(const std::string& id) const {
    return impl_->keys.symmetric(id) != nullptr;
}

Result<Bytes> Whisper::get_sym_key(const std::string& id) const {
    const auto* key = impl_->keys.symmetric(id);
    if (!key) return fail(Errc::not_found, "non-existent key ID");
    return to_bytes(*key);
}

bool Whisper::delete_sym_key(const std::string& id) {
    return impl_->keys.remove_symmetric(id);
}

}  // namespace sotto::whisper
