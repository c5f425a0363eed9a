// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "messenger/history.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "messenger/contact_book.hpp"

namespace sotto::messenger {
namespace {

namespace fs = std::filesystem;

class HistoryTest : public ::testing::Test {
  protected:
    HistoryTest() { fs::create_directories(folder_); }
    ~HistoryTest() override { fs::remove_all(folder_); }

    static Line line(std::string text, bool own = false) {
        return {.milliseconds = 1'600'000'000'123, .nick = "bob", .text = std::move(text), .own = own};
    }
    static std::uint64_t size_of(const fs::path& file) { return fs::file_size(file); }

    fs::path folder_ = fs::path(::testing::TempDir()) / ("sotto-history-" + std::to_string(::getpid()));
    fs::path file_ = folder_ / "history";
};

TEST_F(HistoryTest, GivesBackWhatWasSaidBefore) {
    {
        auto history = *History::open(file_);
        ASSERT_TRUE(history->append("#lobby", line("one")));
        ASSERT_TRUE(history->append("#tea", line("green")));
        ASSERT_TRUE(history->append("#lobby", line("\"two\"\n\x1b[2J ☃", true)));
        EXPECT_TRUE(history->last("#lobby", 10).empty()) << "only of earlier runs";
    }
    auto history = *History::open(file_);
    const auto lobby = history->last("#lobby", 10);
    ASSERT_EQ(lobby.size(), 2u);
    EXPECT_EQ(lobby[0].text, "one");
    EXPECT_EQ(lobby[0].nick, "bob");
    EXPECT_EQ(lobby[0].milliseconds, 1'600'000'000'123u);
    EXPECT_TRUE(lobby[0].old && !lobby[0].own && lobby[1].own);
    EXPECT_EQ(lobby[1].text, "\"two\"\n\x1b[2J ☃");
    EXPECT_EQ(history->last("#tea", 10).size(), 1u);
    EXPECT_TRUE(history->last("#lobby", 10).empty()) << "once";
}

TEST_F(HistoryTest, IsPrivateWhateverTheUmaskOrTheFileWas) {
    std::ofstream(file_) << "";
    fs::permissions(file_, fs::perms::all);
    const auto history = History::open(file_);
    ASSERT_TRUE(history);
    struct stat status = {};
    ASSERT_EQ(::stat(file_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(HistoryTest, IsWrittenByOneChatAtATime) {
    const auto history = History::open(file_);
    ASSERT_TRUE(history);
    EXPECT_EQ(History::open(file_).error().code(), Errc::in_use);
}

TEST_F(HistoryTest, PassesOverWhatIsNoLine) {
    std::ofstream(file_) << "junk\n{}\n[[[[[[[[\n"
                         << R"({"at":-1,"in":"#a","nick":"b","own":false,"text":"negative"})" << "\n"
                         << R"({"at":5,"in":"#a","nick":"b","own":false,"text":"good"})" << "\n"
                         << R"({"at":6,"in":"#a","nick":"b","own":fal)";
    {
        auto history = *History::open(file_);
        const auto lines = history->last("#a", 10);
        ASSERT_EQ(lines.size(), 1u);
        EXPECT_EQ(lines[0].text, "good");
        ASSERT_TRUE(history->append("#a", line("after the cut")));
    }
    EXPECT_EQ((*History::open(file_))->last("#a", 10).size(), 2u) << "a cut line swallows none";
}

TEST_F(HistoryTest, StaysBelowItsLimitAndKeepsTheNewest) {
    constexpr std::size_t kLimit = 10'000;
    {
        auto history = *History::open(file_, kLimit);
        for (int i = 0; i < 1000; ++i) {
            ASSERT_TRUE(history->append("#a", line(std::to_string(i))));
            ASSERT_LE(size_of(file_), kLimit);
        }
    }
    auto history = *History::open(file_, kLimit);
    const auto lines = history->last("#a", 1000);
    ASSERT_GE(lines.size(), 50u);
    EXPECT_EQ(lines.back().text, "999");
    EXPECT_EQ(lines.front().text, std::to_string(1000 - lines.size())) << "without a gap";
}

TEST_F(HistoryTest, RefusesAFileThatIsNone) {
    EXPECT_FALSE(History::open(folder_));
    EXPECT_FALSE(History::open("/dev/null"));
    fs::create_symlink(folder_ / "elsewhere", file_);
    EXPECT_FALSE(History::open(file_));
    EXPECT_FALSE(fs::exists(folder_ / "elsewhere"));
    std::ofstream(folder_ / "huge") << std::string(2'000'000, 'x');
    EXPECT_EQ(History::open(folder_ / "huge", 1000).error().code(), Errc::too_large);
}

TEST_F(HistoryTest, RemembersContactsOnPaperOfTheirOwn) {
    const auto book = folder_ / "contacts";
    EXPECT_TRUE(read_contacts(book)->empty());
    std::vector<chat::Key> keys;
    for (Byte i = 1; i <= 3; ++i) {
        ByteArray<32> secret{};
        secret[31] = i;
        keys.push_back(crypto::secp256k1::public_key(secret));
    }
    ASSERT_TRUE(write_contacts(book, keys));
    EXPECT_EQ(*read_contacts(book), keys);
    std::vector<chat::Key> many(300, keys[0]);
    many.back() = keys[1];
    ASSERT_TRUE(write_contacts(book, many));
    ASSERT_EQ(read_contacts(book)->size(), 256u) << "what was written can be read";
    EXPECT_EQ(read_contacts(book)->back(), keys[1]);
    std::ofstream(book) << "0x04nonsense\n";
    EXPECT_EQ(read_contacts(book).error().code(), Errc::malformed);
    std::ofstream(book) << std::string(100'000, 'x');
    EXPECT_EQ(read_contacts(book).error().code(), Errc::too_large);
}

}  // namespace
}  // namespace sotto::messenger
