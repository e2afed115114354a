#include "backend/cpu/deconv/tactics.h"

#include "backend/cpu/deconv/kernel.h"
#include "backend/cpu/estimate.h"
#include "backend/cpu/gemm/tiles.h"

namespace bolide::cpu {

namespace {

class DeconvTactic final : public Tactic {
 public:
  constexpr DeconvTactic() : Tactic("cpu.deconv.f32", 2) {}

  Verdict accepts(const Problem& problem, const Target& target) const override {
    const auto geometry = deconv_geometry(problem);
    if (!geometry) return reject(geometry.error().message);
    return check_deconv(problem, *geometry, kernel_table(cpu_target(target).isa));
  }

  /// Roofline; narrow results waste lanes, and every piece of a row costs a pointer.
  double estimate_us(const Problem& problem, const Target& target) const override {
    const ConvGeometry geometry = *deconv_geometry(problem);
    const CpuTarget& cpu = cpu_target(target);
    const std::int64_t lanes = kernel_table(cpu.isa).lanes;
    double pieces = static_cast<double>(geometry.batch * geometry.groups);
    for (const WindowAxis& axis : geometry.axes) {
      pieces *= static_cast<double>(axis.out) * static_cast<double>(axis.kernel) / static_cast<double>(axis.stride);
    }
    const std::int64_t used = (geometry.group_out + lanes - 1) / lanes * lanes;
    const double work = pieces * static_cast<double>(geometry.group_in * used);
    const auto bytes = static_cast<double>(problem_bytes(problem));
    return roofline_us(cpu, work, bytes, 0.85) + pieces * 2e-3 / cpu.threads;
  }

  std::size_t packed_bytes(const Problem& problem, const Target& target) const override {
    return static_cast<std::size_t>(packed_deconv(*deconv_geometry(problem), gemm(target)).bytes);
  }
  Status pack(const Problem& problem, const Target& target, std::span<std::byte> out) const override {
    return pack_deconv(problem, gemm(target), out);
  }
  std::string pack_key(const Problem&, const Target& target) const override {
    return strings::join("columns=", gemm(target).columns);
  }
  bool packs_input(const Problem&, int input) const override { return input == 1; }
  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target& target) const override {
    return bind_deconv(problem, cpu_target(target), std::max(1, problem.threads));
  }

 private:
  static const GemmKernels& gemm(const Target& target) { return *kernel_table(cpu_target(target).isa).gemm; }
};

constexpr DeconvTactic kDeconv;

}  // namespace

std::span<const Tactic* const> deconv_tactics() {
  static const std::array<const Tactic*, 2> tactics = {&depthwise_deconv(), &kDeconv};
  return tactics;
}

}  // namespace bolide::cpu
