/// Expressions as CUDA C++: the epilogues of contractions and the bodies of elementwise kernels.
#pragma once

#include "ops/expr.h"

namespace bolide::cuda {

/// The type of an element in kernel text: "float", "half", "bf16", "int", "long long", "bool8"; empty where there is
/// none (4-bit types, strings, complex numbers, 8-bit floats).
std::string_view c_type(DataType type);

/// Arithmetic that `expr_text` can write: f32, f64 and i64.
enum class Arithmetic : std::uint8_t { kF32, kF64, kI64 };
/// "float", "double", "long long"
std::string_view c_type(Arithmetic arithmetic);

/// Nothing where every function can be written for that arithmetic, else the name of one that cannot.
std::optional<std::string_view> unwritable(const Expr& expr, Arithmetic arithmetic);

/// Statements that compute `expr` and assign `result` (a variable that the caller declares before them):
///     expr_text(silu, {"acc"}, "y")  ->  "float t0 = fn_sigmoid(acc); y = acc * t0;"
/// `inputs` are texts of that arithmetic's type, one an input of the expression. Needs common.cu.
std::string expr_text(const Expr& expr, std::span<const std::string> inputs, std::string_view result,
                      Arithmetic arithmetic = Arithmetic::kF32, std::string_view prefix = "t");

/// A literal of that arithmetic: "0x1.8p+1f", "__int_as_float(0x7f800000)".
std::string number_text(double value, Arithmetic arithmetic = Arithmetic::kF32);

}  // namespace bolide::cuda
