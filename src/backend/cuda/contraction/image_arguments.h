/// What kernels over windows of images are given alike.
#pragma once

#include "backend/cuda/contraction/gemm_device.h"

namespace bolide::cuda {

/// Arguments of a kernel that has `x`, `b`, `y` and `extra`, strides `x_image`, `y_line` and so on, sizes `images`,
/// `h`, `w`, `oh`, `ow`, and `pad_h`, `pad_w` among its members; it sets the others itself.
template <class Args>
class ImageArguments {
 public:
  explicit ImageArguments(const GemmProblem& gemm) {
    for (const GemmExtra& extra : gemm.extras) {
      inputs_[extras_] = extra.input;
      args.extra[extras_++] = device_extra(gemm, extra);
    }
    args.x_image = gemm.a.image;
    args.x_line = gemm.a.line;
    args.x_pixel = gemm.a.pixel;
    args.y_image = gemm.y.image;
    args.y_line = gemm.y.line;
    args.y_pixel = gemm.y.pixel;
    const WindowAxis& down = gemm.axes[1];
    const WindowAxis& across = gemm.axes[2];
    args.images = static_cast<int>(gemm.images);
    args.h = static_cast<int>(down.in);
    args.w = static_cast<int>(across.in);
    args.oh = static_cast<int>(down.out);
    args.ow = static_cast<int>(across.out);
    args.pad_h = static_cast<int>(down.before);
    args.pad_w = static_cast<int>(across.before);
  }

  Args addressed(const KernelBuffers& buffers) const {
    Args out = args;
    out.x = buffers.inputs[0];
    out.b = buffers.packed;
    out.y = buffers.outputs[0];
    for (std::size_t i = 0; i < extras_; ++i) out.extra[i].data = buffers.inputs[inputs_[i]];
    return out;
  }

  Args args = {};  ///< without addresses

 private:
  std::array<int, GemmProblem::kMostExtras> inputs_ = {};
  std::size_t extras_ = 0;
};

}  // namespace bolide::cuda
