// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "messenger/history.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cerrno>
#include <cstring>

#include "node/files.hpp"

namespace sotto::messenger {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxLine = 512 * 1024;  // 64 KiB of text, escaped at its worst
constexpr std::size_t kMaxDepth = 4;

std::unexpected<Error> system_error(const std::filesystem::path& file) {
    const auto code = errno == EACCES || errno == EPERM ? Errc::permission : Errc::io;
    return fail(code, "cannot use the history " + file.string() + ": " + std::strerror(errno));
}

std::string to_text(const std::string& conversation, const Line& line) {
    return json::serialize(json::object{{"at", line.milliseconds},
                                        {"in", conversation},
                                        {"nick", line.nick},
                                        {"own", line.own},
                                        {"text", line.text}}) +
           "\n";
}

struct Entry {
    std::string conversation;
    Line line;
};

std::optional<std::string> text_at(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    if (!value || !value->is_string()) return std::nullopt;
    return std::string(value->get_string());
}

std::optional<Entry> parse(std::string_view text) {
    json::error_code code;
    json::parse_options options;
    options.max_depth = kMaxDepth;
    const auto value = json::parse(text, code, {}, options);
    const auto* object = value.if_object();
    if (code || !object) return std::nullopt;
    const auto in = text_at(*object, "in");
    const auto nick = text_at(*object, "nick");
    const auto said = text_at(*object, "text");
    const auto* at = object->if_contains("at");
    const auto* own = object->if_contains("own");
    if (!in || !nick || !said || !at || !own || !own->is_bool()) return std::nullopt;
    const auto milliseconds = at->to_number<std::uint64_t>(code);
    if (code) return std::nullopt;
    return Entry{*in,
                 {.milliseconds = milliseconds,
                  .nick = *nick,
                  .text = *said,
                  .delivery = Delivery::acknowledged,
                  .own = own->get_bool(),
                  .old = true}};
}

}  // namespace

History::~History() {
    if (fd_ >= 0) ::close(fd_);
}

Result<std::unique_ptr<History>> History::open(std::filesystem::path file, std::size_t limit) {
    std::unique_ptr<History> history(new History(std::move(file), limit));
    SOTTO_CHECK(history->open_file());
    SOTTO_CHECK(history->load());
    return history;
}

Result<void> History::open_file() {
    const int fd = ::open(file_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) return system_error(file_);
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
    struct stat status = {};
    if (::fstat(fd_, &status) != 0) return system_error(file_);
    if (!S_ISREG(status.st_mode)) return fail(Errc::io, file_.string() + " is no file that could hold a history");
    if (::fchmod(fd_, 0600) != 0) return system_error(file_);
    if (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
        return fail(Errc::in_use, "another chat writes the history " + file_.string());
    }
    size_ = static_cast<std::size_t>(status.st_size);
    return {};
}

Result<void> History::load() {
    if (size_ > limit_ + kMaxLine) return fail(Errc::too_large, file_.string() + " is larger than a history can be");
    SOTTO_TRY(const auto content, node::read_private_file(file_, limit_ + kMaxLine));
    auto rest = text_of(content);
    while (!rest.empty()) {
        const auto end = rest.find('\n');
        if (auto entry = parse(rest.substr(0, end))) old_[entry->conversation].push_back(std::move(entry->line));
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
    // A line that a crash cut short must not swallow the next one.
    if (!content.empty() && content.back() != '\n' && ::write(fd_, "\n", 1) == 1) ++size_;
    return {};
}

std::vector<Line> History::last(const std::string& conversation, std::size_t count) {
    const auto found = old_.find(conversation);
    if (found == old_.end()) return {};
    auto lines = std::move(found->second);
    old_.erase(found);
    if (lines.size() > count) lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(count));
    return lines;
}

Result<void> History::append(const std::string& conversation, const Line& line) {
    const auto text = to_text(conversation, line);
    if (size_ + text.size() > limit_) {
        SOTTO_CHECK(halve());
    }
    std::string_view rest = text;
    while (!rest.empty()) {
        const auto count = ::write(fd_, rest.data(), rest.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return system_error(file_);
        rest.remove_prefix(static_cast<std::size_t>(count));
        size_ += static_cast<std::size_t>(count);
    }
    return {};
}

Result<void> History::halve() {
    SOTTO_TRY(const auto content, node::read_private_file(file_, limit_ + kMaxLine));
    const auto text = text_of(content);
    const auto cut = text.find('\n', text.size() - std::min(text.size(), limit_ / 2));
    const auto kept = cut == std::string_view::npos ? std::string_view() : text.substr(cut + 1);
    SOTTO_CHECK(node::write_private_file(file_, view_of(kept), node::Existing::replace));
    return open_file();
}

}  // namespace sotto::messenger
