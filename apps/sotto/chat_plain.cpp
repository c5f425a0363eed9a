// SPDX-License-Identifier: Apache-2.0 OR MIT
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cstdio>
#include <ctime>

#include "base/escape.hpp"
#include "chat_view.hpp"

namespace sotto::app {
namespace {

std::tm local_time(std::uint64_t milliseconds) {
    const auto seconds = static_cast<std::time_t>(milliseconds / 1000);
    std::tm local{};
    ::localtime_r(&seconds, &local);
    return local;
}

class PlainView final : public messenger::View {
  public:
    explicit PlainView(std::set<std::string> ids) : ids_(std::move(ids)) {}

    void on_line(const messenger::Conversation& conversation) override {
        const auto& line = conversation.lines.back();
        if (line.own || line.notice) return;
        const auto said = fmt::format("{}: {}", printable(line.nick), printable(line.text));
        // Whoever asked for one conversation must not take another's words for it.
        if (!ids_.contains(conversation.id)) {
            fmt::print(stderr,
                       "{} {} from {}: {}\n",
                       clock_time(line.milliseconds),
                       conversation.contact ? "private" : "also",
                       printable(conversation.id),
                       said);
        } else if (ids_.size() == 1) {
            fmt::print("{} {}\n", clock_time(line.milliseconds), said);
        } else {
            fmt::print("{} [{}] {}\n", clock_time(line.milliseconds), printable(conversation.id), said);
        }
        std::fflush(stdout);
    }
    void on_delivery(std::size_t number, messenger::Delivery delivery, const std::string& why) override {
        constexpr std::string_view kNames[] = {"queued", "sent", "acknowledged", "failed"};
        const auto name = kNames[static_cast<std::size_t>(delivery)];
        fmt::print(stderr, "message {}: {}{}{}\n", number + 1, name, why.empty() ? "" : ": ", printable(why));
    }
    void on_news(const std::string& text) override { fmt::print(stderr, "{}\n", printable(text)); }

  private:
    std::set<std::string> ids_;
};

}  // namespace

std::string clock_time(std::uint64_t milliseconds) {
    return fmt::format("{:%H:%M:%S}", local_time(milliseconds));
}

std::string date_and_time(std::uint64_t milliseconds) {
    return fmt::format("{:%m-%d %H:%M}", local_time(milliseconds));
}

std::unique_ptr<messenger::View> make_plain_view(std::set<std::string> ids) {
    return std::make_unique<PlainView>(std::move(ids));
}

}  // namespace sotto::app
