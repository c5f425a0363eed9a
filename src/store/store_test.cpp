// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "store/store.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <csignal>

#include <fstream>

#include "base/loop.hpp"
#include "base/task_group.hpp"
#include "base/temporary_folder_testing.hpp"

namespace sotto::store {
namespace {

constexpr std::string_view kSchema = "CREATE TABLE IF NOT EXISTS words (word BLOB PRIMARY KEY)";

struct Folder : TemporaryFolder {
    std::filesystem::path file() const { return path() / "words.db"; }
};

Job insert(std::string word) {
    return [word = std::move(word)](Database& database) -> Result<void> {
        SOTTO_TRY(auto statement, database.prepare("INSERT INTO words VALUES (?)"));
        return statement.bind(1, view_of(word)).run();
    };
}

Job erase(std::string word) {
    return [word = std::move(word)](Database& database) -> Result<void> {
        SOTTO_TRY(auto statement, database.prepare("DELETE FROM words WHERE word = ?"));
        return statement.bind(1, view_of(word)).run();
    };
}

std::int64_t count(const std::filesystem::path& path) {
    auto database = Database::open(path);
    EXPECT_TRUE(database.has_value());
    auto statement = database->prepare("SELECT count(*) FROM words");
    EXPECT_TRUE(statement.has_value());
    EXPECT_TRUE(statement->step().value());
    return statement->integer(0);
}

std::unique_ptr<Store> open(Loop& loop, const std::filesystem::path& path, const Store::Limits& limits = {}) {
    auto opened = Store::open(loop.env().executor, path, std::string(kSchema), limits);
    EXPECT_TRUE(opened.has_value());
    return std::move(*opened);
}

TEST(Store, WhatWasWrittenIsThereAfterwardsAndForItsOwnerAlone) {
    Folder folder;
    const auto old = ::umask(0);
    {
        Loop loop(1);
        const auto store = open(loop, folder.file());
        auto body = [&]() -> Task<int> {
            EXPECT_TRUE((co_await store->write(insert("one"), erase("one"), 3)).has_value());
            EXPECT_TRUE(store->write_later(insert("two"), 3, [](const Error&) { ADD_FAILURE(); }).has_value());
            co_return 0;
        };
        loop.run(body());
    }
    ::umask(old);
    EXPECT_EQ(count(folder.file()), 2);
    struct stat status{};
    EXPECT_EQ(::stat(folder.file().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST(Store, ManyWritersShareACommitAndAllAreKept) {
    Folder folder;
    {
        Loop loop(1);
        const auto store = open(loop, folder.file());
        auto writer = [&](int number) -> Task<void> {
            const auto word = std::to_string(number);
            EXPECT_TRUE((co_await store->write(insert(word), erase(word), 1)).has_value());
        };
        auto all = [&](TaskGroup& group) -> Task<Result<void>> {
            for (int i = 0; i < 500; ++i) group.spawn(writer(i));
            co_await group.wait_all();
            co_return Result<void>{};
        };
        auto body = [&]() -> Task<int> {
            (void)co_await with_group(loop.env(), 500, std::ref(all));
            co_return 0;
        };
        loop.run(body());
    }
    EXPECT_EQ(count(folder.file()), 500);
}

TEST(Store, AFailedJobFailsItsBatchAndIsUndoneAndTheNextOneWorks) {
    Folder folder;
    {
        Loop loop(1);
        const auto store = open(loop, folder.file());
        auto body = [&]() -> Task<int> {
            EXPECT_TRUE((co_await store->write(insert("one"), erase("one"), 1)).has_value());
            const auto twice = co_await store->write(insert("one"), {}, 1);
            EXPECT_EQ(twice.error().code(), Errc::internal);
            EXPECT_TRUE((co_await store->write(insert("two"), {}, 1)).has_value());
            co_return 0;
        };
        loop.run(body());
    }
    EXPECT_EQ(count(folder.file()), 2);
}

TEST(Store, WhatFailedIsUndoneAtOnceNotBeforeTheNextWrite) {
    Folder folder;
    {
        Loop loop(1);
        const auto store = open(loop, folder.file());
        auto body = [&]() -> Task<int> {
            EXPECT_TRUE((co_await store->write(insert("one"), {}, 1)).has_value());
            EXPECT_FALSE((co_await store->write(insert("one"), insert("undone"), 1)).has_value());
            EXPECT_EQ(count(folder.file()), 2) << "the process may end here";
            co_return 0;
        };
        loop.run(body());
    }
}

TEST(Store, AFullDiskIsSaidAndForgottenWhenThereIsRoomAgain) {
    Folder folder;
    // A file that may not grow is what a full disk looks like to SQLite.
    ::signal(SIGXFSZ, SIG_IGN);
    rlimit before{};
    EXPECT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
    {
        Loop loop(1);
        const auto store = open(loop, folder.file());
        auto body = [&]() -> Task<int> {
            EXPECT_TRUE((co_await store->write(insert("small"), {}, 1)).has_value());
            rlimit small = before;
            small.rlim_cur = 64 * 1024;
            EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
            const std::string large(256 * 1024, 'x');
            const auto refused = co_await store->write(insert(large), erase(large), large.size());
            EXPECT_FALSE(refused.has_value());
            EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
            EXPECT_TRUE((co_await store->write(insert("again"), {}, 1)).has_value());
            co_return 0;
        };
        loop.run(body());
    }
    EXPECT_EQ(count(folder.file()), 2);
}

TEST(Store, IsBoundedInWhatWaits) {
    Folder folder;
    Loop loop(1);
    const auto store = open(loop, folder.file(), {.jobs = 2, .bytes = 1'000});
    auto body = [&]() -> Task<int> {
        Result<void> outcome;
        for (int i = 0; i < 1'000 && outcome; ++i) {
            outcome = store->write_later(insert("w" + std::to_string(i)), 600, [](const Error&) {});
        }
        EXPECT_EQ(outcome.error().code(), Errc::busy);
        co_return 0;
    };
    loop.run(body());
}

TEST(Database, WhatIsNoDatabaseIsRefusedByName) {
    Folder folder;
    std::ofstream(folder.file()) << "this is no database, and long enough to be looked at: " << std::string(4096, 'x');
    const auto opened = Database::open(folder.file());
    ASSERT_FALSE(opened.has_value());
    EXPECT_EQ(opened.error().code(), Errc::malformed);
}

TEST(Database, LinksAreNotFollowed) {
    Folder folder;
    std::filesystem::create_symlink("/etc/hostname", folder.file());
    EXPECT_FALSE(Database::open(folder.file()).has_value());
}

TEST(Database, ItsFolderMayBeReachedThroughALink) {
    Folder folder;
    const auto real = folder.file().parent_path() / "real";
    const auto link = folder.file().parent_path() / "link";
    std::filesystem::create_directory(real);
    std::filesystem::create_directory_symlink(real, link);
    const auto opened = Database::open(link / "words.db");
    EXPECT_TRUE(opened.has_value()) << opened.error().message();
}

TEST(Database, BindsAndReadsEveryKindOfValue) {
    Folder folder;
    auto database = Database::open(folder.file());
    ASSERT_TRUE(database.has_value());
    ASSERT_TRUE(database->run("CREATE TABLE all_kinds (n INTEGER, b BLOB)").has_value());
    auto put = database->prepare("INSERT INTO all_kinds VALUES (?, ?)");
    ASSERT_TRUE(put.has_value());
    EXPECT_TRUE(put->bind(1, std::int64_t{-5}).bind(2, BytesView()).run().has_value());
    EXPECT_TRUE(put->bind(1, std::int64_t{7}).bind(2, view_of("bytes")).run().has_value());
    auto get = database->prepare("SELECT n, b FROM all_kinds ORDER BY n");
    ASSERT_TRUE(get->step().value());
    EXPECT_EQ(get->integer(0), -5);
    EXPECT_TRUE(get->bytes(1).empty());
    ASSERT_TRUE(get->step().value());
    EXPECT_EQ(text_of(get->bytes(1)), "bytes");
    EXPECT_FALSE(get->step().value());
    EXPECT_FALSE(database->prepare("SELECT nothing FROM nowhere").has_value());
}

}  // namespace
}  // namespace sotto::store
