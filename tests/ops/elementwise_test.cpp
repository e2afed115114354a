#include "support.h"

#include <cmath>
#include <limits>

namespace bolide {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

/// The single f32 result for a single f32 input.
double of(const Op& op, float x) {
  const auto out = run(op, {floats({1}, {x})});
  EXPECT_TRUE(out) << text(op);
  return out ? to_f64((*out)[0])->front() : kNan;
}

TEST(Elementwise, FunctionsOfOneNumberHaveTheirMeaning) {
  EXPECT_NEAR(of(Exp{}, 1), std::exp(1.0), 1e-6);
  EXPECT_NEAR(of(Log{}, 2), std::log(2.0), 1e-7);
  EXPECT_NEAR(of(Erf{}, 0.5F), std::erf(0.5), 1e-7);
  EXPECT_EQ(of(Sqrt{}, 9), 3);
  EXPECT_EQ(of(Rsqrt{}, 4), 0.5);
  EXPECT_EQ(of(Reciprocal{}, 4), 0.25);
  EXPECT_EQ(of(Sign{}, -3), -1);
  EXPECT_EQ(of(Floor{}, -1.5F), -2);
  EXPECT_EQ(of(Ceil{}, -1.5F), -1);
  EXPECT_EQ(of(Round{}, 0.5F), 0);
  EXPECT_NEAR(of(Atanh{}, 0.5F), std::atanh(0.5), 1e-7);
  EXPECT_NEAR(of(Acosh{}, 2), std::acosh(2.0), 1e-6);
}

TEST(Elementwise, ActivationsFollowTheirFormulas) {
  EXPECT_EQ(of(Relu{}, -2), 0);
  EXPECT_TRUE(std::isnan(of(Relu{}, kNan)));
  LeakyRelu leaky;
  leaky.alpha = 0.5F;
  EXPECT_EQ(of(leaky, -2), -1);
  EXPECT_EQ(of(leaky, 2), 2);
  EXPECT_NEAR(of(Elu{}, -1), std::expm1(-1.0), 1e-7);
  EXPECT_NEAR(of(Selu{}, -1), 1.0507010221481323 * 1.6732631921768188 * std::expm1(-1.0), 1e-6);
  EXPECT_EQ(of(ThresholdedRelu{}, 1), 0);
  EXPECT_EQ(of(ThresholdedRelu{}, 1.5F), 1.5);
  EXPECT_NEAR(of(HardSigmoid{}, 1), 0.7, 1e-7);
  EXPECT_EQ(of(HardSigmoid{}, 100), 1);
  EXPECT_EQ(of(HardSwish{}, 3), 3);
  EXPECT_NEAR(of(HardSwish{}, 1), 2.0 / 3.0, 1e-7);
  EXPECT_NEAR(of(Gelu{}, 1), 0.5 * (1 + std::erf(std::sqrt(0.5))), 1e-7);
  Gelu rough;
  rough.approximate = GeluForm::kTanh;
  EXPECT_NEAR(of(rough, 1), 0.841192, 1e-6);
  EXPECT_NEAR(of(Mish{}, 1), std::tanh(std::log1p(std::exp(1.0))), 1e-6);
  EXPECT_NEAR(of(Silu{}, 2), 2 / (1 + std::exp(-2.0)), 1e-6);
  EXPECT_EQ(of(Softsign{}, -1), -0.5);
  EXPECT_EQ(of(Shrink{}, 0.25F), 0);
  EXPECT_EQ(of(Shrink{}, -2), -2);
}

TEST(Elementwise, ClipBoundsThatAreInfiniteAreNone) {
  Clip clip;
  EXPECT_TRUE(clip.expression()->is_identity());
  clip.lo = 0;
  EXPECT_EQ(text(*clip.expression()), "max(x0,0)");
  clip.hi = 6;
  EXPECT_EQ(show(run(clip, {floats({3}, {-1, 3, 7})})), "f32[3]{0,3,6}");
  clip.lo = 9;  // lo above hi gives hi
  EXPECT_EQ(show(run(clip, {longs({2}, {1, 8})})), "i64[2]{6,6}");
}

TEST(Elementwise, IntegersDivideTowardsZeroAndModuloTakesTheDivisorsSign) {
  EXPECT_EQ(show(run(Div{}, {longs({3}, {-7, 7, 1}), longs({}, {2})})), "i64[3]{-3,3,0}");
  EXPECT_EQ(show(run(Mod{}, {longs({4}, {-4, 7, 5, -7}), longs({4}, {2, -3, 8, 3})})), "i64[4]{0,-2,5,2}");
  Mod c_like;
  c_like.fmod = true;
  EXPECT_EQ(show(run(c_like, {floats({2}, {-4.5F, 5}), floats({2}, {2, -3})})), "f32[2]{-0.5,2}");
}

TEST(Elementwise, PowKeepsTheDtypeOfTheBase) {
  EXPECT_EQ(show(run(Pow{}, {longs({3}, {1, 2, 3}), floats({3}, {4, 5, 6})})), "i64[3]{1,32,729}");
  EXPECT_EQ(show(run(Pow{}, {floats({3}, {1, 2, 3}), longs({}, {2})})), "f32[3]{1,4,9}");
}

TEST(Elementwise, ComparisonsAndLogicGiveBool) {
  EXPECT_EQ(show(run(Less{}, {floats({3}, {1, 2, kNan}), floats({}, {2})})), "bool[3]{1,0,0}");
  EXPECT_EQ(show(run(Equal{}, {longs({2}, {1, 2}), longs({2}, {1, 3})})), "bool[2]{1,0}");
  EXPECT_EQ(show(run(Xor{}, {bools({2}, {1, 0}), bools({2}, {1, 1})})), "bool[2]{0,1}");
  EXPECT_EQ(show(run(Not{}, {bools({2}, {1, 0})})), "bool[2]{0,1}");
  EXPECT_EQ(show(run(Where{}, {bools({2, 1}, {1, 0}), longs({2}, {1, 2}), longs({}, {9})})), "i64[2,2]{1,2,9,9}");
}

TEST(Elementwise, IsInfLooksAtTheSignsItIsAskedFor) {
  const Tensor x = floats({4}, {kInf, -kInf, kNan, 1});
  EXPECT_EQ(show(run(IsInf{}, {x})), "bool[4]{1,1,0,0}");
  IsInf positive;
  positive.detect_negative = false;
  EXPECT_EQ(show(run(positive, {x})), "bool[4]{1,0,0,0}");
  positive.detect_positive = false;
  EXPECT_EQ(show(run(positive, {x})), "bool[4]{0,0,0,0}");
  EXPECT_EQ(show(run(IsNaN{}, {x})), "bool[4]{0,0,1,0}");
}

TEST(Elementwise, BitsOfIntegers) {
  const Tensor a = tensor<std::uint8_t>({2}, {0b1100, 1});
  const Tensor b = tensor<std::uint8_t>({2}, {0b1010, 9});
  EXPECT_EQ(show(run(BitwiseAnd{}, {a, b})), "u8[2]{8,1}");
  EXPECT_EQ(show(run(BitwiseXor{}, {a, b})), "u8[2]{6,8}");
  EXPECT_EQ(show(run(BitwiseNot{}, {a})), "u8[2]{243,254}");
  EXPECT_EQ(show(run(BitShift{}, {a, b})), "u8[2]{0,0}");  // by 10 and 9 bits
  EXPECT_EQ(show(run(BitShift{}, {b, tensor<std::uint8_t>({}, {5})})), "u8[2]{64,32}");
}

TEST(Elementwise, ErrorsNameTheOperatorAndWhatDisagrees) {
  EXPECT_EQ(infer(Add{}, {typed(DataType::kF32, {"2"}), typed(DataType::kI64, {"2"})}),
            "Add: inputs of f32 and i64, which must have one dtype");
  EXPECT_EQ(infer(Add{}, {typed(DataType::kF32, {"2"}), typed(DataType::kF32, {"3"})}),
            "Add: shapes [2] and [3] do not broadcast");
  EXPECT_EQ(infer(Add{}, {typed(DataType::kF32, {"2"})}), "Add: 1 inputs, where 2 to 2 are allowed");
  EXPECT_EQ(infer(Less{}, {typed(DataType::kString, {}), typed(DataType::kString, {})}),
            "Less of string; real numbers and bool work");
}

TEST(Elementwise, AResultBeyondTheLimitIsOutOfMemory) {
  EvalContext context;
  context.max_bytes = 15;
  const Tensor a = floats({4}, {1, 2, 3, 4});
  const std::array<const Tensor*, 1> inputs = {&a};
  EXPECT_EQ(Op(Relu{}).evaluate(inputs, context).error().code, Code::kOutOfMemory);
}

TEST(Elementwise, ShapeArithmeticKeepsNames) {
  EXPECT_EQ(infer(Add{}, {typed(DataType::kF32, {"batch", "8"}), typed(DataType::kF32, {"8"})}), "f32[batch,8]");
  EXPECT_EQ(contents(Mul{}, {sizes({"batch", "2*h"}), known(longs({}, {3}))}), "[3*batch,6*h]");
  EXPECT_EQ(contents(Div{}, {sizes({"4*h", "w"}), known(longs({}, {2}))}), "[2*h,w/2]");
  EXPECT_EQ(contents(Equal{}, {sizes({"batch", "-1"}), known(longs({}, {-1}))}), "[0,1]");
  EXPECT_EQ(contents(Where{}, {known(bools({2}, {0, 1})), known(longs({2}, {1, 1})), sizes({"batch", "n"})}),
            "[batch,1]");
  EXPECT_EQ(contents(Add{}, {typed(DataType::kI64, {"2"}), known(longs({}, {1}))}), "unknown");
}

TEST(OpText, LeavesOutDefaultsAndReadsBack) {
  Gelu gelu;
  EXPECT_EQ(text(Op(gelu)), "Gelu");
  gelu.approximate = GeluForm::kTanh;
  EXPECT_EQ(text(Op(gelu)), "Gelu approximate=tanh");
  EXPECT_EQ(*parse_op("Gelu", " approximate=tanh"), Op(gelu));
  IsInf only;
  only.detect_negative = false;
  EXPECT_EQ(*parse_op("IsInf", attributes_text(only)), Op(only));
  LeakyRelu leaky;
  leaky.alpha = 0.1F;
  EXPECT_EQ(text(Op(leaky)), "LeakyRelu alpha=0.1");
  EXPECT_EQ(*parse_op("LeakyRelu", "alpha=0.1"), Op(leaky));
}

TEST(OpText, WhatDoesNotExistIsNotFoundAndBadTextInvalid) {
  EXPECT_EQ(parse_op("Gelo", "").error().code, Code::kNotFound);
  EXPECT_EQ(parse_op("Relu", " alpha=1").error().message, "Relu: there is no attribute 'alpha'");
  EXPECT_EQ(parse_op("LeakyRelu", " alpha=one").error().code, Code::kInvalidArgument);
  EXPECT_EQ(parse_op("LeakyRelu", " alpha=1 alpha=1").error().code, Code::kInvalidArgument);
  EXPECT_EQ(parse_op("Gelu", " approximate=fast").error().message, "Gelu: approximate: 'fast' is none of its values");
  EXPECT_EQ(parse_op("Gelu", " approximate").error().code, Code::kInvalidArgument);
}

TEST(OpList, IsSortedAndEveryOperatorCanBeMadeByName) {
  const auto names = operator_names();
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
  for (const std::string_view name : names) {
    const auto op = make_op(name);
    ASSERT_TRUE(op) << name;
    EXPECT_EQ(op->name(), name);
    const auto again = parse_op(name, attributes_text(*op));
    EXPECT_TRUE(again && *again == *op) << name;
  }
}

}  // namespace
}  // namespace bolide
