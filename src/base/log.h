/// Messages about the work, by level, to a sink that the user can set. Errors that a caller gets back are not logged.
#pragma once

#include "base/error.h"

#include <functional>
#include <memory>
#include <optional>

namespace bolide {

enum class LogLevel : std::uint8_t { kError, kWarn, kInfo, kDebug };
std::string_view name(LogLevel level);
std::optional<LogLevel> parse_log_level(std::string_view text);

/// Called from any thread, one message at a time. Default: "bolide: warn: <message>" on stderr.
/// What a sink throws is swallowed; what it logs itself is dropped.
using LogSink = std::function<void(LogLevel, std::string_view message)>;
/// Replaces the sink; an empty function restores the default.
void set_log_sink(LogSink sink);
/// Messages above this level are dropped. Default: `BOLIDE_LOG`, else warn.
void set_log_level(LogLevel level);
bool log_enabled(LogLevel level);
void log_message(LogLevel level, std::string_view message);

/// Writes the joined arguments when the level is on: `log(LogLevel::kInfo, "packed ", n, " weights")`.
template <class... Args>
void log(LogLevel level, const Args&... args) {
  if (log_enabled(level)) log_message(level, strings::join(args...));
}

}  // namespace bolide
