#include "backend/cuda/contraction/direct_contraction.h"

#include <algorithm>

namespace bolide::cuda {
namespace {

/// direct_contraction.cu: Volume, Window, DirectContraction
struct DeviceVolume {
  std::int64_t batch0, batch1, image, plane, line, pixel, channel;
};
struct DeviceWindow {
  int in, out, kernel, stride, step, before;
};
struct DirectContraction {
  const void* a;
  const void* b;
  void* y;
  std::array<DeviceExtra, GemmProblem::kMostExtras> extra;
  std::array<std::int64_t, GemmProblem::kMostExtras> extra_plane;
  DeviceVolume as, ys;
  std::int64_t b_batch0, b_batch1, b_row, b_channel, b_tap;
  std::array<DeviceWindow, 3> window;
  int m, n, c, taps, inner_batch;
};

DeviceVolume volume(const RowStrides& s) { return {s.batch0, s.batch1, s.image, s.plane, s.line, s.pixel, s.column}; }

std::int64_t tiles_of(const GemmProblem& gemm) { return (gemm.m() + 63) / 64 * ((gemm.n + 63) / 64); }

class DirectKernel final : public ContractionKernel {
 public:
  DirectKernel(const GemmProblem& gemm, Program program, std::string_view function, bool packed, bool overlaps)
      : program_(std::move(program)), function_name_(function), packed_(packed), overlaps_(overlaps) {
    // Operands are placed by all of their strides, whatever their kind.
    for (std::size_t i = 0; i < gemm.extras.size(); ++i) {
      const RowStrides& s = gemm.extras[i].strides;
      inputs_[i] = gemm.extras[i].input;
      args_.extra[i] = {nullptr, s.batch0, s.batch1, s.image, s.line, s.pixel, s.column};
      args_.extra_plane[i] = s.plane;
    }
    args_.as = volume(gemm.a);
    args_.ys = volume(gemm.y);
    const std::int64_t row = packed_rows(gemm).row;
    args_.b_batch0 = packed ? 0 : gemm.b_batch0;
    args_.b_batch1 = packed ? gemm.n * row : gemm.b_batch1;
    args_.b_row = packed ? row : gemm.b_n;
    args_.b_channel = packed ? 1 : gemm.b_c;
    args_.b_tap = packed ? gemm.c : gemm.b_tap;
    for (std::size_t i = 0; i < 3; ++i) {
      const WindowAxis& axis = gemm.axes[i];
      args_.window[i] = {static_cast<int>(axis.in),     static_cast<int>(axis.out),      static_cast<int>(axis.kernel),
                         static_cast<int>(axis.stride), static_cast<int>(axis.dilation), static_cast<int>(axis.before)};
    }
    args_.m = static_cast<int>(gemm.m());
    args_.n = static_cast<int>(gemm.n);
    args_.c = static_cast<int>(gemm.c);
    args_.taps = static_cast<int>(gemm.taps());
    args_.inner_batch = static_cast<int>(gemm.batch1);
    extras_ = gemm.extras.size();
    grid_ = {static_cast<unsigned>(tiles_of(gemm)), 1, static_cast<unsigned>(gemm.batches())};
  }

  std::vector<Use> programs() const override { return {{program_, function_name_}}; }
  Status load(Device& device) override {
    TRY(function_, static_cast<CudaDevice&>(device).function(program_, function_name_));
    return {};
  }
  Status launch(DeviceStream& stream, const KernelBuffers& buffers) const override {
    DirectContraction args = args_;
    args.a = buffers.inputs[0];
    args.b = packed_ ? static_cast<const void*>(buffers.packed) : buffers.inputs[1];
    args.y = buffers.outputs[0];
    for (std::size_t i = 0; i < extras_; ++i) args.extra[i].data = buffers.inputs[inputs_[i]];
    return cuda::launch(static_cast<CudaStream&>(stream), function_,
                        {.grid = grid_, .block = {256, 1, 1}, .overlaps = overlaps_}, args);
  }

 private:
  DirectContraction args_ = {};
  std::array<int, GemmProblem::kMostExtras> inputs_ = {};
  std::size_t extras_ = 0;
  std::array<unsigned, 3> grid_ = {1, 1, 1};
  Program program_;
  std::string function_name_;
  Function function_;
  bool packed_;
  bool overlaps_;
};

}  // namespace

Defines& define_direct(Defines& defines, const GemmProblem& gemm) {
  return defines.set("TRANSPOSED", gemm.transposed ? 1 : 0).set("ROWFAST", gemm.a.pixel < gemm.a.column ? 1 : 0);
}

std::unique_ptr<ContractionKernel> make_direct_kernel(const GemmProblem& gemm, Program program,
                                                      std::string_view function, bool packed, bool overlaps) {
  return std::make_unique<DirectKernel>(gemm, std::move(program), function, packed, overlaps);
}

Verdict fits_direct_grid(const GemmProblem& gemm) {
  if (gemm.batches() > 65535) return reject(gemm.batches(), " batches and groups; at most 65535");
  if (tiles_of(gemm) >= std::int64_t{1} << 31) return reject(tiles_of(gemm), " tiles");
  return accept();
}

double estimate_direct_us(const GemmProblem& gemm, const CudaTarget& target, double step_us) {
  const std::int64_t at_once = target.facts.multiprocessors * std::int64_t{4};
  const std::int64_t waves = (tiles_of(gemm) * gemm.batches() + at_once - 1) / at_once;
  const std::int64_t steps = gemm.taps() * ((gemm.c + 15) / 16);
  return std::max(estimate_cuda_us(target, gemm.bytes()),
                  3.0 + static_cast<double>(waves) * (1.0 + step_us * static_cast<double>(steps)));
}

}  // namespace bolide::cuda
