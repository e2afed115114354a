/// Random numbers that the seed alone decides: not threads, not the machine, not earlier runs.
///
/// The generator is mt19937 (C++ [rand.predef]) started with the low 32 bits of `seed`; numbers are drawn in row-major
/// order of the result.
///   uniform   the upper 27 bits of a draw, then the upper 26 of the next, as a fraction of 2^53: in [0, 1)
///   normal    Marsaglia's polar method on pairs of uniform numbers in (-1, 1); of a pair the second comes first
/// Numerics in double, rounded once.
/// Source   ONNX RandomUniform-22, RandomNormal-22, Bernoulli-22, Multinomial-22, Dropout-22
#pragma once

#include "ops/movement.h"

namespace bolide {

/// Input sizes (integers): low + (high - low) * uniform, of `dtype`.
struct RandomUniform {
  static constexpr OpInfo kInfo{.name = "RandomUniform"};
  float low = 0;
  float high = 1;
  std::int64_t seed = 0;
  DataType dtype = DataType::kF32;
  static constexpr auto kFields =
      std::tuple{field("low", &RandomUniform::low), field("high", &RandomUniform::high),
                 field("seed", &RandomUniform::seed), field("dtype", &RandomUniform::dtype)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

/// Input sizes (integers): mean + scale * normal, of `dtype`.
struct RandomNormal {
  static constexpr OpInfo kInfo{.name = "RandomNormal"};
  float mean = 0;
  float scale = 1;
  std::int64_t seed = 0;
  DataType dtype = DataType::kF32;
  static constexpr auto kFields = std::tuple{field("mean", &RandomNormal::mean), field("scale", &RandomNormal::scale),
                                             field("seed", &RandomNormal::seed), field("dtype", &RandomNormal::dtype)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

/// Input p, any float: 1 with probability p, else 0. For p <= 0.5 it is 1 where uniform > 1 - p, else where
/// uniform <= p.
struct Bernoulli {
  static constexpr OpInfo kInfo{.name = "Bernoulli"};
  std::int64_t seed = 0;
  DataType dtype = DataType::kF32;
  static constexpr auto kFields = std::tuple{field("seed", &Bernoulli::seed), field("dtype", &Bernoulli::dtype)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

/// Input x [batch, classes], logarithms of weights: `sample_size` classes for each row, as `dtype` (i32 or i64). A
/// class is the first whose running sum of weights is above uniform * the sum of all.
struct Multinomial {
  static constexpr OpInfo kInfo{.name = "Multinomial"};
  std::int64_t sample_size = 1;
  std::int64_t seed = 0;
  DataType dtype = DataType::kI32;
  static constexpr auto kFields = std::tuple{field("sample_size", &Multinomial::sample_size),
                                             field("seed", &Multinomial::seed), field("dtype", &Multinomial::dtype)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

/// Inputs x, [ratio: one float, 0.5 by default], [training: one bool, false by default]; outputs y and [mask, bool].
/// When training: mask = uniform >= ratio, y = mask ? x / (1 - ratio) : 0. Else y = x under a mask of true.
struct Dropout {
  static constexpr OpInfo kInfo{.name = "Dropout", .max_inputs = 3, .outputs = 2};
  std::int64_t seed = 0;
  static constexpr auto kFields = std::tuple{field("seed", &Dropout::seed)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

}  // namespace bolide
