#include "ops/gather.h"
#include "ops/map_values.h"
#include "ops/order.h"
#include "ops/reduce.h"
#include "ops/result_places.h"
#include "ops/scatter.h"
#include "ops/unique.h"
#include "support.h"

#include <cmath>
#include <limits>
#include <numeric>

namespace bolide {
namespace {

/// Sizes that several threads share.
const Dims kDims = {3, 70, 130};

Tensor counting(const Dims& dims) {
  Tensor out = *Tensor::allocate(DataType::kF32, dims);
  std::iota(out.span<float>().begin(), out.span<float>().end(), 0.0F);
  return out;
}
std::int64_t place(std::int64_t a, std::int64_t b, std::int64_t c) { return (a * kDims[1] + b) * kDims[2] + c; }

TEST(Lines, GatherElementsReadsTheLineOfEveryIndex) {
  const Dims wanted = {2, 70, 100};
  for (std::int64_t axis = 0; axis < 3; ++axis) {
    const std::int64_t size = kDims[static_cast<std::size_t>(axis)];
    Tensor indices = *Tensor::allocate(DataType::kI64, wanted);
    for (std::int64_t i = 0; i < indices.count(); ++i) {
      indices.span<std::int64_t>()[static_cast<std::size_t>(i)] = (i * 7) % (2 * size) - size;  // from -size on
    }
    const auto got = run(GatherElements{.axis = axis}, {counting(kDims), indices});
    ASSERT_TRUE(got) << got.error().message;
    std::size_t i = 0;
    for (std::int64_t a = 0; a < wanted[0]; ++a) {
      for (std::int64_t b = 0; b < wanted[1]; ++b) {
        for (std::int64_t c = 0; c < wanted[2]; ++c, ++i) {
          std::int64_t index = indices.span<std::int64_t>()[i];
          if (index < 0) index += size;
          const std::int64_t from = place(axis == 0 ? index : a, axis == 1 ? index : b, axis == 2 ? index : c);
          ASSERT_EQ((*got)[0].span<float>()[i], static_cast<float>(from)) << "axis " << axis << " element " << i;
        }
      }
    }
  }
}

TEST(Lines, GatherElementsReadsOneColumnOfAWiderTable) {
  const Tensor indices = longs({2, 3, 1}, {0, -1, 69, -70, 5, 68});
  const auto got = run(GatherElements{.axis = 1}, {counting(kDims), indices});
  ASSERT_TRUE(got) << got.error().message;
  const std::vector<std::int64_t> rows = {0, 69, 69, 0, 5, 68};
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_EQ((*got)[0].span<float>()[i], static_cast<float>(place(i < 3 ? 0 : 1, rows[i], 0))) << i;
  }
}

TEST(Lines, ScatterElementsKeepsTheLastOfEqualIndices) {
  for (std::int64_t axis = 0; axis < 3; ++axis) {
    const Tensor indices = *Tensor::allocate(DataType::kI64, kDims);  // every element of a line to its first place
    const auto got = run(ScatterElements{.axis = axis}, {counting(kDims), indices, counting(kDims)});
    ASSERT_TRUE(got) << got.error().message;
    const std::int64_t last = kDims[static_cast<std::size_t>(axis)] - 1;
    const auto y = (*got)[0].span<float>();
    EXPECT_EQ(y[0], static_cast<float>(place(axis == 0 ? last : 0, axis == 1 ? last : 0, axis == 2 ? last : 0)));
    EXPECT_EQ(y[static_cast<std::size_t>(place(1, 1, 1))], static_cast<float>(place(1, 1, 1)));  // nobody wrote there
  }
}

TEST(Lines, IndicesOutsideAreNamed) {
  EXPECT_EQ(run(GatherElements{}, {counting({3}), longs({2}, {0, 3})}).error().message,
            "GatherElements: index 3 into a size of 3");
  EXPECT_EQ(run(GatherElements{}, {counting({3}), longs({2}, {-4, 0})}).error().message,
            "GatherElements: index -4 into a size of 3");
  EXPECT_EQ(run(GatherElements{}, {counting({0}), longs({1}, {0})}).error().message,
            "GatherElements: index 0 into a size of 0");
  EXPECT_EQ(run(ScatterND{}, {counting({3, 2}), longs({1, 2}, {0, -3}), counting({1})}).error().message,
            "ScatterND: index -3 into a size of 2");
}

TEST(Lines, ReductionsOfTheMiddle) {
  Tensor x = *Tensor::allocate(DataType::kI32, kDims);
  std::iota(x.span<std::int32_t>().begin(), x.span<std::int32_t>().end(), 0);
  const auto got = run(Reduce{.kind = ReduceKind::kMax, .axes = {1}, .keepdims = false}, {x});
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ((*got)[0].dims(), (Dims{3, 130}));
  for (std::int64_t a = 0; a < 3; ++a) {
    for (std::int64_t c = 0; c < 130; ++c) {
      ASSERT_EQ((*got)[0].span<std::int32_t>()[static_cast<std::size_t>(a * 130 + c)], place(a, 69, c));
    }
  }
  const auto sum = run(Reduce{.kind = ReduceKind::kSum, .axes = {0, 1}}, {x});
  ASSERT_TRUE(sum);
  EXPECT_EQ((*sum)[0].span<std::int32_t>()[0], 210 * 209 / 2 * 130);
}

TEST(Lines, RunningSumsOfLongRowsInBothDirections) {
  const Tensor ones = *Tensor::of<float>(std::vector<float>(3000, 1.0F)).reshaped({1, 3000});
  const auto forward = run(CumSum{}, {ones, longs({}, {1})});
  const auto backward = run(CumSum{.exclusive = true, .reverse = true}, {ones, longs({}, {1})});
  ASSERT_TRUE(forward && backward);
  EXPECT_EQ((*forward)[0].span<float>()[2999], 3000);
  EXPECT_EQ((*forward)[0].span<float>()[1024], 1025);
  EXPECT_EQ((*backward)[0].span<float>()[0], 2999);
  EXPECT_EQ((*backward)[0].span<float>()[2999], 0);
}

TEST(Lines, TheLargestIsNanAndZerosAreEqual) {
  const Tensor x = floats({2, 4}, {1, NAN, 3, NAN, -0.0F, 0, -1, 0});
  EXPECT_EQ(show(run(ArgMax{.axis = 1}, {x})), "i64[2,1]{1,0}");
  EXPECT_EQ(show(run(ArgMax{.axis = 1, .select_last_index = true}, {x})), "i64[2,1]{3,3}");
  EXPECT_EQ(show(run(ArgMin{.axis = 1}, {x})), "i64[2,1]{0,2}");
  EXPECT_EQ(show(run(ArgMax{.axis = 0}, {x})), "i64[1,4]{0,0,0,0}");
  EXPECT_EQ(show(run(ArgMin{.axis = 0, .select_last_index = true}, {x})), "i64[1,4]{1,1,1,1}");
}

TEST(Lines, TopKOrdersEqualValuesByTheirPlaces) {
  const auto got = run(TopK{}, {floats({6}, {2, 5, -0.0F, 5, 0, 1}), longs({1}, {6})}, 2);
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(show(got, 1), "i64[6]{1,3,0,5,2,4}");
}

TEST(Lines, TopKFindsFewAmongManyInWhateverOrderTheyStand) {
  Tensor x = *Tensor::allocate(DataType::kI64, {3, 2000});
  for (std::int64_t i = 0; i < 2000; ++i) {
    const std::span<std::int64_t> all = x.span<std::int64_t>();
    all[static_cast<std::size_t>(i)] = i;                 // rising: each is the best so far
    all[static_cast<std::size_t>(2000 + i)] = -i;         // falling
    all[static_cast<std::size_t>(4000 + i)] = i * 7 % 5;  // equal ones stand by their places
  }
  const auto got = run(TopK{}, {x, longs({1}, {4})}, 2);
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(show(got, 0), "i64[3,4]{1999,1998,1997,1996,0,-1,-2,-3,4,4,4,4}");
  EXPECT_EQ(show(got, 1), "i64[3,4]{1999,1998,1997,1996,0,1,2,3,2,7,12,17}");
}

TEST(Lines, ExtremesOfIntegersThatLieApart) {
  const Tensor x =
      *cast(floats({1, 6, 3}, {1, -9, 5, 2, -8, 4, 3, -7, 3, 4, -6, 2, 5, -5, 1, 6, -4, 0}), DataType::kI32);
  EXPECT_EQ(show(run(Reduce{.kind = ReduceKind::kMax, .axes = {1}, .keepdims = false}, {x}), 0), "i32[1,3]{6,-4,5}");
  EXPECT_EQ(show(run(Reduce{.kind = ReduceKind::kMin, .axes = {1}, .keepdims = false}, {x}), 0), "i32[1,3]{1,-9,0}");
}

TEST(Lines, UniqueNumbersAndTheirPlaces) {
  const auto got = run(Unique{}, {floats({5}, {2, NAN, 2, -1, NAN})}, 4);
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(show(got, 1), "i64[3]{3,0,1}");
  EXPECT_EQ(show(got, 3), "i64[3]{1,2,2}");
}

TEST(Lines, ResultsAreWrittenWhereTheyGo) {
  std::vector<float> memory(4, 7.0F);
  std::vector<ResultPlace> places = {{DataType::kF32, {2, 2}, reinterpret_cast<std::byte*>(memory.data())}};
  const ResultPlaces waiting(places);
  EvalContext context;
  const auto other = context.allocate(DataType::kF32, {4});
  ASSERT_TRUE(other);
  EXPECT_NE(static_cast<const void*>(other->data()), memory.data());
  const auto taken = context.allocate(DataType::kF32, {2, 2});
  ASSERT_TRUE(taken);
  EXPECT_EQ(static_cast<const void*>(taken->data()), memory.data());
  EXPECT_EQ(memory[0], 0);  // as any tensor
  EXPECT_NE(static_cast<const void*>(context.allocate(DataType::kF32, {2, 2})->data()), memory.data());
}

TEST(Lines, PlacesOfTheLargestInLongRows) {
  for (const std::int64_t n : {1, 15, 16, 33, 50}) {
    for (std::int64_t at = 0; at < n; ++at) {
      for (const float value : {2.0F, -2.0F, std::numeric_limits<float>::quiet_NaN()}) {
        Tensor x = *Tensor::allocate(DataType::kF32, {1, n});
        x.span<float>()[static_cast<std::size_t>(at)] = value;
        x.span<float>()[static_cast<std::size_t>(n - 1)] = value;  // twice
        const std::int64_t other = at == 0 && n > 2 ? 1 : 0;       // the first 0
        const bool all = n == 1 || (n == 2 && at == 0);
        const std::int64_t largest = value == -2.0F && !all ? other : at;
        const std::int64_t smallest = value == -2.0F || all ? at : other;
        EXPECT_EQ((*run(ArgMax{.axis = 1}, {x}))[0].span<std::int64_t>()[0], largest) << n << ' ' << at << ' ' << value;
        EXPECT_EQ((*run(ArgMin{.axis = 1}, {x}))[0].span<std::int64_t>()[0], smallest)
            << n << ' ' << at << ' ' << value;
        if (value != -2.0F) {
          EXPECT_EQ((*run(ArgMax{.axis = 1, .select_last_index = true}, {x}))[0].span<std::int64_t>()[0], n - 1);
        }
      }
    }
  }
}

}  // namespace
}  // namespace bolide
