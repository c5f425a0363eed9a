// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <filesystem>
#include <map>
#include <memory>

#include "messenger/conversation.hpp"

namespace sotto::messenger {

/// What was said, kept in a file because somebody asked for it: a JSON object a line,
/// {"at":milliseconds,"in":"#lobby","nick":"bob","own":false,"text":"hi"}. Mode 0600; grows to `limit` bytes, then the
/// older half goes.
class History {
  public:
    static constexpr std::size_t kLimit = std::size_t{8} << 20;

    /// Makes the file, or reads what is there; lines that are none are passed over. Errors: io, permission; in_use when
    /// another chat writes it.
    static Result<std::unique_ptr<History>> open(std::filesystem::path file, std::size_t limit = kLimit);
    History(const History&) = delete;
    History& operator=(const History&) = delete;
    ~History();

    Result<void> append(const std::string& conversation, const Line& line);
    /// The last lines of earlier runs, oldest first; once for each conversation.
    std::vector<Line> last(const std::string& conversation, std::size_t count);

  private:
    History(std::filesystem::path file, std::size_t limit) : file_(std::move(file)), limit_(limit) {}
    Result<void> open_file();
    Result<void> load();
    Result<void> halve();

    std::filesystem::path file_;
    std::size_t limit_;
    int fd_ = -1;
    std::size_t size_ = 0;
    std::map<std::string, std::vector<Line>> old_;
};

}  // namespace sotto::messenger
