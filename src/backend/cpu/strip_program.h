/// An expression compiled to calls of vector functions over strips of floats that stay in the L1 cache.
#pragma once

#include "backend/cpu/kernels/kernels.h"
#include "ops/expr.h"

namespace bolide {

/// Thread safety: const members from any thread.
class StripProgram {
 public:
  /// The longest strip worth running at once: 4 KiB.
  static constexpr std::int64_t kStrip = 1024;
  static constexpr int kMaxInputs = 16;

  struct Input {
    const float* data = nullptr;
    bool scalar = false;  ///< one float for the whole strip
  };

  /// `table` outlives the program. Errors: Unsupported for more than kMaxInputs inputs or a function without a vector
  /// form.
  static Result<StripProgram> compile(const Expr& expr, const EltwiseKernels& table);

  int inputs() const { return inputs_; }
  /// Floats of scratch that a run over strips of n elements needs.
  std::int64_t scratch_floats(std::int64_t n) const { return n * temps_; }
  /// out[i] = expr(inputs[0][i], inputs[1][i], ...) for i in [0, n). `out` may be one of the inputs, or else overlaps
  /// neither them nor the scratch. Allocates nothing.
  void run(std::span<const Input> inputs, float* scratch, float* out, std::int64_t n) const;

 private:
  struct Arg {
    Expr::Arg::Kind kind = Expr::Arg::Kind::kNumber;
    int index = 0;  // input, or temporary
    float number = 0;
  };
  struct Step {
    EltwiseKernels::Function function = nullptr;
    std::array<Arg, 3> args;
    int to = -1;  // temporary; -1: the result
  };

  int inputs_ = 1;
  int temps_ = 0;
  std::vector<Step> steps_;
};

}  // namespace bolide
