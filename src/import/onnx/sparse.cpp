#include "import/onnx/sparse.h"

#include "ops/movement.h"

#include <algorithm>

namespace bolide::onnx {
namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 31;

/// Where each value lies in the dense form, counted in elements.
Result<Dims> positions(const OnnxSparseTensor& from, const Tensor& indices, std::int64_t values, std::int64_t count) {
  if (indices.dtype() != DataType::kI64)
    return bad_file("the indices are ", indices.dtype(), ", where i64 is expected");
  const std::size_t rank = indices.rank() == 1 ? 1 : from.dims.size();  // linear, or a coordinate for each dim
  if (indices.rank() > 2 || indices.count() != values * static_cast<std::int64_t>(rank)) {
    return bad_file(values, " values and indices ", indices.dims(), " do not fit a tensor ", from.dims);
  }
  const std::span<const std::int64_t> sizes = indices.rank() == 1 ? std::span(&count, 1) : std::span(from.dims);
  Dims out(static_cast<std::size_t>(values), 0);
  const auto index = indices.span<std::int64_t>();
  for (std::size_t i = 0; i < index.size(); ++i) {
    const std::int64_t size = sizes[i % rank];
    if (index[i] < 0 || index[i] >= size) return bad_file("index ", index[i], " is outside of [0, ", size, ")");
    out[i / rank] = out[i / rank] * size + index[i];
  }
  Dims sorted = out;
  std::ranges::sort(sorted);
  if (const auto twice = std::ranges::adjacent_find(sorted); twice != sorted.end()) {
    return bad_file("two values have the place ", *twice);
  }
  return out;
}

}  // namespace

Result<Tensor> to_dense(const OnnxSparseTensor& from, const ExternalData& external) {
  TRY(const Tensor values, to_tensor(from.values, external));
  TRY(const Tensor indices, to_tensor(from.indices, external));
  if (values.rank() != 1) return bad_file("the values are ", values.type(), ", where rank 1 is expected");
  TRY(const std::int64_t count, element_count(from.dims));
  if (packed_bytes(values.dtype(), count) > kMostBytes) {
    return out_of_memory("the dense form ", values.dtype(), from.dims, " needs more than ", kMostBytes, " bytes");
  }
  TRY(const Dims at, positions(from, indices, values.count(), count));
  TRY(Tensor out, Tensor::allocate(values.dtype(), from.dims));
  for (std::int64_t i = 0; i < values.count(); ++i) copy_run(values, i, out, at[static_cast<std::size_t>(i)], 1);
  return out;
}

}  // namespace bolide::onnx
