#pragma once

#include "ops/op.h"

namespace bolide {

/// Runs its subgraph for each element of its scanned inputs, carrying states from one to the next.
///
/// Inputs   when `batched`, lengths : integers [batch], optional; then `states` initial values; `scans` scanned values;
///          captured values. The subgraph takes (states..., an element of each scanned value..., captured...) and gives
///          (states..., elements of the outputs...).
/// Outputs  the last states, then the elements that the subgraph gave, stacked
/// Elements lie along input_axes and output_axes (0), in order or, where input_directions or output_directions are 1,
/// from the end. States keep dtype and sizes. When `batched`, all states and scanned values have a batch as their first
/// axis, elements lie along the second, and each of the batch runs by itself; what lies beyond its length is zero.
/// Errors   InvalidArgument for scanned values of different lengths, and results that do not fit; OutOfMemory for more
///          than 2^20 elements that are empty; Cancelled
/// Source   ONNX Scan-25, batched: Scan-8
struct Scan {
  std::int64_t states = 0;
  std::int64_t scans = 0;
  std::vector<std::int64_t> input_axes;
  std::vector<std::int64_t> input_directions;
  std::vector<std::int64_t> output_axes;
  std::vector<std::int64_t> output_directions;
  bool batched = false;

  static constexpr OpInfo kInfo{.name = "Scan", .min_inputs = 0, .max_inputs = -1, .outputs = -1, .pure = false};
  static constexpr auto kFields =
      std::tuple{field("states", &Scan::states),           field("scans", &Scan::scans),
                 field("input_axes", &Scan::input_axes),   field("input_directions", &Scan::input_directions),
                 field("output_axes", &Scan::output_axes), field("output_directions", &Scan::output_directions),
                 field("batched", &Scan::batched)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
  /// The type of one element of scanned value `index`, as the subgraph takes it.
  Result<TensorType> element_type(std::size_t index, const TensorType& scanned) const;
};

}  // namespace bolide
