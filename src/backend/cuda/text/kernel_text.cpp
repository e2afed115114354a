#include "backend/cuda/text/kernel_text.h"

namespace bolide::cuda {

std::string_view kernel_text(std::string_view name) {
  for (const KernelText& text : kernel_texts()) {
    if (text.name == name) return text.text;
  }
  return {};
}

std::string joined_text(std::initializer_list<std::string_view> names) {
  std::string out(kernel_text("common"));
  for (const std::string_view name : names) out += kernel_text(name);
  return out;
}

}  // namespace bolide::cuda
