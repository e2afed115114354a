/// Reading and writing runs of elements of any real dtype as one of four compute types.
#pragma once

#include "tensor/tensor.h"

namespace bolide {

/// The four types that reference arithmetic happens in.
enum class ComputeType : std::uint8_t { kF64, kF32, kU64, kI64 };
/// f64 for kF64, f32 for every other float, u64 for kU64, else (integers and bool) i64.
ComputeType compute_type(DataType type);
/// Calls f(T()) with the C++ type.
template <class F>
decltype(auto) with_compute_type(ComputeType type, F&& f) {
  switch (type) {
    case ComputeType::kF64: return f(double());
    case ComputeType::kF32: return f(float());
    case ComputeType::kU64: return f(std::uint64_t());
    case ComputeType::kI64: break;
  }
  return f(std::int64_t());
}
/// False for strings and complex numbers, which have no compute type.
bool is_real(DataType type);

/// out[i] = element begin + i for i in [0, count).
template <class T>
void load(const Tensor& tensor, std::int64_t begin, int count, T* out);
/// out[i] = element index[i].
template <class T>
void load_at(const Tensor& tensor, const std::int64_t* index, int count, T* out);
/// Element begin + i = in[i]. Bool as "is not zero"; from integers narrow ones wrap; from floats integers round to
/// nearest even and saturate, narrow floats round to nearest even. Two threads must not write into one byte.
template <class T>
void store(Tensor& tensor, std::int64_t begin, int count, const T* in);

/// One element.
template <class T>
T load_one(const Tensor& tensor, std::int64_t index) {
  T out{};
  load(tensor, index, 1, &out);
  return out;
}
template <class T>
void store_one(Tensor& tensor, std::int64_t index, T value) {
  store(tensor, index, 1, &value);
}

}  // namespace bolide
