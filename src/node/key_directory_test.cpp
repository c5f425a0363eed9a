// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "node/key_directory.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "base/temporary_folder_testing.hpp"
#include "node/files.hpp"

namespace sotto::node {
namespace {

namespace keystore = crypto::keystore;

constexpr WallTime kTime{std::chrono::seconds(1'458'647'875) + Duration(920'751'759)};

crypto::PrivateKey key(Byte seed) {
    return crypto::PrivateKey::make(crypto::KeyType::secp256k1, Bytes(32, seed)).value();
}

keystore::KeyFile sealed(Byte seed) {
    return keystore::seal(key(seed), view_of("secret"), {.n = 4096, .r = 1, .p = 1}, {}).value();
}

std::string address(Byte seed) {
    return to_hex(keystore::address_of(key(seed).public_key()));
}

unsigned mode_of(const std::filesystem::path& path) {
    struct stat info{};
    return ::lstat(path.c_str(), &info) == 0 ? info.st_mode & 0777u : 0;
}

class KeyDirectoryTest : public testing::Test {
  protected:
    void write(const std::string& name, const std::string& content) const {
        std::ofstream(keys->path() / name) << content;
    }

    TemporaryFolder temporary;
    const std::filesystem::path home = temporary.path();
    std::optional<KeyDirectory> keys{home};
};

TEST_F(KeyDirectoryTest, KeepsKeysUnderGethsNamesForTheOwnerOnlyWhateverTheUmask) {
    const auto old = ::umask(0);
    const auto entry = keys->add(sealed(1), kTime);
    ::umask(old);
    ASSERT_TRUE(entry) << entry.error().message();
    EXPECT_EQ(entry->file, keys->path() / ("UTC--2016-03-22T11-57-55.920751759Z--" + address(1)));
    EXPECT_EQ(entry->created, "2016-03-22T11:57:55.920751759Z");
    EXPECT_EQ(entry->id, address(1));
    EXPECT_EQ(mode_of(entry->file), 0600u);
    EXPECT_EQ(mode_of(keys->path()), 0700u);
    const auto file = keys->read("0x" + address(1));
    ASSERT_TRUE(file) << file.error().message();
    EXPECT_EQ(keystore::open(*file, view_of("secret")).value().secret(), key(1).secret());
}

TEST_F(KeyDirectoryTest, ListsWhatItHoldsByAgeAndNothingBeforeTheFirst) {
    EXPECT_TRUE(keys->list().value().empty());
    EXPECT_FALSE(std::filesystem::exists(keys->path()));
    for (const Byte seed : {Byte{2}, Byte{1}, Byte{3}}) {
        ASSERT_TRUE(keys->add(sealed(seed), {kTime.since_epoch + std::chrono::seconds(10 - seed)}));
    }
    std::vector<std::string> ids;
    for (const auto& entry : keys->list().value()) ids.push_back(entry.id);
    EXPECT_EQ(ids, (std::vector{address(3), address(2), address(1)}));
}

TEST_F(KeyDirectoryTest, NeverOverwritesAndRemovesOnlyWhatIsNamed) {
    const auto first = keys->add(sealed(1), kTime).value();
    const auto before = read_private_file(first.file, keystore::kMaxFile).value();
    EXPECT_EQ(keys->add(sealed(1), {kTime.since_epoch + std::chrono::seconds(1)}).error(), Errc::exists);
    EXPECT_EQ(read_private_file(first.file, keystore::kMaxFile).value(), before);
    ASSERT_TRUE(keys->add(sealed(2), kTime));
    EXPECT_EQ(keys->remove(address(3)).error(), Errc::not_found);
    EXPECT_EQ(keys->remove("../" + first.file.filename().string()).error(), Errc::not_found);
    EXPECT_EQ(keys->remove("").error(), Errc::not_found);
    EXPECT_TRUE(keys->remove("0X" + address(1)));
    EXPECT_EQ(keys->read(address(1)).error(), Errc::not_found);
    EXPECT_TRUE(keys->read(address(2)));
    EXPECT_EQ(keys->list().value().size(), 1u);
}

TEST_F(KeyDirectoryTest, IgnoresTemporariesAndForeignFiles) {
    const auto entry = keys->add(sealed(1), kTime).value();
    write(entry.file.filename().string() + ".tmp.aB3dE5", "{\"torn");
    for (const auto* name : {"notes", "UTC--", "UTC--2016", "UTC----", "UTC--2016--zz", "UTC--now--00", ".hidden"}) {
        write(name, "x");
    }
    write("UTC--2016-03-22T11-57-55.9Z--" + std::string(65, '0'), "x");
    ASSERT_EQ(keys->list().value().size(), 1u);
    EXPECT_TRUE(keys->read(address(1)));
}

TEST_F(KeyDirectoryTest, NamesADamagedFileAndRemovesIt) {
    const auto entry = keys->add(sealed(1), kTime).value();
    write(entry.file.filename().string(), "{\"version\":3");
    const auto file = keys->read(address(1));
    ASSERT_FALSE(file);
    EXPECT_EQ(file.error(), Errc::malformed);
    EXPECT_NE(file.error().detail().find(entry.file.string()), std::string::npos);
    EXPECT_TRUE(keys->remove(address(1)));
}

TEST_F(KeyDirectoryTest, DoesNotFollowLinks) {
    std::filesystem::create_directory(home / "elsewhere");
    std::filesystem::create_directory_symlink(home / "elsewhere", keys->path());
    EXPECT_EQ(keys->add(sealed(1), kTime).error(), Errc::permission);
    EXPECT_TRUE(std::filesystem::is_empty(home / "elsewhere"));
    EXPECT_EQ(keys->list().error(), Errc::permission);
    EXPECT_EQ(keys->remove(address(1)).error(), Errc::permission);
    std::filesystem::remove(keys->path());

    const auto entry = keys->add(sealed(1), kTime).value();
    std::filesystem::rename(entry.file, home / "moved");
    std::filesystem::create_symlink(home / "moved", entry.file);
    EXPECT_FALSE(keys->read(address(1)));
    EXPECT_TRUE(keys->remove(address(1)));
    EXPECT_TRUE(std::filesystem::exists(home / "moved"));
}

TEST_F(KeyDirectoryTest, ClosesAFolderThatIsOpenToOthers) {
    std::filesystem::create_directory(keys->path());
    ASSERT_EQ(::chmod(keys->path().c_str(), 0755), 0);
    ASSERT_TRUE(keys->add(sealed(1), kTime));
    EXPECT_EQ(mode_of(keys->path()), 0700u);
}

TEST_F(KeyDirectoryTest, TouchesNeitherOfTwoFilesThatClaimOneId) {
    const auto entry = keys->add(sealed(1), kTime).value();
    const auto copy = keys->path() / ("UTC--2020-01-01T00-00-00.000000000Z--" + address(1));
    std::filesystem::copy_file(entry.file, copy);
    const auto removed = keys->remove(address(1));
    ASSERT_FALSE(removed);
    EXPECT_EQ(removed.error(), Errc::duplicate);
    EXPECT_NE(removed.error().detail().find(copy.string()), std::string::npos);
    EXPECT_EQ(keys->read(address(1)).error(), Errc::duplicate);
    EXPECT_TRUE(std::filesystem::exists(entry.file) && std::filesystem::exists(copy));
}

TEST_F(KeyDirectoryTest, HoldsAFileToItsName) {
    auto file = sealed(1);
    ASSERT_TRUE(make_private_folder(keys->path()));
    file.address.reset();
    write("UTC--2020-01-01T00-00-00.000000000Z--" + address(1), keystore::serialize(file));
    write("UTC--2020-01-01T00-00-00.000000000Z--" + address(2), keystore::serialize(file));
    write("UTC--2020-01-01T00-00-00.000000000Z--" + address(3), keystore::serialize(sealed(1)));
    write("UTC--2020-01-01T00-00-00.000000000Z--3198bc9c-6672-5ab3-d995-4942343ae5b6", keystore::serialize(file));
    EXPECT_TRUE(keystore::open(keys->read(address(1)).value(), view_of("secret")));
    EXPECT_EQ(keystore::open(keys->read(address(2)).value(), view_of("secret")).error(), Errc::malformed);
    EXPECT_EQ(keys->read(address(3)).error(), Errc::malformed);
    EXPECT_TRUE(keystore::open(keys->read("3198BC9C-6672-5ab3-d995-4942343ae5b6").value(), view_of("secret")));
}

}  // namespace
}  // namespace sotto::node
