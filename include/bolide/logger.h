/// Messages of the library, and hooks to watch long work.
#pragma once

#include <bolide/export.h>
#include <bolide/types.h>

#include <functional>
#include <string_view>

namespace bolide {

enum class Severity : std::uint8_t { kError, kWarn, kInfo, kDebug };

/// Receives every message at or below the set severity, from any thread, one at a time. The default writes to stderr.
class BOLIDE_API Logger {
 public:
  virtual ~Logger() = default;
  virtual void log(Severity severity, std::string_view message) = 0;
};
/// `logger` must outlive its use; null restores the default.
BOLIDE_API void set_logger(Logger* logger);
/// Default: BOLIDE_LOG, else kWarn.
BOLIDE_API void set_log_severity(Severity severity);

/// Watches a build, from the thread that builds. `done` of `total` units (0 when unknown), expected seconds left
/// (negative when unknown). Returning false asks the build to stop with the best result so far.
class BOLIDE_API ProgressMonitor {
 public:
  virtual ~ProgressMonitor() = default;
  virtual bool progress(std::string_view phase, std::int64_t done, std::int64_t total, double seconds_left) = 0;
};

/// Receives the time of each step of a profiled run, in the order of Engine::plan(): steps inside the branches of If
/// follow it (0 where the branch was not taken), and its own time is without theirs.
class BOLIDE_API Profiler {
 public:
  virtual ~Profiler() = default;
  virtual void report_step(std::string_view step, std::string_view tactic, double microseconds) = 0;
};

}  // namespace bolide
