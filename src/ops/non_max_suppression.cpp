#include "ops/non_max_suppression.h"

#include "ops/movement.h"
#include "ops/reference.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace bolide {
namespace {

struct Box {
  std::array<float, 2> low;
  std::array<float, 2> high;
  float area = 0;
};

Box box_of(const float* at, bool center) {
  Box out{};
  for (std::size_t d = 0; d < 2; ++d) {
    const float a = center ? at[d] - at[d + 2] / 2 : at[d];
    const float b = center ? at[d] + at[d + 2] / 2 : at[d + 2];
    out.low.at(d) = center ? a : std::min(a, b);
    out.high.at(d) = center ? b : std::max(a, b);
  }
  out.area = (out.high[0] - out.low[0]) * (out.high[1] - out.low[1]);
  return out;
}

/// Boxes that stay, so many at a time that one is compared with several at once.
class KeptBoxes {
 public:
  void push(const Box& box) {
    const std::size_t lane = count_++ % kLanes;
    if (lane == 0) blocks_.emplace_back();
    Block& block = blocks_.back();
    block.top[lane] = box.low[0];
    block.left[lane] = box.low[1];
    block.bottom[lane] = box.high[0];
    block.right[lane] = box.high[1];
    block.area[lane] = box.area;
  }
  /// Whether one of them and the box share more than `threshold` of what both cover.
  bool hide(const Box& box, float threshold) const {
    return std::ranges::any_of(blocks_, [&](const Block& block) {
      unsigned found = 0;
      for (std::size_t i = 0; i < kLanes; ++i) {
        const float height = std::min(box.high[0], block.bottom[i]) - std::max(box.low[0], block.top[i]);
        const float width = std::min(box.high[1], block.right[i]) - std::max(box.low[1], block.left[i]);
        const float both = height * width;
        const float either = box.area + block.area[i] - both;
        const unsigned meet = unsigned{height > 0} & unsigned{width > 0} & unsigned{both > 0};
        const unsigned real = unsigned{box.area > 0} & unsigned{block.area[i] > 0} & unsigned{either > 0};
        found |= meet & real & unsigned{both / either > threshold};
      }
      return found != 0;
    });
  }

 private:
  static constexpr std::size_t kLanes = 16;
  struct Block {  // boxes without an area, which hide nothing, behind the last
    std::array<float, kLanes> top{};
    std::array<float, kLanes> left{};
    std::array<float, kLanes> bottom{};
    std::array<float, kLanes> right{};
    std::array<float, kLanes> area{};
  };
  std::vector<Block> blocks_;
  std::size_t count_ = 0;
};

struct Limits {
  std::int64_t most = 0;
  float overlap = 0;
  std::optional<float> score;
};

/// The boxes of one class that stay, by falling score.
std::vector<std::size_t> selected(std::span<const Box> boxes, std::span<const float> scores, const Limits& limits) {
  struct Scored {
    float score;
    std::size_t index;
    bool operator<(const Scored& other) const {  // the higher score first, and of equals the lower box
      return score != other.score ? score > other.score : index < other.index;
    }
  };
  std::vector<Scored> left;
  left.reserve(scores.size());
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (!std::isnan(scores[i]) && (!limits.score || scores[i] > *limits.score)) left.push_back({scores[i], i});
  }
  // Few of them are asked for as a rule: they are ordered as far as that.
  const auto at = [&left](std::size_t i) { return left.begin() + static_cast<std::ptrdiff_t>(i); };
  std::size_t ordered = 0;
  std::size_t more = 32 + static_cast<std::size_t>(std::min(limits.most, std::int64_t{1} << 16)) / 4 * 5;
  std::vector<std::size_t> out;
  KeptBoxes kept;
  for (std::size_t next = 0; next < left.size() && static_cast<std::int64_t>(out.size()) < limits.most; ++next) {
    if (next == ordered) {
      ordered = std::min(left.size(), ordered + more);
      more *= 2;
      if (ordered < left.size()) std::nth_element(at(next), at(ordered), left.end());
      std::sort(at(next), at(ordered));
    }
    const std::size_t i = left[next].index;
    const Box& box = boxes[i];
    if (kept.hide(box, limits.overlap)) continue;
    out.push_back(i);
    kept.push(box);
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
  if (slots < 0) return invalid_argument("NonMaxSuppression: slots is ", slots, ", which must not be negative");
  if (slots == 0) {
    if (context.output_count() > 1) return invalid_argument("NonMaxSuppression: a count of boxes without slots");
    return TensorTypes{{DataType::kI64, {context.fresh_dim("selected"), Dim(3)}}};
  }
  const Dim rows = scores.shape[0] * scores.shape[1] * Dim::min(slots, boxes.shape[1]);
  TensorTypes out{{DataType::kI64, {rows, Dim(3)}}, {DataType::kI64, {Dim(1)}}};
  if (context.output_count() < 2) out.pop_back();
  return out;
}

Result<Tensors> NonMaxSuppression::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY_OK(infer(KnownInputs(inputs).context()));
  TRY(Limits limits, limits_of(inputs).within("NonMaxSuppression"));
  if (slots > 0) limits.most = std::min(limits.most, slots);
  const Dims& dims = inputs[1]->dims();
  const auto count = static_cast<std::size_t>(dims[2]);
  const auto corners = inputs[0]->span<float>();
  const auto scores = inputs[1]->span<float>();
  Dims found;
  for (std::int64_t batch = 0; batch < dims[0]; ++batch) {
    std::vector<Box> boxes;
    boxes.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      boxes.push_back(box_of(&corners[(static_cast<std::size_t>(batch) * count + i) * 4], center_point_box));
    }
    std::vector<std::vector<std::size_t>> chosen(static_cast<std::size_t>(dims[1]));
    parallel_ranges(dims[1], 1 + 512 / std::max<std::int64_t>(1, dims[2]), [&](std::int64_t cls, std::int64_t end) {
      for (; cls < end; ++cls) {
        const auto from = static_cast<std::size_t>(batch * dims[1] + cls) * count;
        chosen[static_cast<std::size_t>(cls)] = selected(boxes, scores.subspan(from, count), limits);
      }
    });
    for (std::int64_t cls = 0; cls < dims[1]; ++cls) {
      for (const std::size_t i : chosen[static_cast<std::size_t>(cls)]) {
        found.insert(found.end(), {batch, cls, static_cast<std::int64_t>(i)});
      }
    }
  }
  const auto rows = static_cast<std::int64_t>(found.size() / 3);
  if (slots > 0) {
    TRY(Tensors outputs, outputs_of(*this, inputs, context));
    std::copy(found.begin(), found.end(), outputs[0].span<std::int64_t>().begin());
    if (outputs.size() > 1) outputs[1].span<std::int64_t>()[0] = rows;
    return outputs;
  }
  TRY_OK(context.check(DataType::kI64, {rows, 3}));
  return Tensors{Tensor::of<std::int64_t>(std::span<const std::int64_t>(found), Dims{rows, 3})};
}

}  // namespace bolide
