#include "backend/cuda/cuda_harness.h"
#include "ops/all.h"

namespace bolide::test {
namespace {

constexpr DataType kU8 = DataType::kU8;
constexpr DataType kI8 = DataType::kI8;
constexpr DataType kI32 = DataType::kI32;

CudaOperand codes(Dims dims, DataType dtype, bool channels_last = false, bool constant = false) {
  const bool u8 = dtype == kU8;
  return {.dims = std::move(dims),
          .dtype = dtype,
          .channels_last = channels_last,
          .constant = constant,
          .low = u8 ? 0.0 : -128.0,
          .high = u8 ? 255.99 : 127.99};
}

/// What a file's QuantizeLinear leaves of the sums: x0 * factor, relu, round, zero point.
Expr requantised(double factor, double zero) {
  Expr out(1);
  Expr::Arg value = out.push(Fn::kMul, Expr::in(0), Expr::number(static_cast<double>(static_cast<float>(factor))));
  value = out.push(Fn::kMax, value, Expr::number(0));
  value = out.push(Fn::kRound, value);
  out.push(Fn::kAdd, value, Expr::number(zero));
  return out;
}

struct ConvCase {
  std::string name;
  std::int64_t n, c, h, w, o;
  std::int64_t kernel = 3, stride = 1, pad = 1, dilation = 1, groups = 1;
  DataType x = kU8, weights = kI8, out = kU8;
  std::int64_t x_zero = 131, w_zero = 0;
  bool last = true;
  std::int64_t gap = 0;
};

CudaCase conv(const ConvCase& c) {
  Conv op;
  op.strides = {c.stride, c.stride};
  op.pads = {c.pad, c.pad, c.pad, c.pad};
  op.dilations = {c.dilation, c.dilation};
  op.groups = c.groups;
  op.x_zero = c.x_zero;
  op.w_zero = c.w_zero;
  op.out = c.out;
  if (c.out != kI32) op.epilogue = requantised(3.1e-5 * 9 / static_cast<double>(c.kernel), 7);
  CudaOperand x = codes({c.n, c.c, c.h, c.w}, c.x, c.last);
  x.gap = c.gap;
  return {.name = strings::join("integers, ", c.name),
          .op = op,
          .inputs = {x,
                     codes({c.o, c.c / c.groups, c.kernel, c.kernel}, c.weights, false, true),
                     {.dims = {c.o}, .dtype = kI32, .low = -9e4, .high = 9e4}},
          .outputs = {{.channels_last = c.last, .gap = c.gap}},
          .tolerance = 0};
}

}  // namespace

std::vector<CudaCase> integer_cases() {
  std::vector<CudaCase> cases;
  const ConvCase convs[] = {
      {.name = "three by three", .n = 2, .c = 32, .h = 13, .w = 11, .o = 48},
      {.name = "pointwise", .n = 1, .c = 144, .h = 9, .w = 10, .o = 24, .kernel = 1, .pad = 0, .x = kI8, .x_zero = -5},
      {.name = "strides and dilations",
       .n = 1,
       .c = 20,
       .h = 17,
       .w = 18,
       .o = 33,
       .stride = 2,
       .pad = 2,
       .dilation = 2},
      {.name = "sums as they are", .n = 2, .c = 64, .h = 8, .w = 8, .o = 64, .out = kI32, .x_zero = 3},
      {.name = "u8 weights", .n = 1, .c = 64, .h = 7, .w = 9, .o = 40, .weights = kU8, .w_zero = 128},
      {.name = "u8 weights of another zero", .n = 1, .c = 36, .h = 7, .w = 9, .o = 40, .weights = kU8, .w_zero = 77},
      {.name = "i8 weights of another zero", .n = 1, .c = 64, .h = 9, .w = 9, .o = 32, .out = kI32, .w_zero = -3},
      {.name = "three channels", .n = 2, .c = 3, .h = 15, .w = 14, .o = 16, .stride = 2},
      {.name = "planar", .n = 2, .c = 8, .h = 9, .w = 9, .o = 12, .last = false},
      {.name = "groups", .n = 1, .c = 64, .h = 9, .w = 9, .o = 96, .groups = 2, .x_zero = 9},
      {.name = "depthwise", .n = 2, .c = 40, .h = 9, .w = 11, .o = 40, .groups = 40},
      {.name = "depthwise, odd", .n = 1, .c = 19, .h = 9, .w = 11, .o = 19, .stride = 2, .groups = 19},
      {.name = "depthwise of i8 to sums",
       .n = 1,
       .c = 16,
       .h = 12,
       .w = 9,
       .o = 16,
       .kernel = 5,
       .pad = 2,
       .groups = 16,
       .x = kI8,
       .weights = kU8,
       .out = kI32,
       .x_zero = -7,
       .w_zero = 200},
      {.name = "slices", .n = 2, .c = 32, .h = 6, .w = 6, .o = 32, .gap = 16},
      {.name = "slices of odd distances", .n = 1, .c = 32, .h = 6, .w = 6, .o = 32, .gap = 5},
  };
  for (const ConvCase& c : convs) cases.push_back(conv(c));

  Conv residual;
  residual.epilogue = Expr(3);
  {
    Expr& e = residual.epilogue;
    Expr::Arg value = e.push(Fn::kMul, Expr::in(0), Expr::in(1));
    const Expr::Arg other = e.push(Fn::kMul, e.push(Fn::kSub, Expr::in(2), Expr::number(12)), Expr::number(0.25));
    value = e.push(Fn::kAdd, value, other);
    e.push(Fn::kAdd, e.push(Fn::kRound, value), Expr::number(-4));
  }
  residual.out = kI8;
  cases.push_back({.name = "integers, a factor a channel and a residual",
                   .op = residual,
                   .inputs = {codes({2, 64, 7, 6}, kI8, true),
                              codes({32, 64, 1, 1}, kI8, false, true),
                              {.dims = {32}, .dtype = kI32, .low = -900, .high = 900},
                              {.dims = {32, 1, 1}, .constant = true, .low = 1e-4, .high = 2e-3},
                              codes({2, 32, 7, 6}, kU8, true)},
                   .outputs = {{.channels_last = true}},
                   .tolerance = 0});
  Conv floats;
  floats.epilogue = Expr(1);
  floats.epilogue.push(Fn::kMul, Expr::in(0), Expr::number(0.0078125));
  cases.push_back({.name = "integers, a float result",
                   .op = floats,
                   .inputs = {codes({1, 24, 40}, kU8), codes({10, 24, 5}, kI8, false, true), {.absent = true}},
                   .tolerance = 0});
  ConvTranspose up;
  up.strides = {2, 2};
  up.pads = {1, 1, 1, 1};
  up.x_zero = 9;
  up.out = kI32;
  cases.push_back({.name = "integers, transposed",
                   .op = up,
                   .inputs = {codes({1, 8, 5, 6}, kU8), codes({8, 6, 4, 4}, kI8, false, true)},
                   .tolerance = 0});
  const auto product = [&](std::string name, CudaOperand a, CudaOperand b, std::int64_t a_zero, std::int64_t b_zero) {
    for (const bool rounds : {false, true}) {
      MatMul op;
      op.a_zero = a_zero;
      op.b_zero = b_zero;
      op.out = rounds ? kU8 : kI32;
      if (rounds) op.epilogue = requantised(7e-5, 0);
      cases.push_back({.name = strings::join("integers, product ", name), .op = op, .inputs = {a, b}, .tolerance = 0});
    }
  };
  product("with weights", codes({2, 50, 64}, kU8), codes({64, 96}, kI8, false, true), 5, 0);
  product("of one row", codes({1, 512}, kI8), codes({512, 100}, kU8, false, true), 0, 120);
  product("of two batches", codes({2, 3, 33, 20}, kU8), codes({2, 3, 20, 17}, kU8), 128, 3);
  product("with one matrix for all", codes({2, 3, 33, 20}, kU8), codes({20, 17}, kI8), 128, 0);
  product("of vectors", codes({40}, kI8), codes({40, 8}, kI8), 1, 2);
  return cases;
}

}  // namespace bolide::test
