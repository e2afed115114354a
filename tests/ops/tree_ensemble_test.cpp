#include "support.h"

#include <limits>

namespace bolide {
namespace {

/// One tree: x0 <= 0.5 (NaN counts as true) ? leaf 0 : (x1 > 2 ? leaf 1 : leaf 2); votes 10, 20 and 30 for target 0,
/// and leaf 1 another 5 for target 1.
Tensors tree(const Tensor& x) {
  return {x,
          longs({2, 5}, {0, 0, 1, -1, 1, 1, 3, 0, -2, -3}),
          floats({2}, {0.5, 2}),
          longs({1}, {0}),
          longs({4}, {0, 1, 3, 4}),
          longs({4}, {0, 0, 1, 0}),
          floats({4}, {10, 20, 5, 30})};
}

std::string votes(const TreeEnsemble& op, const Tensors& inputs) {
  std::vector<const Tensor*> pointers;
  for (const Tensor& input : inputs) pointers.push_back(&input);
  return show(run(op, pointers));
}

TEST(TreeEnsemble, LeadsEveryRowToOneLeaf) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(votes({.targets = 2}, tree(floats({4, 2}, {0, 9, 1, 3, 1, 2, nan, 0}))), "f32[4,2]{10,0,20,5,30,0,10,0}");
}

TEST(TreeEnsemble, CollectsVotesAsAsked) {
  Tensors two = tree(floats({1, 2}, {1, 3}));
  two[3] = longs({2}, {0, -1});  // the tree, and leaf 0 alone
  EXPECT_EQ(votes({.targets = 2}, two), "f32[1,2]{30,5}");
  EXPECT_EQ(votes({.targets = 2, .aggregate = TreeAggregate::kAverage}, two), "f32[1,2]{15,2.5}");
  EXPECT_EQ(votes({.targets = 2, .aggregate = TreeAggregate::kMin}, two), "f32[1,2]{10,5}");
  EXPECT_EQ(votes({.targets = 2, .aggregate = TreeAggregate::kMax}, two), "f32[1,2]{20,5}");
  two.push_back(floats({2}, {1, -1}));
  EXPECT_EQ(votes({.targets = 2}, two), "f32[1,2]{31,4}");
}

TEST(TreeEnsemble, IsCheckedWithoutRows) {
  const auto checked = [](const Tensors& inputs, std::int64_t features) {
    std::vector<const Tensor*> pointers = {nullptr};
    for (std::size_t i = 1; i < inputs.size(); ++i) pointers.push_back(&inputs[i]);
    const Status status = check_trees(TreeEnsemble{.targets = 2}, pointers, features);
    return status ? std::string("sound") : status.error().message;
  };
  Tensors inputs = tree(floats({1, 2}, {0, 0}));
  EXPECT_EQ(checked(inputs, 2), "sound");
  EXPECT_EQ(checked(inputs, 1), "TreeEnsemble: an index is outside of its list, or a feature is not one of 1");
  inputs[1] = longs({2, 5}, {0, 0, 1, -1, 1, 1, 3, 0, -2, 0});  // the second leads back to the first
  EXPECT_EQ(checked(inputs, 2), "TreeEnsemble: nodes lead in a circle");
}

TEST(MapValues, TakesTheLastOfEqualKeysAndNaNAsANumber) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(show(run(MapValues{}, {floats({4}, {nan, -0.0F, 7, 1}), floats({4}, {0, nan, 1, 1}),
                                   longs({4}, {10, 20, 30, 40}), longs({1}, {-1})})),
            "i64[4]{20,10,-1,40}");
}

TEST(CoupleProbabilities, OfTwoClassesAreThoseOfThePair) {
  EXPECT_EQ(show(run(CoupleProbabilities{.classes = 2}, {floats({2, 1}, {0.75, 0.5})})),
            "f32[2,2]{0.7499999,0.2500001,0.5,0.5}");
}

TEST(MapValues, FindsKeysThatLieFarApart) {
  const Tensor keys = longs({4}, {INT64_MIN, 7, INT64_MAX, 7});
  const Tensor values = floats({4}, {1, 2, 3, 4});
  const Tensor x = longs({5}, {INT64_MAX, 7, 8, INT64_MIN, -1});
  EXPECT_EQ(show(run(MapValues{}, {x, keys, values, floats({1}, {-1})})), "f32[5]{3,4,-1,1,-1}");
  EXPECT_EQ(show(run(MapValues{}, {longs({2}, {7, 8}), keys, values})),
            "invalid argument: MapValues: element 1 is none of the 4 keys");
  const Tensor bytes = *cast(longs({3}, {2, 0, 9}), DataType::kU8);
  const Tensor byte_keys = *cast(longs({2}, {9, 2}), DataType::kU8);
  const Tensor nibbles = *cast(longs({2}, {5, 6}), DataType::kU4);
  const Tensor nibble = *cast(longs({1}, {1}), DataType::kU4);
  EXPECT_EQ(show(run(MapValues{}, {bytes, byte_keys, nibbles, nibble})), "u4[3]{6,1,5}");
  EXPECT_EQ(show(run(MapValues{}, {longs({1}, {1}), longs({0}, {}), floats({0}, {}), floats({1}, {8})})), "f32[1]{8}");
}

}  // namespace
}  // namespace bolide
