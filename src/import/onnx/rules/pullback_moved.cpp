#include "import/onnx/rules/pullback.h"
#include "ops/depth_space.h"
#include "ops/expand.h"
#include "ops/fill.h"
#include "ops/gather.h"
#include "ops/pool.h"
#include "ops/reshape.h"
#include "ops/reverse_sequence.h"
#include "ops/scatter.h"
#include "ops/shape.h"
#include "ops/slice.h"
#include "tensor/number.h"

namespace bolide::onnx {
namespace {

bool moves_elements(const Op& op) {
  return op.is<Slice>() || op.is<Gather>() || op.is<GatherElements>() || op.is<GatherND>() || op.is<Tile>() ||
         op.is<DepthToSpace>() || op.is<SpaceToDepth>() || op.is<ReverseSequence>();
}

}  // namespace

ValueId moved_pullback(Formula& f, const Node& node, ValueId g) {
  const ValueId x = node.inputs[0];
  const ValueId sizes = f.op(ShapeOf{}, {x});
  const ValueId count = f.reduce(ReduceKind::kProd, sizes, {0}, true);
  ValueId places = kNoValue;  // for each element of the result, where it stood in x flattened
  if (moves_elements(node.op)) {
    Values inputs = node.inputs;
    inputs[0] = f.op(Reshape{.allowzero = true}, {f.range(f.squeeze(count, {0})), sizes});
    places = f.op(node.op, std::move(inputs));
  } else if (const MaxPool* pool = node.op.as<MaxPool>(); pool != nullptr && pool->storage_order == 0) {
    places = f.op(*pool, {x}, 2)[1];
  } else {
    f.fail(unsupported("there is no gradient of the operator ", node.op.name()));
  }
  const Result<Tensor> zero = cast(Tensor::of<double>(std::vector<double>{0}, Dims{1}), f.dtype(x));
  if (!zero || f.failed()) return kNoValue;
  const ValueId flat = f.op(ConstantOfShape{.value = *zero}, {count});
  const ScatterElements add{.axis = 0, .reduction = ScatterReduction::kAdd};
  return f.op(Reshape{.allowzero = true}, {f.op(add, {flat, f.reshape(places, {-1}), f.reshape(g, {-1})}), sizes});
}

}  // namespace bolide::onnx
