#include "backend/cpu/deconv/kernel.h"

#include "backend/cpu/deconv/phase_rows.h"
#include "ops/conv_transpose.h"

#include <algorithm>
#include <cstring>

namespace bolide::cpu {

namespace {

constexpr double kMaxPhases = 1024;
constexpr std::size_t kMaxInputs = 2 + StripProgram::kMaxInputs;

std::int64_t round_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b * b; }

/// The part of an operand that lies under a phase's pixels, and where it starts.
struct Part {
  Operand operand;
  std::int64_t offset = 0;  ///< bytes
};
Part part_of(const ConvGeometry& geometry, const PixelPhase& phase, Operand operand, std::size_t result_rank) {
  Part out;
  const std::size_t spatial = result_rank - 2;
  const std::size_t first = spatial == 1 ? 1 : 3 - spatial;
  for (std::size_t a = 0; a < spatial; ++a) {
    const std::size_t missing = result_rank - operand.dims.size();
    if (2 + a < missing || operand.dims[2 + a - missing] == 1) continue;
    const std::size_t d = 2 + a - missing;
    out.offset += phase.first[first + a] * operand.strides[d] * (bit_width(operand.dtype) / 8);
    operand.dims[d] = phase.count[first + a];
    operand.strides[d] *= geometry.axes[first + a].stride;
  }
  out.operand = std::move(operand);
  return out;
}

/// One phase, bound.
struct BoundPhase {
  PixelPhase pixels;
  PhaseTaps taps;
  TilePlan plan;  ///< its epilogue is set at run time
  GemmEpilogue epilogue;
  std::array<std::int64_t, kMaxInputs> input_offsets{};  ///< bytes, of the epilogue's inputs
  std::int64_t output_offset = 0;
};

Result<BoundPhase> bind_phase(const Problem& problem, const ConvGeometry& geometry, PixelPhase pixels,
                              const CpuTarget& target, int threads) {
  const KernelTable& table = kernel_table(target.isa);
  BoundPhase out;
  out.taps = phase_taps(geometry, pixels);
  out.plan.kernels = table.gemm;
  out.plan.taps = pixels.taps();
  out.plan.k = geometry.group_in;
  out.plan.columns = geometry.group_out;
  out.plan.choose_blocking(target, geometry.batch * pixels.pixels() / threads);
  Problem part = problem;
  const std::size_t rank = problem.outputs[0].dims.size();
  for (std::size_t i = 3; i < std::min(kMaxInputs, problem.inputs.size()); ++i) {
    if (problem.inputs[i].absent) continue;
    Part view = part_of(geometry, pixels, problem.inputs[i], rank);
    part.inputs[i] = std::move(view.operand);
    out.input_offsets[i] = view.offset;
  }
  Part view = part_of(geometry, pixels, problem.outputs[0], rank);
  part.outputs[0] = std::move(view.operand);
  out.output_offset = view.offset;
  TRY(out.epilogue,
      GemmEpilogue::make(part, problem.op->as<ConvTranspose>()->epilogue, {part.outputs[0].dims, 1}, false, table));
  out.pixels = std::move(pixels);
  return out;
}

class DeconvKernel final : public HostKernel {
 public:
  static Result<std::unique_ptr<Kernel>> make(const Problem& problem, const CpuTarget& target, int threads) {
    std::unique_ptr<DeconvKernel> out(new DeconvKernel);
    TRY(out->geometry_, deconv_geometry(problem));
    const ConvGeometry& geometry = out->geometry_;
    const GemmKernels& kernels = *kernel_table(target.isa).gemm;
    out->packed_ = packed_deconv(geometry, kernels);
    out->has_bias_ = conv_has_bias(problem);
    out->inputs_ = std::min(kMaxInputs, problem.inputs.size());
    for (PixelPhase& pixels : pixel_phases(geometry)) {
      TRY(BoundPhase phase, bind_phase(problem, geometry, std::move(pixels), target, threads));
      TilePlan plan = phase.plan;
      plan.epilogue = &phase.epilogue;
      out->scratch_bytes_ = std::max(out->scratch_bytes_, plan.scratch_bytes());
      out->phases_.push_back(std::move(phase));
    }
    out->cut(target, kernels, threads);
    return std::unique_ptr<Kernel>(std::move(out));
  }

  Grid grid(int) const override { return grid_; }
  std::size_t scratch_bytes() const override { return scratch_bytes_; }

  Status run(int, const KernelBuffers& buffers, Range rows, Range channels) const override {
    for (std::int64_t row = rows.begin; row < rows.end; row += block_rows_) {
      const Range block = {row, std::min(rows.end, row + block_rows_)};
      for (const BoundPhase& phase : phases_) run_phase(phase, buffers, block, channels);
    }
    return ok();
  }

 private:
  DeconvKernel() = default;

  void cut(const CpuTarget& target, const GemmKernels& kernels, int threads) {
    const WindowAxis& height = geometry_.axes[1];
    const WindowAxis& width = geometry_.axes[2];
    const std::int64_t across = std::max<std::int64_t>(1, width.out / width.stride);  // pixels of a phase
    CutRequest request;
    request.rows = geometry_.rows();
    request.row_unit =
        (kernels.rows + across - 1) / across * std::max<std::int64_t>(1, std::min(height.stride, height.out));
    request.columns = geometry_.out_channels();
    request.column_unit = geometry_.groups > 1 ? geometry_.group_out : kernels.columns;
    request.weight_bytes = packed_.bytes;
    grid_ = cut_grid(request, target, threads);
    // All phases pass over a few rows while these are in the cache; over more of them when the weights are not.
    const std::int64_t row_bytes = std::max<std::int64_t>(1, geometry_.width() * geometry_.out_channels() * 4);
    const std::int64_t least = request.row_unit * (packed_.bytes > target.l2_bytes / 2 ? 32 : 1);
    block_rows_ = std::max(least, target.l2_bytes / 2 / row_bytes);
  }

  void run_phase(const BoundPhase& phase, const KernelBuffers& buffers, Range rows, Range channels) const {
    const Range own = {phase_rows_before(geometry_, phase.pixels, rows.begin) * phase.pixels.count[2],
                       phase_rows_before(geometry_, phase.pixels, rows.end) * phase.pixels.count[2]};
    if (own.begin >= own.end) return;
    std::array<const void*, kMaxInputs> inputs{};
    for (std::size_t i = 3; i < inputs_; ++i) {
      if (buffers.inputs[i] == nullptr) continue;
      inputs[i] = static_cast<const std::byte*>(buffers.inputs[i]) + phase.input_offsets[i];
    }
    TilePlan plan = phase.plan;
    plan.epilogue = &phase.epilogue;
    TileBuffers call;
    call.epilogue = {inputs.data(), static_cast<std::byte*>(buffers.outputs[0]) + phase.output_offset, nullptr};
    call.scratch = buffers.scratch;
    const auto* x = static_cast<const std::byte*>(buffers.inputs[0]);
    const std::byte* panels =
        buffers.packed + packed_.panels_at + phase.pixels.first_tap * geometry_.groups * packed_.tap_bytes;
    for (std::int64_t g = channels.begin / geometry_.group_out; g * geometry_.group_out < channels.end; ++g) {
      const PhaseRows source(geometry_, phase.pixels, phase.taps, x + g * geometry_.group_in * geometry_.x_channel,
                             buffers.packed);
      call.first_column = g * geometry_.group_out;
      call.panels = panels + g * plan.taps * packed_.tap_bytes;
      if (has_bias_) call.bias = static_cast<const float*>(buffers.inputs[2]) + call.first_column;
      run_tiles(plan, source, call, own,
                {std::max<std::int64_t>(0, channels.begin - call.first_column),
                 std::min(geometry_.group_out, channels.end - call.first_column)});
    }
  }

  ConvGeometry geometry_;
  PackedDeconv packed_;
  std::vector<BoundPhase> phases_;
  Grid grid_;
  std::int64_t block_rows_ = 1;
  std::size_t scratch_bytes_ = 0;
  std::size_t inputs_ = 0;
  bool has_bias_ = false;
};

}  // namespace

PackedDeconv packed_deconv(const ConvGeometry& geometry, const GemmKernels& kernels) {
  PackedDeconv out;
  out.panels_at = round_up(geometry.group_in * 4, 64);
  out.tap_bytes = round_up(geometry.group_out, kernels.columns) * geometry.group_in * 4;
  out.bytes = out.panels_at + geometry.groups * geometry.taps() * out.tap_bytes;
  return out;
}

Status pack_deconv(const Problem& problem, const GemmKernels& kernels, std::span<std::byte> out) {
  TRY(const ConvGeometry geometry, deconv_geometry(problem));
  const float* w = problem.inputs[1].constant->span<float>().data();
  const PackedDeconv packed = packed_deconv(geometry, kernels);
  std::memset(out.data(), 0, static_cast<std::size_t>(packed.panels_at));
  auto* to = reinterpret_cast<float*>(out.data() + packed.panels_at);
  PanelSource source;
  source.k = geometry.group_in;
  source.column_stride = geometry.taps();
  source.k_stride = geometry.group_out * geometry.taps();
  for (const TapPhase& phase : tap_phases(geometry)) {
    for (std::int64_t g = 0; g < geometry.groups; ++g) {
      for (std::int64_t column = 0; column < geometry.group_out; column += kernels.columns) {
        source.columns = geometry.group_out - column;
        const float* corner = w + g * geometry.group_in * source.k_stride + column * source.column_stride;
        for (const std::int64_t kd : phase.taps[0]) {
          for (const std::int64_t kh : phase.taps[1]) {
            for (const std::int64_t kw : phase.taps[2]) {
              source.data = corner + (kd * geometry.axes[1].kernel + kh) * geometry.axes[2].kernel + kw;
              pack_panels(source, {0, 1}, kernels.columns, to);
              to += geometry.group_in * kernels.columns;
            }
          }
        }
      }
    }
  }
  return ok();
}

Verdict check_deconv(const Problem& problem, const ConvGeometry& geometry, const KernelTable& table) {
  if (problem.inputs[1].constant == nullptr) return reject("the weights are not constant");
  if (geometry.group_in > 1 && geometry.x_channel != geometry.element_bytes) {
    return reject("the input's channels are not contiguous");
  }
  if (conv_has_bias(problem) && (problem.inputs[2].dtype != DataType::kF32 || !problem.inputs[2].contiguous())) {
    return reject("the bias is not contiguous f32");
  }
  if (const double phases = pixel_phase_count(geometry); phases > kMaxPhases) {
    return reject("the strides make ", phases, " phases; at most ", kMaxPhases);
  }
  const Expr& expr = problem.op->as<ConvTranspose>()->epilogue;
  if (expr.inputs() > StripProgram::kMaxInputs) return reject("an epilogue of ", expr.inputs(), " inputs");
  const auto epilogue = GemmEpilogue::make(problem, expr, conv_result(problem), false, table);
  if (!epilogue) return reject(epilogue.error().message);
  return accept();
}

Result<std::unique_ptr<Kernel>> bind_deconv(const Problem& problem, const CpuTarget& target, int threads) {
  return DeconvKernel::make(problem, target, threads);
}

}  // namespace bolide::cpu
