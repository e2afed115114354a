#include "backend/cuda/cuda_harness.h"
#include "ops/all.h"

namespace bolide::test {

std::vector<CudaCase> generic_cases() {
  std::vector<CudaCase> cases;
  const auto add = [&](CudaCase test) { cases.push_back(std::move(test)); };
  const DataType i64 = DataType::kI64;
  // Elementwise.
  Expr silu(1);
  silu.push(Fn::kMul, Expr::in(0), silu.push(Fn::kSigmoid, Expr::in(0)));
  add({"silu", Elementwise{.expr = silu}, {{.dims = {2, 8, 5, 7}}}});
  add({"silu of a pixel order",
       Elementwise{.expr = silu},
       {{.dims = {2, 8, 5, 7}, .channels_last = true}},
       {{.channels_last = true}}});
  Expr affine(3);
  affine.push(Fn::kAdd, affine.push(Fn::kMul, Expr::in(0), Expr::in(1)), Expr::in(2));
  add({"a scale and a bias a channel",
       Elementwise{.expr = affine},
       {{.dims = {2, 16, 5, 3}, .channels_last = true},
        {.dims = {16, 1, 1}, .constant = true},
        {.dims = {1}, .constant = true}},
       {{.channels_last = true}}});
  add({"row and column", Elementwise{.expr = Expr::of(Fn::kAdd)}, {{.dims = {7, 1}}, {.dims = {1, 33}}}});
  add({"two orders",
       Elementwise{.expr = Expr::of(Fn::kMul)},
       {{.dims = {2, 24, 9, 10}}, {.dims = {2, 24, 9, 10}, .channels_last = true}}});
  for (const Fn fn :
       {Fn::kErf, Fn::kTanh, Fn::kExp, Fn::kSoftplus, Fn::kRound, Fn::kAbs, Fn::kSign, Fn::kNeg, Fn::kFloor}) {
    add({strings::join("one function, ", name(fn)), Elementwise{.expr = Expr::of(fn)}, {{.dims = {1037}}}});
  }
  for (const Fn fn : {Fn::kSub, Fn::kDiv, Fn::kMin, Fn::kMax, Fn::kLess, Fn::kMod}) {
    add({strings::join("two operands, ", name(fn)),
         Elementwise{.expr = Expr::of(fn)},
         {{.dims = {64, 3}, .gap = 5}, {.dims = {64, 3}, .low = 0.5}}});
  }
  add({"integers wrap",
       Add{},
       {{.dims = {5, 100}, .dtype = i64, .low = -1e6, .high = 1e6},
        {.dims = {100}, .dtype = i64, .low = -1e6, .high = 1e6}}});
  add({"comparing integers",
       Less{},
       {{.dims = {300}, .dtype = DataType::kI32, .low = -3, .high = 3},
        {.dims = {300}, .dtype = DataType::kI32, .low = -3, .high = 3}}});
  add({"a choice by a condition",
       Where{},
       {{.dims = {1, 1, 40, 40}, .dtype = DataType::kBool}, {.dims = {2, 3, 40, 40}}, {.dims = {1}}}});
  for (const DataType to :
       {DataType::kF16, DataType::kBF16, DataType::kI32, DataType::kI64, DataType::kBool, DataType::kU8}) {
    add({strings::join("cast to ", to),
         Cast{.to = to},
         {{.dims = {3, 5, 7, 11}, .low = 0, .high = 200}},
         {{.channels_last = true}},
         1e-2});
  }
  add({"cast from integers", Cast{.to = DataType::kF32}, {{.dims = {999}, .dtype = i64, .low = -5e5, .high = 5e5}}});
  add({"sizes", ShapeOf{.start = -2}, {{.dims = {2, 3, 5}, .channels_last = true}}, {}, 0});
  add({"a count", Size{}, {{.dims = {2, 3, 5}}}, {}, 0});
  // Movement.
  add({"to pixel order", Identity{}, {{.dims = {2, 64, 17, 19}}}, {{.channels_last = true}}, 0});
  add({"from pixel order", Identity{}, {{.dims = {2, 40, 17, 19}, .channels_last = true}}, {}, 0});
  add({"few channels to pixel order", Identity{}, {{.dims = {2, 3, 33, 31}}}, {{.channels_last = true}}, 0});
  add({"a transpose", Transpose{.perm = {2, 0, 3, 1}}, {{.dims = {3, 20, 9, 33}}}, {}, 0});
  add({"a slice with a negative step",
       Slice{},
       {{.dims = {6, 50}},
        {.dims = {1}, .dtype = i64, .constant = true, .value = Tensor::of<std::int64_t>(Dims{-2})},
        {.dims = {1}, .dtype = i64, .constant = true, .value = Tensor::of<std::int64_t>(Dims{3})},
        {.dims = {1}, .dtype = i64, .constant = true, .value = Tensor::of<std::int64_t>(Dims{1})},
        {.dims = {1}, .dtype = i64, .constant = true, .value = Tensor::of<std::int64_t>(Dims{-3})}},
       {},
       0});
  add({"a concatenation", Concat{.axis = 1}, {{.dims = {2, 3, 8}}, {.dims = {2, 5, 8}}, {.dims = {2, 1, 8}}}, {}, 0});
  add({"padding with zeros",
       Pad{},
       {{.dims = {2, 3, 5, 6}},
        {.dims = {8}, .dtype = i64, .constant = true, .value = Tensor::of<std::int64_t>(Dims{0, 0, 1, 2, 0, 0, 3, 1})}},
       {},
       0});
  add({"pixels to depth", SpaceToDepth{.blocksize = 2}, {{.dims = {2, 3, 8, 6}}}, {}, 0});
  add({"gather rows",
       Gather{.axis = 0},
       {{.dims = {50, 24}}, {.dims = {3, 7}, .dtype = i64, .low = -50, .high = 49}},
       {},
       0});
  add({"gather columns",
       Gather{.axis = 1},
       {{.dims = {5, 24, 3}}, {.dims = {4}, .dtype = DataType::kI32, .low = -24, .high = 23}},
       {},
       0});
  add({"gather elements",
       GatherElements{.axis = 1},
       {{.dims = {5, 24}}, {.dims = {5, 9}, .dtype = i64, .low = -24, .high = 23}},
       {},
       0});
  // Rows.
  for (const Dims& dims : {Dims{5, 3}, Dims{9, 128}, Dims{3, 1000}, Dims{2, 5001}, Dims{300, 33}}) {
    add({strings::join("softmax of rows of ", dims[1]), Softmax{}, {{.dims = dims, .low = -8, .high = 8}}});
  }
  add({"softmax over channels", Softmax{.axis = 1}, {{.dims = {2, 21, 17, 19}}}});
  add({"softmax over pixel-order channels",
       Softmax{.axis = 1},
       {{.dims = {2, 21, 7, 5}, .channels_last = true}},
       {{.channels_last = true}}});
  add({"logarithm of softmax", LogSoftmax{}, {{.dims = {7, 100}}}});
  for (const std::int64_t size : {3, 64, 768, 1030, 4096}) {
    add({strings::join("layer norm of ", size),
         LayerNormalization{},
         {{.dims = {2, 5, size}}, {.dims = {size}}, {.dims = {size}}},
         {},
         4e-5});
    add({strings::join("rms norm of ", size),
         RMSNormalization{},
         {{.dims = {2, 5, size}}, {.dims = {size}}},
         {},
         4e-5});
  }
  add({"instance norm", InstanceNormalization{}, {{.dims = {2, 6, 15, 17}}, {.dims = {6}}, {.dims = {6}}}, {}, 4e-5});
  add({"instance norm of pixel order",
       InstanceNormalization{},
       {{.dims = {2, 32, 15, 17}, .channels_last = true}, {.dims = {32}}, {.dims = {32}}},
       {{.channels_last = true}},
       4e-5});
  add({"group norm",
       GroupNormalization{.groups = 4},
       {{.dims = {2, 32, 9, 8}}, {.dims = {32}}, {.dims = {32}}},
       {},
       4e-5});
  add({"group norm of pixel order",
       GroupNormalization{.groups = 4},
       {{.dims = {2, 32, 9, 8}, .channels_last = true}, {.dims = {32}}, {.dims = {32}}},
       {{.channels_last = true}},
       4e-5});
  for (const ReduceKind kind : {ReduceKind::kSum, ReduceKind::kMean, ReduceKind::kMax, ReduceKind::kMin,
                                ReduceKind::kL2, ReduceKind::kLogSumExp}) {
    add({strings::join("reduce pixels ", static_cast<int>(kind)),
         Reduce{.kind = kind, .axes = {2, 3}},
         {{.dims = {2, 64, 7, 9}, .channels_last = true}},
         {},
         4e-5});
    add({strings::join("reduce rows ", static_cast<int>(kind)),
         Reduce{.kind = kind, .axes = {-1}, .keepdims = false},
         {{.dims = {4, 3, 257}}},
         {},
         4e-5});
  }
  add({"reduce everything", Reduce{.kind = ReduceKind::kMean}, {{.dims = {3, 50, 41}}}, {}, 4e-5});
  add({"sum of integers",
       Reduce{.kind = ReduceKind::kSum, .axes = {0}},
       {{.dims = {30, 9}, .dtype = i64, .low = -99, .high = 99}}});
  add({"mean of codes",
       Reduce{.kind = ReduceKind::kMean, .axes = {2, 3}, .as_f32 = true},
       {{.dims = {2, 8, 7, 9}, .dtype = DataType::kU8, .channels_last = true, .low = 0, .high = 255}}});
  add({"the place of the largest", ArgMax{.axis = 1}, {{.dims = {3, 40, 20}, .low = -3, .high = 3}}});
  add({"the place of the smallest", ArgMin{.axis = -1, .keepdims = false}, {{.dims = {3, 700}, .low = -3, .high = 3}}});
  Expr codes(2);
  codes.push(Fn::kRound, codes.push(Fn::kAdd, codes.push(Fn::kMul, Expr::in(0), Expr::number(9)), Expr::in(1)));
  add({"codes of a convolution of floats",
       Conv{.pads = {1, 1, 1, 1}, .epilogue = codes, .out = DataType::kU8},
       {{.dims = {2, 5, 9, 8}, .low = -2, .high = 2},
        {.dims = {6, 5, 3, 3}, .constant = true, .value = Tensor()},
        {.dims = {6}},
        {.dims = {2, 6, 9, 8}, .dtype = DataType::kI8, .low = -9, .high = 9}}});
  // Windows.
  for (const bool last : {false, true}) {
    const CudaOperand x{.dims = {2, 24, 13, 15}, .channels_last = last};
    const std::vector<CudaOperand> y = {{.channels_last = last}};
    add({"max pool", MaxPool{.kernel = {3, 3}, .strides = {2, 2}, .pads = {1, 1, 1, 1}}, {x}, y, 0});
    add({"average pool", AveragePool{.kernel = {3, 2}, .strides = {2, 1}, .pads = {1, 0, 1, 1}}, {x}, y});
    add({"average pool with padding",
         AveragePool{.kernel = {3, 3}, .pads = {1, 1, 1, 1}, .count_include_pad = true},
         {x},
         y});
    add({"nearest, twice",
         Resize{.coordinates = ResizeCoordinates::kAsymmetric, .nearest_mode = ResizeNearest::kFloor},
         {x,
          {.absent = true},
          {.dims = {4}, .constant = true, .value = Tensor::of<float>(std::vector<float>{1, 1, 2, 2})}},
         y,
         0});
    add({"linear",
         Resize{.mode = ResizeMode::kLinear},
         {x,
          {.absent = true},
          {.dims = {4}, .constant = true, .value = Tensor::of<float>(std::vector<float>{1, 1, 2.5F, 1.5F})}},
         y});
  }
  return cases;
}

}  // namespace bolide::test
