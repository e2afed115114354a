#include "backend/cpu/resize/tactics.h"

#include "backend/cpu/estimate.h"
#include "backend/cpu/kernel_table.h"
#include "backend/resize_problem.h"

#include <cstring>

namespace bolide::cpu {
namespace {

/// What makes position i of a resized axis: entries first[i] .. first[i + 1] of `at` and `weight`.
struct AxisTable {
  std::vector<std::int64_t> first = {0};
  std::vector<std::int64_t> at;
  std::vector<float> weight;
  std::vector<bool> outside;  ///< positions that are the extrapolation value
  std::int64_t most = 1;

  std::int64_t count(std::int64_t i) const {
    return first[static_cast<std::size_t>(i) + 1] - first[static_cast<std::size_t>(i)];
  }
  void push(std::int64_t position, double value) {
    at.push_back(position);
    weight.push_back(static_cast<float>(value));
  }
  void close(bool beyond) {
    outside.push_back(beyond);
    first.push_back(static_cast<std::int64_t>(at.size()));
    most = std::max(most, count(static_cast<std::int64_t>(first.size()) - 2));
  }
};

struct ResizeWork {
  std::int64_t batch = 1;
  std::int64_t channels = 1;
  std::array<std::int64_t, 3> in{};   ///< depth, height, width
  std::array<std::int64_t, 3> out{};  ///< likewise
  std::array<std::int64_t, 5> x{};    ///< strides of n, c, d, h, w
  std::array<std::int64_t, 5> y{};
  std::array<AxisTable, 3> tables;
  float beyond = 0;
  DataType dtype = DataType::kF32;
  bool nearest = false;
  bool channels_last = false;
};

/// True when the axis has as many positions as before, each its own element.
bool keeps(const ResizeAxis& axis, std::int64_t before) {
  if (static_cast<std::int64_t>(axis.taps.size()) != before) return false;
  for (std::size_t i = 0; i < axis.taps.size(); ++i) {
    const auto& weights = axis.taps[i].weights;
    if (axis.taps[i].outside) return false;
    for (const auto& [at, weight] : weights) {
      if (at != static_cast<std::int64_t>(i) && weight != 0) return false;
    }
  }
  return true;
}

Result<ResizeWork> resize_work(const Problem& problem, const KernelTable& table) {
  const auto* op = problem.op->as<Resize>();
  if (op == nullptr) return unsupported("not a Resize");
  const Operand& x = problem.inputs[0];
  const Operand& y = problem.outputs[0];
  if (x.rank() < 3 || x.rank() > 5) return unsupported("x of rank ", x.rank(), "; needs 1 to 3 spatial dims");
  if (x.count() == 0 || y.count() == 0) return unsupported("no elements");
  ResizeWork out;
  out.dtype = x.dtype;
  out.nearest = op->mode == ResizeMode::kNearest;
  const auto type = static_cast<std::size_t>(x.dtype);
  if (out.nearest ? bit_width(x.dtype) % 8 != 0 || x.dtype == DataType::kString
                  : table.eltwise->load[type] == nullptr || bit_width(x.dtype) > 32) {
    return unsupported("images of ", x.dtype);
  }
  if (!out.nearest && is_integer(x.dtype) && bit_width(x.dtype) > 8) return unsupported("images of ", x.dtype);

  TRY(const std::vector<ResizeAxis> axes, resize_axes_of(problem));
  out.batch = x.dims[0];
  out.channels = x.dims[1];
  out.beyond = op->extrapolation_value;
  const std::size_t missing = 5 - x.dims.size();
  out.x = {x.strides[0], x.strides[1]};
  out.y = {y.strides[0], y.strides[1]};
  for (std::size_t d = 0; d < 3; ++d) {
    const bool there = d >= missing;
    const std::size_t axis = there ? d + 2 - missing : 0;
    out.in[d] = there ? x.dims[axis] : 1;
    out.out[d] = there ? y.dims[axis] : 1;
    out.x[d + 2] = there ? x.strides[axis] : 0;
    out.y[d + 2] = there ? y.strides[axis] : 0;
    const auto resized =
        std::find_if(axes.begin(), axes.end(), [&](const ResizeAxis& a) { return there && a.axis == axis; });
    AxisTable& made = out.tables[d];
    for (std::int64_t i = 0; i < out.out[d]; ++i) {
      if (resized == axes.end()) {
        made.push(i, 1);
        made.close(false);
      } else {
        const ResizeTaps& taps = resized->taps[static_cast<std::size_t>(i)];
        if (taps.outside && out.nearest) return unsupported("positions beyond x");
        for (const auto& [at, weight] : taps.weights) made.push(at, weight);
        made.close(taps.outside);
      }
    }
  }
  for (const ResizeAxis& axis : axes) {
    if (axis.axis < 2 && !keeps(axis, x.dims[axis.axis])) return unsupported("resizing of axis ", axis.axis);
  }
  out.channels_last = out.channels == 1 || (out.x[1] == 1 && out.y[1] == 1);
  if (!out.channels_last && !out.nearest && out.x[4] != 1) return unsupported("neither channels nor width contiguous");
  return out;
}

/// Rows of work: with contiguous channels [n, od, oh], else [n, c, od, oh].
class ResizeKernel : public HostKernel {
 public:
  explicit ResizeKernel(ResizeWork work) : work_(std::move(work)), bytes_(bit_width(work_.dtype) / 8) {}
  Grid grid(int) const override { return {.rows = work_.batch * planes() * work_.out[0] * work_.out[1]}; }

 protected:
  std::int64_t planes() const { return work_.channels_last ? 1 : work_.channels; }
  /// Channels that are moved together.
  std::int64_t width() const { return work_.channels_last ? work_.channels : 1; }
  struct Row {
    const std::byte* x;  ///< the plane
    std::byte* y;        ///< the row
    std::int64_t od;
    std::int64_t oh;
  };
  Row row(const KernelBuffers& buffers, std::int64_t index) const {
    const std::int64_t oh = index % work_.out[1];
    const std::int64_t od = index / work_.out[1] % work_.out[0];
    const std::int64_t plane = index / work_.out[1] / work_.out[0];
    const std::int64_t c = plane % planes();
    const std::int64_t n = plane / planes();
    const std::int64_t to = n * work_.y[0] + c * work_.y[1] + od * work_.y[2] + oh * work_.y[3];
    return {static_cast<const std::byte*>(buffers.inputs[0]) + (n * work_.x[0] + c * work_.x[1]) * bytes_,
            static_cast<std::byte*>(buffers.outputs[0]) + to * bytes_, od, oh};
  }

  ResizeWork work_;
  std::int64_t bytes_;
};

class NearestKernel final : public ResizeKernel {
 public:
  explicit NearestKernel(ResizeWork work) : ResizeKernel(std::move(work)), gapless_(work_.y[4] == width()) {}

  Status run(int, const KernelBuffers& buffers, Range rows, Range) const override {
    const auto bytes = static_cast<std::size_t>(width() * bytes_);
    for (std::int64_t r = rows.begin; r < rows.end; ++r) {
      const Row at = row(buffers, r);
      const auto oh = static_cast<std::size_t>(at.oh);
      const bool again = r > rows.begin && at.oh > 0 && work_.tables[1].at[oh] == work_.tables[1].at[oh - 1];
      if (again && gapless_) {  // the row above once more
        std::memcpy(at.y, at.y - work_.y[3] * bytes_, static_cast<std::size_t>(work_.out[2]) * bytes);
        continue;
      }
      const std::byte* x = at.x + (work_.tables[0].at[static_cast<std::size_t>(at.od)] * work_.x[2] +
                                   work_.tables[1].at[static_cast<std::size_t>(at.oh)] * work_.x[3]) *
                                      bytes_;
      if (bytes == 4 && bytes_ == 4) {
        pick<std::uint32_t>(at.y, x);
        continue;
      }
      for (std::int64_t w = 0; w < work_.out[2]; ++w) {
        const std::int64_t from = work_.tables[2].at[static_cast<std::size_t>(w)];
        copy(at.y + w * work_.y[4] * bytes_, x + from * work_.x[4] * bytes_, bytes);
      }
    }
    return ok();
  }

 private:
  template <class T>
  void pick(std::byte* y, const std::byte* x) const {
    const std::int64_t* const from = work_.tables[2].at.data();
    const T* const source = reinterpret_cast<const T*>(x);
    T* const to = reinterpret_cast<T*>(y);
    const std::int64_t step = work_.x[4];
    if (work_.y[4] == 1 && step == 1) {
      for (std::int64_t w = 0; w < work_.out[2]; ++w) to[w] = source[from[w]];
    } else {
      for (std::int64_t w = 0; w < work_.out[2]; ++w) to[w * work_.y[4]] = source[from[w] * step];
    }
  }
  static void copy(std::byte* to, const std::byte* from, std::size_t bytes) {
    if (bytes == 1) {
      *to = *from;
    } else {
      std::memcpy(to, from, bytes);
    }
  }

  bool gapless_;  ///< pixels of a row of y stand one after the other
};

/// First the rows of x are blended to one line of floats, then its pixels.
class BlendKernel final : public ResizeKernel {
 public:
  BlendKernel(ResizeWork work, const KernelTable& table) : ResizeKernel(std::move(work)), table_(table) {}

  std::size_t scratch_bytes() const override {
    const std::int64_t floats = line() * (1 + most_rows()) + work_.out[2] * width() + most_rows();
    return static_cast<std::size_t>(floats) * sizeof(float) + static_cast<std::size_t>(most()) * sizeof(float*) + 64;
  }

  Status run(int, const KernelBuffers& buffers, Range rows, Range) const override {
    const AxisTable& depth = work_.tables[0];
    const AxisTable& height = work_.tables[1];
    const AxisTable& width_table = work_.tables[2];
    auto** const sources = reinterpret_cast<const float**>(buffers.scratch);
    float* const blended = reinterpret_cast<float*>(buffers.scratch + (most() * 8 + 63) / 64 * 64);
    float* const loaded = blended + line();
    float* const result = loaded + line() * most_rows();
    float* const weights = result + work_.out[2] * width();
    const auto load = table_.eltwise->load[static_cast<std::size_t>(work_.dtype)];
    const auto store = table_.eltwise->store[static_cast<std::size_t>(work_.dtype)];
    const std::int64_t pixel = width();
    const bool gapless = work_.x[4] == pixel || work_.in[2] == 1;
    for (std::int64_t r = rows.begin; r < rows.end; ++r) {
      const Row at = row(buffers, r);
      if (depth.outside[static_cast<std::size_t>(at.od)] || height.outside[static_cast<std::size_t>(at.oh)]) {
        std::fill_n(result, work_.out[2] * pixel, work_.beyond);
        store_row(store, result, at);
        continue;
      }
      const std::int64_t plane = depth.first[static_cast<std::size_t>(at.od)];
      const std::int64_t first = height.first[static_cast<std::size_t>(at.oh)];
      const std::int64_t of_plane = height.count(at.oh);
      const std::int64_t count = depth.count(at.od) * of_plane;
      for (std::int64_t t = 0; t < count; ++t) {
        const auto d = static_cast<std::size_t>(plane + t / of_plane);
        const auto h = static_cast<std::size_t>(first + t % of_plane);
        const std::byte* x = at.x + (depth.at[d] * work_.x[2] + height.at[h] * work_.x[3]) * bytes_;
        weights[t] = depth.weight[d] * height.weight[h];
        float* const to = loaded + t * line();
        sources[t] = to;
        if (gapless && work_.dtype == DataType::kF32) {
          sources[t] = reinterpret_cast<const float*>(x);
        } else if (gapless) {
          load(x, to, line());
        } else {
          for (std::int64_t w = 0; w < work_.in[2]; ++w) load(x + w * work_.x[4] * bytes_, to + w * pixel, pixel);
        }
      }
      table_.rows->weighted_sum(sources, weights, count, blended, line());
      for (std::int64_t w = 0; w < work_.out[2]; ++w) {
        if (width_table.outside[static_cast<std::size_t>(w)]) {
          std::fill_n(result + w * pixel, pixel, work_.beyond);
          continue;
        }
        const auto begin = static_cast<std::size_t>(width_table.first[static_cast<std::size_t>(w)]);
        const std::int64_t taps = width_table.count(w);
        if (pixel == 1) {
          float sum = 0;
          for (std::size_t t = begin; t < begin + static_cast<std::size_t>(taps); ++t) {
            sum += blended[width_table.at[t]] * width_table.weight[t];
          }
          result[w] = sum;
          continue;
        }
        for (std::int64_t t = 0; t < taps; ++t) {
          sources[t] = blended + width_table.at[begin + static_cast<std::size_t>(t)] * pixel;
        }
        table_.rows->weighted_sum(sources, width_table.weight.data() + begin, taps, result + w * pixel, pixel);
      }
      store_row(store, result, at);
    }
    return ok();
  }

 private:
  std::int64_t line() const { return work_.in[2] * width(); }
  std::int64_t most_rows() const { return work_.tables[0].most * work_.tables[1].most; }
  std::int64_t most() const { return std::max(most_rows(), work_.tables[2].most); }
  void store_row(EltwiseKernels::Store store, const float* result, const Row& at) const {
    const std::int64_t pixel = width();
    if (work_.y[4] == pixel) return store(result, at.y, work_.out[2] * pixel);
    for (std::int64_t w = 0; w < work_.out[2]; ++w) store(result + w * pixel, at.y + w * work_.y[4] * bytes_, pixel);
  }

  const KernelTable& table_;
};

/// Lines, images and volumes whose spatial sizes change; nearest not beyond x. Tables of positions and weights are made
/// once.
///
/// Needs     nearest: any elements of whole bytes; others: floats of up to 32 bits or 8-bit integers, with channels
///           contiguous in x and y, or the width contiguous in x
/// Numerics  weights rounded to f32, rows of all depths blended first, then pixels
class ResizeTactic final : public Tactic {
 public:
  constexpr ResizeTactic() : Tactic("cpu.resize", 2) {}

  Verdict accepts(const Problem& problem, const Target& target) const override {
    const Result<ResizeWork> work = resize_work(problem, kernel_table(cpu_target(target).isa));
    return work ? accept() : reject(work.error().message);
  }
  double estimate_us(const Problem& problem, const Target& target) const override {
    const double count = static_cast<double>(problem.outputs[0].count());
    return cpu::estimate_us(cpu_target(target), static_cast<double>(problem_bytes(problem)), count * 0.3e-3);
  }
  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target& target) const override {
    const KernelTable& table = kernel_table(cpu_target(target).isa);
    TRY(ResizeWork work, resize_work(problem, table));
    if (work.nearest) return std::unique_ptr<Kernel>(std::make_unique<NearestKernel>(std::move(work)));
    return std::unique_ptr<Kernel>(std::make_unique<BlendKernel>(std::move(work), table));
  }
};

constexpr ResizeTactic kTactic;

}  // namespace

std::span<const Tactic* const> resize_tactics() {
  static constexpr std::array<const Tactic*, 1> kTactics = {&kTactic};
  return kTactics;
}

}  // namespace bolide::cpu
