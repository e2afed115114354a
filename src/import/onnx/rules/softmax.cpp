#include "ops/softmax.h"

#include "import/onnx/rules/all.h"
#include "import/onnx/rules/same.h"
#include "import/onnx/rules/sizes.h"
#include "ops/reshape.h"

#include <algorithm>

namespace bolide::onnx {

/// ONNX Softmax, LogSoftmax and Hardmax, operator sets 1 to 12: along all axes from `axis` (default 1) on, taken as
/// one.
Result<Values> import_softmax_1(OnnxNodeView& node, Builder& build) {
  std::int64_t axis = node.integer("axis", 1);
  if (!node.has_input(0)) return invalid_argument("input 0 is missing");
  const std::int64_t rank = node.rank(0);
  if (axis < -rank || axis > rank || rank == 0) {
    return invalid_argument("attribute 'axis' is ", axis, " for the input ", node.type(0));
  }
  if (axis < 0) axis += rank;
  const auto along = [&](std::int64_t at) -> Op {
    if (node.op_type() == "LogSoftmax") return LogSoftmax{.axis = at};
    if (node.op_type() == "Hardmax") return Hardmax{.axis = at};
    return Softmax{.axis = at};
  };
  const Shape& shape = node.shape(0);
  const bool alone =
      axis < rank && std::all_of(shape.begin() + axis + 1, shape.end(), [](const Dim& size) { return size == Dim(1); });
  if (alone) {
    TRY(const ValueId y, build.add(along(axis), {node.in(0)}));
    return Values{y};
  }
  TRY(const ValueId sizes, sizes_of(build, node.in(0)));
  TRY(const ValueId flat, flatten_from(build, node.in(0), axis));
  TRY(const ValueId soft, build.add(along(axis), {flat}));
  TRY(const ValueId y, build.add(Reshape{.allowzero = true}, {soft, sizes}));
  return Values{y};
}

}  // namespace bolide::onnx
