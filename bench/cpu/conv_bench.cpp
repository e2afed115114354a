/// Rates of the convolution tactics on the layers of ResNet-50 at batch 1, on one thread.
///
///     conv_bench [f32|u8] [isa] [tactic]
///
/// Prints one line a layer and tactic: GFLOP/s (GOP/s), the lower octile of runs with warm caches.
#include "backend/cpu/cpu_backend.h"
#include "base/arena.h"
#include "base/clock.h"
#include "ops/conv.h"

#include <algorithm>
#include <cstdio>
#include <map>

namespace bolide {
namespace {

struct Layer {
  std::int64_t size, in, out, kernel, stride;
  bool planes;
};
constexpr Layer kLayers[] = {{224, 3, 64, 7, 2, true},     {56, 64, 64, 1, 1, false},    {56, 64, 64, 3, 1, false},
                             {56, 64, 256, 1, 1, false},   {56, 256, 64, 1, 1, false},   {28, 128, 128, 3, 1, false},
                             {28, 512, 128, 1, 1, false},  {28, 128, 512, 1, 1, false},  {14, 256, 256, 3, 1, false},
                             {14, 1024, 256, 1, 1, false}, {14, 256, 1024, 1, 1, false}, {7, 512, 512, 3, 1, false},
                             {7, 2048, 512, 1, 1, false},  {7, 512, 2048, 1, 1, false},  {56, 256, 512, 1, 2, false}};

Dims channels_last(const Dims& d) { return {d[1] * d[2] * d[3], 1, d[3] * d[1], d[1]}; }

/// Seconds of one run; negative when it fails.
double time_kernel(const Kernel& kernel, const KernelBuffers& buffers) {
  std::vector<double> times;
  const double start = monotonic_microseconds();
  while (times.size() < 15 || (monotonic_microseconds() - start < 60e3 && times.size() < 300)) {
    const double begin = monotonic_microseconds();
    for (int phase = 0; phase < kernel.phases(); ++phase) {
      const Grid grid = kernel.grid(phase);
      if (!kernel.run(phase, buffers, {0, grid.rows}, {0, grid.channels})) return -1;
    }
    times.push_back(monotonic_microseconds() - begin);
  }
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(1), times.end());
  return times[1] * 1e-6;
}

int bench(DataType x_type, Isa isa, std::string_view only) {
  const CpuBackend backend(make_cpu_target(isa, 1));
  std::printf("%s\n", backend.target().fingerprint.c_str());
  std::map<std::string_view, std::pair<double, double>> totals;
  for (const Layer& layer : kLayers) {
    const bool integer = x_type != DataType::kF32;
    Conv conv;
    const std::int64_t pad = layer.kernel / 2;
    conv.strides = {layer.stride, layer.stride};
    conv.pads = {pad, pad, pad, pad};
    conv.out = x_type;
    conv.epilogue =
        *Expr::parse(integer ? "t0=mul(x0,x1);t1=max(t0,0);t2=div(t1,0.05);add(t2,3)" : "max(x0,0)", integer ? 2 : 1);
    const Op op(conv);
    const Dims x = {1, layer.in, layer.size, layer.size};
    const Dims w = {layer.out, layer.in, layer.kernel, layer.kernel};
    const std::int64_t size = (layer.size + 2 * pad - layer.kernel) / layer.stride + 1;
    const Dims y = {1, layer.out, size, size};
    const Tensor weights = *Tensor::allocate(integer ? DataType::kI8 : DataType::kF32, w);
    Tensor input = *Tensor::allocate(x_type, x);
    std::memset(input.data(), 1, input.bytes());
    const Tensor bias = *Tensor::allocate(integer ? DataType::kI32 : DataType::kF32, {layer.out});
    const Tensor scale = *Tensor::allocate(DataType::kF32, {layer.out, 1, 1});
    Tensor output = *Tensor::allocate(x_type, y);
    Problem problem;
    problem.op = &op;
    problem.inputs = {{x_type, x, layer.planes ? contiguous_strides(x) : channels_last(x), nullptr, false},
                      {weights.dtype(), w, contiguous_strides(w), &weights, false},
                      {bias.dtype(), {layer.out}, {1}, &bias, false}};
    if (integer) problem.inputs.push_back({DataType::kF32, scale.dims(), {1, 1, 1}, &scale, false});
    problem.outputs = {{x_type, y, channels_last(y), nullptr, false}};
    const double operations =
        2.0 * static_cast<double>(size * size * layer.out * layer.in * layer.kernel * layer.kernel);
    std::printf("%3d %4d->%4d k%d s%d", static_cast<int>(layer.size), static_cast<int>(layer.in),
                static_cast<int>(layer.out), static_cast<int>(layer.kernel), static_cast<int>(layer.stride));
    for (const Tactic* tactic : backend.tactics(op)) {
      if (tactic->is_reference() || (!only.empty() && tactic->name() != only)) continue;
      if (!tactic->accepts(problem, backend.target()).accepted) continue;
      AlignedBuffer packed = *AlignedBuffer::allocate(tactic->packed_bytes(problem, backend.target()));
      if (!tactic->pack(problem, backend.target(), packed.bytes())) return 1;
      const auto kernel = tactic->bind(problem, backend.target());
      if (!kernel) return 1;
      AlignedBuffer workspace = *AlignedBuffer::allocate((*kernel)->workspace_bytes());
      AlignedBuffer scratch = *AlignedBuffer::allocate((*kernel)->scratch_bytes());
      const std::vector<const void*> inputs = {input.data(), nullptr, bias.data(), scale.data()};
      void* outputs[] = {output.data()};
      const double seconds =
          time_kernel(**kernel, {inputs.data(), outputs, packed.data(), workspace.data(), scratch.data()});
      std::printf("  %s %.1f", std::string(tactic->name()).c_str(), operations / seconds * 1e-9);
      if (!layer.planes) {
        totals[tactic->name()].first += operations;
        totals[tactic->name()].second += seconds;
      }
    }
    std::printf("\n");
    std::fflush(stdout);
  }
  for (const auto& [name, total] : totals) {
    std::printf("%s: %.1f over all but the first layer\n", std::string(name).c_str(),
                total.first / total.second * 1e-9);
  }
  return 0;
}

}  // namespace
}  // namespace bolide

int main(int argc, char** argv) {
  const std::string_view type = argc > 1 ? argv[1] : "f32";
  const bolide::Isa isa = argc > 2 ? bolide::parse_isa(argv[2]).value_or(bolide::Isa::kAmx) : bolide::Isa::kAmx;
  return bolide::bench(type == "u8" ? bolide::DataType::kU8 : bolide::DataType::kF32, isa, argc > 3 ? argv[3] : "");
}
