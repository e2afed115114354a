/// What happens to a tile of sums on its way to memory: the epilogue of a contraction, on the CPU.
///
/// Common forms run on the register tile; every other expression runs over a strip that holds the tile, right after it
/// was summed.
#pragma once

#include "backend/cpu/gemm/result_operand.h"
#include "backend/cpu/strip_program.h"
#include "backend/tactic.h"

namespace bolide {

/// Addresses of one run that the epilogue needs.
struct EpilogueBuffers {
  const void* const* inputs = nullptr;  ///< of the problem
  std::byte* output = nullptr;
  std::byte* scratch = nullptr;
};

class GemmEpilogue {
 public:
  /// `integer`: the sums are i32. Errors: Unsupported with the reason.
  static Result<GemmEpilogue> make(const Problem& problem, const Expr& expr, const ResultShape& shape, bool integer,
                                   const KernelTable& table);

  /// True when the register tile does it all and writes f32 results by itself.
  bool on_tile() const { return on_tile_; }
  const ResultOperand& output() const { return output_; }
  /// The operand added on the register tile; null when there is none.
  const ResultOperand* residual() const {
    return residual_ < 0 ? nullptr : &extras_[static_cast<std::size_t>(residual_)];
  }
  bool clamp() const { return clamp_; }
  float low() const { return low_; }
  float high() const { return high_; }

  /// For the others. `sums` holds a tile of `rows` x `columns` floats without gaps; finishes it to the output at rows
  /// first ..., columns column ....
  void finish(const EpilogueBuffers& buffers, float* sums, std::int64_t first, int rows, std::int64_t column,
              int columns) const;
  std::size_t scratch_bytes() const;

 private:
  bool recognise(const Expr& expr);

  ResultOperand output_;
  std::vector<ResultOperand> extras_;
  bool on_tile_ = false;
  int residual_ = -1;
  bool clamp_ = false;
  float low_ = 0;
  float high_ = 0;
  StripProgram program_;
  const EltwiseKernels* kernels_ = nullptr;
};

}  // namespace bolide
