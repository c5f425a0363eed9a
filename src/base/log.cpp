// SPDX-License-Identifier: Apache-2.0 OR MIT
#include "base/log.hpp"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <mutex>

#include "base/escape.hpp"
#include "base/log_quota.hpp"

namespace sotto::log {
namespace {

constexpr std::array<std::string_view, 6> kNames{"trace", "debug", "info", "warn", "error", "off"};
constexpr std::size_t kBytesPerMinute = 10 * 1024 * 1024;
constexpr std::size_t kAround = sizeof "I 2026-01-01 00:00:00.000+00:00 \n" - 1;  ///< what a line of text has besides

struct Output {
    Output() {
        // no-color.org: present and not empty.
        const auto* no_color = std::getenv("NO_COLOR");
        const bool plain = no_color && *no_color != '\0';
        auto sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>(plain ? spdlog::color_mode::never
                                                                                : spdlog::color_mode::automatic);
        logger = std::make_shared<spdlog::logger>("sotto", std::move(sink));
        logger->set_level(spdlog::level::trace);
        set_pattern(Format::text);
    }
    void set_pattern(Format f) {
        format = f;
        logger->set_pattern(f == Format::json ? "%v" : "%^%L%$ %Y-%m-%d %H:%M:%S.%e%z %v");
    }
    std::shared_ptr<spdlog::logger> logger;
    std::atomic<Level> level{Level::info};
    std::atomic<Format> format{Format::text};
    Quota::Verdict take(std::size_t bytes) {
        const std::lock_guard lock(mutex);
        const auto minute = std::chrono::floor<std::chrono::minutes>(std::chrono::steady_clock::now());
        return quota.take(minute.time_since_epoch(), bytes);
    }
    std::mutex mutex;
    Quota quota{kBytesPerMinute};
};

Output& output() {
    static Output instance;
    return instance;
}

std::string json_line(Level level, std::string_view topic, std::string_view message, Fields fields) {
    const auto now =
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch());
    auto line = fmt::format(R"({{"time":{},"level":"{}","topic":"{}","message":"{}")",
                            now.count(),
                            kNames[static_cast<std::size_t>(level)],
                            escape_json(topic),
                            escape_json(message));
    for (const auto& [key, value] : fields) line += fmt::format(R"(,"{}":"{}")", escape_json(key), escape_json(value));
    line += '}';
    return line;
}

std::string text_line(std::string_view topic, std::string_view message, Fields fields) {
    auto line = fmt::format("{:<40} topics=\"{}\"", escape_json(message), escape_json(topic));
    for (const auto& [key, value] : fields) line += fmt::format(" {}=\"{}\"", key, escape_json(value));
    return line;
}

std::string line_of(Format format, Level level, std::string_view topic, std::string_view message, Fields fields) {
    return format == Format::json ? json_line(level, topic, message, fields) : text_line(topic, message, fields);
}

void put(Output& out, Level level, std::string_view line) {
    out.logger->log(static_cast<spdlog::level::level_enum>(static_cast<int>(level)), "{}", line);
}

}  // namespace

void configure(Level level, Format format) {
    output().level = level;
    output().set_pattern(format);
}

bool enabled(Level level) noexcept {
    return level >= output().level.load(std::memory_order_relaxed);
}

void write(Level level, std::string_view topic, std::string_view message, Fields fields) {
    if (!enabled(level)) return;
    auto& out = output();
    const auto format = out.format.load();
    const auto line = line_of(format, level, topic, message, fields);
    const auto [allowed, dropped] = out.take(line.size() + kAround);
    if (dropped > 0) {
        const Fields count{{"count", std::to_string(dropped)}};
        put(out, Level::warn, line_of(format, Level::warn, "log", "lines were dropped in an earlier minute", count));
    }
    if (allowed) put(out, level, line);
}

Result<Level> parse_level(std::string_view name) {
    for (std::size_t i = 0; i < kNames.size(); ++i) {
        if (kNames[i] == name) return static_cast<Level>(i);
    }
    return fail(Errc::invalid_argument, "not a log level; one of trace, debug, info, warn, error, off");
}

Result<Format> parse_format(std::string_view name) {
    if (name == "text") return Format::text;
    if (name == "json") return Format::json;
    return fail(Errc::invalid_argument, "not a log format; one of text, json");
}

}  // namespace sotto::log
