/// The optimised network as the runtime sees it: steps in running order over values with named-dim shapes, constants
/// stored once. It is what an engine file holds and what every shape is planned from.
#pragma once

#include "base/file.h"
#include "ops/op.h"

#include <memory>
#include <string>
#include <vector>

namespace bolide {

inline constexpr int kNone = -1;

struct StepGraph {
  struct Value {
    std::string name;
    TensorType type;
    int constant = kNone;  ///< index into constants, when it is one
  };
  struct Step {
    std::string name;
    Op op;
    std::vector<int> inputs;                               ///< value indices; kNone where left out
    std::vector<int> outputs;                              ///< value indices; kNone where left out
    std::vector<std::string> members;                      ///< the user's nodes whose work this step does
    std::vector<std::shared_ptr<const StepGraph>> bodies;  ///< of If, Loop, Scan; captures are the last inputs
  };

  std::string name;
  std::vector<Value> values;
  std::vector<Step> steps;  ///< producers before readers
  std::vector<int> inputs;
  std::vector<int> outputs;
  std::vector<Tensor> constants;
  std::shared_ptr<const MappedFile> file;  ///< constants may lie in it; null when none does

  const Tensor* constant(int value) const {
    if (value == kNone) return nullptr;
    const int index = values[static_cast<std::size_t>(value)].constant;
    return index == kNone ? nullptr : &constants[static_cast<std::size_t>(index)];
  }
};

/// Output types of body `index` of a step. Errors: BadFile when it has none.
Result<TensorTypes> body_types(const StepGraph::Step& step, int index);

/// Checks everything that a reader of untrusted bytes must know before planning: indices in range, single assignment,
/// producers before readers, input counts, constants of the declared type. Errors: BadFile naming the step or value.
Status check(const StepGraph& graph);

}  // namespace bolide
