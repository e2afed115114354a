#include "ops/movement.h"

#include "ops/reference.h"
#include "tensor/number.h"

#include <algorithm>
#include <string>

namespace bolide {
namespace {

template <class T>
void copy_line(const T* from, std::int64_t from_stride, T* to, std::int64_t to_stride, std::int64_t count) {
  if (from_stride == 1 && to_stride == 1) {
    std::copy_n(from, count, to);
    return;
  }
  if (from_stride == 0 && to_stride == 1) {
    std::fill_n(to, count, *from);
    return;
  }
  for (std::int64_t i = 0; i < count; ++i) to[i * to_stride] = from[i * from_stride];
}

}  // namespace

void copy_run(const Tensor& from, std::int64_t from_at, Tensor& to, std::int64_t to_at, std::int64_t count) {
  const int bits = bit_width(from.dtype());
  const bool plain = bits >= 8 && from.dtype() != DataType::kString && !is_container(from.dtype());
  if (!plain) return copy_strided(from, to, {{count}, from_at, {1}, to_at, {1}});
  const std::int64_t width = bits / 8;
  if (count > 0) {
    std::memcpy(to.data() + to_at * width, from.data() + from_at * width, static_cast<std::size_t>(count * width));
  }
}

void clear_run(Tensor& to, std::int64_t at, std::int64_t count) {
  static const Wide kZero{};
  if (bit_width(to.dtype()) >= 8 && to.dtype() != DataType::kString) {
    const std::int64_t width = bit_width(to.dtype()) / 8;
    if (count > 0) std::memset(to.data() + at * width, 0, static_cast<std::size_t>(count * width));
  } else if (to.dtype() == DataType::kString) {
    for (std::int64_t i = 0; i < count; ++i) to.span<std::string>()[static_cast<std::size_t>(at + i)].clear();
  } else {
    copy_strided(Tensor::borrow(to.dtype(), {1}, &kZero, nullptr), to, {{count}, 0, {0}, at, {1}});
  }
}

void copy_all(const Tensor& from, Tensor& to) {
  if (bit_width(from.dtype()) < 8 || from.dtype() == DataType::kString) return copy_run(from, 0, to, 0, from.count());
  constexpr std::int64_t kPiece = 1 << 16;
  parallel_ranges(static_cast<std::int64_t>(from.bytes()), kPiece, [&](std::int64_t begin, std::int64_t end) {
    std::memcpy(to.data() + begin, from.data() + begin, static_cast<std::size_t>(end - begin));
  });
}

void fill(Tensor& to, const Tensor& value) {
  if (bit_width(to.dtype()) < 8) return copy_strided(value, to, {{to.count()}, 0, {0}, 0, {1}});
  parallel_ranges(to.count(), 1 << 14, [&](std::int64_t begin, std::int64_t end) {
    copy_strided(value, to, {{end - begin}, 0, {0}, begin, {1}});
  });
}

bool next_index(Dims& index, const Dims& dims) {
  for (std::size_t d = dims.size(); d-- > 0;) {
    if (++index[d] < dims[d]) return true;
    index[d] = 0;
  }
  return false;
}

void copy_strided(const Tensor& from, Tensor& to, const Walk& walk) {
  for (const std::int64_t size : walk.dims) {
    if (size <= 0) return;
  }
  Dims outer = walk.dims;
  std::int64_t line = 1;  // the dims from the innermost on that are one line in both
  std::int64_t from_stride = 1;
  std::int64_t to_stride = 1;
  while (!outer.empty()) {
    const std::size_t d = outer.size() - 1;
    if (outer[d] != 1 && line == 1) {
      line = outer[d];
      from_stride = walk.from_strides[d];
      to_stride = walk.to_strides[d];
    } else if (outer[d] != 1) {
      if (walk.from_strides[d] != line * from_stride || walk.to_strides[d] != line * to_stride) break;
      line *= outer[d];
    }
    outer.pop_back();
  }
  Dims index(outer.size(), 0);
  const int bits = bit_width(from.dtype());
  do {
    std::int64_t from_at = walk.from_at;
    std::int64_t to_at = walk.to_at;
    for (std::size_t d = 0; d < outer.size(); ++d) {
      from_at += index[d] * walk.from_strides[d];
      to_at += index[d] * walk.to_strides[d];
    }
    if (bits < 8) {
      for (std::int64_t i = 0; i < line; ++i) {
        set_packed(to.data(), bits, to_at + i * to_stride, get_packed(from.data(), bits, from_at + i * from_stride));
      }
    } else {
      with_element(from.dtype(), [&](auto zero) {
        using T = decltype(zero);
        copy_line(reinterpret_cast<const T*>(from.data()) + from_at, from_stride,
                  reinterpret_cast<T*>(to.data()) + to_at, to_stride, line);
      });
    }
  } while (next_index(index, outer));
}

std::int64_t product(const Dims& dims, std::size_t from, std::size_t to) {
  std::int64_t out = 1;
  for (std::size_t i = from; i < to; ++i) out *= dims[i];
  return out;
}

Result<TensorTypes> infer_values(const std::function<Result<TensorTypes>(const InferContext&)>& infer,
                                 TensorInputs inputs, const EvalContext& context) {
  std::vector<TensorType> types(inputs.size());
  std::vector<InferContext::Input> known(inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i] == nullptr) continue;
    types[i] = inputs[i]->type();
    known[i] = {&types[i], inputs[i], nullptr};
  }
  return infer(InferContext(known, context.output_count));
}

Result<Tensors> allocate_outputs(const std::function<Result<TensorTypes>(const InferContext&)>& infer,
                                 TensorInputs inputs, const EvalContext& context, bool raw) {
  TRY(const TensorTypes types, infer_values(infer, inputs, context));
  Tensors out;
  for (const TensorType& type : types) {
    auto dims = constant_dims(type.shape);
    if (!dims) return invalid_argument("the values of the inputs give no sizes for ", type);
    TRY(Tensor made,
        raw ? allocate_raw(context, type.dtype, *std::move(dims)) : context.allocate(type.dtype, *std::move(dims)));
    out.push_back(std::move(made));
  }
  return out;
}

Result<Dim> merge(const Dim& a, const Dim& b) {
  if (a == b) return a;
  if (a.is_constant() && b.is_constant()) return invalid_argument("sizes ", a, " and ", b, " differ");
  return b.is_constant() ? b : a;
}

Status check_sizes_input(const OpInfo& info, const InferContext& context, int index) {
  if (context.rank(index) > 1 || !is_integer(context.dtype(index))) {
    return invalid_argument(info.name, ": input ", index, " is ", context.type(index), ", not integers of rank 1");
  }
  return ok();
}

Result<std::int64_t> known_length(const OpInfo& info, const InferContext& context, int index) {
  TRY_OK(check_sizes_input(info, context, index));
  if (context.rank(index) == 0) return 1;
  const auto length = context.shape(index)[0].constant();
  if (!length)
    return unsupported(info.name, ": the length of input ", index, " is not known, and so no rank of the result");
  if (*length < 0 || *length > 64)
    return unsupported(info.name, ": input ", index, " has ", *length, " elements, more than 64");
  return *length;
}

Result<std::optional<Dims>> known_integers(const OpInfo& info, const InferContext& context, int index,
                                           const Dims& attribute) {
  if (!context.has(index)) return std::optional<Dims>(attribute);
  TRY_OK(check_sizes_input(info, context, index));
  if (context.rank(index) == 1 && context.shape(index)[0] == Dim(0)) return std::optional<Dims>(Dims());
  const auto contents = context.contents(index);
  return contents ? constant_dims(*contents) : std::nullopt;
}

}  // namespace bolide
