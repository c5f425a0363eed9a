// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "base/env.hpp"
#include "whisper/journal.hpp"

namespace sotto::node {

/// Posted messages in a SQLite database. Loop thread only.
class SqliteJournal : public whisper::Journal {
  public:
    /// Made when there is none. Errors say what to do about the file.
    static Result<std::unique_ptr<SqliteJournal>> open(Env env, const std::filesystem::path& path);
    /// What it held when it was opened, oldest first; once.
    virtual std::vector<whisper::JournalEntry> take_loaded() = 0;
};

}  // namespace sotto::node
