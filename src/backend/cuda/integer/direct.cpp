#include "backend/cuda/contraction/direct_contraction.h"
#include "backend/cuda/integer/integer_text.h"
#include "backend/cuda/integer/tactics.h"

namespace bolide::cuda {
namespace {

/// Any strides, groups, zero points, up to three spatial dims, transposed convolution, batches.
/// Numerics  exact sums
class DirectTactic final : public Tactic {
 public:
  constexpr DirectTactic() : Tactic("cuda.integer.direct", 2) {}

  Verdict accepts(const Problem& problem, const Target&) const override {
    const auto gemm = checked_integer_problem(problem);
    return gemm ? fits_direct_grid(*gemm) : reject(gemm.error().message);
  }
  double estimate_us(const Problem& problem, const Target& target) const override {
    return estimate_direct_us(*integer_gemm_problem(problem), cuda_target(target), 2.0);
  }
  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target&) const override {
    TRY(const GemmProblem gemm, checked_integer_problem(problem));
    return std::unique_ptr<Kernel>(bind_integer_direct(gemm, false));
  }
};

constexpr DirectTactic kDirect;

}  // namespace

std::unique_ptr<ContractionKernel> bind_integer_direct(const GemmProblem& gemm, bool packed) {
  Defines defines;
  defines.set("BFORMAT", packed ? 4 : gemm.b_format).set("AZERO", gemm.a_zero);
  defines.set("BZERO", packed ? packed_integers(gemm).zero : gemm.b_zero);
  define_direct(defines, gemm);
  Program program = integer_program(gemm, defines,
                                    {"contraction_formats", "integer_numbers", "direct_contraction", "integer_direct"});
  return make_direct_kernel(gemm, std::move(program), "contract_integers_directly", packed, false);
}

std::span<const Tactic* const> integer_direct_tactics() {
  static constexpr std::array<const Tactic*, 1> kAll = {&kDirect};
  return kAll;
}

}  // namespace bolide::cuda
