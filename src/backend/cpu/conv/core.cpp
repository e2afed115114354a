#include "backend/cpu/conv/core.h"

#include <algorithm>
#include <cstring>

namespace bolide {

namespace {

std::int64_t round_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b * b; }

/// Whether weights less their zero point fit 8 signed bits.
bool fits_i8(const Tensor& w, std::int64_t zero) {
  if (w.dtype() == DataType::kI8 && zero == 0) return true;
  for (const std::byte code : w.span<std::byte>()) {
    const int value = w.dtype() == DataType::kI8 ? static_cast<std::int8_t>(code) : static_cast<std::uint8_t>(code);
    if (value - zero < -128 || value - zero > 127) return false;
  }
  return true;
}

void pack_f32(const ConvGeometry& geometry, const float* w, int width, const PackedConv& packed, std::byte* out) {
  PanelSource source;
  source.columns = geometry.group_out;
  source.taps = geometry.taps();
  source.k = geometry.group_in;
  source.column_stride = geometry.group_in * source.taps;
  source.tap_stride = 1;
  source.k_stride = source.taps;
  for (std::int64_t g = 0; g < geometry.groups; ++g) {
    source.data = w + g * geometry.group_out * source.column_stride;
    pack_panels(source, {0, packed.group_columns / width}, width,
                reinterpret_cast<float*>(out + g * packed.group_bytes));
  }
}

}  // namespace

PackedConv packed_conv(const ConvGeometry& geometry, const GemmKernels& kernels) {
  PackedConv out;
  out.group_columns = round_up(geometry.group_out, kernels.columns);
  out.bias_at = round_up(geometry.group_in * geometry.element_bytes, 64);
  out.panels_at = out.bias_at + (geometry.integer ? round_up(geometry.groups * out.group_columns * 4, 64) : 0);
  const std::int64_t depth = geometry.integer ? geometry.taps() * round_up(geometry.group_in, kernels.i8_group)
                                              : geometry.taps() * geometry.group_in * 4;
  out.group_bytes = out.group_columns * depth;
  out.bytes = out.panels_at + geometry.groups * out.group_bytes;
  return out;
}

void pack_conv_f32(const ConvGeometry& geometry, const float* w, const GemmKernels& kernels, std::span<std::byte> out) {
  const PackedConv packed = packed_conv(geometry, kernels);
  std::memset(out.data(), 0, static_cast<std::size_t>(packed.bias_at));
  pack_f32(geometry, w, kernels.columns, packed, out.data() + packed.panels_at);
}

Status pack_conv(const Problem& problem, const GemmKernels& kernels, std::span<std::byte> out) {
  TRY(const ConvGeometry geometry, conv_geometry(problem));
  const Conv& conv = *problem.op->as<Conv>();
  const Tensor& w = *problem.inputs[1].constant;
  const PackedConv packed = packed_conv(geometry, kernels);
  std::memset(out.data(), geometry.integer ? static_cast<int>(conv.x_zero) : 0,
              static_cast<std::size_t>(packed.bias_at));
  std::byte* panels = out.data() + packed.panels_at;
  if (!geometry.integer) {
    pack_f32(geometry, w.span<float>().data(), kernels.columns, packed, panels);
    return ok();
  }
  auto* bias = reinterpret_cast<std::int32_t*>(out.data() + packed.bias_at);
  std::fill(bias, bias + geometry.groups * packed.group_columns, 0);
  IntegerPanelSource source;
  source.is_signed = w.dtype() == DataType::kI8;
  source.zero = conv.w_zero;
  source.columns = geometry.group_out;
  source.taps = geometry.taps();
  source.k = geometry.group_in;
  source.column_stride = geometry.group_in * source.taps;
  source.tap_stride = 1;
  source.k_stride = source.taps;
  const bool shifted = kernels.shifted_sign && problem.inputs[0].dtype == DataType::kI8;
  const std::int64_t x_zero = conv.x_zero + (shifted ? 128 : 0);
  const bool has_bias = conv_has_bias(problem);
  for (std::int64_t g = 0; g < geometry.groups; ++g) {
    source.data = w.data() + g * geometry.group_out * source.column_stride;
    std::int32_t* sums = bias + g * packed.group_columns;
    pack_integer_panels(source, kernels.columns, kernels.i8_group,
                        reinterpret_cast<std::int8_t*>(panels + g * packed.group_bytes), sums);
    for (std::int64_t j = 0; j < geometry.group_out; ++j) {
      const std::int64_t own =
          has_bias
              ? problem.inputs[2].constant->span<std::int32_t>()[static_cast<std::size_t>(g * geometry.group_out + j)]
              : 0;
      sums[j] = static_cast<std::int32_t>(own - x_zero * sums[j]);
    }
  }
  return ok();
}

Verdict check_conv(const Problem& problem, const ConvGeometry& geometry, const KernelTable& table) {
  const Conv& conv = *problem.op->as<Conv>();
  const Operand& w = problem.inputs[1];
  if (w.constant == nullptr && (geometry.integer || !w.contiguous())) {
    return reject("the weights are neither constant nor contiguous f32");
  }
  if (conv_has_bias(problem)) {
    const Operand& bias = problem.inputs[2];
    if (geometry.integer && (bias.dtype != DataType::kI32 || bias.constant == nullptr)) {
      return reject("the bias is not a constant i32");
    }
    if (!geometry.integer && (bias.dtype != DataType::kF32 || !bias.contiguous())) {
      return reject("the bias is not contiguous f32");
    }
  }
  if (geometry.integer && !fits_i8(*w.constant, conv.w_zero)) {
    return reject("weights less their zero point ", conv.w_zero, " do not fit 8 signed bits");
  }
  const auto epilogue = GemmEpilogue::make(problem, conv.epilogue, conv_result(problem), geometry.integer, table);
  if (!epilogue) return reject(epilogue.error().message);
  return accept();
}

Result<ConvCore> ConvCore::make(const Problem& problem, const CpuTarget& target) {
  const KernelTable& table = kernel_table(target.isa);
  const Expr& expr = problem.op->as<Conv>()->epilogue;
  const ResultShape shape = conv_result(problem);
  ConvCore out;
  TRY(out.geometry_, conv_geometry(problem));
  out.kernels_ = table.gemm;
  out.packed_ = packed_conv(out.geometry_, *table.gemm);
  TRY(out.epilogue_, GemmEpilogue::make(problem, expr, shape, out.geometry_.integer, table));
  out.has_bias_ = conv_has_bias(problem);
  if (out.geometry_.integer) {
    out.is_signed_ = problem.inputs[0].dtype == DataType::kI8;
    out.store_sums_ = expr.is_identity() && problem.outputs[0].dtype == DataType::kI32;
    out.requantise_ = Requantise::recognise(problem, expr, shape, table.gemm->columns);
  }
  return out;
}

TilePlan ConvCore::plan(const CpuTarget& target, std::int64_t taps, std::int64_t k, std::int64_t rows) const {
  TilePlan plan;
  plan.kernels = kernels_;
  plan.taps = taps;
  plan.k = k;
  plan.columns = geometry_.group_out;
  plan.integer = geometry_.integer;
  plan.choose_blocking(target, rows);
  return plan;
}

std::size_t ConvCore::scratch_bytes(TilePlan plan) const {
  plan.epilogue = &epilogue_;
  return plan.scratch_bytes();
}

void ConvCore::multiply(TilePlan plan, const RowSource& source, std::int64_t group, const KernelBuffers& buffers,
                        std::byte* scratch, std::int64_t first_row, Range rows, Range channels) const {
  plan.epilogue = &epilogue_;
  TileBuffers call;
  call.epilogue = {buffers.inputs, static_cast<std::byte*>(buffers.outputs[0]), nullptr};
  call.scratch = scratch;
  call.first_row = first_row;
  call.first_column = group * geometry_.group_out;
  call.panels = buffers.packed + packed_.panels_at + group * packed_.group_bytes;
  const Range columns = {std::max<std::int64_t>(0, channels.begin - call.first_column),
                         std::min(geometry_.group_out, channels.end - call.first_column)};
  if (geometry_.integer) {
    call.bias = buffers.packed + packed_.bias_at + group * packed_.group_columns * 4;
    const IntegerTiles tiles{requantise_ ? &*requantise_ : nullptr, is_signed_, store_sums_};
    run_integer_tiles(plan, tiles, source, call, rows, columns);
  } else {
    if (has_bias_) call.bias = static_cast<const float*>(buffers.inputs[2]) + call.first_column;
    run_tiles(plan, source, call, rows, columns);
  }
}

}  // namespace bolide
