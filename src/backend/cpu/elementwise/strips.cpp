#include "backend/cpu/elementwise/strips.h"

#include "base/error.h"

namespace bolide::cpu {
namespace {

const std::byte* at(const void* base, std::int64_t offset, std::size_t width) {
  return static_cast<const std::byte*>(base) + offset * static_cast<std::int64_t>(width);
}
std::byte* at(void* base, std::int64_t offset, std::size_t width) {
  return static_cast<std::byte*>(base) + offset * static_cast<std::int64_t>(width);
}
std::size_t width_of(DataType dtype) { return static_cast<std::size_t>(bit_width(dtype)) / 8; }

template <class From, class To>
void load_as(const void* base, const StripView& view, To* to) {
  for (std::int64_t r = 0; r < view.rows; ++r) {
    const From* from = static_cast<const From*>(base) + view.offset + r * view.row_stride;
    if (view.stride == 1) {  // by itself, so that it becomes vector code
      for (std::int64_t i = 0; i < view.length; ++i) to[i] = static_cast<To>(from[i]);
    } else if (view.stride == 0) {
      std::fill_n(to, view.length, static_cast<To>(*from));
    } else {
      for (std::int64_t i = 0; i < view.length; ++i) to[i] = static_cast<To>(from[i * view.stride]);
    }
    to += view.length;
  }
}
template <class To, class From>
void store_as(const From* from, const StripView& view, void* base) {
  for (std::int64_t r = 0; r < view.rows; ++r) {
    To* to = static_cast<To*>(base) + view.offset + r * view.row_stride;
    if (view.stride == 1) {
      for (std::int64_t i = 0; i < view.length; ++i) to[i] = static_cast<To>(from[i]);
    } else {
      for (std::int64_t i = 0; i < view.length; ++i) to[i * view.stride] = static_cast<To>(from[i]);
    }
    from += view.length;
  }
}

/// f(T()) for the C++ type of that dtype.
template <class F>
void with_wide(DataType dtype, const F& f) {
  switch (dtype) {
    case DataType::kI8: return f(std::int8_t{});
    case DataType::kU8: return f(std::uint8_t{});
    case DataType::kI16: return f(std::int16_t{});
    case DataType::kU16: return f(std::uint16_t{});
    case DataType::kI32: return f(std::int32_t{});
    case DataType::kU32: return f(std::uint32_t{});
    case DataType::kBool: return f(bool{});
    case DataType::kF32: return f(float{});
    case DataType::kF64: return f(double{});
    default: return f(std::int64_t{});
  }
}

}  // namespace

Result<Strips> Strips::make(const Operand& output, std::span<const Operand> inputs) {
  if (inputs.size() + 1 > kMaxNestOperands) return unsupported(inputs.size(), " inputs");
  std::vector<Dims> strides = {output.strides};
  for (const Operand& input : inputs) {
    if (input.dims.size() > output.dims.size()) return unsupported("an input of higher rank than the result");
    strides.push_back(broadcast_strides(input.dims, input.strides, output.dims));
  }
  Strips out;
  out.nest_ = collapse(output.dims, strides);
  const Nest& nest = out.nest_;
  if (nest.rank() > kMaxNestRank) return unsupported(nest.rank(), " dims that do not join");
  const std::int64_t total = nest.count();
  if (total == 0) return out;
  const int last = nest.rank() - 1;
  const std::int64_t inner = nest.size(last);
  out.multi_row_ = last > 0 && inner <= kElements / 2;
  if (out.multi_row_) {
    const std::int64_t rows = nest.size(last - 1);
    out.length_ = inner;
    out.rows_ = std::min(rows, kElements / inner);
    out.pieces_ = (rows + out.rows_ - 1) / out.rows_;
    out.count_ = total / inner / rows * out.pieces_;
  } else {
    out.length_ = std::min(inner, kElements);
    out.pieces_ = (inner + out.length_ - 1) / out.length_;
    out.count_ = total / inner * out.pieces_;
  }
  return out;
}

void load_strip(const EltwiseKernels& kernels, DataType dtype, const void* base, const StripView& view, float* to) {
  const auto load = kernels.load[static_cast<std::size_t>(dtype)];
  const std::size_t width = width_of(dtype);
  if (view.dense()) {
    load(at(base, view.offset, width), to, view.count());
    return;
  }
  if (view.stride == 1 && view.row_stride == 0) {  // one row for all: by doubling
    load(at(base, view.offset, width), to, view.length);
    const std::int64_t count = view.count();
    for (std::int64_t done = view.length; done < count; done *= 2) {
      std::copy_n(to, std::min(done, count - done), to + done);
    }
    return;
  }
  if (dtype == DataType::kF32 && view.stride != 1 && view.stride != 0) {
    load_as<float>(base, view, to);
    return;
  }
  if (dtype == DataType::kF32 && view.stride == 1) {
    const float* const from = static_cast<const float*>(base) + view.offset;
    kernels.copy_rows(from, view.row_stride, to, view.length, view.rows, view.length);
    return;
  }
  for (std::int64_t r = 0; r < view.rows; ++r, to += view.length) {
    const std::int64_t row = view.offset + r * view.row_stride;
    if (view.stride == 1) {
      load(at(base, row, width), to, view.length);
    } else if (view.stride == 0) {
      load(at(base, row, width), to, 1);
      std::fill_n(to + 1, view.length - 1, *to);
    } else {
      for (std::int64_t i = 0; i < view.length; ++i) load(at(base, row + i * view.stride, width), to + i, 1);
    }
  }
}

void store_strip(const EltwiseKernels& kernels, DataType dtype, const float* from, const StripView& view, void* base) {
  const auto store = kernels.store[static_cast<std::size_t>(dtype)];
  const std::size_t width = width_of(dtype);
  if (view.dense()) {
    store(from, at(base, view.offset, width), view.count());
    return;
  }
  if (dtype == DataType::kF32 && view.stride != 1) {
    store_as<float>(from, view, base);
    return;
  }
  if (dtype == DataType::kF32) {
    float* const to = static_cast<float*>(base) + view.offset;
    kernels.copy_rows(from, view.length, to, view.row_stride, view.rows, view.length);
    return;
  }
  for (std::int64_t r = 0; r < view.rows; ++r, from += view.length) {
    const std::int64_t row = view.offset + r * view.row_stride;
    if (view.stride == 1) {
      store(from, at(base, row, width), view.length);
    } else {
      for (std::int64_t i = 0; i < view.length; ++i) store(from + i, at(base, row + i * view.stride, width), 1);
    }
  }
}

bool has_wide_strips(DataType dtype) {
  if (is_integer(dtype)) return bit_width(dtype) >= 8 && dtype != DataType::kU64;
  return dtype == DataType::kF64 || dtype == DataType::kF32 || dtype == DataType::kBool;
}

void load_strip(DataType dtype, const void* base, const StripView& view, double* to) {
  if (dtype == DataType::kBool) {
    load_as<std::uint8_t>(base, view, to);
    for (std::int64_t i = 0; i < view.count(); ++i) to[i] = to[i] != 0 ? 1 : 0;
    return;
  }
  with_wide(dtype, [&]<class T>(T) { load_as<T>(base, view, to); });
}
void store_strip(DataType dtype, const double* from, const StripView& view, void* base) {
  if (dtype == DataType::kF32) return store_as<float>(from, view, base);
  if (dtype == DataType::kBool) return store_as<bool>(from, view, base);
  store_as<double>(from, view, base);
}

}  // namespace bolide::cpu
