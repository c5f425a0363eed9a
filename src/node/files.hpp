// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <filesystem>
#include <optional>

#include "base/bytes.hpp"

namespace sotto::node {

/// A whole small file, at most `limit` bytes; not_found when there is none. What is no regular file (a FIFO, a device)
/// is refused: it may never end.
Result<Bytes> read_file(const std::filesystem::path& path, std::size_t limit);
/// The same of a file that is this user's alone. Links are not followed; a warning goes to the log when others may read
/// it.
Result<Bytes> read_private_file(const std::filesystem::path& path, std::size_t limit);
/// The same warning for an open file, when it is a regular one.
void warn_of_readers(const std::filesystem::path& path, int fd);
enum class Existing : std::uint8_t { refuse, replace };
/// Mode 0600 whatever the umask, complete or not at all, on the disk when it returns: temporary file, fsync, read back
/// and compared, rename, fsync of the folder. Errc::exists when there is one already and it may not be replaced. A
/// process that is killed may leave a temporary file, "NAME.tmp.XXXXXX".
Result<void> write_private_file(const std::filesystem::path& path, BytesView content, Existing existing);
/// Gone from the disk when it returns; not_found when there is none. Of a link, the link.
Result<void> remove_file(const std::filesystem::path& path);
/// A folder with mode 0700 whatever the umask, made when there is none. One that is there must belong to this user and
/// be no link (permission); it is closed to others.
Result<void> make_private_folder(const std::filesystem::path& path);

/// The data directory: made 0700, held by one process at a time.
class DataDir {
  public:
    /// Errc::in_use names the process that holds it.
    static Result<DataDir> open(const std::filesystem::path& path);
    /// Whether open() would do, but for another process that may hold the folder now. Makes and changes nothing.
    static Result<void> check(const std::filesystem::path& path);
    DataDir(DataDir&& other) noexcept;
    DataDir& operator=(DataDir&&) = delete;
    ~DataDir();
    const std::filesystem::path& path() const noexcept { return path_; }

  private:
    DataDir(std::filesystem::path path, int lock) : path_(std::move(path)), lock_(lock) {}
    std::filesystem::path path_;
    int lock_ = -1;
};

}  // namespace sotto::node
