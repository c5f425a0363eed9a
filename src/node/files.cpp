// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "node/files.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/log.hpp"
#include "crypto/hash.hpp"

namespace sotto::node {
namespace {

/// The layout of the data directory; a higher one was written by a later version.
constexpr int kLayout = 1;

class Descriptor {
  public:
    explicit Descriptor(int fd) noexcept : fd_(fd) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    int get() const noexcept { return fd_; }
    int release() noexcept { return std::exchange(fd_, -1); }
    explicit operator bool() const noexcept { return fd_ >= 0; }

  private:
    int fd_;
};

std::unexpected<Error> system_error(const std::string& what) {
    const int code = errno;
    const auto errc = code == ENOENT || code == ENOTDIR ? Errc::not_found
                      : code == EEXIST                  ? Errc::exists
                      : code == EACCES || code == EPERM ? Errc::permission
                                                        : Errc::io;
    return fail(errc, what + ": " + std::strerror(code));
}

Result<void> write_all(int fd, BytesView content, const std::string& name) {
    while (!content.empty()) {
        const auto count = ::write(fd, content.data(), content.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return system_error("cannot write " + name);
        content = content.subspan(static_cast<std::size_t>(count));
    }
    return {};
}

Result<void> sync_folder(const std::filesystem::path& folder) {
    const Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd || ::fsync(fd.get()) != 0) return system_error("cannot sync " + folder.string());
    return {};
}

std::filesystem::path folder_of(const std::filesystem::path& file) {
    return file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
}

/// Reads the file again, from the disk where the system lets go of its copy.
Result<void> verify(int fd, BytesView content, const std::string& name) {
    (void)::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    ByteArray<4096> buffer;
    for (std::size_t at = 0;;) {
        const auto count = ::pread(fd, buffer.data(), buffer.size(), static_cast<off_t>(at));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return system_error("cannot read " + name);
        const auto read = BytesView(buffer).first(static_cast<std::size_t>(count));
        const auto expected = content.subspan(at, std::min(read.size(), content.size() - at));
        const bool end = read.empty();
        const bool same = end ? at == content.size() : equal(read, expected);
        crypto::wipe(BytesSpan(buffer).first(read.size()));
        if (!same) return fail(Errc::io, "the disk does not give back what was written to " + name);
        if (end) return {};
        at += read.size();
    }
}

/// Mode 0600, whatever an old libc or an ACL of the folder made of it.
Result<void> write_and_verify(int fd, BytesView content, const std::string& name) {
    if (::fchmod(fd, 0600) != 0) return system_error("cannot protect " + name);
    SOTTO_CHECK(write_all(fd, content, name));
    if (::fsync(fd) != 0) return system_error("cannot sync " + name);
    return verify(fd, content, name);
}

std::string holder_of(int lock) {
    char text[32] = {};
    const auto count = ::pread(lock, text, sizeof text - 1, 0);
    return count > 0 ? std::string(text, static_cast<std::size_t>(count)) : "unknown";
}

enum class For : std::uint8_t { anybody, owner };

Result<Bytes> read_regular(const std::filesystem::path& path, std::size_t limit, For readers) {
    const int links = readers == For::owner ? O_NOFOLLOW : 0;
    // O_NONBLOCK: opening a FIFO would wait for whoever writes to it.
    const Descriptor fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | links));
    struct stat status = {};
    if (!fd || ::fstat(fd.get(), &status) != 0) return system_error("cannot read " + path.string());
    if (!S_ISREG(status.st_mode)) return fail(Errc::io, path.string() + " is not a regular file");
    if (readers == For::owner) warn_of_readers(path, fd.get());
    Bytes content(limit + 1);
    std::size_t size = 0;
    while (size < content.size()) {
        const auto count = ::read(fd.get(), content.data() + size, content.size() - size);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return system_error("cannot read " + path.string());
        if (count == 0) break;
        size += static_cast<std::size_t>(count);
    }
    if (size > limit) return fail(Errc::too_large, path.string() + " is larger than such a file can be");
    content.resize(size);
    return content;
}

enum class Layout : std::uint8_t { ours, unmarked };

Result<Layout> check_layout(const std::filesystem::path& folder) {
    const auto file = folder / "version";
    const auto content = read_file(file, 64);
    if (!content && content.error() == Errc::not_found) return Layout::unmarked;
    if (!content) return fail(content.error());
    auto text = text_of(*content);
    if (text.ends_with('\n')) text.remove_suffix(1);
    const auto ours = std::to_string(kLayout);
    if (text == ours) return Layout::ours;
    const bool number = !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
    if (!number) {
        return fail(Errc::io,
                    file.string() + " is damaged: it says of which layout " + folder.string() + " is, and that is " +
                        ours + " if only this version of sotto has used it; try: echo " + ours + " > " + file.string());
    }
    return fail(Errc::unsupported,
                folder.string() + " was written by another version of sotto (layout " + std::string(text) +
                    ", this one has " + ours + "): run that one, or name another folder with --data-dir");
}

Result<void> mark_layout(const std::filesystem::path& folder) {
    SOTTO_TRY(const auto layout, check_layout(folder));
    if (layout == Layout::ours) return {};
    return write_private_file(folder / "version", view_of(std::to_string(kLayout) + "\n"), Existing::refuse);
}

/// Whoever may write into the folder may put an identity of his own there. A group is the administrator's choice.
Result<void> check_mode(const std::filesystem::path& folder) {
    struct stat status = {};
    if (::stat(folder.c_str(), &status) != 0) return system_error("cannot use " + folder.string());
    if (!S_ISDIR(status.st_mode)) return fail(Errc::io, folder.string() + " is not a folder");
    if ((status.st_mode & S_IWOTH) != 0) {
        return fail(Errc::permission,
                    "everybody may write to " + folder.string() + "; try: chmod 700 " + folder.string());
    }
    return {};
}

Result<void> check_access(const std::filesystem::path& folder) {
    if (::faccessat(AT_FDCWD, folder.c_str(), R_OK | W_OK | X_OK, AT_EACCESS) == 0) return {};
    return system_error("cannot write to " + folder.string());
}

}  // namespace

Result<Bytes> read_file(const std::filesystem::path& path, std::size_t limit) {
    return read_regular(path, limit, For::anybody);
}

Result<Bytes> read_private_file(const std::filesystem::path& path, std::size_t limit) {
    return read_regular(path, limit, For::owner);
}

void warn_of_readers(const std::filesystem::path& path, int fd) {
    struct stat status = {};
    if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) return;
    // As ssh has it for its keys. Of a file that is another's (a mounted secret) the group may be the way to read it.
    const mode_t others = status.st_uid == ::geteuid() ? 077 : 007;
    if ((status.st_mode & others) == 0) return;
    log::warn("node",
              "a file that is for its owner alone is open to others",
              {{"file", path.string()}, {"try", "chmod 600 " + path.string()}});
}

Result<void> write_private_file(const std::filesystem::path& path, BytesView content, Existing existing) {
    const std::string name = path.string();
    std::string temporary = name + ".tmp.XXXXXX";
    {
        // A fresh name: in a folder of others nobody can have put a file of ours there to be cut off.
        const Descriptor fd(::mkostemp(temporary.data(), O_CLOEXEC));
        if (!fd) return system_error("cannot create " + name);
        const auto written = write_and_verify(fd.get(), content, temporary);
        if (!written) {
            ::unlink(temporary.c_str());
            return written;
        }
    }
    // link() refuses an existing name in one step, rename() replaces it in one.
    const bool moved = existing == Existing::replace ? ::rename(temporary.c_str(), name.c_str()) == 0
                                                     : ::link(temporary.c_str(), name.c_str()) == 0;
    const auto failure = moved ? Result<void>() : Result<void>(system_error("cannot create " + name));
    if (existing == Existing::refuse || !moved) ::unlink(temporary.c_str());
    if (!failure) return failure;
    return sync_folder(folder_of(path));
}

Result<void> remove_file(const std::filesystem::path& path) {
    if (::unlink(path.c_str()) != 0) return system_error("cannot remove " + path.string());
    return sync_folder(folder_of(path));
}

Result<void> make_private_folder(const std::filesystem::path& path) {
    const bool fresh = ::mkdir(path.c_str(), 0700) == 0;
    if (!fresh && errno != EEXIST) return system_error("cannot create " + path.string());
    if (fresh && ::chmod(path.c_str(), 0700) != 0) return system_error("cannot protect " + path.string());
    const Descriptor fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    struct stat info{};
    if (!fd && (errno == ELOOP || errno == ENOTDIR)) {
        return fail(Errc::permission, path.string() + " is a link or a file, not a folder; move it away");
    }
    if (!fd || ::fstat(fd.get(), &info) != 0) return system_error("cannot open " + path.string());
    if (info.st_uid != ::geteuid()) return fail(Errc::permission, path.string() + " belongs to another user");
    if ((info.st_mode & 07777) != 0700 && ::fchmod(fd.get(), 0700) != 0) {
        return system_error("cannot protect " + path.string());
    }
    return fresh ? sync_folder(folder_of(path)) : Result<void>();
}

Result<DataDir> DataDir::open(const std::filesystem::path& path) {
    std::error_code code;
    std::filesystem::create_directories(path.parent_path(), code);
    const bool fresh = ::mkdir(path.c_str(), 0700) == 0;
    if (!fresh && errno != EEXIST) return system_error("cannot create " + path.string());
    if (fresh && ::chmod(path.c_str(), 0700) != 0) return system_error("cannot protect " + path.string());
    SOTTO_CHECK(check_mode(path));

    const auto lock_file = (path / "lock").string();
    Descriptor lock(::open(lock_file.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!lock) return system_error("cannot create " + lock_file);
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
        return fail(Errc::in_use,
                    path.string() + " is in use by process " + holder_of(lock.get()) +
                        "; stop it, or name another folder with --data-dir");
    }
    const auto pid = std::to_string(::getpid());
    if (::ftruncate(lock.get(), 0) != 0) return system_error("cannot write " + lock_file);
    SOTTO_CHECK(write_all(lock.get(), view_of(pid), lock_file));
    SOTTO_CHECK(mark_layout(path));
    return DataDir(path, lock.release());
}

Result<void> DataDir::check(const std::filesystem::path& path) {
    std::error_code code;
    if (!std::filesystem::exists(path, code) && !code) {
        auto there = std::filesystem::absolute(path, code);
        while (there.has_relative_path() && !std::filesystem::exists(there, code)) there = there.parent_path();
        return check_access(there);
    }
    SOTTO_CHECK(check_mode(path));
    SOTTO_CHECK(check_access(path));
    SOTTO_TRY(std::ignore, check_layout(path));
    return {};
}

DataDir::DataDir(DataDir&& other) noexcept : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}

DataDir::~DataDir() {
    if (lock_ >= 0) ::close(lock_);
}

}  // namespace sotto::node
