#include "backend/cpu/conv/tactics.h"

namespace bolide {

namespace {

/// One way of reading the input, for one type.
struct Form {
  bool integer;
  Verdict (*check)(const ConvGeometry&, const CpuTarget&);
  Result<std::unique_ptr<Kernel>> (*bind)(ConvCore, const CpuTarget&, int threads);
  bool copies;  ///< the whole input once
};

class ConvTactic final : public Tactic {
 public:
  constexpr ConvTactic(std::string_view name, int revision, Form form) : Tactic(name, revision), form_(form) {}

  Verdict accepts(const Problem& problem, const Target& target) const override {
    const auto geometry = conv_geometry(problem);
    if (!geometry) return reject(geometry.error().message);
    if (geometry->integer != form_.integer) return reject("x is ", problem.inputs[0].dtype);
    const CpuTarget& cpu = cpu_target(target);
    const Verdict verdict = form_.check(*geometry, cpu);
    return verdict.accepted ? check_conv(problem, *geometry, kernel_table(cpu.isa)) : verdict;
  }

  /// Roofline. Narrow results waste lanes, short pieces of integers the products that one lane adds at a time; and
  /// every piece of a row costs a pointer, which is most of the time where a group has one channel.
  double estimate_us(const Problem& problem, const Target& target) const override {
    const ConvGeometry geometry = *conv_geometry(problem);
    const CpuTarget& cpu = cpu_target(target);
    const KernelTable& table = kernel_table(cpu.isa);
    const std::int64_t used = (geometry.group_out + table.lanes - 1) / table.lanes * table.lanes;
    double work = geometry.multiply_adds() * static_cast<double>(used) / static_cast<double>(geometry.group_out);
    if (geometry.integer) {
      const std::int64_t group = table.gemm->i8_group;
      const std::int64_t read = (geometry.group_in + group - 1) / group * group;
      work *= static_cast<double>(read) / static_cast<double>(geometry.group_in);
      work /= group == 2 ? 1.0 : static_cast<double>(group);
    }
    const double pieces = static_cast<double>(geometry.rows() * geometry.width()) *
                          static_cast<double>(geometry.taps()) * static_cast<double>(geometry.groups);
    double bytes = 0;
    for (const Operand& operand : problem.inputs) {
      if (!operand.absent) bytes += static_cast<double>(operand.count() * bit_width(operand.dtype) / 8);
    }
    const Operand& y = problem.outputs[0];
    bytes += static_cast<double>(y.count() * bit_width(y.dtype) / 8);
    const double copied = form_.copies ? static_cast<double>(problem.inputs[0].count()) * 1e-3 / cpu.threads : 0.0;
    return roofline_us(cpu, work, bytes, 0.85) + copied + pieces * 2e-3 / cpu.threads;
  }

  std::size_t packed_bytes(const Problem& problem, const Target& target) const override {
    if (problem.inputs[1].constant == nullptr) return 0;
    return static_cast<std::size_t>(packed_conv(*conv_geometry(problem), gemm(target)).bytes);
  }
  Status pack(const Problem& problem, const Target& target, std::span<std::byte> out) const override {
    return problem.inputs[1].constant == nullptr ? ok() : pack_conv(problem, gemm(target), out);
  }
  std::string pack_key(const Problem& problem, const Target& target) const override {
    const GemmKernels& kernels = gemm(target);
    return strings::join("columns=", kernels.columns, " group=", kernels.i8_group, " x=", problem.inputs[0].dtype);
  }
  bool packs_input(const Problem& problem, int input) const override {
    if (problem.inputs[1].constant == nullptr) return false;
    return input == 1 || (input == 2 && form_.integer && conv_has_bias(problem));
  }
  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target& target) const override {
    TRY(ConvCore core, ConvCore::make(problem, cpu_target(target)));
    TRY(auto kernel, form_.bind(std::move(core), cpu_target(target), std::max(1, problem.threads)));
    if (problem.inputs[1].constant != nullptr) return kernel;
    return with_computed_weights(problem, gemm(target), std::move(kernel));
  }

 private:
  static const GemmKernels& gemm(const Target& target) { return *kernel_table(cpu_target(target).isa).gemm; }

  Form form_;
};

constexpr ConvTactic kRowsF32("cpu.conv.f32.rows", 2, {false, check_conv_rows, bind_conv_rows, false});
constexpr ConvTactic kStripF32("cpu.conv.f32.strip", 2, {false, check_conv_strip, bind_conv_strip, true});
constexpr ConvTactic kRowsI8("cpu.conv.i8.rows", 2, {true, check_conv_rows, bind_conv_rows, false});
constexpr ConvTactic kStripI8("cpu.conv.i8.strip", 2, {true, check_conv_strip, bind_conv_strip, true});

constexpr std::array<const Tactic*, 4> kTactics = {&kRowsF32, &kStripF32, &kRowsI8, &kStripI8};

}  // namespace

std::span<const Tactic* const> conv_tactics() { return kTactics; }

}  // namespace bolide
