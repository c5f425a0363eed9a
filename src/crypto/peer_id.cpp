// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "codec/multibase.hpp"
#include "codec/multihash.hpp"
#include "codec/varint.hpp"
#include "crypto/hash.hpp"
#include "crypto/keys.hpp"

namespace sotto::crypto {
namespace {

constexpr std::size_t kMaxInlineKey = 42;
constexpr std::size_t kMaxText = 256;
constexpr std::uint64_t kCidVersion = 1;
constexpr std::uint64_t kLibp2pKey = 0x72;

}  // namespace

PeerId::PeerId(const PublicKey& key) {
    const auto encoded = key.encode();
    multihash_ = encoded.size() <= kMaxInlineKey ? multihash::encode(multihash::kIdentity, encoded)
                                                 : multihash::encode(multihash::kSha256, sha256(encoded));
}

Result<PeerId> PeerId::decode(BytesView multihash) {
    SOTTO_TRY(const auto hash, multihash::decode(multihash));
    const bool inlined =
        hash.code == multihash::kIdentity && !hash.digest.empty() && hash.digest.size() <= kMaxInlineKey;
    if (!inlined && hash.code != multihash::kSha256) return fail(Errc::malformed, "not the multihash of a key");
    PeerId id;
    id.multihash_ = to_bytes(multihash);
    return id;
}

Result<PeerId> PeerId::parse(std::string_view text) {
    if (text.size() > kMaxText) return fail(Errc::malformed, "peer id too long");
    if (text.starts_with('1') || text.starts_with("Qm")) {
        SOTTO_TRY(const auto multihash, multibase::decode_bare(multibase::Base::base58btc, text));
        return decode(multihash);
    }
    SOTTO_TRY(const auto cid, multibase::decode(text));
    BytesView rest = cid;
    SOTTO_TRY(const auto version, varint::read(rest));
    SOTTO_TRY(const auto codec, varint::read(rest));
    if (version != kCidVersion || codec != kLibp2pKey) return fail(Errc::malformed, "not the CID of a key");
    return decode(rest);
}

std::string PeerId::to_string() const {
    return multibase::encode_bare(multibase::Base::base58btc, multihash_);
}

Result<PublicKey> PeerId::public_key() const {
    SOTTO_TRY(const auto hash, multihash::decode(multihash_));
    if (hash.code != multihash::kIdentity) return fail(Errc::not_found, "the peer id is a hash of its key");
    SOTTO_TRY(auto key, PublicKey::decode(hash.digest));
    // Else one key would have several ids.
    if (PeerId(key) != *this) return fail(Errc::malformed, "the peer id holds its key in another encoding");
    return key;
}

}  // namespace sotto::crypto
