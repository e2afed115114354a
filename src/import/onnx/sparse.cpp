#include "import/onnx/sparse.h"

#include <cstring>

namespace bolide::onnx {

Result<Tensor> to_dense(const OnnxSparseTensor& from, const ExternalData& external) {
  TRY(const Tensor values, to_tensor(from.values, external));
  TRY(const Tensor indices, to_tensor(from.indices, external));
  const int bits = bit_width(values.dtype());
  if (bits < 8 || values.dtype() == DataType::kString) {
    return unsupported("sparse values of dtype ", values.dtype(), "; store the initializer dense");
  }
  if (indices.dtype() != DataType::kI64)
    return bad_file("the indices are ", indices.dtype(), ", where i64 is expected");
  TRY(const std::int64_t count, element_count(from.dims));
  if (count > INT64_C(1) << 31) return out_of_memory("the dense form has ", count, " elements");
  const auto rank = static_cast<std::int64_t>(from.dims.size());
  const bool flat = indices.rank() == 1;
  if (values.rank() != 1 || indices.count() != values.count() * (flat ? 1 : rank)) {
    return bad_file("values ", values.dims(), " and indices ", indices.dims(), " do not fit a tensor ", from.dims);
  }
  TRY(Tensor out, Tensor::allocate(values.dtype(), from.dims));
  const auto width = static_cast<std::size_t>(bits) / 8;
  const auto index = indices.span<std::int64_t>();
  for (std::int64_t i = 0; i < values.count(); ++i) {
    std::int64_t at = 0;
    if (flat) {
      at = index[static_cast<std::size_t>(i)];
    } else {
      for (std::int64_t d = 0; d < rank; ++d) {
        const std::int64_t one = index[static_cast<std::size_t>(i * rank + d)];
        const std::int64_t size = from.dims[static_cast<std::size_t>(d)];
        if (one < 0 || one >= size) return bad_file("index ", one, " is outside of [0, ", size, ")");
        at = at * size + one;
      }
    }
    if (at < 0 || at >= count) return bad_file("index ", at, " is outside of [0, ", count, ")");
    std::memcpy(out.data() + static_cast<std::size_t>(at) * width, values.data() + static_cast<std::size_t>(i) * width,
                width);
  }
  return out;
}

}  // namespace bolide::onnx
