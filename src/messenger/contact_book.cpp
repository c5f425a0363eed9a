// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "messenger/contact_book.hpp"

#include <algorithm>
#include <span>

#include "node/files.hpp"

namespace sotto::messenger {
namespace {

constexpr std::size_t kMaxContacts = 256;
constexpr std::size_t kLine = 133;  // 0x04, 128 digits and the end of the line

}  // namespace

Result<std::vector<chat::Key>> read_contacts(const std::filesystem::path& file) {
    const auto content = node::read_private_file(file, kMaxContacts * kLine);
    if (!content && content.error().code() == Errc::not_found) return std::vector<chat::Key>{};
    if (!content) return fail(content.error());
    std::vector<chat::Key> contacts;
    auto rest = text_of(*content);
    while (!rest.empty()) {
        const auto end = rest.find('\n');
        const auto key = chat::parse_key(rest.substr(0, end));
        if (!key) return fail(Errc::malformed, "a line of " + file.string() + " is no key");
        contacts.push_back(*key);
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
    return contacts;
}

Result<void> write_contacts(const std::filesystem::path& file, const std::vector<chat::Key>& contacts) {
    std::string text;
    const auto newest = std::span(contacts).last(std::min(contacts.size(), kMaxContacts));
    for (const auto& contact : newest) text += chat::key_text(contact) + "\n";
    return node::write_private_file(file, view_of(text), node::Existing::replace);
}

}  // namespace sotto::messenger
