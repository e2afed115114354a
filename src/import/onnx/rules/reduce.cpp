#include "ops/reduce.h"

#include "import/onnx/rules/all.h"

namespace bolide::onnx {
namespace {

std::optional<ReduceKind> kind_of(std::string_view op_type) {
  constexpr std::array<std::pair<std::string_view, ReduceKind>, 10> kKinds = {{
      {"ReduceSum", ReduceKind::kSum},
      {"ReduceMean", ReduceKind::kMean},
      {"ReduceMax", ReduceKind::kMax},
      {"ReduceMin", ReduceKind::kMin},
      {"ReduceProd", ReduceKind::kProd},
      {"ReduceL1", ReduceKind::kL1},
      {"ReduceL2", ReduceKind::kL2},
      {"ReduceLogSum", ReduceKind::kLogSum},
      {"ReduceLogSumExp", ReduceKind::kLogSumExp},
      {"ReduceSumSquare", ReduceKind::kSumSquare},
  }};
  for (const auto& [name, kind] : kKinds) {
    if (name == op_type) return kind;
  }
  return std::nullopt;
}

}  // namespace

/// ONNX Reduce...: axes are an attribute, or an input since operator set 18 (13 for ReduceSum), which stays one where
/// it is computed.
Result<Values> import_reduce(OnnxNodeView& node, Builder& build) {
  const auto kind = kind_of(node.op_type());
  if (!kind) return internal_error("there is no reduction ", node.op_type());
  Reduce reduce{.kind = *kind,
                .axes = node.has_input(1) ? Dims() : node.integers("axes"),
                .keepdims = node.flag("keepdims", true),
                .noop_with_empty_axes = node.flag("noop_with_empty_axes")};
  Values inputs = node.inputs();
  TRY(const std::optional<Dims> axes, node.known_integers(1, "axes"));
  if (axes) {
    reduce.axes = *axes;
    inputs.resize(1);
  }
  TRY(const ValueId y, build.add(std::move(reduce), std::move(inputs)));
  return Values{y};
}

}  // namespace bolide::onnx
