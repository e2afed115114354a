#include "ops/reshape.h"

#include "import/onnx/rules/all.h"
#include "import/onnx/rules/sizes.h"
#include "ops/concat.h"
#include "ops/reduce.h"
#include "ops/shape.h"

namespace bolide::onnx {

Result<ValueId> sizes_of(Builder& build, ValueId x) {
  if (const auto dims = constant_dims(build.type(x).shape)) return build.integers("sizes", *dims);
  return build.add(ShapeOf{}, {x});
}

Result<ValueId> flatten_from(Builder& build, ValueId x, std::int64_t axis) {
  Dims sizes(static_cast<std::size_t>(axis), 0);
  sizes.push_back(-1);
  return build.add(Reshape{}, {x, build.integers("sizes", sizes)});
}

/// ONNX Reshape, operator sets 1 to 4: the sizes are an attribute.
Result<Values> import_reshape_1(OnnxNodeView& node, Builder& build) {
  node.ignore("consumed_inputs");
  const ValueId sizes = build.integers("sizes", node.integers("shape"));
  TRY(const ValueId y, build.add(Reshape{}, {node.in(0), sizes}));
  return Values{y};
}

/// ONNX Flatten: [product of the sizes before `axis`, product of the rest]. Named sizes stay: one of the two products
/// is a number or the batch in nearly every model; else the first is computed from the shape.
Result<Values> import_flatten(OnnxNodeView& node, Builder& build) {
  std::int64_t axis = node.integer("axis", 1);
  if (!node.has_input(0)) return invalid_argument("input 0 is missing");
  const std::int64_t rank = node.rank(0);
  if (axis < -rank || axis > rank)
    return invalid_argument("attribute 'axis' is ", axis, " for the input ", node.type(0));
  if (axis < 0) axis += rank;
  const Shape& shape = node.shape(0);
  const Shape before(shape.begin(), shape.begin() + axis);
  const Shape after(shape.begin() + axis, shape.end());
  const auto front = element_count(before).constant();
  const auto back = element_count(after).constant();
  ValueId sizes = kNoValue;
  if (axis == 1) {
    const Dims keep = {0, back && *back > 0 && !front ? *back : -1};
    sizes = build.integers("sizes", keep);
  } else if (front && *front > 0) {
    const Dims known = {*front, -1};
    sizes = build.integers("sizes", known);
  } else if (back && *back > 0) {
    const Dims known = {-1, *back};
    sizes = build.integers("sizes", known);
  } else {
    Values products;  // both, so that a size of 0 is no riddle
    for (const ShapeOf part : {ShapeOf{.start = 0, .end = axis}, ShapeOf{.start = axis, .end = rank}}) {
      TRY(const ValueId all, build.add(part, {node.in(0)}));
      TRY(const ValueId product, build.add(Reduce{.kind = ReduceKind::kProd, .axes = {0}, .keepdims = true}, {all}));
      products.push_back(product);
    }
    TRY(sizes, build.add(Concat{.axis = 0}, products));
    TRY(const ValueId y, build.add(Reshape{.allowzero = true}, {node.in(0), sizes}));
    return Values{y};
  }
  TRY(const ValueId y, build.add(Reshape{}, {node.in(0), sizes}));
  return Values{y};
}

namespace {

/// `op` with axes that are an attribute, or since operator set 13 an input, which stays one where it is computed.
template <class T>
Result<Values> along_axes(T op, OnnxNodeView& node, Builder& build) {
  if (node.version() < 13) op.axes = node.integers("axes");
  Values inputs = node.inputs();
  TRY(const std::optional<Dims> axes, node.known_integers(1, "axes"));
  if (axes) {
    op.axes = *axes;
    inputs.resize(1);
  }
  TRY(const ValueId y, build.add(std::move(op), std::move(inputs)));
  return Values{y};
}

}  // namespace

/// ONNX Squeeze. Without axes it takes away those whose size is known to be 1; a named size stays an axis, also where
/// it turns out to be 1.
Result<Values> import_squeeze(OnnxNodeView& node, Builder& build) {
  const bool has_axes = node.version() < 13 ? !node.integers("axes").empty() : node.has_input(1);
  if (has_axes || !node.has_input(0) || constant_dims(node.shape(0))) return along_axes(Squeeze{}, node, build);
  Squeeze squeeze;
  for (std::size_t i = 0; i < node.shape(0).size(); ++i) {
    if (node.shape(0)[i] == Dim(1)) squeeze.axes.push_back(static_cast<std::int64_t>(i));
  }
  if (squeeze.axes.empty()) return import_identity(node, build);
  TRY(const ValueId y, build.add(std::move(squeeze), {node.in(0)}));
  return Values{y};
}

Result<Values> import_unsqueeze(OnnxNodeView& node, Builder& build) { return along_axes(Unsqueeze{}, node, build); }

}  // namespace bolide::onnx
