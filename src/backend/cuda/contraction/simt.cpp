#include "backend/cuda/contraction/direct_contraction.h"
#include "backend/cuda/contraction/tactics.h"

namespace bolide::cuda {
namespace {

/// Any strides, dtypes of float (the result and the epilogue's operands also integers), groups, up to three spatial
/// dims, transposed convolution, batches. Numerics  f32, a term at a time: taps in order, channels in order within a
/// tap
class Simt final : public Tactic {
 public:
  constexpr Simt() : Tactic("cuda.gemm.simt", 2) {}

  Verdict accepts(const Problem& problem, const Target&) const override {
    const auto gemm = mixed_gemm_problem(problem);
    if (!gemm) return reject(gemm.error().message);
    if (const auto fault = epilogue_fault(*gemm)) return reject(*fault);
    return fits_direct_grid(*gemm);
  }
  double estimate_us(const Problem& problem, const Target& target) const override {
    return estimate_direct_us(*mixed_gemm_problem(problem), cuda_target(target), 1.5);
  }
  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target& target) const override {
    TRY(const GemmProblem gemm, mixed_gemm_problem(problem));
    return std::unique_ptr<Kernel>(bind_simt(gemm, cuda_target(target), false));
  }
};

constexpr Simt kSimt;

}  // namespace

std::unique_ptr<ContractionKernel> bind_simt(const GemmProblem& gemm, const CudaTarget& target, bool packed) {
  const bool overlaps = launches_overlap(target);
  Defines defines;
  defines.extras(gemm).set("AFORMAT", gemm.a_format).set("BFORMAT", gemm.b_format).set("OUT", gemm.y_format);
  define_direct(defines, gemm).set("PDL", overlaps ? 1 : 0);
  Program program = {
      "contraction", gemm_text(gemm, defines, {"contraction_formats", "direct_contraction", "simt"}), {}};
  return make_direct_kernel(gemm, std::move(program), "contract_simt", packed, overlaps);
}

std::span<const Tactic* const> simt_tactics() {
  static constexpr std::array<const Tactic*, 1> kAll = {&kSimt};
  return kAll;
}

}  // namespace bolide::cuda
