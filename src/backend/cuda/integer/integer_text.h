/// What the kernels of integer contractions share on the host's side.
#pragma once

#include "backend/cuda/contraction/gemm_device.h"

namespace bolide::cuda {

/// A program of integers. Multiplications and additions of the epilogue are not joined, so that results are the
/// reference's to the bit.
Program integer_program(const GemmProblem& gemm, Defines defines, std::initializer_list<std::string_view> names);

/// Of a Conv, MatMul or ConvTranspose whose epilogue can be written. Errors: Unsupported, as integer_gemm_problem();
/// sums that might leave 32 bits where they do not wrap.
Result<GemmProblem> checked_integer_problem(const Problem& problem);

/// Whether the sums themselves, wrapped, are the result.
inline bool stores_sums(const GemmProblem& gemm) { return gemm.epilogue->is_identity() && gemm.y_format == 5; }

/// How a constant b of integers is packed: rows as of packed_rows() in i8, codes of u8 less 128.
struct PackedIntegers {
  PackedRows rows;
  std::int64_t zero = 0;    ///< what is left of b's zero point
  std::size_t offsets = 0;  ///< where the i32 numbers begin that -a_zero contributes to each column's sum
  std::size_t bytes = 0;
};
PackedIntegers packed_integers(const GemmProblem& gemm);
void pack_integers(const GemmProblem& gemm, std::span<std::byte> out);

/// The form without tensor cores, for every problem. `packed`: b as pack_integers() writes it.
std::unique_ptr<ContractionKernel> bind_integer_direct(const GemmProblem& gemm, bool packed);

}  // namespace bolide::cuda
