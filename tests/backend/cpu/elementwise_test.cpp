#include "backend/cpu/tactic_harness.h"
#include "ops/activation.h"
#include "ops/arithmetic.h"
#include "ops/cast.h"
#include "ops/fused_elementwise.h"
#include "ops/logic.h"
#include "ops/normalization.h"
#include "ops/quantize.h"
#include "ops/unary_math.h"

namespace bolide::test {
namespace {

constexpr std::string_view kF32 = "cpu.elementwise.f32";
constexpr std::string_view kInt = "cpu.elementwise.int";

Layout of(Dims dims, DataType dtype = DataType::kF32) { return {.dims = std::move(dims), .dtype = dtype}; }
Layout last(Dims dims, DataType dtype = DataType::kF32) {
  return {.dims = std::move(dims), .dtype = dtype, .order = Order::kChannelsLast};
}
Op fused(std::string_view text, int inputs, DataType out = DataType::kF32) {
  return Op(Elementwise{*Expr::parse(text, inputs), out});
}

TEST(ElementwiseTactics, SameShapesOfEveryLengthAroundTheVectorAndTheStrip) {
  for (const std::int64_t n : {0, 1, 3, 4, 5, 15, 16, 17, 1023, 1024, 1025, 5000}) {
    expect_tactic({.op = Op(Add{}), .inputs = {of({n}), of({n})}}, kF32);
    if (HasFailure()) return;
  }
}

TEST(ElementwiseTactics, OperandsBroadcastAlongAnyDims) {
  expect_tactic({.op = Op(Mul{}), .inputs = {of({2, 3, 5, 7}), of({7})}}, kF32);
  expect_tactic({.op = Op(Mul{}), .inputs = {of({2, 3, 5, 7}), of({3, 1, 1})}}, kF32);
  expect_tactic({.op = Op(Sub{}), .inputs = {of({}), of({2, 3, 5, 7})}}, kF32);
  expect_tactic({.op = Op(Sub{}), .inputs = {of({2, 1, 5, 1}), of({3, 1, 700})}}, kF32);
  expect_tactic({.op = Op(Add{}), .inputs = {last({2, 64, 5, 7}), of({64, 1, 1})}, .outputs = {last({})}}, kF32);
}

TEST(ElementwiseTactics, AnyStridesOnBothSides) {
  Layout x = last({2, 19, 6, 9});
  x.gap = 5;
  x.offset = 3;
  Layout y = last({});
  y.gap = 2;
  y.offset = 7;
  expect_tactic({.op = Op(Relu{}), .inputs = {x}, .outputs = {y}}, kF32);
  expect_tactic({.op = Op(Add{}), .inputs = {x, of({2, 19, 6, 9})}, .outputs = {y}}, kF32);
  expect_tactic({.op = Op(Add{}), .inputs = {x, of({2, 19, 6, 9})}}, kF32);
  Layout repeated = of({2, 19, 6, 9});
  repeated.repeated = {1, 3};
  expect_tactic({.op = Op(Add{}), .inputs = {repeated, x}, .outputs = {y}}, kF32);
}

TEST(ElementwiseTactics, SumsAndDifferencesOfTwoProductsReadRowsWhereTheyLie) {
  for (const std::string_view text :
       {"t0=mul(x0,x1);t1=mul(x2,x3);add(t0,t1)", "t0=mul(x0,x1);t1=mul(x2,x3);sub(t1,t0)",
        "t0=mul(x2,x1);t1=mul(x0,x3);sub(t0,t1)"}) {
    for (const std::int64_t length : {1, 3, 8, 15, 16, 17, 32, 513, 2100}) {
      Layout a = of({2, 3, 5, length});
      a.gap = length;
      a.offset = 3;
      Layout y = of({});
      y.gap = 7;
      const Layout table = {.dims = {2, 1, 5, length}, .fill = Fill::kNormal};
      expect_tactic({.op = fused(text, 4), .inputs = {a, table, of({2, 3, 5, length}), table}, .outputs = {y}}, kF32);
      expect_tactic({.op = fused(text, 4), .inputs = {a, table, of({length}), of({1})}}, kF32);
      if (HasFailure()) return;
    }
  }
  const Layout wide = last({1, 19, 6, 9});
  expect_tactic({.op = fused("t0=mul(x0,x0);t1=mul(x0,x1);sub(t0,t1)", 2), .inputs = {wide, of({1, 19, 6, 9})}}, kF32);
}

TEST(ElementwiseTactics, ActivationsStayWithinAFewRoundings) {
  for (const Op& op : {Op(Sigmoid{}), Op(Tanh{}), Op(Exp{}), Op(Erf{}), Op(Silu{}), Op(Softplus{})}) {
    Layout x = of({3, 1111});
    x.fill = Fill::kNormal;
    expect_tactic({.op = op, .inputs = {x}, .rounding = 12}, kF32);
  }
  for (const Op& op : {Op(Gelu{}), Op(HardSwish{}), Op(Mish{}), Op(Elu{}), Op(LeakyRelu{})}) {
    Layout x = of({3, 1111});
    x.fill = Fill::kNormal;
    expect_tactic({.op = op, .inputs = {x}, .rounding = 40}, kF32);
  }
}

TEST(ElementwiseTactics, SixteenBitFloatsComputeInF32) {
  for (const DataType type : {DataType::kF16, DataType::kBF16}) {
    Layout x = of({5, 77}, type);
    x.fill = Fill::kNormal;
    expect_tactic({.op = Op(Add{}), .inputs = {x, x}}, kF32);
    expect_tactic({.op = Op(Relu{}), .inputs = {x}}, kF32);
  }
}

TEST(ElementwiseTactics, FusedChainsReadAndWriteAnyNumbers) {
  expect_tactic(
      {.op = fused("t0=mul(x0,x1);t1=add(t0,x2);max(t1,0)", 3), .inputs = {of({4, 333}), of({333}), of({4, 1})}}, kF32);
  expect_tactic({.op = fused("t0=sub(x0,3);t1=mul(t0,0.5);add(t1,x1)", 2, DataType::kU8),
                 .inputs = {of({4, 333}, DataType::kU8), of({4, 333}, DataType::kI8)}},
                kF32);
  expect_tactic({.op = fused("t0=less(x0,x1);select(t0,x1,x0)", 2, DataType::kI32),
                 .inputs = {of({70}, DataType::kI64), of({70})}},
                kF32);
}

TEST(ElementwiseTactics, EightBitUnaryChainsAreExact) {
  for (const DataType from : {DataType::kU8, DataType::kI8}) {
    for (const DataType to : {DataType::kU8, DataType::kI8}) {
      Layout x = last({2, 40, 9, 5}, from);
      x.fill = Fill::kFullRange;
      x.gap = 3;
      expect_tactic({.op = fused("t0=sub(x0,7);t1=mul(t0,0.25);t2=max(t1,-6);t3=mul(t2,1.5);add(t3,11)", 1, to),
                     .inputs = {x},
                     .outputs = {last({})}},
                    kF32);
    }
  }
}

TEST(ElementwiseTactics, QuantizeAndDequantizeByTensorAndByAxis) {
  Layout x = last({2, 37, 4, 5});
  x.fill = Fill::kNormal;
  for (const DataType out : {DataType::kU8, DataType::kI8}) {
    Layout scale = of({});
    scale.fill = Fill::kNormal;
    Layout scales = of({37});
    scales.fill = Fill::kNormal;
    const Layout zero = of({}, out);
    const Layout zeros = of({37}, out);
    expect_tactic({.op = Op(QuantizeLinear{.out = out}), .inputs = {x, scale, zero}}, kF32);
    expect_tactic({.op = Op(QuantizeLinear{.axis = 1, .out = out}), .inputs = {x, scales, zeros}}, kF32);
    Layout q = last({2, 37, 4, 5}, out);
    q.fill = Fill::kFullRange;
    expect_tactic({.op = Op(DequantizeLinear{}), .inputs = {q, of({}), zero}}, kF32);
    expect_tactic({.op = Op(DequantizeLinear{.axis = -3}), .inputs = {q, of({37}), zeros}, .outputs = {last({})}},
                  kF32);
    expect_tactic({.op = Op(DequantizeLinear{}), .inputs = {q, of({1})}}, kF32);
  }
}

TEST(ElementwiseTactics, CodesInAndOutOfAChainOfAnyStrides) {
  const std::string_view add =
      "t0=sub(x0,3);t1=mul(t0,0.02);t2=sub(x1,128);t3=mul(t2,0.03);t4=add(t1,t3);t5=div(t4,0.05);t6=round(t5);add(t6,"
      "9)";
  const std::string_view multiply =
      "t0=sub(x0,3);t1=mul(t0,0.02);t2=mul(x1,0.03);t3=mul(t1,t2);t4=div(t3,0.05);t5=round(t4);add(t5,128)";
  const std::string_view gate = "t0=mul(x0,0.5);t1=sigmoid(x1);t2=mul(t0,t1);t3=div(t2,0.25);round(t3)";
  for (const DataType type : {DataType::kU8, DataType::kI8}) {
    for (const std::int64_t n : {1, 15, 16, 17, 33, 1000, 1030, 5000}) {
      Layout x = of({n}, type);
      x.fill = Fill::kFullRange;
      expect_tactic({.op = fused(add, 2, type), .inputs = {x, x}}, kF32);
      expect_tactic({.op = fused(multiply, 2, type), .inputs = {x, x}}, kF32);
      if (HasFailure()) return;
    }
    Layout x = last({2, 21, 7, 9}, type);
    x.fill = Fill::kFullRange;
    x.gap = 3;
    Layout dense = x;
    dense.gap = 0;
    Layout y = last({});
    y.gap = 5;
    expect_tactic({.op = fused(add, 2, type), .inputs = {x, x}, .outputs = {y}}, kF32);
    expect_tactic({.op = fused(add, 2, type), .inputs = {dense, of({2, 21, 7, 9}, type)}, .outputs = {last({})}}, kF32);
    expect_tactic({.op = fused(add, 2, type), .inputs = {dense, of({21, 1, 1}, type)}}, kF32);
    expect_tactic({.op = fused(gate, 2, type), .inputs = {dense, last({2, 21, 7, 9})}, .absolute = 1}, kF32);
    expect_tactic({.op = fused("t0=sub(x0,5);mul(t0,0.1)", 1), .inputs = {x}, .outputs = {y}}, kF32);
  }
}

TEST(ElementwiseTactics, IntegersKeepTheirOwnArithmetic) {
  for (const DataType type : {DataType::kI64, DataType::kI32, DataType::kU8, DataType::kU64}) {
    expect_tactic({.op = Op(Add{}), .inputs = {of({5, 300}, type), of({300}, type)}}, kInt);
    expect_tactic({.op = Op(Div{}), .inputs = {of({5, 300}, type), of({5, 1}, type)}}, kInt);
    expect_tactic({.op = Op(Less{}), .inputs = {of({5, 300}, type), of({5, 1}, type)}}, kInt);
  }
}

TEST(ElementwiseTactics, IntegersOfEveryWidthAndFunction) {
  for (const DataType type : {DataType::kI64, DataType::kU64, DataType::kI32, DataType::kU32, DataType::kI16,
                              DataType::kU16, DataType::kI8, DataType::kU8}) {
    Layout x = last({2, 9, 30, 4}, type);
    x.fill = Fill::kFullRange;
    const Layout y = of({4}, type);
    for (const Op& op : {Op(Sub{}), Op(Mul{}), Op(Min{}), Op(Max{}), Op(Equal{}), Op(Greater{}), Op(BitwiseXor{})}) {
      expect_tactic({.op = op, .inputs = {x, y}}, kInt);
    }
    expect_tactic({.op = Op(Where{}), .inputs = {of({30, 4}, DataType::kBool), x, y}}, kInt);
    expect_tactic({.op = Op(BitwiseNot{}), .inputs = {x}}, kInt);
    expect_tactic({.op = Op(Abs{}), .inputs = {x}}, kInt);
  }
  const Layout truth = last({2, 9, 30, 4}, DataType::kBool);
  for (const Op& op : {Op(And{}), Op(Or{}), Op(Xor{})}) {
    expect_tactic({.op = op, .inputs = {truth, of({4}, DataType::kBool)}}, kInt);
  }
  expect_tactic({.op = Op(Not{}), .inputs = {truth}}, kInt);
  for (const std::int64_t n : {1, 31, 64, 65, 1023, 3000}) {
    const Layout row = of({n}, DataType::kBool);
    Layout codes = of({n}, DataType::kU8);
    codes.fill = Fill::kFullRange;
    for (const Op& op : {Op(And{}), Op(Or{}), Op(Xor{}), Op(Equal{})}) {
      expect_tactic({.op = op, .inputs = {row, row}}, kInt);
      expect_tactic({.op = op, .inputs = {row, of({}, DataType::kBool)}}, kInt);
    }
    expect_tactic({.op = Op(Not{}), .inputs = {row}}, kInt);
    expect_tactic({.op = Op(Where{}), .inputs = {row, row, of({}, DataType::kBool)}}, kInt);
    for (const Op& op : {Op(Less{}), Op(GreaterOrEqual{}), Op(Equal{})}) {
      expect_tactic({.op = op, .inputs = {codes, codes}}, kInt);
    }
  }
}

TEST(ElementwiseTactics, DoublesKeepTheirOwnArithmetic) {
  const Layout x = of({5, 300}, DataType::kF64);
  const Layout last_axis = of({300}, DataType::kF64);
  expect_tactic({.op = Op(Add{}), .inputs = {x, last_axis}}, "cpu.elementwise.f64");
  expect_tactic({.op = Op(Exp{}), .inputs = {last({2, 9, 30, 4}, DataType::kF64)}}, "cpu.elementwise.f64");
  expect_tactic({.op = Op(Less{}), .inputs = {x, of({5, 1}, DataType::kF64)}}, "cpu.elementwise.f64");
  expect_tactic({.op = Op(Where{}), .inputs = {of({5, 1}, DataType::kBool), x, last_axis}}, "cpu.elementwise.f64");
  expect_tactic({.op = fused("t0=mul(x0,0.1);add(t0,x1)", 2, DataType::kF64), .inputs = {of({5, 300}), x}},
                "cpu.elementwise.f64");
}

TEST(ElementwiseTactics, CastsBetweenNumbers) {
  const auto cast_to = [](DataType from, DataType to, std::string_view tactic) {
    Layout x = last({2, 9, 30, 4}, from);
    x.fill = is_float(from) ? Fill::kNormal : Fill::kFullRange;
    expect_tactic({.op = Op(Cast{.to = to}), .inputs = {x}}, tactic);
  };
  cast_to(DataType::kF32, DataType::kF16, kF32);
  cast_to(DataType::kBF16, DataType::kF32, kF32);
  cast_to(DataType::kU8, DataType::kF32, kF32);
  cast_to(DataType::kI64, DataType::kF32, kF32);
  cast_to(DataType::kF32, DataType::kBool, kF32);
  cast_to(DataType::kI64, DataType::kI32, kInt);
  cast_to(DataType::kU8, DataType::kI8, kInt);
  cast_to(DataType::kU64, DataType::kI32, kInt);
  cast_to(DataType::kF64, DataType::kF32, "cpu.elementwise.f64");
  cast_to(DataType::kI64, DataType::kF64, "cpu.elementwise.f64");
  cast_to(DataType::kF32, DataType::kI64, "cpu.cast.to_int");
  cast_to(DataType::kF16, DataType::kI8, "cpu.cast.to_int");
}

TEST(DynamicQuantize, TakesItsRangeFromAllElements) {
  for (const std::int64_t n : {0, 1, 15, 16, 33, 511, 513, 4096, 4097, 20000}) {
    Layout x = of({n});
    x.fill = Fill::kNormal;
    expect_tactic({.op = Op(DynamicQuantizeLinear{}), .inputs = {x}, .outputs = {of({}), of({}), of({})}},
                  "cpu.quantize.dynamic");
  }
}

TEST(ElementwiseTactics, BatchNormalizationByChannel) {
  for (const Layout& x : {last({2, 19, 5, 6}), of({2, 19, 5, 6})}) {
    expect_tactic({.op = Op(BatchNormalization{.epsilon = 4}),
                   .inputs = {x, of({19}), of({19}), of({19}), of({19})},
                   .absolute = 2e-6},
                  kF32);
  }
}

}  // namespace
}  // namespace bolide::test
