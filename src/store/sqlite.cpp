// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "store/sqlite.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace sotto::store {
namespace {

Error error_of(sqlite3* database, int code) {
    const std::string text = database ? sqlite3_errmsg(database) : sqlite3_errstr(code);
    switch (code & 0xff) {
        case SQLITE_FULL:
            return {Errc::exhausted, "no space left for the database: " + text};
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return {Errc::malformed, "the database is damaged: " + text};
        case SQLITE_IOERR:
        case SQLITE_CANTOPEN:
        case SQLITE_READONLY:
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
        case SQLITE_PERM:
            return {Errc::io, "the database cannot be used: " + text};
        default:
            return {Errc::internal, "SQLite: " + text};
    }
}

/// Links to the folder are the operator's business. SQLite refuses them as it does a link in place of the file.
Result<std::filesystem::path> resolve_folder(const std::filesystem::path& path) {
    std::error_code error;
    const auto folder = std::filesystem::canonical(std::filesystem::absolute(path).parent_path(), error);
    if (error) return fail(Errc::io, path.string() + " cannot be opened: " + error.message());
    return folder / path.filename();
}

/// SQLite would make it with the umask's mode, and gives its side files the mode of the main one.
Result<void> make_private(const std::filesystem::path& path) {
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0) return fail(Errc::io, path.string() + " cannot be opened: " + std::strerror(errno));
    const bool closed_to_others = ::fchmod(file, 0600) == 0;
    const int why = errno;
    ::close(file);
    if (!closed_to_others) return fail(Errc::permission, path.string() + ": " + std::strerror(why));
    return {};
}

}  // namespace

void Statement::Close::operator()(sqlite3_stmt* statement) const noexcept {
    sqlite3_finalize(statement);
}

Statement& Statement::bind(int index, std::int64_t value) noexcept {
    sqlite3_bind_int64(statement_.get(), index, value);
    return *this;
}

Statement& Statement::bind(int index, BytesView value) noexcept {
    // A null pointer would bind NULL instead of the empty blob.
    const void* data = value.empty() ? static_cast<const void*>("") : value.data();
    sqlite3_bind_blob64(statement_.get(), index, data, value.size(), SQLITE_STATIC);
    return *this;
}

Result<bool> Statement::step() {
    const int code = sqlite3_step(statement_.get());
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    return fail(error_of(sqlite3_db_handle(statement_.get()), code));
}

Result<void> Statement::run() {
    for (;;) {
        const auto row = step();
        if (row && *row) continue;
        reset();
        if (!row) return fail(row.error());
        return {};
    }
}

void Statement::reset() noexcept {
    sqlite3_reset(statement_.get());
    sqlite3_clear_bindings(statement_.get());
}

std::int64_t Statement::integer(int column) const noexcept {
    return sqlite3_column_int64(statement_.get(), column);
}

BytesView Statement::bytes(int column) const noexcept {
    const auto* data = static_cast<const Byte*>(sqlite3_column_blob(statement_.get(), column));
    return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

void Database::Close::operator()(sqlite3* database) const noexcept {
    sqlite3_close_v2(database);
}

Result<Database> Database::open(const std::filesystem::path& where) {
    SOTTO_TRY(const auto path, resolve_folder(where));
    SOTTO_CHECK(make_private(path));
    sqlite3* raw = nullptr;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE;
    const int code = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
    Database database(raw);
    if (code != SQLITE_OK) return fail(error_of(raw, code));
    SOTTO_CHECK(
        database.run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 1000;"
                     "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"));
    return database;
}

Result<void> Database::run(std::string_view sql) {
    const std::string text(sql);
    const int code = sqlite3_exec(database_.get(), text.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return fail(error_of(database_.get(), code));
    return {};
}

Result<Statement> Database::prepare(std::string_view sql) {
    sqlite3_stmt* raw = nullptr;
    const int code = sqlite3_prepare_v2(database_.get(), sql.data(), static_cast<int>(sql.size()), &raw, nullptr);
    if (code != SQLITE_OK) return fail(error_of(database_.get(), code));
    return Statement(raw);
}

}  // namespace sotto::store
