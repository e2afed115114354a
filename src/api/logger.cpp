#include <bolide/logger.h>

#include "base/log.h"

namespace bolide {

void set_logger(Logger* logger) {
  if (logger == nullptr) {
    set_log_sink({});
    return;
  }
  set_log_sink(
      [logger](LogLevel level, std::string_view message) { logger->log(static_cast<Severity>(level), message); });
}

void set_log_severity(Severity severity) { set_log_level(static_cast<LogLevel>(severity)); }

}  // namespace bolide
