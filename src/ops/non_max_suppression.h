#pragma once

#include "ops/op.h"

namespace bolide {

/// Of boxes that overlap, those of the highest score.
///
/// Inputs   boxes : f32 [batch, boxes, 4]; scores : f32 [batch, classes, boxes]; then one number each, optional: most
///          boxes a class (i64, 0), overlap threshold (f32, 0), score threshold (f32, none)
/// Outputs  slots = 0: i64 [selected, 3]: batch, class and box, by batch, class and falling score (the lower box first)
///          slots > 0: the same as i64 [batch * classes * min(slots, boxes), 3], zeros behind the selected, and how
///          many they are, i64 [1]; at most `slots` a class
/// A box goes when its intersection over union with a selected one of its class is larger than the overlap threshold,
/// or its score is not above the score threshold. Boxes are two corners (y, x, y, x), in any order, or with
/// `center_point_box` center and size (x, y, width, height).
/// Numerics f32
/// Source   ONNX NonMaxSuppression-11; with slots sizes are known before it runs
struct NonMaxSuppression {
  bool center_point_box = false;
  std::int64_t slots = 0;

  static constexpr OpInfo kInfo{.name = "NonMaxSuppression", .min_inputs = 2, .max_inputs = 5, .outputs = 2};
  static constexpr auto kFields = std::tuple{field("center_point_box", &NonMaxSuppression::center_point_box),
                                             field("slots", &NonMaxSuppression::slots)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

}  // namespace bolide
