#include "support.h"

namespace bolide {
namespace {

template <class T, class Set>
T with(Set set) {
  T op;
  set(op);
  return op;
}

TEST(ShapeOf, GivesARangeOfSizes) {
  const Tensor x = floats({2, 1}, {0, 0});
  EXPECT_EQ(show(run(ShapeOf{}, {x})), "i64[2]{2,1}");
  EXPECT_EQ(show(run(with<ShapeOf>([](ShapeOf& op) { op.start = -1; }), {x})), "i64[1]{1}");
  EXPECT_EQ(show(run(Size{}, {x})), "i64[]{2}");
  EXPECT_EQ(contents(Size{}, {typed(DataType::kF32, {"n", "3"})}), "[3*n]");
  EXPECT_EQ(Op(ShapeOf{}).name(), "Shape");
}

TEST(Cast, ConvertsAndKeepsSizes) {
  const Cast to_int = with<Cast>([](Cast& op) { op.to = DataType::kI32; });
  EXPECT_EQ(show(run(to_int, {floats({2}, {1.9F, -1.9F})})), "i32[2]{1,-1}");
  EXPECT_EQ(contents(to_int, {sizes({"n"})}), "[n]");
  EXPECT_EQ(contents(Cast{}, {sizes({"n"})}), "unknown");
}

TEST(ConstantOfShape, RepeatsItsValue) {
  const ConstantOfShape ones = with<ConstantOfShape>([](ConstantOfShape& op) { op.value = longs({1}, {1}); });
  EXPECT_EQ(show(run(ones, {longs({2}, {1, 2})})), "i64[1,2]{1,1}");
  EXPECT_EQ(show(run(ones, {longs({0}, {})})), "i64[]{1}");
  EXPECT_EQ(contents(ones, {known(longs({1}, {2}))}), "[1,1]");
  EXPECT_EQ(infer(ones, {sizes({"n", "3"})}), "i64[n,3]");
  EXPECT_EQ(text(Op(ones)), "ConstantOfShape value=i64[1]{1}");
  EXPECT_EQ(*parse_op("ConstantOfShape", " value=i64[1]{1}"), Op(ones));
  EXPECT_FALSE(parse_op("ConstantOfShape", " value=i64[1000000000000]{1}"));
}

TEST(Range, CountsBothWaysAndByFractions) {
  EXPECT_EQ(show(run(RangeOp{}, {longs({}, {10}), longs({}, {4}), longs({}, {-2})})), "i64[3]{10,8,6}");
  EXPECT_EQ(show(run(RangeOp{}, {floats({}, {0}), floats({}, {1}), floats({}, {0.4F})})), "f32[3]{0,0.4,0.8}");
  EXPECT_EQ(show(run(RangeOp{}, {longs({}, {0}), longs({}, {3}), longs({}, {0})})),
            "invalid argument: Range: a delta of 0");
  Known limit = typed(DataType::kI64, {});
  limit.contents = {Dim("seq")};
  EXPECT_EQ(infer(RangeOp{}, {known(longs({}, {0})), limit, known(longs({}, {1}))}), "i64[seq]");
  EXPECT_EQ(contents(RangeOp{}, {known(longs({}, {1})), known(longs({}, {4})), known(longs({}, {1}))}), "[1,2,3]");
}

TEST(OneHot, IsOnAtTheIndex) {
  EXPECT_EQ(show(run(OneHot{}, {longs({3}, {0, -1, 7}), longs({}, {3}), longs({2}, {2, 5})})),
            "i64[3,3]{5,2,2,2,2,5,2,2,2}");
  const OneHot first = with<OneHot>([](OneHot& op) { op.axis = 0; });
  EXPECT_EQ(show(run(first, {longs({2}, {0, 1}), longs({1}, {3}), floats({2}, {0, 1})})), "f32[3,2]{1,0,0,1,0,0}");
}

TEST(EyeLike, PutsOnesOnADiagonal) {
  const EyeLike above = with<EyeLike>([](EyeLike& op) { op.k = 1; });
  EXPECT_EQ(show(run(above, {floats({2, 3}, {9, 9, 9, 9, 9, 9})})), "f32[2,3]{0,1,0,0,0,1}");
  const EyeLike far = with<EyeLike>([](EyeLike& op) { op.k = std::numeric_limits<std::int64_t>::min(); });
  EXPECT_EQ(show(run(far, {longs({1, 1}, {9})})), "i64[1,1]{0}");
}

TEST(CumSum, AddsUpFromEitherEnd) {
  const Tensor x = floats({3}, {1, 2, 3});
  const Tensor axis = longs({}, {0});
  EXPECT_EQ(show(run(CumSum{}, {x, axis})), "f32[3]{1,3,6}");
  EXPECT_EQ(show(run(with<CumSum>([](CumSum& op) { op.exclusive = true; }), {x, axis})), "f32[3]{0,1,3}");
  EXPECT_EQ(show(run(with<CumSum>([](CumSum& op) { op.reverse = true; }), {x, axis})), "f32[3]{6,5,3}");
}

TEST(TopK, SortsAndPrefersLowerIndices) {
  const Tensor x = floats({2, 3}, {1, 5, 5, 7, 6, 8});
  const auto top = run(TopK{}, {x, longs({1}, {2})}, 2);
  EXPECT_EQ(show(top, 0), "f32[2,2]{5,5,8,7}");
  EXPECT_EQ(show(top, 1), "i64[2,2]{1,2,2,0}");
  const TopK least = with<TopK>([](TopK& op) { op.largest = false; });
  EXPECT_EQ(show(run(least, {x, longs({1}, {1})}, 2), 1), "i64[2,1]{0,1}");
  EXPECT_EQ(show(run(TopK{}, {x, longs({1}, {4})}, 2)), "invalid argument: TopK: k is 4 of a size of 3");
}

TEST(ArgMax, FindsTheFirstOrTheLast) {
  const Tensor x = floats({2, 2}, {2, 2, 3, 10});
  const ArgMax rows = with<ArgMax>([](ArgMax& op) { op.axis = 1; });
  EXPECT_EQ(show(run(rows, {x})), "i64[2,1]{0,1}");
  const ArgMax last = with<ArgMax>([](ArgMax& op) { op.axis = 1, op.keepdims = false, op.select_last_index = true; });
  EXPECT_EQ(show(run(last, {x})), "i64[2]{1,1}");
  EXPECT_EQ(show(run(ArgMin{}, {x})), "i64[1,2]{0,0}");
}

TEST(NonZero, ListsPositionsByColumn) {
  EXPECT_EQ(show(run(NonZero{}, {bools({2, 2}, {1, 0, 1, 1})})), "i64[2,3]{0,1,1,0,0,1}");
  EXPECT_EQ(infer(NonZero{}, {typed(DataType::kF32, {"n", "3"})}), "i64[2,nonzero]");
}

TEST(Compress, KeepsWhereTheConditionHolds) {
  const Tensor x = floats({3, 2}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(show(run(Compress{}, {x, bools({5}, {0, 1, 0, 0, 1})})), "f32[2]{2,5}");
  const Compress rows = with<Compress>([](Compress& op) { op.flatten = false; });
  EXPECT_EQ(show(run(rows, {x, bools({3}, {0, 1, 1})})), "f32[2,2]{3,4,5,6}");
}

TEST(DepthToSpace, UndoesSpaceToDepth) {
  const Tensor x = floats({1, 4, 1, 2}, {0, 1, 2, 3, 4, 5, 6, 7});
  const DepthToSpace out = with<DepthToSpace>([](DepthToSpace& op) { op.blocksize = 2; });
  EXPECT_EQ(show(run(out, {x})), "f32[1,1,2,4]{0,2,1,3,4,6,5,7}");
  const SpaceToDepth back = with<SpaceToDepth>([](SpaceToDepth& op) { op.blocksize = 2; });
  EXPECT_EQ(show(run(back, {floats({1, 1, 2, 4}, {0, 2, 1, 3, 4, 6, 5, 7})})), "f32[1,4,1,2]{0,1,2,3,4,5,6,7}");
  EXPECT_EQ(infer(out, {typed(DataType::kF32, {"n", "3", "h", "w"})}),
            "DepthToSpace: 3 channels do not divide into blocks of 2x2");
  // Two output channels tell the orders apart: DCR takes channels 0,2,4,6 for the first, CRD 0,1,2,3.
  const Tensor eight = floats({1, 8, 1, 1}, {0, 1, 2, 3, 4, 5, 6, 7});
  EXPECT_EQ(show(run(out, {eight})), "f32[1,2,2,2]{0,2,4,6,1,3,5,7}");
  const DepthToSpace crd = with<DepthToSpace>([](DepthToSpace& op) { op.blocksize = 2, op.mode = DepthOrder::kCrd; });
  EXPECT_EQ(show(run(crd, {eight})), "f32[1,2,2,2]{0,1,2,3,4,5,6,7}");
}

TEST(ReverseSequence, ReversesTheBeginningOfEachBatch) {
  const Tensor x = floats({3, 2}, {0, 1, 2, 3, 4, 5});  // time, batch
  EXPECT_EQ(show(run(ReverseSequence{}, {x, longs({2}, {3, 2})})), "f32[3,2]{4,3,2,1,0,5}");
  EXPECT_EQ(show(run(ReverseSequence{}, {x, longs({2}, {4, 2})})),
            "invalid argument: ReverseSequence: a length of 4 on a time axis of 3");
}

TEST(Range, GoesOnBehindTheFirstBlockAndWraps) {
  const auto down = run(RangeOp{}, {longs({}, {5000}), longs({}, {-1000}), longs({}, {-3})});
  ASSERT_EQ((*down)[0].dims(), (Dims{2000}));
  for (std::int64_t i = 0; i < 2000; ++i) {
    ASSERT_EQ((*down)[0].span<std::int64_t>()[static_cast<std::size_t>(i)], 5000 - 3 * i);
  }
  const auto bytes = [](std::uint8_t value) { return tensor<std::uint8_t>({}, {value}); };
  EXPECT_EQ(show(run(RangeOp{}, {bytes(250), bytes(255), bytes(2)})), "u8[3]{250,252,254}");
  const auto halves = run(RangeOp{}, {floats({}, {0}), floats({}, {1500}), floats({}, {0.5F})});
  ASSERT_EQ((*halves)[0].dims(), (Dims{3000}));
  EXPECT_EQ((*halves)[0].span<float>()[2999], 1499.5F);
}

TEST(OneHot, IsOffEverywhereForIndicesOutside) {
  const Tensor indices = longs({2, 2}, {0, -1, 3, 1});
  const OneHot middle{.axis = 1};
  EXPECT_EQ(show(run(middle, {indices, longs({}, {2}), floats({2}, {5, 7})})), "f32[2,2,2]{7,5,5,7,5,5,5,7}");
  const Tensor nibbles = *cast(longs({2}, {1, 3}), DataType::kU4);
  EXPECT_EQ(show(run(OneHot{}, {indices, longs({}, {2}), nibbles})), "u4[2,2,2]{3,1,1,3,1,1,1,3}");
}

}  // namespace
}  // namespace bolide
