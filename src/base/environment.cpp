#include "base/environment.h"

#include <cstdlib>

namespace bolide::environment {
namespace {

/// The value of a variable; an empty one counts as not set.
std::optional<std::string> variable(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return std::string(value);
}

}  // namespace

std::optional<std::string> max_isa() { return variable("BOLIDE_MAX_ISA"); }
std::optional<std::string> log_level() { return variable("BOLIDE_LOG"); }

std::optional<std::filesystem::path> cache_folder() {
  if (const auto own = variable("BOLIDE_CACHE_DIR")) return std::filesystem::path(*own);
  // The XDG base directory specification has relative paths ignored.
  if (const auto xdg = variable("XDG_CACHE_HOME"); xdg && xdg->front() == '/') {
    return std::filesystem::path(*xdg) / "bolide";
  }
  if (const auto home = variable("HOME")) return std::filesystem::path(*home) / ".cache" / "bolide";
  return std::nullopt;
}

std::optional<std::string> cuda_path() { return variable("BOLIDE_CUDA_PATH"); }
std::optional<std::filesystem::path> virtual_env() { return variable("VIRTUAL_ENV"); }
std::optional<std::filesystem::path> home_folder() { return variable("HOME"); }

}  // namespace bolide::environment
