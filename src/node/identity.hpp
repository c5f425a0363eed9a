// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <filesystem>

#include "base/random.hpp"
#include "crypto/keys.hpp"

namespace sotto::node {

/// An identity file: 64 hex digits of a secp256k1 secret (as geth's nodekey), or "ed25519:" and 64 hex digits of a
/// seed.
Result<crypto::PrivateKey> parse_identity(std::string_view text);
std::string format_identity(const crypto::PrivateKey& key);

crypto::PrivateKey generate_identity(RandomSource& random);
Result<crypto::PrivateKey> read_identity(const std::filesystem::path& file);
/// Errc::exists when there is one already: a key is never overwritten.
Result<void> write_identity(const std::filesystem::path& file, const crypto::PrivateKey& key);
/// Reads the identity, or makes one when there is none.
Result<crypto::PrivateKey> load_identity(const std::filesystem::path& file, RandomSource& random);

}  // namespace sotto::node
