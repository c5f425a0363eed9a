// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "node/identity.hpp"

#include "crypto/hash.hpp"
#include "crypto/secp256k1.hpp"
#include "node/files.hpp"

namespace sotto::node {
namespace {

constexpr std::size_t kMaxFile = 1024;
constexpr std::string_view kEd25519 = "ed25519:";
constexpr std::string_view kSecp256k1 = "secp256k1:";

struct WipedBytes {
    Bytes bytes;
    ~WipedBytes() { crypto::wipe(bytes); }
};

}  // namespace

Result<crypto::PrivateKey> parse_identity(std::string_view text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.remove_suffix(1);
    auto type = crypto::KeyType::secp256k1;
    if (text.starts_with(kEd25519)) {
        type = crypto::KeyType::ed25519;
        text.remove_prefix(kEd25519.size());
    } else if (text.starts_with(kSecp256k1)) {
        text.remove_prefix(kSecp256k1.size());
    }
    auto decoded = from_hex(text);
    if (!decoded || decoded->size() != 32)
        return fail(Errc::invalid_argument, "it does not hold 64 hex digits of a key");
    const WipedBytes secret{std::move(*decoded)};
    auto key = crypto::PrivateKey::make(type, secret.bytes);
    if (!key) return fail(Errc::invalid_argument, "it does not hold a valid key");
    return key;
}

std::string format_identity(const crypto::PrivateKey& key) {
    const bool plain = key.type() == crypto::KeyType::secp256k1;
    return std::string(plain ? std::string_view() : kEd25519) + to_hex(key.secret()) + "\n";
}

crypto::PrivateKey generate_identity(RandomSource& random) {
    for (;;) {
        auto secret = random.array<32>();
        auto key = crypto::PrivateKey::make(crypto::KeyType::secp256k1, secret);
        crypto::wipe(secret);
        if (key) return *key;
    }
}

Result<crypto::PrivateKey> read_identity(const std::filesystem::path& file) {
    SOTTO_TRY(auto content, read_private_file(file, kMaxFile));
    const WipedBytes text{std::move(content)};
    auto key = parse_identity(text_of(text.bytes));
    if (!key) return fail(Errc::io, "the identity file " + file.string() + " cannot be used: " + key.error().detail());
    return key;
}

Result<void> write_identity(const std::filesystem::path& file, const crypto::PrivateKey& key) {
    auto text = format_identity(key);
    const WipedBytes content{to_bytes(text)};
    crypto::wipe(text);
    return write_private_file(file, content.bytes, Existing::refuse);
}

Result<crypto::PrivateKey> load_identity(const std::filesystem::path& file, RandomSource& random) {
    auto key = read_identity(file);
    if (key || key.error() != Errc::not_found) return key;
    const auto fresh = generate_identity(random);
    SOTTO_CHECK(write_identity(file, fresh));
    return fresh;
}

}  // namespace sotto::node
