// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "envelopes.hpp"

#include <fstream>
#include <iterator>

#include "codec/rlp.hpp"
#include "load.hpp"
#include "whisper/message.hpp"
#include "whisper/seal.hpp"

namespace sotto::load {
namespace {

constexpr whisper::Topic kTopic{0x50, 0x77, 0x12, 0x34};
constexpr std::size_t kLeastEnvelope = 64;  ///< for a mark in its middle

Result<Bytes> read_file(const std::string& name) {
    std::ifstream in(name, std::ios::binary);
    if (!in) return fail(Errc::not_found, name);
    return Bytes(std::istreambuf_iterator<char>(in), {});
}

}  // namespace

Result<Envelopes> Envelopes::load(const std::string& file, std::size_t count) {
    Envelopes all;
    SOTTO_TRY(all.bytes_, read_file(file));
    rlp::Reader reader(all.bytes_);
    std::size_t at = 0;
    all.begins_.push_back(at);
    while (!reader.empty() && all.size() < count) {
        SOTTO_TRY(const auto raw, reader.raw());
        if (raw.size() < kLeastEnvelope) return fail(Errc::malformed, "no envelope");
        all.marks_.emplace(mark_of(raw), all.size());
        at += raw.size();
        all.begins_.push_back(at);
    }
    if (all.size() < count) return fail(Errc::not_found, "the file holds too few envelopes");
    return all;
}

BytesView Envelopes::range(std::size_t from, std::size_t to) const noexcept {
    return BytesView(bytes_).subspan(begins_[from], begins_[to] - begins_[from]);
}

Result<std::size_t> Envelopes::find(BytesView raw) const {
    if (raw.size() >= kLeastEnvelope) {
        const auto found = marks_.find(mark_of(raw));
        if (found != marks_.end() && equal(range(found->second, found->second + 1), raw)) return found->second;
    }
    return fail(Errc::not_found, "an envelope that was never sent");
}

std::uint64_t Envelopes::mark_of(BytesView raw) noexcept {
    return load_be<std::uint64_t>(raw.subspan(raw.size() / 2));
}

Task<Result<void>> seal(Env env, Options options) {
    SOTTO_CO_TRY(const auto key_bytes, from_hex(options.key));
    if (key_bytes.size() != 32) co_return fail(Errc::invalid_argument, "a key has 32 bytes");
    const auto key = first_bytes<32>(key_bytes);
    const auto expiry = static_cast<std::uint32_t>(env.clock->wall().seconds() + options.ttl);
    const auto payload = env.random->bytes(options.size);
    std::ofstream out(options.file, std::ios::binary);
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < options.count; ++i) {
        SOTTO_CO_TRY(const auto plain, whisper::encode_plaintext(payload, {}, nullptr, *env.random));
        const auto data = whisper::seal_symmetric(key, plain, *env.random);
        const auto body = whisper::encode_body(expiry, options.ttl, kTopic, data);
        whisper::NonceSearch search(body, whisper::PowRule::eip627);
        const auto bits = whisper::target_bits(options.pow, body.size(), data.size(), options.ttl);
        while (!search.advance(bits, 4096)) {
        }
        const auto envelope = whisper::encode_envelope(body, search.best_nonce());
        out << text_of(envelope);
        bytes += envelope.size();
    }
    out.flush();
    if (!out) co_return fail(Errc::io, options.file);
    report({{"count", static_cast<double>(options.count)}, {"bytes", static_cast<double>(bytes)}});
    co_return Result<void>{};
}

Task<Result<void>> nonces(Env env, Options options) {
    constexpr std::uint64_t kSlice = 4096;
    constexpr unsigned kUnreachable = 257;
    const auto body = whisper::encode_body(1, options.ttl, kTopic, env.random->bytes(options.size));
    whisper::NonceSearch search(body, whisper::PowRule::eip627);
    const auto began = env.clock->now();
    double hashes = 0;
    Duration took{};
    for (; to_seconds(took) < options.seconds; took = env.clock->now() - began) {
        (void)search.advance(kUnreachable, kSlice);
        hashes += kSlice;
    }
    report({{"hashes", hashes}, {"seconds", to_seconds(took)}, {"perSecond", hashes / to_seconds(took)}});
    co_return Result<void>{};
}

}  // namespace sotto::load
