/// Between tensors and maps from numbers or texts to numbers or texts.
#pragma once

#include "ops/op.h"

namespace bolide {

/// Inputs x [n, k], keys [k] (i64 or strings): n maps, each from the keys to a row of x. Source: ai.onnx.ml ZipMap.
struct ZipMap {
  static constexpr OpInfo kInfo{.name = "ZipMap", .min_inputs = 2, .max_inputs = 2, .containers = true};
  static constexpr auto kFields = std::tuple{};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

/// Inputs map, keys [k] of the dtype of its keys: the values of the keys, [1, k]; 0 or "" for one that the map has not.
/// Source: ai.onnx.ml DictVectorizer.
struct MapLookup {
  static constexpr OpInfo kInfo{.name = "MapLookup", .min_inputs = 2, .max_inputs = 2, .containers = true};
  static constexpr auto kFields = std::tuple{};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

/// The values of a map with i64 keys as a row: in the order of the keys, [1, n]; or, with `length`, each at the place
/// that its key says, [1, length]. Errors: InvalidArgument for a key outside. Source: ai.onnx.ml CastMap.
struct MapToRow {
  std::int64_t length = 0;
  static constexpr OpInfo kInfo{.name = "MapToRow", .containers = true};
  static constexpr auto kFields = std::tuple{field("length", &MapToRow::length)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

}  // namespace bolide
