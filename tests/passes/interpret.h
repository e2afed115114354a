/// Running graphs by the operators' reference evaluation, to see that a pass changed no result.
#pragma once

#include "ir/graph.h"
#include "passes/pipeline.h"

#include <gtest/gtest.h>

namespace bolide::testing {

/// The graph's outputs, node by node with Op::evaluate. Errors: what an operator says, with the node's name.
Result<Tensors> interpret(const Graph& graph, std::span<const Tensor> inputs);

/// One tensor for each graph input: floats in [-2, 2), integers in [0, 5), bools. Names missing in `bindings` are 3.
Result<Tensors> random_inputs(const Graph& graph, DimBindings bindings, std::uint64_t seed);

/// Largest |a - b| / max(1, |b|); infinite when dtypes or sizes differ or only one is NaN.
double distance(const Tensor& a, const Tensor& b);

struct PassCheck {
  double tolerance = 0;       ///< of `distance` between the results before and after
  DimBindings bindings = {};  ///< sizes for the random run
  int rewrites = -1;          ///< expected number; -1: more than none when the text changes
};

/// Runs a pass on the graph written as `before`, verifies the graph, compares its results with those of the untouched
/// graph on random inputs, and returns the graph as text. Failures are reported to GoogleTest.
std::string after_pass(Result<int> (*pass)(Graph&), std::string_view before, const PassCheck& check = {});
/// The same with the whole pipeline, which must find nothing in a second run.
std::string after_pipeline(std::string_view before, const PassCheck& check = {});

}  // namespace bolide::testing
