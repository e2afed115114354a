#include "cli/test_data.h"

#include <fmt/format.h>

#include <algorithm>

namespace bolide::cli {
namespace {

namespace fs = std::filesystem;

Result<NamedInputs> read_files(const fs::path& folder, const char* kind, const std::vector<TensorInfo>& infos) {
  NamedInputs tensors;
  for (std::size_t i = 0;; ++i) {
    const fs::path path = folder / fmt::format("{}_{}.pb", kind, i);
    if (!fs::exists(path)) return tensors;
    if (i >= infos.size()) {
      return Error{Code::kInvalidArgument,
                   fmt::format("{}: the model has only {} {}s", path.string(), infos.size(), kind)};
    }
    Result<HostTensor> tensor = read_value_proto(path, infos[i]);
    if (!tensor) return std::move(tensor).error();
    // What the model is to give is not bent.
    if (std::string_view(kind) == "input") tensor = fit_rank(*std::move(tensor), infos[i]);
    tensors.emplace_back(infos[i].name, *std::move(tensor));
  }
}

std::vector<fs::path> case_folders(const fs::path& folder) {
  std::vector<fs::path> folders;
  if (fs::exists(folder / "output_0.pb")) folders.push_back(folder);
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.is_directory() && entry.path().filename().string().rfind("test_data_set_", 0) == 0)
      folders.push_back(entry.path());
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

}  // namespace

std::optional<int> rank_in_data(const fs::path& folder, std::size_t index) {
  for (const fs::path& one : case_folders(folder)) {
    const Result<NamedTensor> tensor = read_tensor_proto(one / fmt::format("input_{}.pb", index));
    if (tensor) return static_cast<int>(tensor->tensor.dims().size());
  }
  return std::nullopt;
}

Result<std::vector<TestCase>> read_test_data(const fs::path& folder, const std::vector<TensorInfo>& inputs,
                                             const std::vector<TensorInfo>& outputs) {
  const std::vector<fs::path> folders = case_folders(folder);
  if (folders.empty()) {
    return Error{Code::kNotFound,
                 fmt::format("{}: holds neither output_0.pb nor a folder test_data_set_*", folder.string())};
  }
  std::vector<TestCase> cases;
  for (const fs::path& one : folders) {
    Result<NamedInputs> in = read_files(one, "input", inputs);
    if (!in) return std::move(in).error();
    Result<NamedInputs> out = read_files(one, "output", outputs);
    if (!out) return std::move(out).error();
    cases.push_back({*std::move(in), *std::move(out)});
  }
  return cases;
}

Result<std::vector<NamedInputs>> read_samples(const fs::path& folder, const std::vector<TensorInfo>& inputs) {
  std::vector<fs::path> folders;
  if (fs::exists(folder / "input_0.pb")) folders.push_back(folder);
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.is_directory() && fs::exists(entry.path() / "input_0.pb")) folders.push_back(entry.path());
  }
  std::sort(folders.begin(), folders.end());
  if (folders.empty()) {
    return Error{Code::kNotFound, fmt::format("{}: holds no input_0.pb, nor a folder with one", folder.string())};
  }
  std::vector<NamedInputs> samples;
  for (const fs::path& one : folders) {
    Result<NamedInputs> read = read_files(one, "input", inputs);
    if (!read) return std::move(read).error();
    if (read->size() != inputs.size()) {
      return Error{Code::kInvalidArgument,
                   fmt::format("{}: {} inputs, the model has {}", one.string(), read->size(), inputs.size())};
    }
    samples.push_back(*std::move(read));
  }
  return samples;
}

}  // namespace bolide::cli
