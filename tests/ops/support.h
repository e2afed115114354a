/// Short ways to run operators in tests: values in, values out.
#pragma once

#include <gtest/gtest.h>

#include <initializer_list>

#include "ops/all.h"
#include "tensor/number.h"

namespace bolide {

template <class T>
Tensor tensor(Dims dims, std::initializer_list<T> values) {
  return Tensor::of<T>(std::span<const T>(values.begin(), values.size()), std::move(dims));
}
inline Tensor floats(Dims dims, std::initializer_list<float> values) { return tensor<float>(std::move(dims), values); }
inline Tensor longs(Dims dims, std::initializer_list<std::int64_t> values) {
  return tensor<std::int64_t>(std::move(dims), values);
}
inline Tensor bools(Dims dims, std::initializer_list<std::int64_t> values) {
  return *cast(longs(std::move(dims), values), DataType::kBool);
}

/// Evaluates after inferring; the inferred types must be those of the results.
inline Result<Tensors> run(const Op& op, const std::vector<const Tensor*>& inputs, int outputs = 1) {
  std::vector<TensorType> types(inputs.size());
  std::vector<InferContext::Input> known(inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i] == nullptr) continue;
    types[i] = inputs[i]->type();
    known[i] = {&types[i], inputs[i], nullptr};
  }
  TRY(const TensorTypes inferred, op.infer(InferContext(known, outputs)));
  EvalContext context;
  context.output_count = outputs;
  context.max_bytes = INT64_C(1) << 24;
  TRY(Tensors out, op.evaluate(inputs, context));
  if (out.size() != inferred.size()) return internal_error(inferred.size(), " types, ", out.size(), " outputs");
  for (std::size_t i = 0; i < out.size(); ++i) {
    EXPECT_EQ(inferred[i].dtype, out[i].dtype()) << text(op);
    const auto dims = constant_dims(inferred[i].shape);
    if (dims) {
      EXPECT_EQ(*dims, out[i].dims()) << text(op);
    } else {
      EXPECT_EQ(inferred[i].shape.size(), out[i].dims().size()) << text(op);
    }
  }
  return out;
}
inline Result<Tensors> run(const Op& op, std::initializer_list<Tensor> inputs, int outputs = 1) {
  std::vector<const Tensor*> pointers;
  for (const Tensor& input : inputs) pointers.push_back(&input);
  return run(op, pointers, outputs);
}

/// "f32[2]{1,2}", or the error.
inline std::string show(const Result<Tensors>& result, std::size_t index = 0) {
  if (!result) return strings::join(name(result.error().code), ": ", result.error().message);
  const Tensor& value = (*result)[index];
  std::string out = strings::join(value.dtype(), value.dims(), '{');
  if (value.dtype() == DataType::kString) {
    for (const std::string& item : value.span<std::string>()) out.append(item).append(1, ',');
  } else {
    const auto numbers = to_f64(value);
    if (!numbers) return numbers.error().message;
    for (const double number : *numbers) strings::append(out, strings::join(static_cast<float>(number), ','));
  }
  if (out.back() == ',') out.pop_back();
  out += '}';
  return out;
}

/// The types as text for inputs given as "f32[batch,3]" with optional values or contents.
struct Known {
  TensorType type;
  std::optional<Tensor> constant = std::nullopt;
  std::optional<std::vector<Dim>> contents = std::nullopt;
};
inline Known typed(DataType dtype, std::initializer_list<const char*> dims) {
  Known out;
  out.type.dtype = dtype;
  for (const char* dim : dims) out.type.shape.push_back(*Dim::parse(dim));
  return out;
}
inline Known known(Tensor value) {
  Known out;
  out.type = value.type();
  out.constant = std::move(value);
  return out;
}
inline Known sizes(std::initializer_list<const char*> dims) {
  Known out = typed(DataType::kI64, {});
  out.type.shape.push_back(static_cast<std::int64_t>(dims.size()));
  out.contents.emplace();
  for (const char* dim : dims) out.contents->push_back(*Dim::parse(dim));
  return out;
}

inline std::vector<InferContext::Input> inputs_of(const std::vector<Known>& inputs) {
  std::vector<InferContext::Input> out;
  for (const Known& input : inputs) {
    out.push_back(
        {&input.type, input.constant ? &*input.constant : nullptr, input.contents ? &*input.contents : nullptr});
  }
  return out;
}
inline std::string infer(const Op& op, const std::vector<Known>& inputs, int outputs = 1) {
  const auto list = inputs_of(inputs);
  const auto types = op.infer(InferContext(list, outputs));
  if (!types) return types.error().message;
  std::string out;
  for (const TensorType& type : *types) {
    if (!out.empty()) out += ' ';
    out += text(type);
  }
  return out;
}
inline std::string contents(const Op& op, const std::vector<Known>& inputs) {
  const auto list = inputs_of(inputs);
  const auto found = op.contents(InferContext(list));
  return found ? text(Shape(*found)) : "unknown";
}

}  // namespace bolide
