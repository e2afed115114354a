/// What a pooling asks for, before a backend says how its operands lie.
#pragma once

#include "backend/problem.h"
#include "ops/pool.h"

namespace bolide {

struct PoolWindows {
  std::vector<WindowAxis> axes;
  bool max = true;
  bool counts_padding = false;
};

/// Errors: Unsupported with the reason for what is no MaxPool or AveragePool, or asks for places.
inline Result<PoolWindows> pool_windows(const Problem& problem) {
  const auto* max = problem.op->as<MaxPool>();
  const auto* average = problem.op->as<AveragePool>();
  if (max == nullptr && average == nullptr) return unsupported("neither MaxPool nor AveragePool");
  if (problem.outputs.size() > 1 && !problem.outputs[1].absent) return unsupported("the places of the largest");
  PoolWindows out{
      .axes = {}, .max = max != nullptr, .counts_padding = average != nullptr && average->count_include_pad};
  TRY(out.axes,
      window_axes(problem.op->name(), max != nullptr ? max->window() : average->window(),
                  max != nullptr ? max->kernel : average->kernel, std::span(problem.inputs[0].dims).subspan(2)));
  return out;
}

}  // namespace bolide
