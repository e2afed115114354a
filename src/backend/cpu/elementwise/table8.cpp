#include "backend/cpu/elementwise/table8.h"

#include "backend/cpu/elementwise/strips.h"

namespace bolide::cpu {
namespace {

class Table8Kernel final : public HostKernel {
 public:
  Table8Kernel(const std::array<std::uint8_t, 256>& table, int source, Strips strips, const CodeKernels& kernels)
      : table_(table), source_(source), strips_(strips), kernels_(kernels) {}

  Grid grid(int) const override { return {.rows = strips_.count(), .row_grain = 16}; }

  Status run(int, const KernelBuffers& buffers, Range rows, Range) const override {
    const auto* from = static_cast<const std::uint8_t*>(buffers.inputs[source_]);
    auto* to = static_cast<std::uint8_t*>(buffers.outputs[0]);
    strips_.each(rows.begin, rows.end, [&](const auto& views) {
      if (views[0].dense() && views[1].dense()) {
        return kernels_.look_up(table_.data(), from + views[1].offset, to + views[0].offset, views[0].count());
      }
      for (std::int64_t r = 0; r < views[0].rows; ++r) {
        const std::uint8_t* x = from + views[1].offset + r * views[1].row_stride;
        std::uint8_t* y = to + views[0].offset + r * views[0].row_stride;
        for (std::int64_t i = 0; i < views[0].length; ++i) y[i * views[0].stride] = table_[x[i * views[1].stride]];
      }
    });
    return ok();
  }

 private:
  std::array<std::uint8_t, 256> table_;
  int source_;
  Strips strips_;
  const CodeKernels& kernels_;
};

}  // namespace

Result<std::unique_ptr<Kernel>> bind_table8(const ElementwiseWork& work, const Operand& out,
                                            const StripProgram& program, const KernelTable& table) {
  const EltwiseKernels& kernels = *table.eltwise;
  TRY(Strips strips, Strips::make(out, work.operands));
  std::array<std::uint8_t, 256> codes{};
  for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = static_cast<std::uint8_t>(i);
  std::array<float, 256> in{};
  std::array<float, 256> result{};
  kernels.load[static_cast<std::size_t>(work.operands[0].dtype)](codes.data(), in.data(), 256);
  std::vector<float> temporaries(static_cast<std::size_t>(program.scratch_floats(256)));
  const StripProgram::Input input = {in.data(), false};
  program.run({&input, 1}, temporaries.data(), result.data(), 256);
  kernels.store[static_cast<std::size_t>(out.dtype)](result.data(), codes.data(), 256);
  return std::unique_ptr<Kernel>(std::make_unique<Table8Kernel>(codes, work.sources[0], strips, *table.codes));
}

}  // namespace bolide::cpu
