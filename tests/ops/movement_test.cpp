#include "support.h"

#include <limits>

namespace bolide {
namespace {

constexpr std::int64_t kEnd = std::numeric_limits<std::int64_t>::max();

template <class T, class Set>
T with(Set set) {
  T op;
  set(op);
  return op;
}
Tensor words(Dims dims, std::initializer_list<std::string> values) {
  return tensor<std::string>(std::move(dims), values);
}

TEST(Reshape, CopiesZerosAndSolvesMinusOne) {
  const Tensor x = floats({2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(show(run(Reshape{}, {x, longs({2}, {3, -1})})), "f32[3,2]{1,2,3,4,5,6}");
  EXPECT_EQ(show(run(Reshape{}, {x, longs({3}, {0, 1, 3})})), "f32[2,1,3]{1,2,3,4,5,6}");
  EXPECT_EQ(show(run(Reshape{}, {x, longs({2}, {4, -1})})),
            "invalid argument: Reshape: [2,3] does not fit into [4,-1]");
  EXPECT_EQ(show(run(Reshape{}, {x, longs({2}, {-1, -1})})), "invalid argument: Reshape: more than one -1 in [-1,-1]");
  EXPECT_EQ(show(run(Reshape{}, {words({2}, {"a", "b"}), longs({2}, {2, 1})})), "string[2,1]{a,b}");
}

TEST(Reshape, SizesThatAreCopiedMayBeZeroBesideMinusOne) {
  const Tensor none = floats({0, 6}, {});
  EXPECT_EQ(show(run(Reshape{}, {none, longs({3}, {0, 1, -1})})), "f32[0,1,6]{}");
  EXPECT_EQ(show(run(Reshape{}, {none, longs({3}, {0, -1, 3})})), "f32[0,2,3]{}");
  EXPECT_EQ(show(run(Reshape{.allowzero = true}, {none, longs({2}, {0, -1})})),
            "invalid argument: Reshape: -1 beside a size of 0 in [0,-1] could be any size");
}

TEST(Reshape, KeepsNamesInSizes) {
  const Known x = typed(DataType::kF32, {"batch", "12", "h", "w"});
  EXPECT_EQ(infer(Reshape{}, {x, known(longs({3}, {0, 12, -1}))}), "f32[batch,12,h*w]");
  EXPECT_EQ(infer(Reshape{}, {x, sizes({"batch", "-1"})}), "f32[batch,12*h*w]");
  EXPECT_EQ(infer(Reshape{}, {x, typed(DataType::kI64, {"2"})}), "f32[reshaped,reshaped]");
}

TEST(Reshape, FollowsShapeArithmetic) {  // Shape -> Gather -> Unsqueeze -> Concat -> Reshape
  const Known x = typed(DataType::kF32, {"batch", "seq", "64"});
  EXPECT_EQ(contents(ShapeOf{}, {x}), "[batch,seq,64]");
  EXPECT_EQ(contents(Gather{}, {sizes({"batch", "seq", "64"}), known(longs({}, {-2}))}), "[seq]");
  const Unsqueeze vector = with<Unsqueeze>([](Unsqueeze& op) { op.axes = {0}; });
  Known scalar = typed(DataType::kI64, {});
  scalar.contents = {Dim("seq")};
  EXPECT_EQ(contents(vector, {scalar}), "[seq]");
  EXPECT_EQ(contents(Concat{}, {sizes({"batch"}), sizes({"seq"}), known(longs({2}, {8, 8}))}), "[batch,seq,8,8]");
  EXPECT_EQ(infer(Reshape{}, {x, sizes({"batch", "seq", "8", "8"})}), "f32[batch,seq,8,8]");
  EXPECT_EQ(contents(Slice{}, {sizes({"batch", "seq", "64"}), known(longs({1}, {1})), known(longs({1}, {kEnd}))}),
            "[seq,64]");
}

TEST(Squeeze, RemovesOnlyAxesOfSizeOne) {
  const Squeeze first = with<Squeeze>([](Squeeze& op) { op.axes = {0}; });
  EXPECT_EQ(infer(first, {typed(DataType::kF32, {"1", "3"})}), "f32[3]");
  EXPECT_EQ(infer(first, {typed(DataType::kF32, {"2", "3"})}), "Squeeze: axis 0 of [2,3] is not of size 1");
  EXPECT_EQ(infer(Squeeze{}, {typed(DataType::kF32, {"1", "n", "1"})}), "f32[n]");
  const Unsqueeze ends = with<Unsqueeze>([](Unsqueeze& op) { op.axes = {-1, 0}; });
  EXPECT_EQ(infer(ends, {typed(DataType::kF32, {"n"})}), "f32[1,n,1]");
  const Unsqueeze beyond = with<Unsqueeze>([](Unsqueeze& op) { op.axes = {5}; });
  EXPECT_EQ(infer(beyond, {typed(DataType::kF32, {"n"})}), "Unsqueeze: axis 5 of a tensor of rank 2");
}

TEST(Transpose, PermutesAxesOfAnyDtype) {
  EXPECT_EQ(show(run(Transpose{}, {floats({2, 3}, {1, 2, 3, 4, 5, 6})})), "f32[3,2]{1,4,2,5,3,6}");
  EXPECT_EQ(show(run(Transpose{}, {words({1, 2}, {"a", "b"})})), "string[2,1]{a,b}");
  EXPECT_EQ(show(run(Transpose{}, {*cast(longs({2, 2}, {1, 2, 3, -4}), DataType::kI4)})), "i4[2,2]{1,3,2,-4}");
  const Transpose twice = with<Transpose>([](Transpose& op) { op.perm = {0, 0}; });
  EXPECT_EQ(infer(twice, {typed(DataType::kF32, {"2", "2"})}), "Transpose: axis 0 stands twice");
}

TEST(Concat, JoinsAlongAnAxis) {
  const Concat columns = with<Concat>([](Concat& op) { op.axis = 1; });
  EXPECT_EQ(show(run(columns, {floats({2, 1}, {1, 2}), floats({2, 2}, {3, 4, 5, 6})})), "f32[2,3]{1,3,4,2,5,6}");
  EXPECT_EQ(show(run(Concat{}, {words({1}, {"a"}), words({1}, {"b"})})), "string[2]{a,b}");
  EXPECT_EQ(infer(columns, {typed(DataType::kF32, {"n", "h"}), typed(DataType::kF32, {"n", "2"})}), "f32[n,h+2]");
  EXPECT_EQ(infer(columns, {typed(DataType::kF32, {"2", "1"}), typed(DataType::kF32, {"3", "1"})}),
            "Concat: input 1 is [3,1] and the first [2,1], which differ beside axis 1");
}

TEST(Squeeze, TakesAxesThatAreComputed) {
  EXPECT_EQ(show(run(Squeeze{}, {floats({1, 2, 1}, {1, 2}), longs({1}, {-1})})), "f32[1,2]{1,2}");
  EXPECT_EQ(show(run(Unsqueeze{}, {floats({2}, {1, 2}), longs({2}, {0, -1})})), "f32[1,2,1]{1,2}");
  const Known x = typed(DataType::kF32, {"1", "n", "1"});
  EXPECT_EQ(infer(Squeeze{}, {x, typed(DataType::kI64, {"1"})}), "f32[squeezed,squeezed]");
  EXPECT_EQ(infer(Unsqueeze{}, {x, typed(DataType::kI64, {"1"})}), "f32[unsqueezed,unsqueezed,unsqueezed,unsqueezed]");
  EXPECT_EQ(infer(Squeeze{}, {x, typed(DataType::kI64, {"k"})}),
            "Squeeze: the length of input 1 is not known, and so no rank of the result");
}

TEST(Split, TakesSizesThatAreComputed) {
  const auto pieces = run(Split{}, {floats({3}, {1, 2, 3}), longs({2}, {1, 2})}, 2);
  EXPECT_EQ(show(pieces, 0), "f32[1]{1}");
  EXPECT_EQ(show(pieces, 1), "f32[2]{2,3}");
  EXPECT_EQ(infer(Split{}, {typed(DataType::kF32, {"5", "n"}), typed(DataType::kI64, {"2"})}, 2),
            "f32[piece,n] f32[piece,n]");
  EXPECT_EQ(show(run(Split{}, {floats({3}, {1, 2, 3}), longs({2}, {1, 1})}, 2)),
            "invalid argument: Split: pieces [1,1] of a size of 3");
}

TEST(Split, CutsBySizesOrIntoEqualPieces) {
  const auto pieces = run(Split{}, {floats({5}, {1, 2, 3, 4, 5})}, 2);
  EXPECT_EQ(show(pieces, 0), "f32[3]{1,2,3}");
  EXPECT_EQ(show(pieces, 1), "f32[2]{4,5}");
  const Split sized = with<Split>([](Split& op) { op.axis = -1, op.sizes = {1, 3}; });
  EXPECT_EQ(infer(sized, {typed(DataType::kF32, {"n", "4"})}, 2), "f32[n,1] f32[n,3]");
  EXPECT_EQ(infer(sized, {typed(DataType::kF32, {"n", "5"})}, 2), "Split: pieces [1,3] of a size of 5");
  const Split half = with<Split>([](Split& op) { op.axis = 0; });
  EXPECT_EQ(infer(half, {typed(DataType::kF32, {"2*n"})}, 2), "f32[n] f32[n]");
}

TEST(Slice, ClampsPositionsAndStepsBothWays) {
  const Tensor x = floats({5}, {0, 1, 2, 3, 4});
  const auto slice = [&](std::int64_t start, std::int64_t end, std::int64_t step) {
    return show(run(Slice{}, {x, longs({1}, {start}), longs({1}, {end}), longs({1}, {0}), longs({1}, {step})}));
  };
  EXPECT_EQ(slice(1, 3, 1), "f32[2]{1,2}");
  EXPECT_EQ(slice(-2, kEnd, 1), "f32[2]{3,4}");
  EXPECT_EQ(slice(0, 100, 2), "f32[3]{0,2,4}");
  EXPECT_EQ(slice(-1, -kEnd, -2), "f32[3]{4,2,0}");
  EXPECT_EQ(slice(100, 1, -1), "f32[3]{4,3,2}");
  EXPECT_EQ(slice(3, 1, 1), "f32[0]{}");
  EXPECT_EQ(slice(0, kEnd, std::numeric_limits<std::int64_t>::max()), "f32[1]{0}");
  EXPECT_EQ(slice(4, -kEnd - 1, -kEnd - 1), "f32[1]{4}");
  EXPECT_EQ(slice(0, 1, 0), "invalid argument: Slice: a step of 0");
}

TEST(Slice, NamesExactSizes) {
  const Known x = typed(DataType::kF32, {"h"});
  const auto slice = [&](std::int64_t start, std::int64_t end) {
    return infer(Slice{}, {x, known(longs({1}, {start})), known(longs({1}, {end}))});
  };
  EXPECT_EQ(slice(0, kEnd), "f32[h]");
  EXPECT_EQ(slice(1, kEnd), "f32[h-1]");
  EXPECT_EQ(slice(0, -1), "f32[h-1]");
  EXPECT_EQ(slice(0, 1), "f32[1]");
  EXPECT_EQ(slice(-1, kEnd), "f32[1]");
  EXPECT_EQ(slice(0, 3), "f32[min(h,3)]");
  EXPECT_EQ(infer(Slice{}, {x, known(longs({1}, {0})), sizes({"h"})}), "f32[h]");
  EXPECT_EQ(infer(Slice{}, {x, known(longs({1}, {-1})), known(longs({1}, {-kEnd})), known(longs({1}, {0})),
                            known(longs({1}, {-2}))}),
            "f32[(h+1)/2]");
}

TEST(Gather, PicksSlicesAndRefusesIndicesOutside) {
  const Tensor x = floats({3, 2}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(show(run(Gather{}, {x, longs({2}, {2, -3})})), "f32[2,2]{5,6,1,2}");
  const Gather columns = with<Gather>([](Gather& op) { op.axis = 1; });
  EXPECT_EQ(show(run(columns, {x, longs({}, {1})})), "f32[3]{2,4,6}");
  EXPECT_EQ(show(run(Gather{}, {x, longs({1}, {3})})), "invalid argument: Gather: index 3 into a size of 3");
  EXPECT_EQ(show(run(Gather{}, {words({2}, {"a", "b"}), longs({1}, {1})})), "string[1]{b}");
}

TEST(GatherElements, PicksOneElementForEachIndex) {  // the example of the ONNX documentation
  const GatherElements op = with<GatherElements>([](GatherElements& o) { o.axis = 1; });
  EXPECT_EQ(show(run(op, {floats({2, 2}, {1, 2, 3, 4}), longs({2, 2}, {0, 0, 1, 0})})), "f32[2,2]{1,1,4,3}");
  EXPECT_EQ(show(run(op, {floats({2, 2}, {1, 2, 3, 4}), longs({1, 1}, {2})})),
            "invalid argument: GatherElements: index 2 into a size of 2");
}

TEST(GatherND, ReadsPositionsFromTheLastAxis) {
  const Tensor x = longs({2, 2}, {0, 1, 2, 3});
  EXPECT_EQ(show(run(GatherND{}, {x, longs({2, 2}, {0, 0, 1, 1})})), "i64[2]{0,3}");
  EXPECT_EQ(show(run(GatherND{}, {x, longs({2, 1}, {1, 0})})), "i64[2,2]{2,3,0,1}");
  const GatherND batched = with<GatherND>([](GatherND& op) { op.batch_dims = 1; });
  EXPECT_EQ(show(run(batched, {longs({2, 2, 2}, {0, 1, 2, 3, 4, 5, 6, 7}), longs({2, 1}, {1, 0})})),
            "i64[2,2]{2,3,4,5}");
}

TEST(Scatter, WritesOrCombines) {
  const Tensor zeros = floats({5}, {1, 2, 3, 4, 5});
  EXPECT_EQ(show(run(ScatterElements{}, {zeros, longs({2}, {1, -1}), floats({2}, {9, 8})})), "f32[5]{1,9,3,4,8}");
  const ScatterElements sum = with<ScatterElements>([](ScatterElements& op) { op.reduction = ScatterReduction::kAdd; });
  EXPECT_EQ(show(run(sum, {zeros, longs({2}, {1, 1}), floats({2}, {9, 8})})), "f32[5]{1,19,3,4,5}");
  EXPECT_EQ(show(run(ScatterND{}, {floats({2, 2}, {1, 2, 3, 4}), longs({1, 1}, {1}), floats({1, 2}, {7, 8})})),
            "f32[2,2]{1,2,7,8}");
  EXPECT_EQ(show(run(ScatterND{}, {zeros, longs({1, 1}, {5}), floats({1}, {7})})),
            "invalid argument: ScatterND: index 5 into a size of 5");
}

TEST(Expand, BroadcastsBothWays) {
  EXPECT_EQ(show(run(Expand{}, {floats({2, 1}, {1, 2}), longs({3}, {2, 1, 3})})),
            "f32[2,2,3]{1,1,1,2,2,2,1,1,1,2,2,2}");
  EXPECT_EQ(show(run(Expand{}, {floats({3, 1}, {1, 2, 3}), longs({1}, {1})})), "f32[3,1]{1,2,3}");
  EXPECT_EQ(infer(Expand{}, {typed(DataType::kF32, {"1", "8"}), sizes({"batch", "1"})}), "f32[batch,8]");
}

TEST(Tile, LaysCopiesSideBySide) {
  EXPECT_EQ(show(run(Tile{}, {floats({2, 2}, {1, 2, 3, 4}), longs({2}, {2, 2})})),
            "f32[4,4]{1,2,1,2,3,4,3,4,1,2,1,2,3,4,3,4}");
  EXPECT_EQ(infer(Tile{}, {typed(DataType::kF32, {"n"}), known(longs({1}, {3}))}), "f32[3*n]");
}

TEST(Bombs, AreOutOfMemoryNotMemory) {
  const std::int64_t huge = INT64_C(1) << 40;
  for (const Op& op : {Op(Expand{}), Op(Tile{})}) {
    EXPECT_EQ(run(op, {floats({1}, {1}), longs({1}, {huge})}).error().code, Code::kOutOfMemory) << text(op);
  }
  EXPECT_EQ(run(ConstantOfShape{}, {longs({1}, {huge})}).error().code, Code::kOutOfMemory);
  EXPECT_EQ(run(RangeOp{}, {longs({}, {0}), longs({}, {huge}), longs({}, {1})}).error().code, Code::kOutOfMemory);
  EXPECT_EQ(run(Pad{}, {floats({1}, {1}), longs({2}, {huge, 0})}).error().code, Code::kOutOfMemory);
  EXPECT_FALSE(run(ConstantOfShape{}, {longs({4}, {huge, huge, huge, huge})}));
}

TEST(Pad, FillsBordersByMode) {
  const Tensor x = floats({3}, {1, 2, 3});
  const auto pad = [&](PadMode mode) {
    return show(run(with<Pad>([&](Pad& op) { op.mode = mode; }), {x, longs({2}, {2, 1})}));
  };
  EXPECT_EQ(pad(PadMode::kConstant), "f32[6]{0,0,1,2,3,0}");
  EXPECT_EQ(pad(PadMode::kReflect), "f32[6]{3,2,1,2,3,2}");
  EXPECT_EQ(pad(PadMode::kEdge), "f32[6]{1,1,1,2,3,3}");
  EXPECT_EQ(pad(PadMode::kWrap), "f32[6]{2,3,1,2,3,1}");
  EXPECT_EQ(show(run(Pad{}, {floats({2, 2}, {1, 2, 3, 4}), longs({2}, {-1, 1}), floats({}, {9}), longs({1}, {1})})),
            "f32[2,2]{2,9,4,9}");
  EXPECT_EQ(infer(Pad{}, {typed(DataType::kF32, {"h"}), known(longs({2}, {1, 1}))}), "f32[h+2]");
}

TEST(Where, ChoosesStrings) {
  EXPECT_EQ(show(run(Where{}, {bools({2, 1}, {1, 0}), words({2}, {"a", "b"}), words({}, {"c"})})),
            "string[2,2]{a,b,c,c}");
}

TEST(Equal, ComparesStrings) {
  EXPECT_EQ(show(run(Equal{}, {words({2}, {"a", "b"}), words({1}, {"b"})})), "bool[2]{0,1}");
}

TEST(NonZero, OfStringsFindsThoseThatAreNotEmpty) {
  EXPECT_EQ(show(run(NonZero{}, {words({3}, {"a", "", "b"})})), "i64[1,2]{0,2}");
}

TEST(ScatterElements, AddsStringsAtTheEnd) {
  ScatterElements add;
  add.reduction = ScatterReduction::kAdd;
  EXPECT_EQ(show(run(add, {words({2}, {"a", "b"}), longs({2}, {1, 1}), words({2}, {"c", "d"})})), "string[2]{a,bcd}");
}

TEST(GatherElements, SaysWhichIndexIsOutside) {
  const Tensor x = floats({2, 3}, {1, 2, 3, 4, 5, 6});
  const GatherElements last{.axis = 1};
  EXPECT_EQ(show(run(last, {x, tensor<std::int32_t>({2, 2}, {-1, 0, -3, 2})})), "f32[2,2]{3,1,4,6}");
  EXPECT_EQ(show(run(last, {x, longs({1, 2}, {0, 3})})), "invalid argument: GatherElements: index 3 into a size of 3");
  EXPECT_EQ(show(run(GatherElements{.axis = 0}, {x, longs({1, 3}, {0, -3, 1})})),
            "invalid argument: GatherElements: index -3 into a size of 2");
  EXPECT_EQ(show(run(GatherElements{.axis = 0}, {x, tensor<std::uint8_t>({2, 2}, {1, 0, 0, 1})})), "f32[2,2]{4,2,1,5}");
  EXPECT_EQ(show(run(last, {floats({2, 0}, {}), longs({2, 1}, {0, 0})})),
            "invalid argument: GatherElements: index 0 into a size of 0");
  EXPECT_EQ(show(run(last, {x, longs({0, 3}, {})})), "f32[0,3]{}");
}

TEST(GatherND, SaysWhichIndexIsOutside) {
  const Tensor x = floats({2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(show(run(GatherND{}, {x, tensor<std::int32_t>({3, 2}, {0, -1, -2, 1, 1, 2})})), "f32[3]{3,2,6}");
  EXPECT_EQ(show(run(GatherND{}, {x, longs({2, 2}, {0, 1, 1, 3})})),
            "invalid argument: GatherND: index 3 into a size of 3");
  EXPECT_EQ(show(run(GatherND{.batch_dims = 1}, {x, longs({2, 1}, {-3, 2})})), "f32[2]{1,6}");
  EXPECT_EQ(show(run(GatherND{}, {words({2, 2}, {"a", "b", "c", "d"}), longs({2, 2}, {1, 0, 0, 1})})),
            "string[2]{c,b}");
}

TEST(ScatterElements, OfOneLineKeepsTheOrderOfUpdates) {
  Tensor data = *Tensor::allocate(DataType::kF32, {300000});
  std::vector<std::int64_t> places;
  std::vector<float> updates;
  for (std::int64_t i = 0; i < 5000; ++i) {
    places.push_back(i * 7919 % 100000 * (i % 2 == 0 ? 3 : -3) - (i % 2 == 0 ? 0 : 1));
    updates.push_back(static_cast<float>(i));
  }
  places.push_back(places[0]);  // the last one stays
  updates.push_back(-1);
  std::vector<float> want(300000);
  for (std::size_t i = 0; i < places.size(); ++i) {
    want[static_cast<std::size_t>(places[i] < 0 ? places[i] + 300000 : places[i])] = updates[i];
  }
  const auto count = static_cast<std::int64_t>(places.size());
  const auto y = run(ScatterElements{},
                     {data, Tensor::of<std::int64_t>(places, Dims{count}), Tensor::of<float>(updates, Dims{count})});
  EXPECT_TRUE((*y)[0] == Tensor::of<float>(want, Dims{300000}));
  EXPECT_EQ(show(run(ScatterElements{}, {floats({2}, {1, 2}), longs({1}, {2}), floats({1}, {3})})),
            "invalid argument: ScatterElements: index 2 into a size of 2");
  EXPECT_EQ(show(run(ScatterElements{}, {floats({0}, {}), longs({1}, {0}), floats({1}, {3})})),
            "invalid argument: ScatterElements: index 0 into a size of 0");
  EXPECT_EQ(show(run(ScatterElements{}, {words({2}, {"a", "b"}), longs({1}, {-1}), words({1}, {"c"})})),
            "string[2]{a,c}");
}

}  // namespace
}  // namespace bolide
