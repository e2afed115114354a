/// Convolutions and operands for the tests of contractions.
#pragma once

#include "backend/cpu/tactic_harness.h"
#include "ops/conv.h"

namespace bolide::test {

inline constexpr DataType kTypes[] = {DataType::kF16, DataType::kBF16, DataType::kF32};

inline Layout image(Dims dims, DataType type, std::int64_t gap = 0, std::int64_t offset = 0) {
  return {.dims = std::move(dims), .dtype = type, .order = Order::kChannelsLast, .gap = gap, .offset = offset};
}
inline Layout plain(Dims dims, DataType type) { return {.dims = std::move(dims), .dtype = type}; }
inline Layout constant(Dims dims, DataType type) { return {.dims = std::move(dims), .dtype = type, .constant = true}; }
inline Layout absent(DataType type) { return {.dims = {1}, .dtype = type, .absent = true}; }

inline Expr relu_of_sum(int extras) {
  Expr out(extras + 1);
  Expr::Arg value = Expr::in(0);
  for (int i = 1; i <= extras; ++i) value = out.push(Fn::kAdd, value, Expr::in(i));
  out.push(Fn::kMax, value, Expr::number(0));
  return out;
}

/// What a test of convolution varies.
struct ConvCase {
  std::int64_t n, c, h, w, o;
  std::int64_t kernel_h = 3, kernel_w = 3;
  std::int64_t stride = 1, pad = 1, dilation = 1, groups = 1;
  bool residual = false;
  std::int64_t x_gap = 0, x_offset = 0, y_gap = 0;
  bool planar = false;
};

inline Case conv_case(const ConvCase& c, DataType type) {
  Conv op;
  op.strides = {c.stride, c.stride};
  op.pads = {c.pad, c.pad, c.pad, c.pad};
  op.dilations = {c.dilation, c.dilation};
  op.groups = c.groups;
  op.out = type;
  op.epilogue = relu_of_sum(c.residual ? 1 : 0);
  const auto out = [&](std::int64_t in, std::int64_t kernel) {
    return (in + 2 * c.pad - c.dilation * (kernel - 1) - 1) / c.stride + 1;
  };
  Layout x = image({c.n, c.c, c.h, c.w}, type, c.x_gap, c.x_offset);
  if (c.planar) x.order = Order::kRowMajor;
  Case test{.op = Op(op), .inputs = {}, .outputs = {image({}, type, c.y_gap)}};
  test.inputs = {x, constant({c.o, c.c / c.groups, c.kernel_h, c.kernel_w}, type), plain({c.o}, type)};
  if (c.residual) test.inputs.push_back(image({c.n, c.o, out(c.h, c.kernel_h), out(c.w, c.kernel_w)}, type));
  return test;
}

/// For these, ptxas keeps values in local memory where nothing stops it.
inline const ConvCase kOddDepthwise[] = {
    {.n = 1, .c = 6, .h = 7, .w = 9, .o = 6, .kernel_h = 2, .kernel_w = 4, .groups = 6, .residual = true},
    {.n = 1, .c = 7, .h = 9, .w = 9, .o = 7, .stride = 2, .groups = 7, .residual = true},
};

}  // namespace bolide::test
