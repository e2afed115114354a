/// The tests of a conformance suite: folders with a model, and inputs and outputs as files.
#pragma once

#include "base/error.h"

#include <filesystem>
#include <string>
#include <vector>

namespace bolide::conformance {

/// `<name>/model.onnx` with `<name>/test_data_set_*`.
struct Case {
  std::string name;  ///< "onnx-1.23/node/test_abs": below the folder that was searched
  std::filesystem::path folder;
};

/// Unpacks every *.tar.gz of `archives` into a folder of its own under `scratch`, unless that was done before.
/// Errors: NotFound when there is none; what `tar` says.
Status unpack(const std::filesystem::path& archives, const std::filesystem::path& scratch);

/// All cases below `root`, sorted by name.
std::vector<Case> find_cases(const std::filesystem::path& root);

}  // namespace bolide::conformance
