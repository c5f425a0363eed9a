// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "crypto/keystore.hpp"

namespace sotto::node {

/// DATA_DIR/keystore: key pairs for chat, each sealed under a passphrase in a file that is named as geth names it,
/// "UTC--TIME--ID"; the id of our own files is the address, 40 hex digits. Every other file in the folder is ignored.
/// Blocking, without state: any thread, and several processes at once.
class KeyDirectory {
  public:
    static constexpr std::size_t kMaxKeys = 10'000;

    struct Entry {
        std::string id;       ///< lower-case hex digits and dashes
        std::string created;  ///< "2026-01-31T12:00:00.000000000Z"
        std::filesystem::path file;
    };

    explicit KeyDirectory(const std::filesystem::path& data_dir) : path_(data_dir / "keystore") {}
    const std::filesystem::path& path() const noexcept { return path_; }
    /// As ids are written here: lower case, without 0x.
    static std::string normal_id(std::string_view id);

    /// Oldest first; empty when there is no folder yet.
    Result<std::vector<Entry>> list() const;
    /// Writes a new file, 0600 in a folder with 0700, as write_private_file() does. Errors: exists (a key with this
    /// address), exhausted (kMaxKeys), those of the disk. Precondition: the file names its address.
    Result<Entry> add(const crypto::keystore::KeyFile& file, WallTime now) const;
    /// The sealed key. The id, with or without 0x, in either case. Errors: not_found, duplicate (two files of this id),
    /// those of keystore::parse().
    Result<crypto::keystore::KeyFile> read(std::string_view id) const;
    /// As read(), without a look into the file: a damaged one can be removed too.
    Result<void> remove(std::string_view id) const;

  private:
    Result<Entry> find(std::string_view id) const;

    std::filesystem::path path_;
};

}  // namespace sotto::node
