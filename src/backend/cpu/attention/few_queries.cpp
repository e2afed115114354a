/// Attention query by query, on keys and values as they lie: packing them pays only for many queries.
///
/// Needs      f32; up to kMost queries a head; rows of q, k, v and y contiguous; a mask of any strides
/// Numerics   f32: scores summed by lanes, results in the order of the keys; sums of exponentials as in the tiled form
#include "backend/cpu/attention/few_queries.h"

#include "backend/cpu/attention/geometry.h"
#include "backend/cpu/attention/weights.h"
#include "backend/cpu/estimate.h"

namespace bolide::cpu {
namespace {

constexpr std::int64_t kMost = 8;

class FewQueriesKernel final : public HostKernel {
 public:
  FewQueriesKernel(const AttentionGeometry& geometry, const KernelTable& table) : g_(geometry), table_(table) {}

  Grid grid(int) const override { return {.rows = g_.matrices() * g_.queries}; }
  std::size_t scratch_bytes() const override { return static_cast<std::size_t>(2 * g_.keys) * sizeof(float); }

  Status run(int, const KernelBuffers& buffers, Range rows, Range) const override {
    const auto input = [&](std::size_t i) { return static_cast<const float*>(buffers.inputs[i]); };
    auto* const scores = reinterpret_cast<float*>(buffers.scratch);
    for (std::int64_t row = rows.begin; row < rows.end; ++row) {
      const std::int64_t matrix = row / g_.queries;
      const std::int64_t query = row % g_.queries;
      const std::int64_t keys = g_.causal ? std::min(g_.keys, query + 1) : g_.keys;
      table_.attention->scores(input(0) + g_.at(g_.q, matrix) + query * g_.q[2], input(1) + g_.at(g_.k, matrix),
                               g_.k[2], keys, g_.size, scores);
      attention_weights(g_, table_, g_.has_mask ? input(3) : nullptr, matrix, query, keys, scores, scores + g_.keys);
      table_.attention->weigh(scores, input(2) + g_.at(g_.v, matrix), g_.v[2], keys, g_.values,
                              static_cast<float*>(buffers.outputs[0]) + g_.at(g_.y, matrix) + query * g_.y[2]);
    }
    return ok();
  }

 private:
  AttentionGeometry g_;
  const KernelTable& table_;
};

Result<AttentionGeometry> geometry_of(const Problem& problem) {
  TRY(const AttentionGeometry out, attention_geometry(problem));
  if (out.queries > kMost) return unsupported("more than ", kMost, " queries a head");
  const bool rows = (out.size == 1 || (out.q[3] == 1 && out.k[3] == 1)) && (out.values == 1 || out.v[3] == 1);
  if (!rows) return unsupported("rows of the operands are not contiguous");
  return out;
}

class FewQueries final : public Tactic {
 public:
  constexpr FewQueries() : Tactic("cpu.attention.few_queries", 2) {}

  Verdict accepts(const Problem& problem, const Target&) const override {
    const auto geometry = geometry_of(problem);
    return geometry ? accept() : reject(geometry.error().message);
  }
  double estimate_us(const Problem& problem, const Target& target) const override {
    const AttentionGeometry g = *geometry_of(problem);
    const double rows = static_cast<double>(g.matrices() * g.queries);
    const double terms = rows * static_cast<double>(g.keys) * static_cast<double>(g.size + g.values);
    const double lanes = static_cast<double>(kernel_table(cpu_target(target).isa).lanes);
    const double core_us = terms / lanes * 0.4e-3 + rows * static_cast<double>(g.keys) * 4e-3;
    return cpu::estimate_us(cpu_target(target), static_cast<double>(problem_bytes(problem)), core_us);
  }
  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target& target) const override {
    TRY(const AttentionGeometry geometry, geometry_of(problem));
    return std::unique_ptr<Kernel>(std::make_unique<FewQueriesKernel>(geometry, kernel_table(cpu_target(target).isa)));
  }
};

constexpr FewQueries kTactic;

}  // namespace

const Tactic& attention_of_few_queries() { return kTactic; }

}  // namespace bolide::cpu
