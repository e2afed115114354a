#include "support.h"

#include <limits>

namespace bolide {
namespace {

std::string all(const Result<Tensors>& result) {
  std::string out = show(result, 0);
  for (std::size_t i = 1; result && i < result->size(); ++i) out.append(" ").append(show(result, i).substr(3));
  return out;
}

TEST(Unique, SortsOrKeepsTheOrderOfFirstOccurrence) {
  const Tensor x = floats({6}, {2, 1, 1, 3, 4, 3});
  EXPECT_EQ(all(run(Unique{}, {x}, 4)), "f32[4]{1,2,3,4} [4]{1,0,3,4} [6]{1,0,0,2,3,2} [4]{2,1,2,1}");
  EXPECT_EQ(all(run(Unique{.sorted = false}, {x}, 4)), "f32[4]{2,1,3,4} [4]{0,1,3,4} [6]{0,1,1,2,3,2} [4]{1,2,2,1}");
}

TEST(Unique, ComparesSlicesElementByElement) {
  const Tensor rows = longs({3, 3}, {1, 0, 0, 1, 0, 0, 0, 3, 4});
  EXPECT_EQ(all(run(Unique{.axis = 0, .flatten = false}, {rows}, 4)),
            "i64[2,3]{0,3,4,1,0,0} [2]{2,0} [3]{1,1,0} [2]{1,2}");
  const Tensor columns = floats({2, 4, 2}, {1, 1, 0, 1, 2, 1, 0, 1, 1, 1, 0, 1, 2, 1, 0, 1});
  EXPECT_EQ(all(run(Unique{.axis = -2, .flatten = false}, {columns}, 4)),
            "f32[2,3,2]{0,1,1,1,2,1,0,1,1,1,2,1} [3]{1,0,2} [4]{1,0,2,0} [3]{2,1,1}");
}

TEST(Unique, TakesEveryDtype) {
  EXPECT_EQ(show(run(Unique{}, {tensor<std::string>({3}, {"b", "a", "b"})}, 4)), "string[2]{a,b}");
  EXPECT_EQ(show(run(Unique{}, {bools({3}, {1, 0, 1})}, 4)), "bool[2]{0,1}");
  const Tensor c = floats({6}, {1, 2, 1, -1, 1, 2});
  const Tensor complex = Tensor::borrow(DataType::kC64, {3}, c.data(), c.owner());
  const auto found = run(Unique{}, {complex}, 4);
  ASSERT_TRUE(found);
  EXPECT_EQ((*found)[0].span<float>()[1], -1);
  EXPECT_EQ((*found)[0].span<float>()[3], 2);
  EXPECT_EQ((*found)[0].dims(), (Dims{2}));
}

TEST(Unique, PutsNanLastAndOnce) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(all(run(Unique{}, {floats({5}, {nan, 1, -0.0F, nan, 0})}, 4)).substr(0, 12), "f32[3]{-0,1,");
  EXPECT_EQ(show(run(Unique{}, {floats({0}, {})}, 4)), "f32[0]{}");
}

TEST(Unique, HasASizeThatOnlyTheDataDecide) {
  EXPECT_EQ(infer(Unique{}, {typed(DataType::kF32, {"n", "4"})}, 4), "f32[unique] i64[unique] i64[4*n] i64[unique]");
  EXPECT_EQ(infer(Unique{.axis = 1, .flatten = false}, {typed(DataType::kF32, {"n", "4"})}, 4),
            "f32[n,unique] i64[unique] i64[4] i64[unique]");
  EXPECT_EQ(infer(Unique{.axis = 2, .flatten = false}, {typed(DataType::kF32, {"n", "4"})}, 4),
            "Unique: axis 2 of a tensor of rank 2");
}

}  // namespace
}  // namespace bolide
