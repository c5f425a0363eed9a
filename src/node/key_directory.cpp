// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "node/key_directory.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <optional>

#include "base/assert.hpp"
#include "node/files.hpp"

namespace sotto::node {
namespace {

namespace keystore = crypto::keystore;

constexpr std::string_view kPrefix = "UTC--";
constexpr std::string_view kSeparator = "--";
constexpr std::size_t kMaxId = 64;
constexpr std::size_t kMaxTime = 32;

bool consists_of(std::string_view text, std::string_view characters, std::size_t limit) {
    return !text.empty() && text.size() <= limit && text.find_first_not_of(characters) == std::string_view::npos;
}

/// "2026-01-31T12-00-00.000000000Z": no colons, which some systems do not take in names.
std::string time_in_name(WallTime now) {
    const auto seconds = static_cast<std::time_t>(now.seconds());
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    std::array<char, 24> date{};
    (void)std::strftime(date.data(), date.size(), "%Y-%m-%dT%H-%M-%S", &parts);
    auto fraction = std::to_string(now.since_epoch.count() % 1'000'000'000);
    fraction.insert(0, 9 - fraction.size(), '0');
    return std::string(date.data()) + "." + fraction + "Z";
}

/// As above, with colons.
std::string time_for_people(std::string_view time) {
    std::string text(time);
    for (const std::size_t at : {13u, 16u}) {
        if (text.size() > at && text[at] == '-') text[at] = ':';
    }
    return text;
}

std::optional<KeyDirectory::Entry> parse_name(const std::filesystem::path& file) {
    const auto name = file.filename().string();
    std::string_view rest(name);
    if (!rest.starts_with(kPrefix)) return std::nullopt;
    rest.remove_prefix(kPrefix.size());
    const auto at = rest.find(kSeparator);
    if (at == std::string_view::npos) return std::nullopt;
    const auto time = rest.substr(0, at);
    const auto id = KeyDirectory::normal_id(rest.substr(at + kSeparator.size()));
    if (!consists_of(time, "0123456789-.:+TZ", kMaxTime) || !consists_of(id, "0123456789abcdef-", kMaxId)) {
        return std::nullopt;
    }
    return KeyDirectory::Entry{.id = id, .created = time_for_people(time), .file = file};
}

}  // namespace

std::string KeyDirectory::normal_id(std::string_view id) {
    if (id.starts_with("0x") || id.starts_with("0X")) id.remove_prefix(2);
    std::string normal(id);
    for (auto& c : normal) {
        if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
    }
    return normal;
}

Result<std::vector<KeyDirectory::Entry>> KeyDirectory::list() const {
    std::vector<Entry> entries;
    std::error_code code;
    const auto kind = std::filesystem::symlink_status(path_, code).type();
    if (kind == std::filesystem::file_type::not_found) return entries;
    if (!code && kind != std::filesystem::file_type::directory) {
        return fail(Errc::permission, path_.string() + " is a link or a file, not a folder; move it away");
    }
    std::filesystem::directory_iterator files(path_, code);
    for (; !code && files != std::filesystem::directory_iterator(); files.increment(code)) {
        auto entry = parse_name(files->path());
        if (!entry) continue;
        if (entries.size() == kMaxKeys) {
            return fail(Errc::exhausted, path_.string() + " holds more than " + std::to_string(kMaxKeys) + " keys");
        }
        entries.push_back(std::move(*entry));
    }
    if (code) return fail(Errc::io, "cannot read " + path_.string() + ": " + code.message());
    std::ranges::sort(entries, {}, &Entry::file);
    return entries;
}

Result<KeyDirectory::Entry> KeyDirectory::add(const keystore::KeyFile& file, WallTime now) const {
    SOTTO_ASSERT(file.address.has_value(), "a key file without its address");
    SOTTO_CHECK(make_private_folder(path_));
    SOTTO_TRY(const auto entries, list());
    if (entries.size() == kMaxKeys) {
        return fail(Errc::exhausted, path_.string() + " is full: " + std::to_string(kMaxKeys) + " keys");
    }
    const auto id = to_hex(*file.address);
    if (std::ranges::find(entries, id, &Entry::id) != entries.end()) {
        return fail(Errc::exists, "the key " + id + " is kept already and is never overwritten");
    }
    const auto time = time_in_name(now);
    const auto path = path_ / (std::string(kPrefix) + time + std::string(kSeparator) + id);
    SOTTO_CHECK(write_private_file(path, view_of(keystore::serialize(file)), Existing::refuse));
    return Entry{.id = id, .created = time_for_people(time), .file = path};
}

Result<KeyDirectory::Entry> KeyDirectory::find(std::string_view id) const {
    SOTTO_TRY(const auto entries, list());
    const auto wanted = normal_id(id);
    const auto it = std::ranges::find(entries, wanted, &Entry::id);
    if (it == entries.end()) {
        return fail(Errc::not_found, "there is no key of this id in " + path_.string() + "; see: sotto key list");
    }
    const auto other = std::find_if(it + 1, entries.end(), [&](const auto& entry) { return entry.id == wanted; });
    if (other != entries.end()) {
        return fail(
            Errc::duplicate,
            "two files claim this id: " + it->file.string() + " and " + other->file.string() + "; move one away");
    }
    return *it;
}

Result<keystore::KeyFile> KeyDirectory::read(std::string_view id) const {
    SOTTO_TRY(const auto entry, find(id));
    SOTTO_TRY(const auto content, read_private_file(entry.file, keystore::kMaxFile));
    auto file = keystore::parse(text_of(content));
    if (!file) return fail(file.error().within(entry.file.string()));
    if (entry.id.size() != 2 * sizeof(keystore::Address)) return file;  // named by something else than its address
    const auto named = from_hex(entry.id);
    if (!named) return file;
    // A file may leave its address out. The name stands for it then, and open() checks it.
    if (!file->address) file->address = first_bytes<sizeof(keystore::Address)>(*named);
    if (!equal(*file->address, *named)) {
        return fail(Errc::malformed, entry.file.string() + " holds another address than its name says");
    }
    return file;
}

Result<void> KeyDirectory::remove(std::string_view id) const {
    SOTTO_TRY(const auto entry, find(id));
    return remove_file(entry.file);
}

}  // namespace sotto::node
