#include "ops/op.h"

#include "ops/result_places.h"

#include <algorithm>
#include <cstring>

namespace bolide {
namespace {

constexpr std::int64_t kMaxContents = 4096;  // elements of a constant that are worth knowing as sizes

Status check_count(const OpInfo& info, int count) {
  if (count < info.min_inputs || (info.max_inputs >= 0 && count > info.max_inputs)) {
    return invalid_argument(info.name, ": ", count, " inputs, where ", info.min_inputs, " to ",
                            info.max_inputs < 0 ? strings::join("any number") : strings::join(info.max_inputs),
                            " are allowed");
  }
  return ok();
}

Status check_kind(const OpInfo& info, int index, DataType dtype) {
  if (info.containers || !is_container(dtype)) return ok();
  return invalid_argument(info.name, ": input ", index, " is a ", dtype, ", expected a tensor");
}

Error missing_input(const OpInfo& info, int index) {
  return invalid_argument(info.name, ": input ", index, " is required and left out");
}

}  // namespace

std::optional<std::vector<Dim>> InferContext::contents(int index) const {
  if (!has(index)) return std::nullopt;
  const Input& input = inputs_[static_cast<std::size_t>(index)];
  if (input.contents != nullptr) return *input.contents;
  const Tensor* value = input.constant;
  if (value == nullptr || value->rank() > 1 || value->count() > kMaxContents ||
      (!is_integer(value->dtype()) && value->dtype() != DataType::kBool)) {
    return std::nullopt;
  }
  const auto numbers = to_i64(*value);
  if (!numbers) return std::nullopt;
  std::vector<Dim> out;
  for (const std::int64_t number : *numbers) out.emplace_back(std::max(number, 1 - Dim::kTooLarge));
  return out;
}

Status EvalContext::check(DataType dtype, const Dims& dims) const {
  TRY(const std::int64_t count, element_count(dims));
  const int bits = bit_width(dtype);
  const bool fits = bits >= 8 ? count <= max_bytes / (bits / 8) : count / 8 <= max_bytes / bits;
  if (!fits) return out_of_memory("a tensor ", dtype, dims, " needs more than the ", max_bytes, " bytes allowed here");
  return ok();
}

Result<Tensor> EvalContext::allocate(DataType dtype, Dims dims) const {
  TRY_OK(check(dtype, dims));
  std::byte* const place = ResultPlaces::take(dtype, dims);
  if (place == nullptr) return Tensor::allocate(dtype, std::move(dims));
  Tensor out = Tensor::borrow(dtype, std::move(dims), place, nullptr);
  if (out.bytes() > 0) std::memset(out.data(), 0, out.bytes());
  return out;
}

Result<TensorTypes> Op::infer(const InferContext& context) const {
  TRY_OK(check_count(info(), context.input_count()));
  for (int i = 0; i < info().min_inputs; ++i) {
    if (!context.has(i)) return missing_input(info(), i);
  }
  for (int i = 0; i < context.input_count(); ++i) {
    if (context.has(i)) TRY_OK(check_kind(info(), i, context.dtype(i)));
  }
  if (info().outputs >= 0 && context.output_count() > info().outputs) {
    return invalid_argument(name(), ": ", context.output_count(), " outputs, where ", info().outputs,
                            " are the most it has");
  }
  return model_->infer(context);
}

Result<Tensors> Op::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY_OK(check_count(info(), static_cast<int>(inputs.size())));
  for (int i = 0; i < info().min_inputs; ++i) {
    if (inputs[static_cast<std::size_t>(i)] == nullptr) return missing_input(info(), i);
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i] != nullptr) TRY_OK(check_kind(info(), static_cast<int>(i), inputs[i]->dtype()));
  }
  return model_->evaluate(inputs, context);
}

}  // namespace bolide
