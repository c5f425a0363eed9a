// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "node/files.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/temporary_folder_testing.hpp"
#include "node/identity.hpp"

namespace sotto::node {
namespace {

class FilesTest : public testing::Test {
  protected:
    static unsigned mode_of(const std::filesystem::path& path) {
        struct stat info{};
        return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 0777u : 0;
    }
    TemporaryFolder temporary;
    const std::filesystem::path folder = temporary.path();
};

TEST_F(FilesTest, WritesSecretsForTheOwnerOnlyWhateverTheUmask) {
    const auto old = ::umask(0);
    EXPECT_TRUE(write_private_file(folder / "a", view_of("x"), Existing::refuse));
    const auto dir = DataDir::open(folder / "d");
    ::umask(old);
    EXPECT_EQ(mode_of(folder / "a"), 0600u);
    EXPECT_EQ(mode_of(folder / "d"), 0700u);
    EXPECT_EQ(mode_of(folder / "d/lock"), 0600u);
}

TEST_F(FilesTest, NeverReplacesUnlessToldAndLeavesNoTemporaries) {
    ASSERT_TRUE(write_private_file(folder / "a", view_of("one"), Existing::refuse));
    EXPECT_EQ(write_private_file(folder / "a", view_of("two"), Existing::refuse).error().code(), Errc::exists);
    EXPECT_EQ(*read_private_file(folder / "a", 10), to_bytes("one"));
    ASSERT_TRUE(write_private_file(folder / "a", view_of("two"), Existing::replace));
    EXPECT_EQ(*read_private_file(folder / "a", 10), to_bytes("two"));
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 1);
}

TEST_F(FilesTest, DoesNotFollowLinksAndBoundsWhatItReads) {
    ASSERT_TRUE(write_private_file(folder / "a", view_of("12345"), Existing::refuse));
    EXPECT_EQ(read_private_file(folder / "a", 4).error().code(), Errc::too_large);
    std::filesystem::create_symlink(folder / "a", folder / "link");
    EXPECT_FALSE(read_private_file(folder / "link", 10));
    EXPECT_EQ(read_private_file(folder / "none", 10).error().code(), Errc::not_found);
}

TEST_F(FilesTest, RefusesWhatMayNeverEnd) {
    ASSERT_EQ(::mkfifo((folder / "fifo").c_str(), 0600), 0);
    for (const auto& path : {folder / "fifo", folder, std::filesystem::path("/dev/zero")}) {
        const auto read = read_file(path, 10);
        ASSERT_FALSE(read) << path;
        EXPECT_NE(read.error().detail().find(path.string() + " is not a regular file"), std::string::npos);
        EXPECT_FALSE(read_private_file(path, 10)) << path;
    }
}

TEST_F(FilesTest, WarnsOfASecretThatOthersMayRead) {
    ASSERT_TRUE(write_private_file(folder / "a", view_of("x"), Existing::refuse));
    const auto warning = [&](unsigned mode) {
        ::chmod((folder / "a").c_str(), mode);
        testing::internal::CaptureStderr();
        EXPECT_TRUE(read_file(folder / "a", 10));
        EXPECT_TRUE(read_private_file(folder / "a", 10));
        return testing::internal::GetCapturedStderr();
    };
    for (const unsigned mode : {0600u, 0400u, 0700u}) EXPECT_EQ(warning(mode), "") << mode;
    for (const unsigned mode : {0644u, 0640u, 0604u, 0620u}) {
        EXPECT_TRUE(warning(mode).starts_with("W ")) << mode;
        EXPECT_NE(warning(mode).find("chmod 600 " + (folder / "a").string()), std::string::npos) << mode;
    }
}

TEST_F(FilesTest, SaysWhatToDoAboutAMarkThatSaysNothing) {
    {
        ASSERT_TRUE(DataDir::open(folder / "d"));
    }
    for (const auto* mark : {"", "\n", "one\n", "-1\n"}) {
        ASSERT_TRUE(write_private_file(folder / "d/version", view_of(mark), Existing::replace));
        for (const auto& error : {DataDir::open(folder / "d").error(), DataDir::check(folder / "d").error()}) {
            EXPECT_EQ(error.code(), Errc::io) << mark;
            EXPECT_NE(error.detail().find("echo 1 > " + (folder / "d/version").string()), std::string::npos) << mark;
        }
    }
    ASSERT_TRUE(write_private_file(folder / "d/version", view_of("1"), Existing::replace));
    EXPECT_TRUE(DataDir::open(folder / "d")) << "as an editor may leave it";
}

TEST_F(FilesTest, HoldsADataDirectoryOnceAndSaysWhoHasIt) {
    {
        const auto first = DataDir::open(folder / "d");
        ASSERT_TRUE(first);
        const auto second = DataDir::open(folder / "d");
        ASSERT_FALSE(second);
        EXPECT_EQ(second.error().code(), Errc::in_use);
        EXPECT_NE(second.error().detail().find("process " + std::to_string(::getpid())), std::string::npos);
    }
    EXPECT_TRUE(DataDir::open(folder / "d"));
}

TEST_F(FilesTest, RefusesADataDirectoryOfALaterLayout) {
    {
        ASSERT_TRUE(DataDir::open(folder / "d"));
    }
    ASSERT_TRUE(write_private_file(folder / "d/version", view_of("2\n"), Existing::replace));
    EXPECT_EQ(DataDir::open(folder / "d").error().code(), Errc::unsupported);
}

TEST_F(FilesTest, RefusesADataDirectoryThatEverybodyMayWrite) {
    std::filesystem::create_directory(folder / "d");
    ::chmod((folder / "d").c_str(), 0777);
    EXPECT_EQ(DataDir::open(folder / "d").error().code(), Errc::permission);
    EXPECT_EQ(DataDir::check(folder / "d").error().code(), Errc::permission);
    ::chmod((folder / "d").c_str(), 0770);
    EXPECT_TRUE(DataDir::check(folder / "d"));
    EXPECT_TRUE(DataDir::open(folder / "d"));
}

TEST_F(FilesTest, ChecksADataDirectoryAndMakesNothing) {
    EXPECT_TRUE(DataDir::check(folder / "none/yet"));
    EXPECT_TRUE(std::filesystem::is_empty(folder));
    const auto held = DataDir::open(folder / "d");
    EXPECT_TRUE(DataDir::check(folder / "d"));
    ASSERT_TRUE(write_private_file(folder / "d/version", view_of("2\n"), Existing::replace));
    EXPECT_EQ(DataDir::check(folder / "d").error().code(), Errc::unsupported);
    EXPECT_EQ(DataDir::check(folder / "d/version").error().code(), Errc::io);
    EXPECT_FALSE(DataDir::check(folder / "d/version/below"));
}

TEST_F(FilesTest, MakesAnIdentityOnceAndKeepsIt) {
    const auto random = make_system_random();
    const auto first = load_identity(folder / "identity", *random);
    ASSERT_TRUE(first);
    EXPECT_EQ(first->public_key(), load_identity(folder / "identity", *random)->public_key());
    EXPECT_EQ(write_identity(folder / "identity", *first).error().code(), Errc::exists);
    EXPECT_EQ(mode_of(folder / "identity"), 0600u);
}

TEST(Identity, ReadsTheFormsItWritesAndRefusesTheRest) {
    const std::string hex(62, '0');
    EXPECT_TRUE(parse_identity(hex + "01\n"));
    EXPECT_EQ(parse_identity("ed25519:" + hex + "01")->type(), crypto::KeyType::ed25519);
    for (const auto& text : {std::string(), hex + "00", hex, hex + "0g", hex + "0101", "rsa:" + hex + "01"}) {
        EXPECT_FALSE(parse_identity(text)) << text;
    }
}

}  // namespace
}  // namespace sotto::node
