#include "base/log.h"

#include <array>
#include <atomic>
#include <cstdio>
#include <mutex>

#include "base/environment.h"

namespace bolide {
namespace {

constexpr std::array<std::string_view, 4> kNames = {"error", "warn", "info", "debug"};

void write_to_stderr(LogLevel level, std::string_view message) {
  const std::string line = strings::join("bolide: ", name(level), ": ", message, '\n');
  std::fwrite(line.data(), 1, line.size(), stderr);
}

LogLevel initial_level() {
  const auto wanted = environment::log_level();
  if (!wanted) return LogLevel::kWarn;
  const auto level = parse_log_level(*wanted);
  if (!level) {
    write_to_stderr(LogLevel::kWarn,
                    strings::join("BOLIDE_LOG is \"", *wanted, "\", expected error, warn, info or debug; using warn"));
  }
  return level.value_or(LogLevel::kWarn);
}

struct State {
  std::atomic<LogLevel> level = initial_level();
  std::recursive_mutex mutex;  // recursive: a sink may call set_log_sink
  std::shared_ptr<const LogSink> sink;
};

/// Never destroyed: destructors of other static objects may still log.
State& state() {
  static State* const the_state = new State;
  return *the_state;
}

}  // namespace

std::string_view name(LogLevel level) { return kNames.at(static_cast<std::size_t>(level)); }

std::optional<LogLevel> parse_log_level(std::string_view text) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames.at(i) == text) return static_cast<LogLevel>(i);
  }
  return std::nullopt;
}

void set_log_sink(LogSink sink) {
  State& s = state();
  auto next = sink ? std::make_shared<const LogSink>(std::move(sink)) : nullptr;
  const std::lock_guard lock(s.mutex);
  s.sink.swap(next);
}

void set_log_level(LogLevel level) { state().level.store(level, std::memory_order_relaxed); }
bool log_enabled(LogLevel level) { return level <= state().level.load(std::memory_order_relaxed); }

void log_message(LogLevel level, std::string_view message) {
  thread_local bool inside = false;
  if (!log_enabled(level) || inside) return;
  State& s = state();
  const std::lock_guard lock(s.mutex);
  const auto sink = s.sink;  // keeps the function alive while it runs
  if (!sink) {
    write_to_stderr(level, message);
    return;
  }
  inside = true;
  try {
    (*sink)(level, message);
  } catch (...) {  // a sink that fails loses its message, not the work
  }
  inside = false;
}

}  // namespace bolide
