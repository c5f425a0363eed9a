// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "chat_view.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cstdio>
#include <ctime>

#include "base/escape.hpp"

namespace sotto::app {

std::string clock_time(std::uint64_t milliseconds) {
    const auto seconds = static_cast<std::time_t>(milliseconds / 1000);
    std::tm local{};
    ::localtime_r(&seconds, &local);
    return fmt::format("{:02}:{:02}:{:02}", local.tm_hour, local.tm_min, local.tm_sec);
}

namespace {

class PlainView final : public ChatView {
  public:
    void on_message(const std::string& nick, const std::string& text, std::uint64_t milliseconds) override {
        fmt::print("{} {}: {}\n", clock_time(milliseconds), printable(nick), printable(text));
        std::fflush(stdout);
    }
    void on_delivery(std::size_t number, Delivery delivery, const std::string& why) override {
        constexpr std::string_view kNames[] = {"sealing", "sent", "acknowledged", "failed"};
        const auto name = kNames[static_cast<std::size_t>(delivery)];
        fmt::print(stderr, "message {}: {}{}{}\n", number + 1, name, why.empty() ? "" : ": ", why);
    }
    void on_state(const std::string& text) override { fmt::print(stderr, "{}\n", printable(text)); }
};

}  // namespace

std::unique_ptr<ChatView> make_plain_view() {
    return std::make_unique<PlainView>();
}

}  // namespace sotto::app
