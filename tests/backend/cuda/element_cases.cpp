#include "backend/cuda/cuda_harness.h"
#include "ops/all.h"

namespace bolide::test {
namespace {

constexpr DataType kI64 = DataType::kI64;

CudaOperand list(const Dims& values) {
  return {.dims = {static_cast<std::int64_t>(values.size())},
          .dtype = kI64,
          .constant = true,
          .value = Tensor::of<std::int64_t>(values)};
}
CudaOperand places(Dims dims, double low, double high, DataType dtype = kI64) {
  return {.dims = std::move(dims), .dtype = dtype, .low = low, .high = high};
}
CudaOperand of(Dims dims, DataType dtype) { return {.dims = std::move(dims), .dtype = dtype, .low = -9, .high = 9}; }

void add_pads(std::vector<CudaCase>& cases) {
  for (const PadMode mode : {PadMode::kConstant, PadMode::kReflect, PadMode::kEdge, PadMode::kWrap}) {
    const std::string name = strings::join("pad, mode ", static_cast<int>(mode));
    std::vector<CudaOperand> inputs = {{.dims = {2, 3, 5, 6}, .channels_last = true}, list({0, 0, 1, 2, 0, 0, 3, 1})};
    if (mode == PadMode::kConstant) inputs.push_back({.dims = {}, .low = 5, .high = 6});
    cases.push_back({name, Pad{.mode = mode}, inputs, {{.channels_last = true}}, 0});
    // Negative pads of some axes.
    CudaOperand none{.absent = true};
    cases.push_back(
        {name + ", cropping", Pad{.mode = mode}, {of({4, 7}, kI64), list({-2, 3}), none, list({-1})}, {}, 0});
  }
}

void add_scatters(std::vector<CudaCase>& cases) {
  for (const ScatterReduction reduction : {ScatterReduction::kReplace, ScatterReduction::kAdd, ScatterReduction::kMul,
                                           ScatterReduction::kMin, ScatterReduction::kMax}) {
    const std::string name = strings::join("scatter, reduction ", static_cast<int>(reduction));
    // Every place several times.
    cases.push_back({name,
                     ScatterElements{.axis = 1, .reduction = reduction},
                     {{.dims = {5, 6, 3}}, places({4, 30, 2}, -6, 5.99), {.dims = {4, 30, 2}}}});
    cases.push_back({name + " of integers",
                     ScatterElements{.axis = -1, .reduction = reduction},
                     {of({40}, kI64), places({100}, 0, 39.99, DataType::kI32), of({100}, kI64)}});
    cases.push_back({name + " of slices",
                     ScatterND{.reduction = reduction},
                     {{.dims = {4, 5, 6}, .channels_last = true}, places({7, 1}, -4, 3.99), {.dims = {7, 5, 6}}}});
    cases.push_back({name + " of elements",
                     ScatterND{.reduction = reduction},
                     {{.dims = {4, 5}}, places({3, 7, 2}, -4, 3.99), {.dims = {3, 7}}}});
  }
}

void add_fills(std::vector<CudaCase>& cases) {
  cases.push_back({"one hot", OneHot{.axis = 1}, {places({3, 4}, -6, 5.99), list({5}), {.dims = {2}}}, {}, 0});
  for (const bool upper : {true, false}) {
    for (const std::int64_t k : {-9, -1, 0, 2}) {
      CudaOperand diagonal = list({k});
      diagonal.dims = {};
      diagonal.value = Tensor::scalar(k);
      cases.push_back(
          {strings::join("triangle ", upper, " ", k), Trilu{.upper = upper}, {{.dims = {3, 5, 7}}, diagonal}, {}, 0});
    }
  }
  cases.push_back({"a diagonal", EyeLike{.k = 1}, {{.dims = {5, 7}}}, {}, 0});
  cases.push_back({"a constant", ConstantOfShape{.value = Tensor::scalar(2.5F)}, {list({3, 4, 5})}, {}, 0});
  cases.push_back({"sequences reversed",
                   ReverseSequence{.batch_axis = 1, .time_axis = 0},
                   {{.dims = {8, 3, 4}}, places({3}, 0, 8.99)},
                   {},
                   0});
}

void add_lines(std::vector<CudaCase>& cases) {
  for (const bool exclusive : {false, true}) {
    for (const bool reverse : {false, true}) {
      const std::string name = strings::join("running ", exclusive, reverse);
      cases.push_back({name, CumSum{.exclusive = exclusive, .reverse = reverse}, {{.dims = {3, 40, 5}}, list({1})}});
      cases.push_back({name + " product",
                       CumProd{.exclusive = exclusive, .reverse = reverse},
                       {{.dims = {4, 9}, .low = 0.5, .high = 1.5}, list({-1})}});
    }
  }
  cases.push_back({"running integers", CumSum{}, {of({300}, kI64), list({0})}});
  for (const std::int64_t p : {1, 2}) {
    cases.push_back({strings::join("norm ", p), LpNormalization{.axis = 1, .p = p}, {{.dims = {3, 21, 5}}}});
  }
  cases.push_back({"the largest is one", Hardmax{.axis = 1}, {{.dims = {3, 21, 5}, .low = -4, .high = 4}}, {}, 0});
  for (const bool largest : {true, false}) {
    // Whole numbers: many are equal.
    cases.push_back({.name = strings::join("first of equals ", largest),
                     .op = TopK{.axis = 1, .largest = largest},
                     .inputs = {of({3, 50, 4}, DataType::kI32), list({7})},
                     .tolerance = 0,
                     .outputs_wanted = 2});
    cases.push_back({.name = strings::join("largest floats ", largest),
                     .op = TopK{.largest = largest},
                     .inputs = {{.dims = {2, 1500}}, list({100})},
                     .tolerance = 0,
                     .outputs_wanted = 2});
  }
}

void add_windows(std::vector<CudaCase>& cases) {
  for (const SampleMode mode : {SampleMode::kLinear, SampleMode::kNearest, SampleMode::kCubic}) {
    for (const SamplePadding padding : {SamplePadding::kZeros, SamplePadding::kBorder, SamplePadding::kReflection}) {
      for (const bool align : {false, true}) {
        cases.push_back({strings::join("sample ", static_cast<int>(mode), static_cast<int>(padding), align),
                         GridSample{.mode = mode, .padding_mode = padding, .align_corners = align},
                         {{.dims = {2, 3, 9, 8}, .channels_last = true}, {.dims = {2, 5, 7, 2}}},
                         {},
                         1e-4});
      }
    }
  }
  cases.push_back({"sample a volume", GridSample{}, {{.dims = {1, 2, 4, 5, 6}}, {.dims = {1, 3, 3, 3, 3}}}, {}, 1e-4});
  cases.push_back({"neighbouring channels", LRN{.size = 5, .alpha = 0.1F}, {{.dims = {2, 9, 5, 4}}}});
  for (const float p : {1.0F, 2.0F, 3.0F}) {
    cases.push_back({strings::join("norm of windows ", p),
                     LpPool{.kernel = {3, 2}, .strides = {2, 1}, .pads = {1, 0, 1, 1}, .p = p},
                     {{.dims = {2, 3, 9, 8}}}});
  }
  for (const std::int64_t order : {0, 1}) {
    for (const bool last : {false, true}) {
      cases.push_back({.name = strings::join("places of the largest ", order, last),
                       .op = MaxPool{.kernel = {3, 3}, .strides = {2, 2}, .pads = {1, 1, 1, 1}, .storage_order = order},
                       .inputs = {{.dims = {2, 4, 9, 8}, .channels_last = last}},
                       .outputs = {{.channels_last = last}},
                       .tolerance = 0,
                       .outputs_wanted = 2});
    }
  }
}

}  // namespace

std::vector<CudaCase> element_cases() {
  std::vector<CudaCase> cases;
  add_pads(cases);
  add_scatters(cases);
  add_fills(cases);
  add_lines(cases);
  add_windows(cases);
  cases.push_back(
      {"gather positions", GatherND{.batch_dims = 1}, {{.dims = {3, 4, 5, 6}}, places({3, 7, 2}, -4, 3.99)}, {}, 0});
  cases.push_back({"gather positions of everything", GatherND{}, {{.dims = {3, 3}}, places({4, 2}, -3, 2.99)}, {}, 0});
  return cases;
}

}  // namespace bolide::test
