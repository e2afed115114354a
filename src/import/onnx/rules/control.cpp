#include "base/log.h"
#include "import/onnx/rest_of_if.h"
#include "import/onnx/rules/all.h"
#include "ops/if.h"
#include "ops/reshape.h"

#include <array>

namespace bolide::onnx {

namespace {

bool is_one_element(const TensorType& type) { return type.rank() == 1 && type.shape[0] == Dim(1); }

/// A result that is a scalar in one branch and has one element of rank 1 in the other is that in both: nothing that
/// broadcasts tells them apart, and a value here has one rank.
Status unify_scalars(Bodies& branches) {
  const std::size_t count = std::min(branches.graphs[0]->outputs().size(), branches.graphs[1]->outputs().size());
  for (std::size_t i = 0; i < count; ++i) {
    for (const std::size_t branch : {0U, 1U}) {
      const Graph& body = *branches.graphs[branch];
      const Graph& other = *branches.graphs[1 - branch];
      if (body.value(body.outputs()[i]).type.rank() != 0 || is_container(body.value(body.outputs()[i]).type.dtype) ||
          !is_one_element(other.value(other.outputs()[i]).type)) {
        continue;
      }
      auto raised = std::make_shared<Graph>(body);
      std::vector<ValueId> outputs(body.outputs().begin(), body.outputs().end());
      TRY(outputs[i], raised->add(Unsqueeze{.axes = {0}}, {outputs[i]}, raised->unique_name("raised")));
      raised->set_outputs(std::move(outputs));
      branches.graphs[branch] = std::move(raised);
    }
  }
  return ok();
}

/// A branch may give more than the node names.
void leave_out_unnamed(Bodies& branches, std::size_t named) {
  for (auto& branch : branches.graphs) {
    if (branch->outputs().size() <= named) continue;
    auto shorter = std::make_shared<Graph>(*branch);
    const auto outputs = branch->outputs();
    shorter->set_outputs({outputs.begin(), outputs.begin() + static_cast<std::ptrdiff_t>(named)});
    branch = std::move(shorter);
  }
}

}  // namespace

/// ONNX If: a node with two bodies; of a condition that is known, what the branch that it takes holds. A squeeze under
/// the condition that the size is 1, on which nothing depends that may go into both branches (RestOfIf), becomes that
/// squeeze, which fails when it runs with another size.
Result<Values> import_if(OnnxNodeView& node, Builder& build) {
  const OnnxGraph* then_branch = node.graph("then_branch");
  const OnnxGraph* else_branch = node.graph("else_branch");
  if (then_branch == nullptr || else_branch == nullptr) {
    return bad_file("attribute '", then_branch == nullptr ? "then_branch" : "else_branch", "' is missing");
  }
  const Tensor* known = node.constant(0);
  if (known != nullptr && known->dtype() == DataType::kBool && known->count() == 1) {
    return build.inline_body(known->span<std::uint8_t>()[0] != 0 ? *then_branch : *else_branch);
  }
  if (is_conditional_squeeze(*then_branch, *else_branch)) {
    log(LogLevel::kWarn, "node '", node.name(),
        "' (If): its branches differ in rank, and the size that it squeezes is taken for 1; inputs for which it is not "
        "are refused when they are given");
    return build.inline_body(*then_branch);
  }
  const std::array<const OnnxGraph*, 2> branches = {then_branch, else_branch};
  TRY(Bodies bodies, build.import_bodies(branches, {}));
  leave_out_unnamed(bodies, node.output_count());
  TRY_OK(unify_scalars(bodies));
  Values inputs = {node.in(0)};
  inputs.insert(inputs.end(), bodies.captures.begin(), bodies.captures.end());
  return build.add_node(If{}, std::move(inputs), node.output_count(), std::move(bodies.graphs));
}

}  // namespace bolide::onnx
