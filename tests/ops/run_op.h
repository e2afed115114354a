/// Short spellings for operator tests: tensors from numbers, evaluation, inference from texts.
#pragma once

#include "ops/op.h"
#include "tensor/number.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <map>
#include <type_traits>

namespace bolide::testing {

template <class T = float>
Tensor make(Dims dims, std::initializer_list<std::type_identity_t<T>> values) {
  return Tensor::of<T>(std::span<const T>(values.begin(), values.size()), std::move(dims));
}

/// Any dtype, from f32 values.
inline Tensor make_as(DataType type, Dims dims, std::initializer_list<float> values) {
  return *cast(make<float>(std::move(dims), values), type);
}

/// 0, 1, 2, ...
inline Tensor counting(Dims dims) {
  Tensor out = *Tensor::allocate(DataType::kF32, std::move(dims));
  for (std::size_t i = 0; i < out.span<float>().size(); ++i) out.span<float>()[i] = static_cast<float>(i);
  return out;
}

inline Result<Tensors> run(const Op& op, std::vector<Tensor> inputs, int outputs = 1, std::vector<int> absent = {}) {
  std::vector<const Tensor*> pointers;
  for (const Tensor& tensor : inputs) pointers.push_back(&tensor);
  for (const int i : absent) pointers[static_cast<std::size_t>(i)] = nullptr;
  EvalContext context;
  context.output_count = outputs;
  return op.evaluate(pointers, context);
}

/// All numbers of output `index`; a test failure and nothing when the evaluation fails.
inline std::vector<double> numbers(const Result<Tensors>& result, std::size_t index = 0) {
  if (!result) {
    ADD_FAILURE() << result.error().message;
    return {};
  }
  return *to_f64((*result)[index]);
}
inline Dims dims(const Result<Tensors>& result, std::size_t index = 0) {
  if (!result) {
    ADD_FAILURE() << result.error().message;
    return {};
  }
  return (*result)[index].dims();
}
inline std::string error(const Result<Tensors>& result) { return result ? "no error" : result.error().message; }

/// "f32[batch,3,8,8]" as a type.
inline TensorType type_of(std::string_view text) {
  const std::size_t open = text.find('[');
  TensorType type{*parse_data_type(text.substr(0, open)), {}};
  std::string_view rest = text.substr(open + 1, text.size() - open - 2);
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    type.shape.push_back(*Dim::parse(rest.substr(0, comma)));
    rest.remove_prefix(std::min(rest.size(), comma + 1));
  }
  return type;
}

/// Types of the outputs joined with spaces, or the error. "" stands for an input left out; `constants` by input index.
inline std::string infer(const Op& op, const std::vector<std::string>& inputs, int outputs = 1,
                         const std::map<std::size_t, Tensor>& constants = {}) {
  std::vector<TensorType> types(inputs.size());
  std::vector<InferContext::Input> given(inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].empty()) continue;
    types[i] = type_of(inputs[i]);
    given[i].type = &types[i];
    if (const auto found = constants.find(i); found != constants.end()) given[i].constant = &found->second;
  }
  const Result<TensorTypes> result = op.infer(InferContext(given, outputs));
  if (!result) return result.error().message;
  std::string out;
  for (const TensorType& type : *result) {
    if (!out.empty()) out.push_back(' ');
    out.append(text(type));
  }
  return out;
}

inline void expect_near(const std::vector<double>& got, const std::vector<double>& want, double tolerance = 1e-6) {
  ASSERT_EQ(got.size(), want.size());
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], want[i], tolerance) << "at " << i;
}

}  // namespace bolide::testing
