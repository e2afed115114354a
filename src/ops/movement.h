/// What operators that move elements share: copying of any dtype, outputs from inferred types, merging of sizes.
#pragma once

#include "ops/axis.h"
#include "ops/op.h"
#include "ops/result_places.h"

namespace bolide {

/// to[to_at + i] = from[from_at + i] for i in [0, count); both of one dtype.
void copy_run(const Tensor& from, std::int64_t from_at, Tensor& to, std::int64_t to_at, std::int64_t count);
/// to[at + i] = 0 for i in [0, count).
void clear_run(Tensor& to, std::int64_t at, std::int64_t count);
/// The whole of one tensor into another of its dtype and count, on all threads.
void copy_all(const Tensor& from, Tensor& to);
/// Every element of `to` = the first of `value`.
void fill(Tensor& to, const Tensor& value);

/// Calls f with a value of a type as wide as an element: std::string, std::uint8_t to std::uint64_t, or Wide. For
/// dtypes of whole bytes.
struct Wide {
  std::uint64_t low;
  std::uint64_t high;
};
template <class F>
void with_element(DataType type, F&& f) {
  if (type == DataType::kString) return f(std::string());
  switch (bit_width(type)) {
    case 8: return f(std::uint8_t());
    case 16: return f(std::uint16_t());
    case 32: return f(std::uint32_t());
    case 64: return f(std::uint64_t());
    default: return f(Wide());
  }
}

/// A box of elements in two tensors: element (i, j, ...) lies at at + i*strides[0] + j*strides[1] + ...; strides may be
/// 0 or negative.
struct Walk {
  Dims dims;
  std::int64_t from_at = 0;
  Dims from_strides;
  std::int64_t to_at = 0;
  Dims to_strides;
};
void copy_strided(const Tensor& from, Tensor& to, const Walk& walk);

/// Steps `index` through `dims` in row-major order; false after the last.
bool next_index(Dims& index, const Dims& dims);

/// Sizes of [from, to) multiplied.
std::int64_t product(const Dims& dims, std::size_t from, std::size_t to);

/// What `infer` says of these inputs when their values are known.
Result<TensorTypes> infer_values(const std::function<Result<TensorTypes>(const InferContext&)>& infer,
                                 TensorInputs inputs, const EvalContext& context);
/// Zero-filled tensors of those types. Errors: InvalidArgument when the values give no size.
Result<Tensors> allocate_outputs(const std::function<Result<TensorTypes>(const InferContext&)>& infer,
                                 TensorInputs inputs, const EvalContext& context, bool raw = false);
template <class T>
Result<Tensors> outputs_of(const T& op, TensorInputs inputs, const EvalContext& context, bool raw = false) {
  const auto infer = [&op](const InferContext& known) { return op.infer(known); };
  return allocate_outputs(infer, inputs, context, raw).within(T::kInfo.name);
}
/// The same for results that are written throughout: their contents are nobody's promise.
template <class T>
Result<Tensors> raw_outputs_of(const T& op, TensorInputs inputs, const EvalContext& context) {
  return outputs_of(op, inputs, context, true);
}

/// One size that is both: the constant one, else the first. Errors: InvalidArgument for two different numbers.
Result<Dim> merge(const Dim& a, const Dim& b);

/// An index in [0, size), counted from the end when negative. Errors: InvalidArgument with both numbers.
inline Result<std::int64_t> normalize_index(std::int64_t index, std::int64_t size) {
  if (index < -size || index >= size) return invalid_argument("index ", index, " into a size of ", size);
  return index < 0 ? index + size : index;
}

}  // namespace bolide
