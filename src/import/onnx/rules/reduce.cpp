#include "ops/reduce.h"

#include "import/onnx/rules/all.h"
#include "ops/reshape.h"

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

/// ONNX Reduce...: axes are an attribute, or an input since operator set 18 (13 for ReduceSum); none means all, or with
/// `noop_with_empty_axes` each number by itself.
Result<Values> import_reduce(OnnxNodeView& node, Builder& build) {
  const auto kind = kind_of(node.op_type());
  if (!kind) return internal_error("there is no reduction ", node.op_type());
  Reduce reduce{.kind = *kind, .axes = node.integers("axes"), .keepdims = node.flag("keepdims", true)};
  const bool noop = node.flag("noop_with_empty_axes");
  if (!node.has_input(0)) return invalid_argument("input 0 is missing");
  if (node.has_input(1)) {
    TRY(reduce.axes, node.integers_of(1, "axes"));
  }
  ValueId x = node.in(0);
  if (reduce.axes.empty() && noop) {
    // A new axis of size 1 is reduced: each number goes through the formula by itself.
    TRY(x, build.add(Unsqueeze{.axes = {0}}, {x}));
    reduce.axes = {0};
    reduce.keepdims = false;
  }
  TRY(const ValueId y, build.add(std::move(reduce), {x}));
  return Values{y};
}

}  // namespace bolide::onnx
