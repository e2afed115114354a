/// The environment variables Bolide reads, all of them, once per call from here and nowhere else.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace bolide::environment {

std::optional<std::string> max_isa();    ///< BOLIDE_MAX_ISA
std::optional<std::string> log_level();  ///< BOLIDE_LOG
/// BOLIDE_CACHE_DIR, else $XDG_CACHE_HOME/bolide, else ~/.cache/bolide; nothing when none of them is set.
std::optional<std::filesystem::path> cache_folder();
std::optional<std::string> cuda_path();  ///< BOLIDE_CUDA_PATH: folders with NVIDIA's libraries, split at ':'
std::optional<std::filesystem::path> virtual_env();  ///< VIRTUAL_ENV, the Python environment in use
std::optional<std::filesystem::path> home_folder();  ///< HOME

}  // namespace bolide::environment
