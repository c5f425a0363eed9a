// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <benchmark/benchmark.h>

#include "crypto/cipher.hpp"
#include "crypto/ecies.hpp"
#include "crypto/hash.hpp"
#include "crypto/keccak_kernels.hpp"
#include "crypto/keys.hpp"
#include "crypto/secp256k1.hpp"
#include "crypto/x25519.hpp"

namespace sotto::crypto {
namespace {

using benchmark::DoNotOptimize;
using benchmark::State;

constexpr ByteArray<32> kSecret{1, 2, 3, 4, 5, 6, 7, 8};

std::size_t size_of(const State& state) {
    return static_cast<std::size_t>(state.range(0));
}
void count_bytes(State& state) {
    state.SetBytesProcessed(state.iterations() * state.range(0));
}

void keccak(State& state) {
    const Bytes message(size_of(state), 1);
    for (auto _ : state) DoNotOptimize(keccak256(message));
    count_bytes(state);
    state.SetLabel(std::string(keccak_backend()));
}
BENCHMARK(keccak)->Arg(32)->Arg(200)->Arg(65536);

void permute(State& state, keccak::Permute function) {
    keccak::Lanes lanes{};
    for (auto _ : state) {
        function(lanes);
        DoNotOptimize(lanes);
    }
}
void permute_x8(State& state, keccak::PermuteX8 function) {
    alignas(64) std::uint64_t lanes[25][8] = {};
    for (auto _ : state) {
        function(lanes);
        DoNotOptimize(lanes);
    }
}
const bool kBackendsRegistered = [] {
    for (const auto& backend : keccak::backends()) {
        const std::string name(backend.name);
        benchmark::RegisterBenchmark(("permute/" + name).c_str(), permute, backend.permute);
        benchmark::RegisterBenchmark(("permute_x8/" + name).c_str(), permute_x8, backend.permute_x8);
    }
    return true;
}();

void sha256_digest(State& state) {
    const Bytes message(size_of(state), 1);
    for (auto _ : state) DoNotOptimize(sha256(message));
    count_bytes(state);
}
BENCHMARK(sha256_digest)->Arg(32)->Arg(65536);

void hmac(State& state) {
    const Bytes message(size_of(state), 1);
    for (auto _ : state) DoNotOptimize(hmac_sha256(kSecret, message));
}
BENCHMARK(hmac)->Arg(64);

void hkdf(State& state) {
    for (auto _ : state) DoNotOptimize(hkdf_sha256(kSecret, kSecret, {}, 64));
}
BENCHMARK(hkdf);

void noise_seal(State& state) {
    NoiseCipher cipher(kSecret);
    const Bytes plain(size_of(state), 1);
    const BytesView parts[] = {plain};
    Bytes out(plain.size() + NoiseCipher::kTagSize);
    for (auto _ : state) {
        cipher.seal(parts, {}, out);
        DoNotOptimize(out.data());
    }
    count_bytes(state);
}
BENCHMARK(noise_seal)->Arg(65519)->Arg(1400)->Arg(64);

/// A frame opens once, under its own nonce: a few are sealed ahead and opened by one new cipher after another.
void noise_open(State& state) {
    const Bytes plain(size_of(state), 1);
    const BytesView parts[] = {plain};
    std::vector<Bytes> frames(16);
    NoiseCipher sealer(kSecret);
    for (auto& frame : frames) {
        frame.resize(plain.size() + NoiseCipher::kTagSize);
        sealer.seal(parts, {}, frame);
    }
    NoiseCipher cipher(kSecret);
    Bytes out(plain.size());
    for (auto _ : state) {
        if (!cipher.open(frames[cipher.nonce()], {}, out)) state.SkipWithError("a good frame is refused");
        if (cipher.nonce() < frames.size()) continue;
        state.PauseTiming();
        cipher = NoiseCipher(kSecret);
        state.ResumeTiming();
    }
    count_bytes(state);
}
BENCHMARK(noise_open)->Arg(65519)->Arg(1400)->Arg(64);

void aes_ctr(State& state) {
    AesCtr cipher(kSecret, BytesView(kSecret).first(16));
    Bytes bytes(size_of(state), 1);
    for (auto _ : state) {
        cipher.apply(bytes);
        DoNotOptimize(bytes.data());
    }
    count_bytes(state);
}
BENCHMARK(aes_ctr)->Arg(16)->Arg(1024)->Arg(65536);

void aes_block(State& state) {
    Aes256Block cipher(kSecret);
    ByteArray<16> block{};
    for (auto _ : state) DoNotOptimize(block = cipher.encrypt(block));
}
BENCHMARK(aes_block);

void gcm_open(State& state) {
    const auto nonce = BytesView(kSecret).first(12);
    const auto sealed = aes256_gcm_seal(kSecret, nonce, Bytes(size_of(state), 1));
    for (auto _ : state) DoNotOptimize(aes256_gcm_open(kSecret, nonce, sealed));
    count_bytes(state);
}
BENCHMARK(gcm_open)->Arg(256)->Arg(65536);

void x25519_agree(State& state) {
    const auto pair = x25519_keypair(kSecret);
    for (auto _ : state) DoNotOptimize(x25519(kSecret, pair.public_key));
}
BENCHMARK(x25519_agree);

void secp256k1_ecdh(State& state) {
    const auto point = secp256k1::public_key(kSecret);
    for (auto _ : state) DoNotOptimize(secp256k1::ecdh(kSecret, point));
}
BENCHMARK(secp256k1_ecdh);

void secp256k1_sign(State& state) {
    for (auto _ : state) DoNotOptimize(secp256k1::sign_recoverable(kSecret, kSecret));
}
BENCHMARK(secp256k1_sign);

void secp256k1_recover(State& state) {
    const auto signature = secp256k1::sign_recoverable(kSecret, kSecret);
    for (auto _ : state) DoNotOptimize(secp256k1::recover(signature, kSecret));
}
BENCHMARK(secp256k1_recover);

void ecies_open(State& state) {
    const auto sealed = ecies::encrypt(secp256k1::public_key(kSecret), Bytes(300), {}, kSecret, {}).value();
    for (auto _ : state) DoNotOptimize(ecies::decrypt(kSecret, sealed, {}));
}
BENCHMARK(ecies_open);

template <KeyType Type>
void key_decode(State& state) {
    const auto encoded = PrivateKey::make(Type, kSecret).value().public_key().encode();
    for (auto _ : state) DoNotOptimize(PublicKey::decode(encoded));
}
BENCHMARK(key_decode<KeyType::ed25519>);
BENCHMARK(key_decode<KeyType::secp256k1>);

template <KeyType Type>
void key_sign(State& state) {
    const auto key = PrivateKey::make(Type, kSecret).value();
    for (auto _ : state) DoNotOptimize(key.sign(view_of("message")));
}
BENCHMARK(key_sign<KeyType::ed25519>);
BENCHMARK(key_sign<KeyType::secp256k1>);

template <KeyType Type>
void key_verify(State& state) {
    const auto key = PrivateKey::make(Type, kSecret).value();
    const auto signature = key.sign(view_of("message"));
    for (auto _ : state) {
        if (!key.public_key().verify(view_of("message"), signature)) state.SkipWithError("a good signature is refused");
    }
}
BENCHMARK(key_verify<KeyType::ed25519>);
BENCHMARK(key_verify<KeyType::secp256k1>);

}  // namespace
}  // namespace sotto::crypto
