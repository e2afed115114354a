#include "import/onnx/dynamic_batch.h"

#include <algorithm>

namespace bolide::onnx {
namespace {

bool holds_batch(const Dim& dim) { return std::ranges::count(dim.names(), kBatchName) > 0; }

}  // namespace

std::optional<std::int64_t> free_batch(std::span<TensorType* const> inputs) {
  if (inputs.empty() || inputs[0]->shape.empty() || is_container(inputs[0]->dtype)) return std::nullopt;
  const std::optional<std::int64_t> batch = inputs[0]->shape[0].constant();
  if (!batch) return std::nullopt;
  for (TensorType* type : inputs) {
    if (!type->shape.empty() && type->shape[0] == Dim(*batch) && !is_container(type->dtype)) {
      type->shape[0] = Dim(kBatchName);
    }
  }
  return batch;
}

Dims reshape_for_any_batch(const Shape& input, const Dims& target, std::int64_t batch) {
  const auto at = std::ranges::find_if(input, holds_batch);
  if (at == input.end()) return target;
  const auto axis = static_cast<std::size_t>(at - input.begin());
  Dims out = target;
  // In its place: all sizes before it are kept.
  bool stays = at->single_name().has_value() && axis < target.size() && target[axis] == batch;
  for (std::size_t i = 0; stays && i < axis; ++i) stays = target[i] == 0 || input[i] == Dim(target[i]);
  if (stays) {
    out[axis] = 0;
    return out;
  }
  if (std::ranges::find(target, -1) != target.end()) return target;
  const auto holder = std::ranges::find_if(out, [batch](std::int64_t size) { return size > 0 && size % batch == 0; });
  if (holder != out.end()) *holder = -1;
  return out;
}

}  // namespace bolide::onnx
