/// Joining and splitting of strings. Bytes are not looked at beyond what the delimiters are.
#pragma once

#include "ops/movement.h"

namespace bolide {

/// Inputs x, y (strings that broadcast): x followed by y. Source: ONNX StringConcat.
struct StringConcat {
  static constexpr OpInfo kInfo{.name = "StringConcat", .min_inputs = 2, .max_inputs = 2};
  static constexpr auto kFields = std::tuple{};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

/// The parts of strings between delimiters.
///
/// Inputs   x : strings
/// Outputs  parts : x's sizes and one more axis, as long as the most parts need, filled with empty strings;
///          counts : i64, x's sizes
/// An empty delimiter stands for white space of any length (space, \t, \n, \v, \f, \r), which makes no part at the
/// ends. After `maxsplit` delimiters (-1: any number) the rest is one part. Source   ONNX StringSplit-20
struct StringSplit {
  std::string delimiter;
  std::int64_t maxsplit = -1;

  static constexpr OpInfo kInfo{.name = "StringSplit", .outputs = 2};
  static constexpr auto kFields =
      std::tuple{field("delimiter", &StringSplit::delimiter), field("maxsplit", &StringSplit::maxsplit)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

/// Input strings: bool, whether the whole string matches `pattern`, in the syntax of RE2.
/// Errors: Unsupported without a module that knows regular expressions (ops/media.h); what that says of the pattern.
/// Source: ONNX RegexFullMatch-20.
struct RegexFullMatch {
  std::string pattern;

  static constexpr OpInfo kInfo{.name = "RegexFullMatch"};
  static constexpr auto kFields = std::tuple{field("pattern", &RegexFullMatch::pattern)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

}  // namespace bolide
