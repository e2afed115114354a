/// What happens to a tile of sums on its way to memory: the epilogue of a contraction, on the CPU.
///
/// Common forms run on the register tile; every other expression runs over a strip that holds the tile, right after it
/// was summed.
#pragma once

#include "backend/cpu/gemm/row_offsets.h"
#include "backend/cpu/strip_program.h"
#include "backend/tactic.h"

namespace bolide {

/// Which dims of the result are rows and which one its columns (output channels).
struct ResultShape {
  Dims dims;
  int column_dim = 0;
};

/// An operand that broadcasts to the result: `rows` strides over the result's dims without the column dim, in bytes.
struct ResultOperand {
  int index = 0;  ///< of the problem's inputs; for the output itself unused
  DataType dtype = DataType::kF32;
  RowOffsets rows;
  std::int64_t column_stride = 0;  ///< elements, 0 or 1
};
/// Errors: Unsupported when it does not broadcast, has more dims than RowOffsets takes, or its columns are not
/// contiguous.
Result<ResultOperand> result_operand(const Operand& operand, const ResultShape& shape, std::string_view what);

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
