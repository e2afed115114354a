#include "ops/non_max_suppression.h"

#include "ops/reference.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace bolide {
namespace {

struct Box {
  std::array<float, 2> low;
  std::array<float, 2> high;
  float area() const { return (high[0] - low[0]) * (high[1] - low[1]); }
};

Box box_of(const float* at, bool center) {
  Box out{};
  for (std::size_t d = 0; d < 2; ++d) {
    const float a = center ? at[d] - at[d + 2] / 2 : at[d];
    const float b = center ? at[d] + at[d + 2] / 2 : at[d + 2];
    out.low.at(d) = center ? a : std::min(a, b);
    out.high.at(d) = center ? b : std::max(a, b);
  }
  return out;
}

bool overlap_more(const Box& a, const Box& b, float threshold) {
  float both = 1;
  for (std::size_t d = 0; d < 2; ++d) {
    const float low = std::max(a.low.at(d), b.low.at(d));
    const float high = std::min(a.high.at(d), b.high.at(d));
    if (!(high > low)) return false;
    both *= high - low;
  }
  const float either = a.area() + b.area() - both;
  if (!(both > 0) || !(a.area() > 0) || !(b.area() > 0) || !(either > 0)) return false;
  return both / either > threshold;
}

struct Limits {
  std::int64_t most = 0;
  float overlap = 0;
  std::optional<float> score;
};

/// The boxes of one class that stay, by falling score.
std::vector<std::size_t> selected(std::span<const Box> boxes, std::span<const float> scores, const Limits& limits) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (!std::isnan(scores[i]) && (!limits.score || scores[i] > *limits.score)) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
  std::vector<std::size_t> out;
  for (const std::size_t i : order) {
    if (static_cast<std::int64_t>(out.size()) >= limits.most) break;
    const bool hidden = std::any_of(out.begin(), out.end(),
                                    [&](std::size_t j) { return overlap_more(boxes[i], boxes[j], limits.overlap); });
    if (!hidden) out.push_back(i);
  }
  return out;
}

/// The one number of an optional input.
Result<std::optional<double>> number(TensorInputs inputs, int index) {
  const Tensor* given = input_at(inputs, index);
  if (given == nullptr || given->count() == 0) return std::optional<double>();
  TRY(const double value, scalar_f64(*given));
  return std::optional<double>(value);
}

Result<Limits> limits_of(TensorInputs inputs) {
  Limits out;
  TRY(const auto most, number(inputs, 2));
  TRY(const auto overlap, number(inputs, 3));
  TRY(const auto score, number(inputs, 4));
  if (most) out.most = static_cast<std::int64_t>(std::min(std::max(*most, 0.0), 0x1p62));
  if (overlap) out.overlap = static_cast<float>(*overlap);
  if (score) out.score = static_cast<float>(*score);
  return out;
}

}  // namespace

Result<TensorTypes> NonMaxSuppression::infer(const InferContext& context) const {
  const TensorType& boxes = context.type(0);
  const TensorType& scores = context.type(1);
  if (boxes.dtype != DataType::kF32 || boxes.rank() != 3 || scores.dtype != DataType::kF32 || scores.rank() != 3) {
    return invalid_argument("NonMaxSuppression: boxes are ", boxes, " and scores ", scores, ", not f32 of rank 3");
  }
  TRY_OK(require_equal(kInfo, "the numbers of a box", boxes.shape[2], 4));
  TRY_OK(require_equal(kInfo, "the batch of the scores", scores.shape[0], boxes.shape[0]));
  TRY_OK(require_equal(kInfo, "the number of scores", scores.shape[2], boxes.shape[1]));
  return TensorTypes{{DataType::kI64, {context.fresh_dim("selected"), Dim(3)}}};
}

Result<Tensors> NonMaxSuppression::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY_OK(infer(KnownInputs(inputs).context()));
  TRY(const Limits limits, limits_of(inputs).within("NonMaxSuppression"));
  const Dims& dims = inputs[1]->dims();
  const auto count = static_cast<std::size_t>(dims[2]);
  const auto corners = inputs[0]->span<float>();
  const auto scores = inputs[1]->span<float>();
  Dims found;
  for (std::int64_t batch = 0; batch < dims[0]; ++batch) {
    std::vector<Box> boxes;
    for (std::size_t i = 0; i < count; ++i) {
      boxes.push_back(box_of(&corners[(static_cast<std::size_t>(batch) * count + i) * 4], center_point_box));
    }
    for (std::int64_t cls = 0; cls < dims[1]; ++cls) {
      const auto from = static_cast<std::size_t>(batch * dims[1] + cls) * count;
      for (const std::size_t i : selected(boxes, scores.subspan(from, count), limits)) {
        found.insert(found.end(), {batch, cls, static_cast<std::int64_t>(i)});
      }
    }
  }
  const auto rows = static_cast<std::int64_t>(found.size() / 3);
  TRY_OK(context.check(DataType::kI64, {rows, 3}));
  return Tensors{Tensor::of<std::int64_t>(std::span<const std::int64_t>(found), Dims{rows, 3})};
}

}  // namespace bolide
