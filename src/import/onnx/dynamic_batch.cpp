#include "import/onnx/dynamic_batch.h"

#include <algorithm>

namespace bolide::onnx {
namespace {

bool holds_batch(const Dim& dim) { return std::ranges::count(dim.names(), kBatchName) > 0; }

/// The size of `target` that takes the batch up, which stands at `axis` of `input`.
std::optional<std::size_t> holder_of(const Shape& input, std::size_t axis, const Dims& target, std::int64_t batch) {
  std::optional<std::int64_t> before = 1;  // elements of the axes outside of the batch's
  for (std::size_t i = 0; i < axis && before; ++i) {
    const auto size = input[i].constant();
    before = size && *size < 1 << 20 && *before < 1 << 30 ? std::optional(*before * *size) : std::nullopt;
  }
  const bool alone = input[axis].single_name().has_value();
  // A batch of 1 stands between two sizes: with as many axes as before it is part of the one at its place.
  const bool beside = batch == 1 && alone && before && input.size() == target.size();
  std::int64_t outside = 1;
  std::optional<std::size_t> first;
  for (std::size_t i = 0; i < target.size(); ++i) {
    if (target[i] < 1 || target[i] > 1 << 20 || outside > 1 << 30) return first;
    const bool holds = target[i] % batch == 0;
    // The order of elements says where a batch of its own is; one that was joined to another size comes out as it was.
    const bool here =
        alone ? before && outside <= *before && outside * target[i] >= *before * batch : target[i] == batch;
    if (holds && here && !(beside && i < axis)) return i;
    if (holds && !first) first = i;
    outside *= target[i];
  }
  return first;
}

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
  if (const auto holder = holder_of(input, axis, target, batch)) out[*holder] = -1;
  return out;
}

bool may_hold_batch_elsewhere(const Shape& input, const Dims& target, std::int64_t batch) {
  const auto at = std::ranges::find_if(input, holds_batch);
  if (batch != 1 || at == input.end() || std::ranges::find(target, 1) != target.end()) return false;
  return at != input.begin() || !at->single_name();
}

}  // namespace bolide::onnx
