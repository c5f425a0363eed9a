// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <bit>
#include <boost/json.hpp>

#include "crypto/keystore.hpp"

namespace sotto::crypto::keystore {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxDepth = 8;
constexpr std::uint64_t kDerivedSize = 32;

std::unexpected<Error> bad(std::string_view field, std::string_view wanted) {
    return fail(Errc::malformed, "the key file's " + std::string(field) + " is not " + std::string(wanted));
}

/// Null when it is absent or of another kind.
const json::object* object_at(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    return value ? value->if_object() : nullptr;
}

Result<std::string_view> text_at(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    const auto* text = value ? value->if_string() : nullptr;
    if (!text) return bad(name, "a text");
    return std::string_view(*text);
}

Result<std::uint64_t> number_at(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    if (value && value->is_uint64()) return value->get_uint64();
    if (value && value->is_int64() && value->get_int64() >= 0) return static_cast<std::uint64_t>(value->get_int64());
    return bad(name, "a whole number");
}

template <std::size_t N>
Result<ByteArray<N>> fixed_at(const json::object& object, std::string_view name) {
    SOTTO_TRY(const auto text, text_at(object, name));
    const auto bytes = from_hex(text);
    if (!bytes || bytes->size() != N) return bad(name, std::to_string(N) + " bytes in hex");
    return first_bytes<N>(*bytes);
}

/// The products cannot wrap: each factor was bounded before.
Result<Scrypt> read_scrypt(const json::object& parameters) {
    SOTTO_TRY(const auto n, number_at(parameters, "n"));
    SOTTO_TRY(const auto r, number_at(parameters, "r"));
    SOTTO_TRY(const auto p, number_at(parameters, "p"));
    if (!std::has_single_bit(n) || r == 0 || p == 0) {
        return fail(Errc::malformed,
                    "the key file's scrypt parameters are not valid: n is a power of two, r and p are not 0");
    }
    if (n < kMinScryptN) {
        return fail(Errc::unsupported,
                    "the key file is too weak: scrypt n=" + std::to_string(n) + ", at least " +
                        std::to_string(kMinScryptN) + " is taken");
    }
    if (n > kMaxScryptMemory / 128 || r > kMaxScryptMemory / 128 / n) {
        return fail(Errc::too_large,
                    "the key file asks for more than " + std::to_string(kMaxScryptMemory >> 20) + " MiB of memory");
    }
    if (p > kMaxScryptWork / 128 / n / r) {
        return fail(Errc::too_large, "the key file asks for too much work: scrypt p=" + std::to_string(p));
    }
    return Scrypt{.n = n, .r = static_cast<std::uint32_t>(r), .p = static_cast<std::uint32_t>(p)};
}

Result<Pbkdf2> read_pbkdf2(const json::object& parameters) {
    SOTTO_TRY(const auto prf, text_at(parameters, "prf"));
    if (prf != "hmac-sha256") return fail(Errc::unsupported, "the key file's pbkdf2 is not with hmac-sha256");
    SOTTO_TRY(const auto c, number_at(parameters, "c"));
    if (c < kMinPbkdf2Rounds) {
        return fail(Errc::unsupported,
                    "the key file is too weak: pbkdf2 c=" + std::to_string(c) + ", at least " +
                        std::to_string(kMinPbkdf2Rounds) + " is taken");
    }
    if (c > kMaxPbkdf2Rounds) {
        return fail(Errc::too_large, "the key file asks for too much work: pbkdf2 c=" + std::to_string(c));
    }
    return Pbkdf2{.c = static_cast<std::uint32_t>(c)};
}

Result<void> read_kdf(const json::object& sealed, KeyFile& file) {
    SOTTO_TRY(const auto kdf, text_at(sealed, "kdf"));
    const auto* parameters = object_at(sealed, "kdfparams");
    if (!parameters) return bad("kdfparams", "an object");
    SOTTO_TRY(const auto size, number_at(*parameters, "dklen"));
    if (size != kDerivedSize) return fail(Errc::unsupported, "the key file's dklen is not 32");
    SOTTO_TRY(const auto salt, text_at(*parameters, "salt"));
    auto bytes = from_hex(salt);
    if (!bytes || bytes->empty() || bytes->size() > kMaxSalt) return bad("salt", "1 to 256 bytes in hex");
    file.salt = std::move(*bytes);
    if (kdf == "scrypt") {
        SOTTO_TRY(file.kdf, read_scrypt(*parameters));
    } else if (kdf == "pbkdf2") {
        SOTTO_TRY(file.kdf, read_pbkdf2(*parameters));
    } else {
        return fail(Errc::unsupported, "the key file's kdf is neither scrypt nor pbkdf2");
    }
    return {};
}

Result<void> read_sealed(const json::object& sealed, KeyFile& file) {
    SOTTO_TRY(const auto cipher, text_at(sealed, "cipher"));
    if (cipher != "aes-128-ctr") return fail(Errc::unsupported, "the key file's cipher is not aes-128-ctr");
    const auto* parameters = object_at(sealed, "cipherparams");
    if (!parameters) return bad("cipherparams", "an object");
    SOTTO_TRY(file.iv, fixed_at<16>(*parameters, "iv"));
    SOTTO_TRY(file.ciphertext, fixed_at<32>(sealed, "ciphertext"));
    SOTTO_TRY(file.mac, fixed_at<32>(sealed, "mac"));
    return read_kdf(sealed, file);
}

/// 8-4-4-4-12 hex digits.
std::string uuid_text(const ByteArray<16>& uuid) {
    auto text = to_hex(uuid);
    for (const std::size_t at : {20u, 16u, 12u, 8u}) text.insert(at, 1, '-');
    return text;
}

Result<ByteArray<16>> parse_uuid(std::string_view text) {
    std::string digits(text);
    std::erase(digits, '-');
    const auto bytes = from_hex(digits);
    if (!bytes || bytes->size() != 16) return bad("id", "a UUID");
    return first_bytes<16>(*bytes);
}

}  // namespace

Result<KeyFile> parse(std::string_view text) {
    if (text.size() > kMaxFile) return fail(Errc::too_large, "larger than a key file can be");
    json::error_code code;
    json::parse_options options;
    options.max_depth = kMaxDepth;
    const auto root = json::parse(text, code, {}, options);
    if (code || !root.is_object()) return fail(Errc::malformed, "not a key file: it holds no JSON object");
    const auto& object = root.get_object();
    SOTTO_TRY(const auto version, number_at(object, "version"));
    if (version != 3) {
        return fail(Errc::unsupported, "the key file's version is " + std::to_string(version) + "; only 3 is read");
    }
    const auto* sealed = object_at(object, "crypto");
    if (!sealed) sealed = object_at(object, "Crypto");  // as early wallets wrote it
    if (!sealed) return bad("crypto", "an object");
    KeyFile file;
    SOTTO_CHECK(read_sealed(*sealed, file));
    SOTTO_TRY(const auto id, text_at(object, "id"));
    SOTTO_TRY(file.uuid, parse_uuid(id));
    if (object.contains("address")) {
        SOTTO_TRY(file.address, fixed_at<20>(object, "address"));
    }
    return file;
}

std::string serialize(const KeyFile& file) {
    json::object parameters{{"dklen", kDerivedSize}, {"salt", to_hex(file.salt)}};
    const auto* scrypt = std::get_if<Scrypt>(&file.kdf);
    if (scrypt) {
        parameters["n"] = scrypt->n;
        parameters["r"] = scrypt->r;
        parameters["p"] = scrypt->p;
    } else {
        parameters["c"] = std::get<Pbkdf2>(file.kdf).c;
        parameters["prf"] = "hmac-sha256";
    }
    json::object sealed{{"cipher", "aes-128-ctr"},
                        {"ciphertext", to_hex(file.ciphertext)},
                        {"cipherparams", {{"iv", to_hex(file.iv)}}},
                        {"kdf", scrypt ? "scrypt" : "pbkdf2"},
                        {"kdfparams", std::move(parameters)},
                        {"mac", to_hex(file.mac)}};
    json::object object{{"version", 3}, {"id", uuid_text(file.uuid)}};
    if (file.address) object["address"] = to_hex(*file.address);
    object["crypto"] = std::move(sealed);
    return json::serialize(object) + "\n";
}

}  // namespace sotto::crypto::keystore
