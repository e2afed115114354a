/// The CUDA C++ files of `kernels/`, which the build puts into the library as text.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace bolide::cuda {

struct KernelText {
  std::string_view name;  ///< of the file, without its ending
  std::string_view text;
};
std::span<const KernelText> kernel_texts();

/// The text of that name; empty when there is none.
std::string_view kernel_text(std::string_view name);
/// `common.cu`, then the named files, one after the other: what a program starts with.
std::string joined_text(std::initializer_list<std::string_view> names);

}  // namespace bolide::cuda
