// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "node/journal.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "base/loop.hpp"
#include "base/temporary_folder_testing.hpp"
#include "store/sqlite.hpp"

namespace sotto::node {
namespace {

using whisper::JournalEntry;

struct Folder : TemporaryFolder {
    std::filesystem::path file() const { return path() / "outbox.db"; }
};

JournalEntry entry(Loop& loop, Byte number, std::string_view record, std::string_view envelope) {
    JournalEntry made;
    made.id.fill(number);
    made.deadline = static_cast<std::uint32_t>(loop.env().clock->wall().seconds() + 60);
    made.record = to_bytes(view_of(record));
    made.envelope = to_bytes(view_of(envelope));
    return made;
}

/// Opens the journal in a process of its own, so to say, and lets `body` use it.
template <class Body>
std::vector<JournalEntry> session(const std::filesystem::path& path, Body body) {
    Loop loop(1);
    auto journal = SqliteJournal::open(loop.env(), path);
    EXPECT_TRUE(journal.has_value());
    auto loaded = (*journal)->take_loaded();
    auto run = [&]() -> Task<int> {
        co_await body(loop, **journal);
        co_return 0;
    };
    loop.run(run());
    return loaded;
}

Task<void> nothing(Loop&, whisper::Journal&) {
    co_return;
}

TEST(Journal, GivesBackWhatWasPutWithItsLatestState) {
    Folder folder;
    auto first = [](Loop& loop, whisper::Journal& journal) -> Task<void> {
        for (Byte i = 1; i <= 4; ++i) {
            EXPECT_TRUE((co_await journal.put(entry(loop, i, "sealed", "envelope"))).has_value());
        }
        journal.update(entry(loop, 1, "resealed", "another envelope"));
        journal.update(entry(loop, 1, "sent", ""));
        journal.update(entry(loop, 2, "acknowledged", ""));
        journal.remove(entry(loop, 3, "", "").id);
    };
    EXPECT_TRUE(session(folder.file(), first).empty());
    const auto loaded = session(folder.file(), nothing);
    ASSERT_EQ(loaded.size(), 3u);
    EXPECT_EQ(text_of(loaded[0].record), "sent");
    EXPECT_EQ(text_of(loaded[0].envelope), "another envelope");
    EXPECT_EQ(text_of(loaded[1].record), "acknowledged");
    EXPECT_EQ(text_of(loaded[1].envelope), "envelope");
    EXPECT_EQ(loaded[2].id[0], 4);
}

TEST(Journal, ForgetsWhatEndedADayAgo) {
    Folder folder;
    auto first = [](Loop& loop, whisper::Journal& journal) -> Task<void> {
        auto old = entry(loop, 1, "expired", "");
        old.deadline -= 60 + 86'400 + 10;
        EXPECT_TRUE((co_await journal.put(old)).has_value());
        EXPECT_TRUE((co_await journal.put(entry(loop, 2, "sealed", ""))).has_value());
    };
    session(folder.file(), first);
    const auto loaded = session(folder.file(), nothing);
    ASSERT_EQ(loaded.size(), 1u);
    EXPECT_EQ(loaded[0].id[0], 2);
}

TEST(Journal, ManyThatEndedDoNotCrowdOutOneThatWaits) {
    Folder folder;
    auto first = [](Loop& loop, whisper::Journal& journal) -> Task<void> {
        EXPECT_TRUE((co_await journal.put(entry(loop, 1, "sealed", "envelope"))).has_value());
    };
    session(folder.file(), first);
    {
        auto database = store::Database::open(folder.file());
        ASSERT_TRUE(database.has_value());
        ASSERT_TRUE(database
                        ->run("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
                              " INSERT INTO outbox (id, deadline, record, envelope) SELECT"
                              " CAST(printf('%032d', i) AS BLOB), unixepoch() - 60, x'01', zeroblob(10) FROM n")
                        .has_value());
    }
    const auto loaded = session(folder.file(), nothing);
    ASSERT_FALSE(loaded.empty());
    EXPECT_EQ(loaded.front().id[0], 1);
    EXPECT_EQ(text_of(loaded.front().envelope), "envelope");
    EXPECT_TRUE(loaded.back().envelope.empty()) << "nobody sends it any more";
}

TEST(Journal, SaysWhatToDoAboutADamagedFile) {
    Folder folder;
    std::ofstream(folder.file()) << std::string(8192, 'x');
    Loop loop(1);
    const auto journal = SqliteJournal::open(loop.env(), folder.file());
    ASSERT_FALSE(journal.has_value());
    EXPECT_NE(journal.error().detail().find("move it away"), std::string::npos);
}

}  // namespace
}  // namespace sotto::node
