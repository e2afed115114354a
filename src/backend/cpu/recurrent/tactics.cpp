/// RNN, GRU and LSTM on the f32 register tile: the products of x for all steps first, then the steps, each a product of
/// the states of some rows of the batch and the vector functions of its gates.
///
/// Needs      f32; constant w, r and bias; the default activations; no lengths, peepholes or clipping
/// Packed     RecurrentPacking
/// Workspace  the products of x, [direction][step][batch][gates * hidden]
/// Numerics   f32, products added in the order of the input and of the state
#include "backend/cpu/recurrent/tactics.h"

#include "backend/cpu/gemm/product.h"
#include "backend/cpu/gemm/tiles.h"
#include "backend/cpu/recurrent/geometry.h"

#include <algorithm>

namespace bolide::cpu {

namespace {

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

class RecurrentKernel final : public HostKernel {
 public:
  RecurrentKernel(const RecurrentGeometry& geometry, int threads, const KernelTable& table)
      : g_(geometry),
        table_(table),
        at_(recurrent_packing(geometry, *table.gemm)),
        row_floats_(g_.width() + 4 * g_.hidden),
        batch_tiles_(ceil_div(g_.batch, table.gemm->rows)),
        state_rows_(rows_of_states(g_, threads, table)),
        state_tiles_(ceil_div(g_.batch, state_rows_)) {}

  /// Rows of the batch whose states one thread takes through all steps: few enough for all threads to have some, and no
  /// fewer than make good use of a weight that is read.
  static std::int64_t rows_of_states(const RecurrentGeometry& g, int threads, const KernelTable& table) {
    constexpr std::int64_t kFewest = 4;
    return std::clamp<std::int64_t>(ceil_div(g.batch * g.directions, threads),
                                    std::min<std::int64_t>(kFewest, table.gemm->rows), table.gemm->rows);
  }

  int phases() const override { return 2; }
  Grid grid(int phase) const override {
    Grid grid;
    grid.rows = g_.directions * (phase == 0 ? g_.sequence * batch_tiles_ : state_tiles_);
    if (phase == 0) {
      grid.channels = g_.width();
      grid.channel_grain = table_.gemm->columns;
    }
    return grid;
  }
  std::size_t workspace_bytes() const override {
    return static_cast<std::size_t>(g_.directions * g_.sequence * g_.batch * g_.width() * 4);
  }
  std::size_t scratch_bytes() const override { return static_cast<std::size_t>(table_.gemm->rows * row_floats_ * 4); }

  Status run(int phase, const KernelBuffers& buffers, Range rows, Range channels) const override {
    for (std::int64_t unit = rows.begin; unit < rows.end; ++unit) {
      if (phase == 0) {
        multiply_x(buffers, unit, channels);
      } else {
        run_steps(buffers, unit / state_tiles_, unit % state_tiles_);
      }
    }
    return ok();
  }

 private:
  const float* packed(const KernelBuffers& buffers, std::int64_t direction) const {
    return reinterpret_cast<const float*>(buffers.packed) + direction * at_.direction;
  }
  float* from_x(const KernelBuffers& buffers, std::int64_t direction, std::int64_t step, std::int64_t row) const {
    return reinterpret_cast<float*>(buffers.workspace) +
           ((direction * g_.sequence + step) * g_.batch + row) * g_.width();
  }

  void multiply_x(const KernelBuffers& buffers, std::int64_t unit, Range columns) const {
    const std::int64_t first = unit % batch_tiles_ * table_.gemm->rows;
    const std::int64_t step = unit / batch_tiles_ % g_.sequence;
    const std::int64_t direction = unit / batch_tiles_ / g_.sequence;
    PanelProduct product;
    product.a = static_cast<const float*>(buffers.inputs[0]) + step * g_.x_step + first * g_.x_batch;
    product.a_stride = g_.x_batch;
    product.k = g_.input;
    product.panels = packed(buffers, direction) + at_.w;
    product.bias = packed(buffers, direction);
    product.out = from_x(buffers, direction, step, first);
    product.out_stride = g_.width();
    product.run(*table_.gemm, std::min<std::int64_t>(table_.gemm->rows, g_.batch - first), columns);
  }

  void apply(Fn fn, const float* a, const float* b, float* out, std::int64_t n) const {
    table_.eltwise->fn[static_cast<std::size_t>(fn)](a, b, nullptr, out, n, 0);
  }

  /// Scratch of a row: gates, then h, c and two temporaries.
  void run_steps(const KernelBuffers& buffers, std::int64_t direction, std::int64_t tile) const {
    const std::int64_t first = tile * state_rows_;
    const std::int64_t count = std::min(state_rows_, g_.batch - first);
    auto* rows = reinterpret_cast<float*>(buffers.scratch);
    for (std::int64_t r = 0; r < count; ++r) {
      for (int s = 0; s < 2; ++s) {
        const RecurrentGeometry::State& state = g_.first[s];
        float* to = rows + r * row_floats_ + g_.width() + s * g_.hidden;
        const auto* from = state.present ? static_cast<const float*>(buffers.inputs[5 + s]) : nullptr;
        if (from != nullptr) from += direction * state.direction + (first + r) * state.batch;
        for (std::int64_t i = 0; i < g_.hidden; ++i) to[i] = from != nullptr ? from[i * state.element] : 0.0F;
      }
    }
    const bool reverse = g_.reverse_first || direction == 1;
    for (std::int64_t i = 0; i < g_.sequence; ++i) {
      const std::int64_t step = reverse ? g_.sequence - 1 - i : i;
      advance(buffers, direction, step, first, count, rows);
      if (g_.y.present) {
        auto* y = static_cast<float*>(buffers.outputs[0]) + direction * g_.y.direction + step * g_.y_step;
        store(rows + g_.width(), y + first * g_.y.batch, g_.y, count);
      }
    }
    for (int s = 0; s < 2; ++s) {
      const RecurrentGeometry::State& state = g_.last[s];
      if (!state.present) continue;
      auto* to = static_cast<float*>(buffers.outputs[1 + s]) + direction * state.direction + first * state.batch;
      store(rows + g_.width() + s * g_.hidden, to, state, count);
    }
  }
  void store(const float* from, float* to, const RecurrentGeometry::State& state, std::int64_t count) const {
    for (std::int64_t r = 0; r < count; ++r) {
      for (std::int64_t i = 0; i < g_.hidden; ++i) {
        to[r * state.batch + i * state.element] = from[r * row_floats_ + i];
      }
    }
  }

  /// One step of `count` rows of the batch.
  void advance(const KernelBuffers& buffers, std::int64_t direction, std::int64_t step, std::int64_t first,
               std::int64_t count, float* rows) const {
    const float* weights = packed(buffers, direction);
    const float* x = from_x(buffers, direction, step, first);
    const std::int64_t n = g_.hidden;
    PanelProduct product;
    product.a = rows + g_.width();
    product.a_stride = row_floats_;
    product.k = n;
    product.panels = weights + at_.plain;
    product.residual = x;
    product.residual_stride = g_.width();
    product.out = rows;
    product.out_stride = row_floats_;
    product.run(*table_.gemm, count, {0, g_.plain_width()});
    if (g_.kind != RecurrentKind::kGru) {
      for (std::int64_t r = 0; r < count; ++r) {
        float* gates = rows + r * row_floats_;
        float* h = gates + g_.width();
        g_.kind == RecurrentKind::kLstm ? lstm(gates, h, h + n) : apply(Fn::kTanh, gates, nullptr, h, n);
      }
      return;
    }
    float* const kept = rows + g_.width() + 2 * n;
    for (std::int64_t r = 0; r < count; ++r) {
      float* gates = rows + r * row_floats_;
      apply(Fn::kSigmoid, gates, nullptr, gates, 2 * n);
      if (!g_.linear_before_reset) apply(Fn::kMul, gates + n, gates + g_.width(), kept + r * row_floats_, n);
    }
    product.panels = weights + at_.rest;
    product.out = rows + 2 * n;
    product.residual = nullptr;
    if (g_.linear_before_reset) {
      product.bias = weights + at_.reset_bias;
    } else {
      product.a = kept;
    }
    product.run(*table_.gemm, count, {0, n});
    for (std::int64_t r = 0; r < count; ++r) {
      float* gates = rows + r * row_floats_;
      float* h = gates + g_.width();
      float* next = gates + 2 * n;
      if (g_.linear_before_reset) apply(Fn::kMul, next, gates + n, next, n);
      apply(Fn::kAdd, next, x + r * g_.width() + 2 * n, next, n);
      apply(Fn::kTanh, next, nullptr, next, n);
      apply(Fn::kSub, h, next, h, n);  // h = next + z * (h - next)
      apply(Fn::kMul, h, gates, h, n);
      apply(Fn::kAdd, h, next, h, n);
    }
  }

  /// Gates i, o, f, c.
  void lstm(float* gates, float* h, float* c) const {
    const std::int64_t n = g_.hidden;
    float* candidate = gates + 3 * n;
    apply(Fn::kSigmoid, gates, nullptr, gates, 3 * n);
    apply(Fn::kTanh, candidate, nullptr, candidate, n);
    apply(Fn::kMul, gates + 2 * n, c, c, n);
    apply(Fn::kMul, gates, candidate, candidate, n);
    apply(Fn::kAdd, c, candidate, c, n);
    apply(Fn::kTanh, c, nullptr, candidate, n);
    apply(Fn::kMul, gates + n, candidate, h, n);
  }

  RecurrentGeometry g_;
  const KernelTable& table_;
  RecurrentPacking at_;
  std::int64_t row_floats_;
  std::int64_t batch_tiles_;
  std::int64_t state_rows_;
  std::int64_t state_tiles_;
};

class RecurrentTactic final : public Tactic {
 public:
  constexpr RecurrentTactic() : Tactic("cpu.recurrent.f32", 2) {}

  Verdict accepts(const Problem& problem, const Target&) const override {
    const auto geometry = recurrent_geometry(problem);
    return geometry ? accept() : reject(geometry.error().message);
  }
  double estimate_us(const Problem& problem, const Target& target) const override {
    const RecurrentGeometry g = *recurrent_geometry(problem);
    CpuTarget one = cpu_target(target);
    const double rows = static_cast<double>(g.directions * g.sequence * g.batch);
    const double width = static_cast<double>(g.width());
    const double weights = 4 * width * static_cast<double>(g.directions * (g.input + g.hidden));
    const double from_x = roofline_us(one, rows * width * static_cast<double>(g.input), weights, 0.7);
    one.threads =
        static_cast<int>(std::min<std::int64_t>(ceil_div(g.batch, 4) * g.directions, std::max(1, one.threads)));
    const double steps = roofline_us(one, rows * width * static_cast<double>(g.hidden), weights, 0.3);
    return from_x + steps + rows * width * 1e-3;
  }
  std::size_t packed_bytes(const Problem& problem, const Target& target) const override {
    const RecurrentGeometry geometry = *recurrent_geometry(problem);
    return static_cast<std::size_t>(geometry.directions * recurrent_packing(geometry, gemm(target)).direction * 4);
  }
  Status pack(const Problem& problem, const Target& target, std::span<std::byte> out) const override {
    TRY(const RecurrentGeometry geometry, recurrent_geometry(problem));
    pack_recurrent(problem, geometry, gemm(target), reinterpret_cast<float*>(out.data()));
    return ok();
  }
  std::string pack_key(const Problem&, const Target& target) const override {
    return strings::join("columns=", gemm(target).columns);
  }
  bool packs_input(const Problem&, int input) const override { return input >= 1 && input <= 3; }
  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target& target) const override {
    TRY(const RecurrentGeometry geometry, recurrent_geometry(problem));
    return std::unique_ptr<Kernel>(
        new RecurrentKernel(geometry, std::max(1, problem.threads), kernel_table(cpu_target(target).isa)));
  }

 private:
  static const GemmKernels& gemm(const Target& target) { return *kernel_table(cpu_target(target).isa).gemm; }
};

constexpr RecurrentTactic kTactic;

}  // namespace

std::span<const Tactic* const> recurrent_tactics() {
  static constexpr std::array<const Tactic*, 1> kTactics = {&kTactic};
  return kTactics;
}

}  // namespace bolide::cpu
