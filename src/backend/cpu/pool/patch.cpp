#include "backend/cpu/pool/patch.h"

#include <algorithm>

namespace bolide::cpu {
namespace {

/// Some rows of one plane at a time, with their padding, in memory of the thread.
class PatchKernel final : public HostKernel {
 public:
  PatchKernel(const PoolWork& work, PoolKernels::Patch patch) : work_(work), patch_(patch) {
    constexpr std::int64_t kFloats = 6144;  // they stay in the L1 cache
    const auto& [depth, height, width] = work.axes;
    pitch_ = width.out + (width.kernel - 1) * width.dilation;
    halo_ = (height.kernel - 1) * height.dilation;
    rows_ = std::clamp<std::int64_t>(kFloats / std::max<std::int64_t>(1, pitch_) - halo_, 8, 1024);
    rows_ = std::clamp<std::int64_t>(height.out, 1, rows_);
    if (work.max) return;
    for (std::int64_t p = 0; p < height.out; ++p) {
      row_taps_.push_back(static_cast<float>(inside(height, p, work.counts_padding).counted));
    }
    for (std::int64_t p = 0; p < width.out; ++p) {
      column_taps_.push_back(static_cast<float>(inside(width, p, work.counts_padding).counted));
    }
  }

  Grid grid(int) const override {
    const std::int64_t planes = work_.batch * work_.channels;
    return {.rows = planes, .channels = work_.axes[1].out, .channel_grain = rows_};
  }
  std::size_t scratch_bytes() const override {
    return static_cast<std::size_t>((rows_ + halo_ + 1) * pitch_ + PoolPatch::kSlack) * sizeof(float);
  }

  Status run(int, const KernelBuffers& buffers, Range planes, Range rows) const override {
    const auto& [depth, height, width] = work_.axes;
    PoolPatch patch;
    patch.x_row = work_.x_strides[3];
    patch.in_height = height.in;
    patch.in_width = width.in;
    patch.kernel_height = height.kernel;
    patch.kernel_width = width.kernel;
    patch.dilation_height = height.dilation;
    patch.dilation_width = width.dilation;
    patch.above = height.before;
    patch.before = width.before;
    patch.out_row = work_.out_strides[3];
    patch.out_width = width.out;
    patch.pitch = pitch_;
    patch.padded = reinterpret_cast<float*>(buffers.scratch);
    patch.row_taps = work_.max ? nullptr : row_taps_.data();
    patch.column_taps = work_.max ? nullptr : column_taps_.data();
    for (std::int64_t plane = planes.begin; plane < planes.end; ++plane) {
      const std::int64_t n = plane / work_.channels;
      const std::int64_t c = plane % work_.channels;
      patch.x = static_cast<const float*>(buffers.inputs[0]) + n * work_.x_strides[0] + c * work_.x_strides[1];
      patch.out = static_cast<float*>(buffers.outputs[0]) + n * work_.out_strides[0] + c * work_.out_strides[1];
      for (patch.first = rows.begin; patch.first < rows.end; patch.first += patch.rows) {
        patch.rows = std::min(rows_, rows.end - patch.first);
        patch_(patch);
      }
    }
    return ok();
  }

 private:
  PoolWork work_;
  PoolKernels::Patch patch_;
  std::int64_t pitch_ = 0;  ///< columns that the windows of a row reach over
  std::int64_t halo_ = 0;   ///< rows that the windows of a row reach over, less one
  std::int64_t rows_ = 0;   ///< of the result in a patch
  std::vector<float> row_taps_;
  std::vector<float> column_taps_;
};

}  // namespace

bool takes_patches(const PoolWork& work) {
  constexpr std::int64_t kWidest = PoolKernels::kWidest;
  constexpr std::int64_t kFloats = INT64_C(1) << 16;  // of the smallest patch
  const auto& [depth, height, width] = work.axes;
  const bool flat = depth.in == 1 && depth.kernel == 1 && depth.out == 1 && depth.before == 0;
  if (!flat || height.stride != 1 || width.stride != 1) return false;
  if (work.x_strides[4] != 1 && width.in != 1) return false;
  if (work.out_strides[4] != 1 && width.out != 1) return false;
  if (height.kernel > kWidest || height.dilation > kWidest) return false;
  const std::int64_t span = (height.kernel - 1) * height.dilation + 1;
  return span <= kWidest && width.out <= kFloats / (span + 8) - kWidest;
}

std::unique_ptr<Kernel> make_patch_kernel(const PoolWork& work, PoolKernels::Patch patch) {
  return std::make_unique<PatchKernel>(work, patch);
}

}  // namespace bolide::cpu
