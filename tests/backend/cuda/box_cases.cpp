#include "backend/cuda/cuda_harness.h"
#include "ops/all.h"

#include <cmath>
#include <limits>
#include <random>

namespace bolide::test {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

CudaOperand given(Tensor value, bool constant = false) {
  return {.dims = value.dims(), .dtype = value.dtype(), .constant = constant, .value = std::move(value)};
}
CudaOperand most_of(std::int64_t most) { return given(Tensor::of<std::int64_t>(Dims{most}), true); }
CudaOperand number(float value) { return given(Tensor::of<float>(std::vector<float>{value}, Dims{1})); }

/// Boxes with sides from 0 to `side` in a square of 100, as corners in any order or by their centers.
CudaOperand boxes(std::int64_t batch, std::int64_t count, float side, bool center, bool whole = false) {
  std::mt19937 random(3);
  std::uniform_real_distribution<float> place(0, 100);
  std::uniform_real_distribution<float> size(0, side);
  const auto drawn = [&](auto& of) { return whole ? std::floor(of(random)) : of(random); };
  std::vector<float> values;
  for (std::int64_t i = 0; i < batch * count; ++i) {
    float y = drawn(place);
    float x = drawn(place);
    float high = drawn(size);
    float wide = drawn(size);
    if (!center) {
      high += y;
      wide += x;
      if (i % 3 == 1) std::swap(y, high);
      if (i % 5 == 2) std::swap(x, wide);
    }
    values.insert(values.end(), {y, x, high, wide});
  }
  return given(Tensor::of<float>(values, Dims{batch, count, 4}));
}

/// `levels` different scores below 1; 0: all different.
CudaOperand scores(std::int64_t batch, std::int64_t classes, std::int64_t count, int levels = 0) {
  std::mt19937 random(5);
  std::uniform_real_distribution<float> uniform(0, 1);
  std::vector<float> values(static_cast<std::size_t>(batch * classes * count));
  for (float& value : values) {
    value = uniform(random);
    const auto parts = static_cast<float>(levels);
    if (levels > 0) value = std::floor(value * parts) / parts;
  }
  return given(Tensor::of<float>(values, Dims{batch, classes, count}));
}

CudaCase selection(std::string name, NonMaxSuppression op, std::vector<CudaOperand> inputs) {
  return {.name = strings::join("selection, ", name),
          .op = op,
          .inputs = std::move(inputs),
          .tolerance = 0,
          .outputs_wanted = 2};
}

/// Numbers that are none, and boxes without an area.
CudaCase odd_numbers() {
  const std::vector<float> corners = {0, 0, 1, 1, 0, 0,     1,     kNan, 0, 0,     1,     1, 0, 0,    kInf,
                                      1, 0, 0, 0, 0, 0,     0,     1,    1, 0,     0,     1, 1, kNan, 0,
                                      1, 1, 0, 0, 1, 1,     -1,    0,    1, 1,     0,     0, 1, 1,    0,
                                      0, 1, 1, 0, 0, 1e30F, 1e30F, 0,    0, 2e30F, 1e30F, 0, 0, 1,    0.5F};
  const std::vector<float> values = {0.5F, 0.75F, kNan, kInf, 0.875F, -0.0F, 0.0F, 1, -kInf, 0, -3, -0.0F, 2, 3, 0.25F};
  const auto count = static_cast<std::int64_t>(values.size());
  return selection(
      "odd numbers", {.slots = 20},
      {given(Tensor::of<float>(std::vector<float>(corners.begin(), corners.begin() + count * 4), Dims{1, count, 4})),
       given(Tensor::of<float>(values, Dims{1, 1, count})), most_of(20), number(0.4F)});
}

}  // namespace

std::vector<CudaCase> box_cases() {
  const CudaOperand none{.absent = true};
  std::vector<CudaCase> cases;
  for (const bool center : {false, true}) {
    const NonMaxSuppression op{.center_point_box = center, .slots = 40};
    const std::string name = center ? "centers" : "corners";
    cases.push_back(
        selection(name, op, {boxes(2, 301, 30, center), scores(2, 3, 301), most_of(40), number(0.3F), number(0.2F)}));
    // Whole numbers: equal scores, overlaps that are just the threshold.
    cases.push_back(
        selection(name + ", equal", op,
                  {boxes(1, 2500, 8, center, true), scores(1, 5, 2500, 7), most_of(40), number(0.5F), number(0.25F)}));
  }
  cases.push_back(odd_numbers());
  cases.push_back(selection("one box", {.slots = 3}, {boxes(1, 1, 9, false), scores(1, 1, 1), most_of(3)}));
  cases.push_back(selection("65 boxes", {.slots = 100}, {boxes(3, 65, 40, false), scores(3, 1, 65), most_of(100)}));
  cases.push_back(selection("no number of boxes", {.slots = 4}, {boxes(1, 9, 9, false), scores(1, 2, 9)}));
  cases.push_back(selection("no box wanted", {.slots = 4}, {boxes(1, 9, 9, false), scores(1, 2, 9), most_of(-2)}));
  cases.push_back(
      selection("fewer than slots", {.slots = 9},
                {boxes(1, 70, 9, false), scores(1, 2, 70), given(Tensor::of<std::int64_t>(Dims{5})), number(0.5F)}));
  cases.push_back(selection("none above the threshold", {.slots = 9},
                            {boxes(1, 70, 9, false), scores(1, 2, 70), most_of(9), number(0.5F), number(1)}));
  cases.push_back(selection("no overlap threshold", {.slots = 50},
                            {boxes(1, 500, 20, false), scores(1, 2, 500), most_of(50), none, number(0.1F)}));
  // Several chunks: all stay, many go, all scores equal, scores of every size.
  cases.push_back(selection("all of many", {.slots = 5000},
                            {boxes(1, 3300, 1, false), scores(1, 2, 3300), most_of(5000), number(0.9F)}));
  cases.push_back(
      selection("few of many", {.slots = 300},
                {boxes(1, 8400, 60, false), scores(1, 2, 8400), most_of(300), number(0.6F), number(0.01F)}));
  cases.push_back(selection("one score", {.slots = 2000},
                            {boxes(1, 4100, 10, false), scores(1, 1, 4100, 1), most_of(2000), number(0.5F)}));
  CudaOperand spread = scores(1, 1, 5000);
  for (float& value : spread.value.span<float>()) value = std::exp(-60 * value) * (value > 0.9F ? -1.0F : 1.0F);
  cases.push_back(selection("scores of every size", {.slots = 1024},
                            {boxes(1, 5000, 5, true), std::move(spread), most_of(1024), number(0.2F)}));
  CudaCase apart = selection("wide rows", {.slots = 30},
                             {boxes(2, 90, 30, false), scores(2, 4, 90), most_of(30), number(0.5F), number(0.5F)});
  apart.inputs[0].gap = 3;
  apart.inputs[1].channels_last = true;
  apart.outputs = {{.gap = 2}};
  cases.push_back(std::move(apart));
  return cases;
}

}  // namespace bolide::test
