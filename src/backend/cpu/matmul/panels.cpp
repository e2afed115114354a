#include "backend/cpu/matmul/panels.h"

#include <algorithm>

namespace bolide {

MatMulPanels::MatMulPanels(const Problem& matrices, const MatMulGeometry& geometry, const GemmKernels& kernels)
    : kernels_(&kernels) {
  TilePlan plan;
  plan.kernels = &kernels;
  plan.k = geometry.k;
  plan.columns = geometry.n;
  plan.integer = geometry.integer;
  if (geometry.integer) {
    taps_ = b_parts(matrices.inputs[1], matrices.op->as<MatMul>()->b_zero);
    plan.taps = taps_;
  }
  panels_ = plan.panels();
  panel_bytes_ = plan.panel_bytes();
  if (!geometry.integer) return;
  const MatMul& matmul = *matrices.op->as<MatMul>();
  b_signed_ = matrices.inputs[1].dtype == DataType::kI8;
  b_zero_ = matmul.b_zero;
  a_offset_ = matmul.a_zero + (kernels.shifted_sign && matrices.inputs[0].dtype == DataType::kI8 ? 128 : 0);
  bias_bytes_ = (panels_ * kernels.columns * 4 + 63) / 64 * 64;
}

void MatMulPanels::pack(const MatMulGeometry& geometry, const std::byte* b, const void* bias, std::int64_t matrix,
                        std::int64_t panel, std::byte* out) const {
  const int width = kernels_->columns;
  out += matrix * matrix_bytes();
  b += geometry.b_offset(matrix) * geometry.element_bytes;
  if (!geometry.integer) {
    PanelSource source;
    source.data = reinterpret_cast<const float*>(b);
    source.columns = geometry.n;
    source.k = geometry.k;
    source.column_stride = geometry.b_n;
    source.k_stride = geometry.b_k;
    pack_panels(source, {panel, panel + 1}, width, reinterpret_cast<float*>(out));
    return;
  }
  IntegerPanelSource source;
  source.is_signed = b_signed_;
  source.zero = b_zero_;
  source.parts = taps_;
  source.columns = std::min<std::int64_t>(width, geometry.n - panel * width);
  source.k = geometry.k;
  source.column_stride = geometry.b_n;
  source.k_stride = geometry.b_k;
  source.data = b + panel * width * geometry.b_n;
  auto* sums = reinterpret_cast<std::int32_t*>(out) + panel * width;
  std::fill_n(sums, width, 0);
  pack_integer_panels(source, width, kernels_->i8_group,
                      reinterpret_cast<std::int8_t*>(out + bias_bytes_ + panel * panel_bytes_), sums);
  const auto* own = static_cast<const std::int32_t*>(bias);
  for (std::int64_t j = 0; j < source.columns; ++j) {
    const std::int64_t start = own != nullptr ? own[panel * width + j] : 0;
    sums[j] = static_cast<std::int32_t>(start - a_offset_ * sums[j]);
  }
}

int b_parts(const Operand& b, std::int64_t zero) {
  const int least = b.dtype == DataType::kI8 ? -128 : 0;
  int low = least + 255;
  int high = least;
  if (b.constant == nullptr) std::swap(low, high);
  for (const std::byte code : b.constant != nullptr ? b.constant->span<std::byte>() : std::span<const std::byte>()) {
    const int value = b.dtype == DataType::kI8 ? static_cast<std::int8_t>(code) : static_cast<std::uint8_t>(code);
    low = std::min(low, value);
    high = std::max(high, value);
  }
  low -= static_cast<int>(zero);
  high -= static_cast<int>(zero);
  return std::max({1, (high + 126) / 127, (127 - low) / 128});
}

}  // namespace bolide
