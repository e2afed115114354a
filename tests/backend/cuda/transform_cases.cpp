#include "backend/cuda/cuda_harness.h"
#include "ops/all.h"

#include <limits>
#include <random>

namespace bolide::test {
namespace {

CudaOperand integer(std::int64_t value) {
  return {.dims = {1}, .dtype = DataType::kI64, .constant = true, .value = Tensor::of<std::int64_t>(Dims{value})};
}

void add_matrices(std::vector<CudaCase>& cases) {
  for (const std::int64_t n : {1, 2, 3, 16, 33, 80}) {
    CudaOperand x{.dims = {2, 3, n, n}};
    cases.push_back({strings::join("determinants of ", n), Det{}, {x}, {}, 1e-6});
    cases.push_back({strings::join("inverses of ", n), Inverse{}, {x}, {{.gap = n % 2}}, 1e-6});
  }
  // Of whole numbers, some have none.
  cases.push_back({"determinants of whole numbers",
                   Det{},
                   {{.dims = {50, 2, 2},
                     .value = *cast(Tensor::of<std::int64_t>(
                                        [] {
                                          Dims values;
                                          for (std::int64_t i = 0; i < 200; ++i) values.push_back(i * i % 3);
                                          return values;
                                        }(),
                                        Dims{50, 2, 2}),
                                    DataType::kF32)}},
                   {},
                   0});
}

void add_transforms(std::vector<CudaCase>& cases) {
  const CudaOperand none{.absent = true};
  for (const bool inverse : {false, true}) {
    for (const std::int64_t length : {1, 7, 20}) {
      const std::string name = strings::join("transform of ", length, inverse ? ", inverse" : "");
      cases.push_back({name, DFT{.inverse = inverse}, {{.dims = {3, 12, 2}}, integer(length)}, {}, 1e-5});
    }
    cases.push_back({strings::join("transform along an axis in the middle", inverse),
                     DFT{.inverse = inverse, .axis = 1},
                     {{.dims = {2, 9, 5, 2}, .gap = 1}},
                     {{.gap = 3}},
                     1e-5});
    cases.push_back({strings::join("transform of real numbers", inverse),
                     DFT{.inverse = inverse},
                     {{.dims = {2, 33, 1}}, none, integer(1)},
                     {},
                     1e-5});
  }
  cases.push_back({"one-sided transform", DFT{.onesided = true}, {{.dims = {2, 33, 1}}}, {}, 1e-5});
  cases.push_back({"one-sided transform, filled", DFT{.onesided = true}, {{.dims = {2, 9, 1}}, integer(16)}, {}, 1e-5});
  for (const std::int64_t length : {8, 9, 30}) {
    cases.push_back({strings::join("real signal of ", length),
                     DFT{.inverse = true, .onesided = true},
                     {{.dims = {2, 5, 2}}, integer(length)},
                     {},
                     1e-5});
  }
  cases.push_back(
      {"frames", STFT{}, {{.dims = {2, 100, 1}}, integer(7), {.dims = {16}, .low = 0, .high = 1}}, {}, 1e-5});
  cases.push_back(
      {"frames of a length", STFT{.onesided = false}, {{.dims = {1, 50, 2}}, integer(3), none, integer(15)}, {}, 1e-5});
}

/// Trees of random nodes of every mode, the deeper ones ending in leaves.
CudaCase forest(TreeAggregate aggregate, std::int64_t rows, std::int64_t trees, std::int64_t targets, bool sets) {
  constexpr std::int64_t kFeatures = 7;
  constexpr std::int64_t kNodes = 31;  // of a tree, the children of i are 2 i + 1 and 2 i + 2
  std::mt19937 random(11);
  const auto drawn = [&](std::int64_t below) {
    return static_cast<std::int64_t>(random() % static_cast<unsigned>(below));
  };
  Dims nodes;
  Dims roots;
  Dims leaves = {0};
  Dims vote_targets;
  Dims set_bounds = {0};
  std::vector<float> thresholds;
  std::vector<float> weights;
  std::vector<float> members;
  for (std::int64_t tree = 0; tree < trees; ++tree) {
    const std::int64_t first = tree * kNodes;
    roots.push_back(first);
    for (std::int64_t i = 0; i < kNodes; ++i) {
      const std::int64_t mode = drawn(sets ? 7 : 6);
      nodes.insert(nodes.end(), {drawn(kFeatures), mode, drawn(2)});
      for (std::int64_t child = 2 * i + 1; child <= 2 * i + 2; ++child) {
        if (child < kNodes) {
          nodes.push_back(first + child);
          continue;
        }
        nodes.push_back(-static_cast<std::int64_t>(leaves.size()));
        for (std::int64_t votes = drawn(3); votes >= 0; --votes) {
          vote_targets.push_back(drawn(targets));
          weights.push_back(static_cast<float>(drawn(2000)) / 1000 - 1);
        }
        leaves.push_back(static_cast<std::int64_t>(weights.size()));
      }
      thresholds.push_back(static_cast<float>(drawn(9) - 4));
      for (std::int64_t member = mode == 6 ? 3 : 0; member > 0; --member) {
        members.push_back(static_cast<float>(drawn(9) - 4));
      }
      set_bounds.push_back(static_cast<std::int64_t>(members.size()));
    }
  }
  roots.push_back(-1);  // a leaf alone
  const auto fixed = [](Tensor value) {
    return CudaOperand{.dims = value.dims(), .dtype = value.dtype(), .constant = true, .value = std::move(value)};
  };
  std::vector<float> values(static_cast<std::size_t>(rows * kFeatures));
  for (float& value : values) value = static_cast<float>(drawn(9) - 4);
  values[0] = std::numeric_limits<float>::quiet_NaN();
  CudaCase test{
      .name = strings::join("trees ", static_cast<int>(aggregate), sets ? " with sets" : ""),
      .op = TreeEnsemble{.targets = targets, .aggregate = aggregate},
      .inputs = {fixed(Tensor::of<float>(values, Dims{rows, kFeatures})),
                 fixed(Tensor::of<std::int64_t>(nodes, Dims{trees * kNodes, 5})), fixed(Tensor::of<float>(thresholds)),
                 fixed(Tensor::of<std::int64_t>(roots)), fixed(Tensor::of<std::int64_t>(leaves)),
                 fixed(Tensor::of<std::int64_t>(vote_targets)), fixed(Tensor::of<float>(weights))},
      .tolerance = 1e-6};
  test.inputs[0].constant = false;
  if (!sets) return test;
  std::vector<float> base(static_cast<std::size_t>(targets), 0.25F);
  test.inputs.push_back(fixed(Tensor::of<float>(base)));
  test.inputs.push_back(fixed(Tensor::of<std::int64_t>(set_bounds)));
  test.inputs.push_back(fixed(Tensor::of<float>(members)));
  return test;
}

void add_trees(std::vector<CudaCase>& cases) {
  for (const TreeAggregate aggregate :
       {TreeAggregate::kSum, TreeAggregate::kAverage, TreeAggregate::kMin, TreeAggregate::kMax}) {
    for (const bool sets : {false, true}) cases.push_back(forest(aggregate, 77, 50, 3, sets));
  }
  cases.push_back(forest(TreeAggregate::kSum, 1, 300, 1, false));
}

void add_deformed(std::vector<CudaCase>& cases) {
  const CudaOperand none{.absent = true};
  cases.push_back({"deformed",
                   DeformConv{.pads = {1, 1, 1, 1}},
                   {{.dims = {2, 20, 9, 11}}, {.dims = {70, 20, 3, 3}}, {.dims = {2, 18, 9, 11}}, {.dims = {70}}},
                   {},
                   1e-5});
  cases.push_back({"deformed in groups with shares",
                   DeformConv{.strides = {2, 1}, .pads = {1, 0, 0, 1}, .groups = 2, .offset_groups = 4},
                   {{.dims = {1, 8, 10, 12}, .channels_last = true},
                    {.dims = {6, 4, 2, 3}},
                    {.dims = {1, 48, 5, 11}, .low = -6, .high = 6},
                    none,
                    {.dims = {1, 24, 5, 11}, .low = 0, .high = 1}},
                   {{.channels_last = true}},
                   1e-5});
  cases.push_back({"deformed, one tap",
                   DeformConv{.dilations = {2, 2}},
                   {{.dims = {1, 3, 20, 20}}, {.dims = {2, 3, 1, 1}}, {.dims = {1, 2, 20, 20}, .low = -30, .high = 30}},
                   {},
                   1e-5});
}

}  // namespace

std::vector<CudaCase> transform_cases() {
  std::vector<CudaCase> cases;
  add_matrices(cases);
  add_transforms(cases);
  add_trees(cases);
  add_deformed(cases);
  return cases;
}

}  // namespace bolide::test
