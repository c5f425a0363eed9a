// SPDX-License-Identifier: Apache-2.0 OR MIT
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.hpp"

namespace sotto::log {

/// A healthy node logs nothing at warn or above; what a remote does wrong is debug. No secrets, no payloads.
enum class Level : std::uint8_t { trace, debug, info, warn, error, off };
enum class Format : std::uint8_t { text, json };

using Fields = std::initializer_list<std::pair<std::string_view, std::string>>;

/// To stderr. Any thread.
void configure(Level level, Format format);
bool enabled(Level level) noexcept;
/// One line: time, level, message, topic and fields. Values of fields are escaped. At most 10 MiB a minute are written;
/// the excess is counted and said once a minute.
void write(Level level, std::string_view topic, std::string_view message, Fields fields = {});

inline void debug(std::string_view topic, std::string_view message, Fields fields = {}) {
    write(Level::debug, topic, message, fields);
}
inline void info(std::string_view topic, std::string_view message, Fields fields = {}) {
    write(Level::info, topic, message, fields);
}
inline void warn(std::string_view topic, std::string_view message, Fields fields = {}) {
    write(Level::warn, topic, message, fields);
}
inline void error(std::string_view topic, std::string_view message, Fields fields = {}) {
    write(Level::error, topic, message, fields);
}

/// "trace", "debug", "info", "warn", "error", "off".
Result<Level> parse_level(std::string_view name);
Result<Format> parse_format(std::string_view name);

}  // namespace sotto::log
