/// Attention on the f32 register tile: scores of a block of query rows, their exponentials, and the weighted sum of the
/// values, which is divided by the sum of the exponentials at the end.
///
/// Needs      f32; y with contiguous rows, any other strides; a mask of any strides
/// Workspace  keys and values of every head in panels, packed by the first phase
/// Numerics   f32: scores summed in the order of `size`, results in the order of the keys; sums of exponentials in f32
///            over blocks, blocks in double
#include "backend/cpu/attention/tactics.h"

#include "backend/cpu/attention/few_queries.h"
#include "backend/cpu/attention/geometry.h"
#include "backend/cpu/attention/weights.h"
#include "backend/cpu/gemm/product.h"
#include "backend/cpu/gemm/tiles.h"

#include <algorithm>
#include <cmath>

namespace bolide::cpu {

namespace {

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }
std::int64_t round_up(std::int64_t a, std::int64_t b) { return ceil_div(a, b) * b; }

class AttentionKernel final : public HostKernel {
 public:
  AttentionKernel(const AttentionGeometry& geometry, const CpuTarget& target, int threads)
      : g_(geometry),
        table_(kernel_table(target.isa)),
        block_(query_block(geometry, *table_.gemm, target, threads)),
        blocks_(ceil_div(g_.queries, block_)),
        key_panels_(ceil_div(g_.keys, table_.gemm->columns)),
        value_panels_(ceil_div(g_.values, table_.gemm->columns)),
        key_floats_(key_panels_ * g_.size * table_.gemm->columns),
        value_floats_(value_panels_ * g_.keys * table_.gemm->columns),
        score_stride_(round_up(g_.keys, 16)),
        copies_queries_(g_.size > 1 && g_.q[3] != 1),
        gathers_mask_(g_.has_mask && g_.mask[3] > 1) {}

  int phases() const override { return 2; }
  Grid grid(int phase) const override {
    Grid grid;
    grid.rows = g_.matrices() * (phase == 0 ? key_panels_ + value_panels_ : blocks_);
    return grid;
  }
  std::size_t workspace_bytes() const override {
    return static_cast<std::size_t>(g_.matrices() * (key_floats_ + value_floats_) * 4);
  }
  std::size_t scratch_bytes() const override {
    const std::int64_t queries = copies_queries_ ? round_up(block_ * g_.size, 16) : 0;
    return static_cast<std::size_t>((block_ * score_stride_ + queries + (gathers_mask_ ? g_.keys : 0)) * 4);
  }

  Status run(int phase, const KernelBuffers& buffers, Range rows, Range) const override {
    for (std::int64_t unit = rows.begin; unit < rows.end; ++unit) {
      phase == 0 ? pack(buffers, unit) : attend(buffers, unit);
    }
    return ok();
  }

 private:
  static const float* input(const KernelBuffers& buffers, int i) {
    return static_cast<const float*>(buffers.inputs[i]);
  }
  float* panels(const KernelBuffers& buffers, std::int64_t matrix) const {
    return reinterpret_cast<float*>(buffers.workspace) + matrix * (key_floats_ + value_floats_);
  }

  void pack(const KernelBuffers& buffers, std::int64_t unit) const {
    const std::int64_t matrix = unit / (key_panels_ + value_panels_);
    const std::int64_t panel = unit % (key_panels_ + value_panels_);
    float* out = panels(buffers, matrix);
    PanelSource source;
    if (panel < key_panels_) {
      source.data = input(buffers, 1) + g_.at(g_.k, matrix);
      source.columns = g_.keys;
      source.column_stride = g_.k[2];
      source.k = g_.size;
      source.k_stride = g_.k[3];
      pack_panels(source, {panel, panel + 1}, table_.gemm->columns, out);
      return;
    }
    source.data = input(buffers, 2) + g_.at(g_.v, matrix);
    source.columns = g_.values;
    source.column_stride = g_.v[3];
    source.k = g_.keys;
    source.k_stride = g_.v[2];
    pack_panels(source, {panel - key_panels_, panel - key_panels_ + 1}, table_.gemm->columns, out + key_floats_);
  }

  void attend(const KernelBuffers& buffers, std::int64_t unit) const {
    const std::int64_t matrix = unit / blocks_;
    const std::int64_t first = g_.queries * (unit % blocks_) / blocks_;
    const std::int64_t count = g_.queries * (unit % blocks_ + 1) / blocks_ - first;
    const std::int64_t keys = g_.causal ? std::min(g_.keys, first + count) : g_.keys;  // that any of the rows sees
    auto* scores = reinterpret_cast<float*>(buffers.scratch);
    const float* packed = panels(buffers, matrix);
    const float* q = input(buffers, 0) + g_.at(g_.q, matrix) + first * g_.q[2];
    std::int64_t q_stride = g_.q[2];
    if (copies_queries_) {
      float* copy = scores + block_ * score_stride_;
      for (std::int64_t i = 0; i < count; ++i) {
        for (std::int64_t j = 0; j < g_.size; ++j) copy[i * g_.size + j] = q[i * q_stride + j * g_.q[3]];
      }
      q = copy;
      q_stride = g_.size;
    }
    PanelProduct product;
    product.a = q;
    product.a_stride = q_stride;
    product.k = g_.size;
    product.panels = packed;
    product.out = scores;
    product.out_stride = score_stride_;
    product.run(*table_.gemm, count, {0, keys});

    float* y = static_cast<float*>(buffers.outputs[0]) + g_.at(g_.y, matrix) + first * g_.y[2];
    for (std::int64_t i = 0; i < count; ++i) weights(buffers, matrix, first + i, keys, scores + i * score_stride_);
    product.a = scores;
    product.a_stride = score_stride_;
    product.k = keys;
    product.out = y;
    product.out_stride = g_.y[2];
    for (std::int64_t p = 0; p < value_panels_; ++p) {
      const std::int64_t column = p * table_.gemm->columns;
      // The panels are as long as all keys.
      product.panels = packed + key_floats_ + column * (g_.keys - keys);
      product.run(*table_.gemm, count, {column, std::min(g_.values, column + table_.gemm->columns)});
    }
  }

  /// A row of scores becomes its softmax.
  void weights(const KernelBuffers& buffers, std::int64_t matrix, std::int64_t query, std::int64_t keys,
               float* scores) const {
    const std::int64_t queries = copies_queries_ ? round_up(block_ * g_.size, 16) : 0;
    float* gathered = reinterpret_cast<float*>(buffers.scratch) + block_ * score_stride_ + queries;
    attention_weights(g_, table_, g_.has_mask ? input(buffers, 3) : nullptr, matrix, query, keys, scores, gathered);
  }

  AttentionGeometry g_;
  const KernelTable& table_;
  std::int64_t block_;   ///< query rows of a unit, at most
  std::int64_t blocks_;  ///< units of a head
  std::int64_t key_panels_;
  std::int64_t value_panels_;
  std::int64_t key_floats_;  ///< of all panels of a head
  std::int64_t value_floats_;
  std::int64_t score_stride_;
  bool copies_queries_;
  bool gathers_mask_;
};

class AttentionTactic final : public Tactic {
 public:
  constexpr AttentionTactic() : Tactic("cpu.attention.f32", 2) {}

  Verdict accepts(const Problem& problem, const Target&) const override {
    const auto geometry = attention_geometry(problem);
    return geometry ? accept() : reject(geometry.error().message);
  }
  double estimate_us(const Problem& problem, const Target& target) const override {
    const AttentionGeometry g = *attention_geometry(problem);
    const CpuTarget& cpu = cpu_target(target);
    const double columns = static_cast<double>(kernel_table(cpu.isa).gemm->columns);
    const double visible = g.causal ? 0.6 : 1.0;
    const double rows = static_cast<double>(g.matrices() * g.queries) * visible;
    const auto padded = [columns](std::int64_t n) { return std::ceil(static_cast<double>(n) / columns) * columns; };
    const double products =
        rows * (padded(g.keys) * static_cast<double>(g.size) + static_cast<double>(g.keys) * padded(g.values));
    double bytes = 0;
    for (const Operand& operand : problem.inputs) {
      bytes += operand.absent ? 0.0 : 4.0 * static_cast<double>(operand.count());
    }
    bytes += 4.0 * static_cast<double>(problem.outputs[0].count());
    const double packed = static_cast<double>(problem.inputs[1].count() + problem.inputs[2].count());
    const double serial_us = rows * static_cast<double>(g.keys) * 1e-3 + packed * 1e-3;
    return roofline_us(cpu, products, bytes, 0.7) + serial_us / std::max(1, cpu.threads);
  }
  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target& target) const override {
    TRY(const AttentionGeometry geometry, attention_geometry(problem));
    return std::unique_ptr<Kernel>(new AttentionKernel(geometry, cpu_target(target), std::max(1, problem.threads)));
  }
};

constexpr AttentionTactic kTactic;

}  // namespace

std::span<const Tactic* const> attention_tactics() {
  static const std::array<const Tactic*, 2> kTactics = {&kTactic, &attention_of_few_queries()};
  return kTactics;
}

}  // namespace bolide::cpu
