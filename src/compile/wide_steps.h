/// Which steps of a network in a narrow type stay in FP32, and why.
#pragma once

#include "compile/precision.h"

#include <optional>
#include <string>

namespace bolide {

class WideSteps {
 public:
  /// `graph` and `rules` outlive it.
  WideSteps(const StepGraph& graph, DataType storage, const PrecisionRules& rules)
      : graph_(graph), storage_(storage), rules_(rules) {}

  /// Errors: NotFound for a layer to keep that the network does not have.
  Status check_patterns() const;
  /// Why the step stays in FP32; nothing where it need not. `narrow_op` is its operator for the narrow type.
  std::optional<PrecisionReport::Kept> kept(const StepGraph::Step& step, const Op& narrow_op) const;
  bool is_f32(int value) const;
  /// Whether input `index` stays as it is: a mask of Attention that is beyond FP16, the scales of Resize.
  bool keeps_input(const StepGraph::Step& step, std::size_t index) const;

 private:
  /// The value on the samples, where FP16 cannot hold it.
  const ValueRange* beyond(int value) const;
  std::string why(const ValueRange& range, std::string_view value) const;
  bool is_named(const StepGraph::Step& step, const std::string& pattern) const;
  /// Whether the operator takes narrow inputs and gives narrow results where it had FP32.
  bool works_narrow(const StepGraph::Step& step, const Op& op) const;

  const StepGraph& graph_;
  DataType storage_;
  const PrecisionRules& rules_;
  double allowed_ = allowed_change_in_f16(graph_.steps.size());
};

}  // namespace bolide
