/// Depthwise convolution, of floats and of integers: what both forms take, and the kernel that launches them.
#pragma once

#include "backend/cuda/contraction/image_arguments.h"

namespace bolide::cuda {

/// depthwise.cu and integer_depthwise.cu: Depthwise
struct DeviceDepthwise {
  const void* x;
  const void* b;
  void* y;
  std::array<DeviceExtra, GemmProblem::kMostExtras> extra;
  std::int64_t x_image, x_line, x_pixel, y_image, y_line, y_pixel;
  int images, h, w, oh, ow, pad_h, pad_w, c;
};

/// Nothing, or why a problem is not of one channel a group, constant weights, at most two spatial dims and neighbouring
/// channels.
std::optional<std::string> depthwise_fault(const GemmProblem& gemm);

/// The problem of all channels at once: columns are channels. The epilogue's operands lie as columns too.
GemmProblem by_channels(GemmProblem gemm);

/// Whether threads may take `channels` neighbours (8, or 2 of 16 bits): their number and all strides are whole
/// multiples.
bool channels_fit(const GemmProblem& gemm, int channels);

/// Threads of `pixels` by `lines` results and `channels` channels each.
std::int64_t depthwise_threads(const GemmProblem& gemm, std::int64_t pixels, std::int64_t lines, int channels);

/// What depthwise_parts.cu and both kernels over it are told.
Defines depthwise_defines(const GemmProblem& gemm, std::int64_t pixels, std::int64_t lines, int channels,
                          bool overlaps);

/// Tactics over floats: what all of them need, and weights as [taps, channels].
class FloatDepthwise : public Tactic {
 public:
  std::size_t packed_bytes(const Problem& problem, const Target&) const override;
  Status pack(const Problem& problem, const Target&, std::span<std::byte> out) const override;
  bool packs_input(const Problem&, int index) const override { return index == 1; }

 protected:
  constexpr explicit FloatDepthwise(std::string_view name) : Tactic(name, 2) {}
  /// For threads of `pixels` by `lines` results.
  static std::optional<std::string> fault_of(const Result<GemmProblem>& gemm, std::int64_t pixels, std::int64_t lines);
};

/// Launches the first form that the addresses of the images are aligned for.
class DepthwiseKernel final : public ContractionKernel {
 public:
  struct Form {
    Program program;
    std::int64_t threads = 0;
    std::int64_t unit = 1;  ///< bytes
  };
  /// `all` as of by_channels(); `function` of each program.
  DepthwiseKernel(const GemmProblem& all, std::string function, std::vector<Form> forms, bool overlaps);

  std::vector<Use> programs() const override;
  Status load(Device& device) override;
  Status launch(DeviceStream& stream, const KernelBuffers& buffers) const override;

 private:
  ImageArguments<DeviceDepthwise> arguments_;
  std::string function_;
  std::vector<Form> forms_;
  std::vector<Function> loaded_;  // by form
  bool overlaps_;
};

}  // namespace bolide::cuda
