#include "base/time_limit.h"
#include "support.h"

namespace bolide {
namespace {

std::string sum(const char* equation, std::initializer_list<Tensor> inputs) {
  return show(run(Einsum{.equation = equation}, inputs));
}

const Tensor kA = floats({2, 3}, {1, 2, 3, 4, 5, 6});
const Tensor kSquare = floats({2, 2}, {1, 2, 3, 4});

TEST(Einsum, SumsWhatIsNotOnTheRight) {
  EXPECT_EQ(sum("ij->ji", {kA}), "f32[3,2]{1,4,2,5,3,6}");
  EXPECT_EQ(sum("ij->i", {kA}), "f32[2]{6,15}");
  EXPECT_EQ(sum("ij,jk->ik", {kSquare, kA}), "f32[2,3]{9,12,15,19,26,33}");
  EXPECT_EQ(sum(" i j , j -> ", {kA, floats({3}, {1, 0, 2})}), "f32[]{23}");
  EXPECT_EQ(sum("i,j,i->ij", {floats({2}, {1, 2}), floats({2}, {3, 4}), floats({2}, {5, 6})}), "f32[2,2]{15,20,36,48}");
}

TEST(Einsum, TakesDiagonals) {
  EXPECT_EQ(sum("ii->i", {kSquare}), "f32[2]{1,4}");
  EXPECT_EQ(sum("ii", {kSquare}), "f32[]{5}");
}

TEST(Einsum, OrdersAnImpliedOutputByAscii) {
  EXPECT_EQ(sum("ba", {kA}), "f32[3,2]{1,4,2,5,3,6}");
  EXPECT_EQ(sum("aB", {kA}), "f32[3,2]{1,4,2,5,3,6}");
  EXPECT_EQ(sum("i...", {kA}), "f32[3,2]{1,4,2,5,3,6}");
}

TEST(Einsum, BroadcastsAnEllipsisAndSizesOfOne) {
  EXPECT_EQ(sum("...i,i->...", {floats({1, 2, 2}, {1, 2, 3, 4}), floats({2}, {1, 10})}), "f32[1,2]{21,43}");
  EXPECT_EQ(sum("...,...->...", {kSquare, floats({1, 2}, {1, 10})}), "f32[2,2]{1,20,3,40}");
  EXPECT_EQ(sum("ij,ij->ij", {kSquare, floats({2, 1}, {1, 10})}), "f32[2,2]{1,2,30,40}");
}

TEST(Einsum, WrapsIntegers) {
  const Tensor x = tensor<std::uint8_t>({2}, {200, 3});
  EXPECT_EQ(sum("i,i->", {x, x}), "u8[]{73}");
}

TEST(Einsum, RefusesWhatIsNoEquation) {
  const Known x = typed(DataType::kF32, {"n", "3"});
  const auto fails = [&](const char* equation) { return infer(Einsum{.equation = equation}, {x}); };
  EXPECT_EQ(fails("ij->jk"),
            "Einsum: the equation 'ij->jk' has an axis on the right that is twice there or not on the left");
  EXPECT_EQ(fails("i->i"), "Einsum: the term 'i' does not fit input 0 of rank 2");
  EXPECT_EQ(fails("ij,j->i"), "Einsum: the equation 'ij,j->i' has not one term for each of 1 inputs");
  EXPECT_EQ(fails("i1->i"), "Einsum: '1' in the equation is neither a letter nor the one ellipsis");
  EXPECT_EQ(fails("......ij->i"), "Einsum: the term '......ij' does not fit input 0 of rank 2");
  EXPECT_EQ(fails("ij->ji"), "f32[3,n]");
}

TEST(Einsum, OfManyTermsEndsWithTheTimeLimitAroundIt) {
  const Tensor x = *Tensor::allocate(DataType::kF32, {1000});
  const TimeLimit limit(0.01);
  (void)run(Einsum{.equation = "a,b,c,d,e->"}, {x, x, x, x, x});  // 1e15 terms
  EXPECT_FALSE(TimeLimit::check());
}

}  // namespace
}  // namespace bolide
