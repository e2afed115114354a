#include "ops/movement.h"

#include "tensor/number.h"

#include <algorithm>

namespace bolide {
namespace {

struct Wide {
  std::uint64_t low;
  std::uint64_t high;
};

/// Calls f with a value of a type as wide as an element, for whole-byte dtypes.
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

template <class T>
void copy_line(const T* from, std::int64_t from_stride, T* to, std::int64_t to_stride, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) to[i * to_stride] = from[i * from_stride];
}

}  // namespace

void copy_run(const Tensor& from, std::int64_t from_at, Tensor& to, std::int64_t to_at, std::int64_t count) {
  copy_strided(from, to, {{count}, from_at, {1}, to_at, {1}});
}

void fill(Tensor& to, const Tensor& value) { copy_strided(value, to, {{to.count()}, 0, {0}, 0, {1}}); }

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
  const std::int64_t line = outer.empty() ? 1 : outer.back();
  const std::int64_t from_stride = outer.empty() ? 1 : walk.from_strides.back();
  const std::int64_t to_stride = outer.empty() ? 1 : walk.to_strides.back();
  if (!outer.empty()) outer.pop_back();
  Dims index(outer.size(), 0);
  do {
    std::int64_t from_at = walk.from_at;
    std::int64_t to_at = walk.to_at;
    for (std::size_t d = 0; d < outer.size(); ++d) {
      from_at += index[d] * walk.from_strides[d];
      to_at += index[d] * walk.to_strides[d];
    }
    const int bits = bit_width(from.dtype());
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
                                 TensorInputs inputs, const EvalContext& context) {
  TRY(const TensorTypes types, infer_values(infer, inputs, context));
  Tensors out;
  for (const TensorType& type : types) {
    auto dims = constant_dims(type.shape);
    if (!dims) return internal_error("the type ", type, " is not known from the values of the inputs");
    TRY(Tensor made, context.allocate(type.dtype, *std::move(dims)));
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
