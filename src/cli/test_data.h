/// ONNX test folders.
#pragma once

#include "cli/inputs.h"

namespace bolide::cli {

struct TestCase {
  NamedInputs inputs;
  NamedInputs outputs;
};

/// The rank of the tensor in the first input_<index>.pb under `folder`; nothing when there is none.
std::optional<int> rank_in_data(const std::filesystem::path& folder, std::size_t index);

/// input_N.pb and output_N.pb of `folder`, or of each test_data_set_* in it, given to inputs and outputs by position.
/// Errors: NotFound when there is none; InvalidArgument when there are more files than inputs or outputs.
Result<std::vector<TestCase>> read_test_data(const std::filesystem::path& folder, const std::vector<TensorInfo>& inputs,
                                             const std::vector<TensorInfo>& outputs);

/// input_N.pb of `folder`, of each folder in it that has some, or of both. Errors: NotFound when there is none;
/// InvalidArgument when files are missing or too many.
Result<std::vector<NamedInputs>> read_samples(const std::filesystem::path& folder,
                                              const std::vector<TensorInfo>& inputs);

}  // namespace bolide::cli
