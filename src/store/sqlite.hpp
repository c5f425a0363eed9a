// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace sotto::store {

/// One prepared statement: bind, step, read columns, reset. Indices of parameters begin at 1, of columns at 0. Views
/// that were bound must outlive the steps; those of columns are valid until the next step or reset.
class Statement {
  public:
    Statement& bind(int index, std::int64_t value) noexcept;
    Statement& bind(int index, BytesView value) noexcept;
    /// True: there is a row; false: done.
    Result<bool> step();
    /// Steps to the end and resets.
    Result<void> run();
    void reset() noexcept;
    std::int64_t integer(int column) const noexcept;
    BytesView bytes(int column) const noexcept;

  private:
    friend class Database;
    struct Close {
        void operator()(sqlite3_stmt* statement) const noexcept;
    };
    explicit Statement(sqlite3_stmt* statement) noexcept : statement_(statement) {}
    std::unique_ptr<sqlite3_stmt, Close> statement_;
};

/// A SQLite database whose commits are on the disk when they return (WAL, synchronous FULL). Errors: exhausted (the
/// disk is full), io, malformed (the file is damaged or no database), internal. One thread at a time.
class Database {
  public:
    /// Made with mode 0600 whatever the umask when there is none; a link in its place is not followed.
    static Result<Database> open(const std::filesystem::path& where);
    /// Statements without rows, separated by semicolons.
    Result<void> run(std::string_view sql);
    Result<Statement> prepare(std::string_view sql);

  private:
    struct Close {
        void operator()(sqlite3* database) const noexcept;
    };
    explicit Database(sqlite3* database) noexcept : database_(database) {}
    std::unique_ptr<sqlite3, Close> database_;
};

}  // namespace sotto::store
