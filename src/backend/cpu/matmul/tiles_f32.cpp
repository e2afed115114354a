/// f32 matrix product on the register tile, with b in panels: packed at load when it is constant, else in a first
/// phase.
///
/// Needs      y with contiguous columns; a and b with any strides (an `a` whose k is not contiguous is copied first)
/// Packed     constant b in panels of the tile's width, matrix by matrix
/// Workspace  the panels of a b that is not constant; the copy of a
/// Numerics   f32, products of one result added in the order of k, on FMA where the ISA has it:
///            |error| <= (k + 2) * 2^-24 * (|bias| + sum |a * b|)
#include "backend/cpu/matmul/geometry.h"
#include "backend/cpu/matmul/tactics.h"

namespace bolide {

namespace {

constexpr std::int64_t kCopyRows = 16;  // of a, one unit of work in the first phase

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }
std::int64_t round_up(std::int64_t a, std::int64_t b) { return ceil_div(a, b) * b; }

PanelSource panel_source(const MatMulGeometry& geometry, const float* b) {
  PanelSource source;
  source.data = b;
  source.columns = geometry.n;
  source.k = geometry.k;
  source.column_stride = geometry.b_n;
  source.k_stride = geometry.b_k;
  return source;
}

ResultShape matmul_result(const Problem& matrices) {
  const Dims& y = matrices.outputs[0].dims;
  return {y, static_cast<int>(y.size()) - 1};
}

/// Matrices for vectors, and a constant b as the constant holds it.
Problem matrices_of(const Problem& problem) {
  Problem dense = problem;
  if (dense.inputs[1].constant != nullptr) dense.inputs[1].strides = contiguous_strides(dense.inputs[1].dims);
  return as_matrices(dense);
}

class MatrixRows final : public RowSource {
 public:
  MatrixRows(const RowOffsets& offsets, const std::byte* a) : offsets_(offsets), a_(a) {}
  void fill(std::int64_t first, int count, const std::byte** out) const override {
    offsets_.fill(a_, first, count, out);
  }

 private:
  const RowOffsets& offsets_;
  const std::byte* a_;
};

class MatMulKernel final : public Kernel {
 public:
  MatMulKernel(const Problem& matrices, MatMulGeometry geometry, GemmEpilogue epilogue, const CpuTarget& target,
               const GemmKernels& kernels)
      : geometry_(std::move(geometry)),
        epilogue_(std::move(epilogue)),
        packs_b_(matrices.inputs[1].constant == nullptr),
        copies_a_(geometry_.k > 1 && geometry_.a_k != 1),
        has_bias_(matrices.inputs.size() > 2 && !matrices.inputs[2].absent) {
    plan_.kernels = &kernels;
    plan_.epilogue = &epilogue_;
    plan_.k = geometry_.k;
    plan_.columns = geometry_.n;
    const bool shared = geometry_.b_count() == 1;
    const int threads = std::max(1, matrices.threads);
    plan_.choose_blocking(target, shared ? geometry_.rows() / threads : geometry_.m);
    Dims dims = geometry_.batch;
    dims.push_back(geometry_.m);
    Dims strides = geometry_.a_batch;
    strides.push_back(geometry_.a_row);
    for (std::int64_t& stride : strides) stride *= 4;
    read_rows_ = RowOffsets(dims, strides);
    a_rows_ = read_rows_;
    if (copies_a_) {
      const std::array<std::int64_t, 1> rows = {geometry_.rows()};
      const std::array<std::int64_t, 1> stride = {geometry_.k * 4};
      a_rows_ = RowOffsets(rows, stride);
    }
    CutRequest request;
    request.rows = geometry_.rows();
    request.row_unit = kernels.rows;
    request.columns = geometry_.n;
    request.column_unit = kernels.columns;
    request.weight_bytes = geometry_.n * geometry_.k * 4;
    grid_ = cut_grid(request, target, threads);
  }

  int phases() const override { return packs_b_ || copies_a_ ? 2 : 1; }
  Grid grid(int phase) const override {
    if (phase == phases() - 1) return grid_;
    Grid grid;
    grid.rows = pack_units() + copy_units();
    return grid;
  }
  std::size_t workspace_bytes() const override {
    return static_cast<std::size_t>(panel_bytes() + (copies_a_ ? geometry_.rows() * geometry_.k * 4 : 0));
  }
  std::size_t scratch_bytes() const override { return plan_.scratch_bytes(); }

  Status run(int phase, const KernelBuffers& buffers, Range rows, Range channels) const override {
    if (phase < phases() - 1) {
      for (std::int64_t unit = rows.begin; unit < rows.end; ++unit) {
        unit < pack_units() ? pack_unit(buffers, unit) : copy_unit(buffers, unit - pack_units());
      }
      return ok();
    }
    const std::byte* a =
        copies_a_ ? buffers.workspace + panel_bytes() : static_cast<const std::byte*>(buffers.inputs[0]);
    const std::byte* panels = packs_b_ ? buffers.workspace : buffers.packed;
    const MatrixRows source(a_rows_, a);
    TileBuffers call;
    call.bias = has_bias_ ? static_cast<const float*>(buffers.inputs[2]) : nullptr;
    call.epilogue = {buffers.inputs, static_cast<std::byte*>(buffers.outputs[0]), nullptr};
    call.scratch = buffers.scratch;
    const bool shared = geometry_.b_count() == 1;
    while (rows.begin < rows.end) {
      const std::int64_t batch = rows.begin / geometry_.m;
      const std::int64_t end = shared ? rows.end : std::min(rows.end, (batch + 1) * geometry_.m);
      call.panels = panels + (shared ? 0 : geometry_.b_index(batch) * matrix_bytes());
      run_tiles(plan_, source, call, {rows.begin, end}, channels);
      rows.begin = end;
    }
    return ok();
  }

 private:
  std::int64_t matrix_bytes() const { return plan_.panels() * plan_.panel_bytes(); }
  std::int64_t pack_units() const { return packs_b_ ? geometry_.b_count() * plan_.panels() : 0; }
  std::int64_t copy_units() const { return copies_a_ ? ceil_div(geometry_.rows(), kCopyRows) : 0; }
  std::int64_t panel_bytes() const { return packs_b_ ? round_up(geometry_.b_count() * matrix_bytes(), 64) : 0; }

  void pack_unit(const KernelBuffers& buffers, std::int64_t unit) const {
    const std::int64_t matrix = unit / plan_.panels();
    const std::int64_t panel = unit % plan_.panels();
    const auto* b = static_cast<const float*>(buffers.inputs[1]) + geometry_.b_offset(matrix);
    pack_panels(panel_source(geometry_, b), {panel, panel + 1}, plan_.kernels->columns,
                reinterpret_cast<float*>(buffers.workspace + matrix * matrix_bytes()));
  }
  void copy_unit(const KernelBuffers& buffers, std::int64_t unit) const {
    const std::int64_t begin = unit * kCopyRows;
    const std::int64_t count = std::min(kCopyRows, geometry_.rows() - begin);
    const std::byte* rows[kCopyRows];
    read_rows_.fill(static_cast<const std::byte*>(buffers.inputs[0]), begin, count, rows);
    auto* out = reinterpret_cast<float*>(buffers.workspace + panel_bytes()) + begin * geometry_.k;
    for (std::int64_t i = 0; i < geometry_.k; ++i) {
      for (std::int64_t r = 0; r < count; ++r) {
        out[r * geometry_.k + i] = reinterpret_cast<const float*>(rows[r])[i * geometry_.a_k];
      }
    }
  }

  MatMulGeometry geometry_;
  GemmEpilogue epilogue_;
  bool packs_b_;
  bool copies_a_;
  bool has_bias_;
  TilePlan plan_;
  RowOffsets read_rows_;  ///< of a as it is
  RowOffsets a_rows_;     ///< of what the tiles read
  Grid grid_;
};

class MatMulTilesF32 final : public Tactic {
 public:
  constexpr MatMulTilesF32() : Tactic("cpu.matmul.f32.tiles", 1) {}

  Verdict accepts(const Problem& problem, const Target& target) const override {
    const Problem matrices = matrices_of(problem);
    const auto geometry = matmul_geometry(matrices, DataType::kF32);
    if (!geometry) return reject(geometry.error().message);
    if (problem.inputs.size() > 2 && !problem.inputs[2].absent) {
      const Operand& bias = problem.inputs[2];
      if (bias.dtype != DataType::kF32 || !bias.contiguous()) return reject("the bias is not contiguous f32");
    }
    const auto epilogue = GemmEpilogue::make(matrices, problem.op->as<MatMul>()->epilogue, matmul_result(matrices),
                                             false, kernel_table(cpu_target(target).isa));
    return epilogue ? accept() : reject(epilogue.error().message);
  }
  double estimate_us(const Problem& problem, const Target& target) const override {
    const MatMulGeometry geometry = *matmul_geometry(matrices_of(problem), DataType::kF32);
    const double products =
        static_cast<double>(geometry.rows()) * static_cast<double>(geometry.n) * static_cast<double>(geometry.k);
    double bytes = 0;
    for (const Operand& operand : problem.inputs)
      bytes += operand.absent ? 0 : 4.0 * static_cast<double>(operand.count());
    bytes += 4.0 * static_cast<double>(problem.outputs[0].count());
    if (problem.inputs[1].constant == nullptr) bytes += 8.0 * static_cast<double>(problem.inputs[1].count());
    return roofline_us(cpu_target(target), products, bytes, 0.85);
  }
  std::size_t packed_bytes(const Problem& problem, const Target& target) const override {
    if (problem.inputs[1].constant == nullptr) return 0;
    const MatMulGeometry geometry = *matmul_geometry(matrices_of(problem), DataType::kF32);
    return static_cast<std::size_t>(geometry.b_count() * matrix_floats(geometry, target) * 4);
  }
  Status pack(const Problem& problem, const Target& target, std::span<std::byte> out) const override {
    if (problem.inputs[1].constant == nullptr) return ok();
    const MatMulGeometry geometry = *matmul_geometry(matrices_of(problem), DataType::kF32);
    const int width = kernel_table(cpu_target(target).isa).gemm->columns;
    const float* b = problem.inputs[1].constant->span<float>().data();
    for (std::int64_t i = 0; i < geometry.b_count(); ++i) {
      pack_panels(panel_source(geometry, b + geometry.b_offset(i)), {0, ceil_div(geometry.n, width)}, width,
                  reinterpret_cast<float*>(out.data()) + i * matrix_floats(geometry, target));
    }
    return ok();
  }
  std::string pack_key(const Problem&, const Target& target) const override {
    return strings::join("columns=", kernel_table(cpu_target(target).isa).gemm->columns);
  }
  bool packs_input(const Problem& problem, int input) const override {
    return input == 1 && problem.inputs[1].constant != nullptr;
  }
  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target& target) const override {
    const Problem matrices = matrices_of(problem);
    TRY(MatMulGeometry geometry, matmul_geometry(matrices, DataType::kF32));
    const KernelTable& table = kernel_table(cpu_target(target).isa);
    TRY(GemmEpilogue epilogue,
        GemmEpilogue::make(matrices, problem.op->as<MatMul>()->epilogue, matmul_result(matrices), false, table));
    return std::unique_ptr<Kernel>(
        new MatMulKernel(matrices, std::move(geometry), std::move(epilogue), cpu_target(target), *table.gemm));
  }

 private:
  static std::int64_t matrix_floats(const MatMulGeometry& geometry, const Target& target) {
    const int width = kernel_table(cpu_target(target).isa).gemm->columns;
    return round_up(geometry.n, width) * geometry.k;
  }
};

constexpr MatMulTilesF32 kTactic;

}  // namespace

const Tactic& matmul_tiles_f32() { return kTactic; }

}  // namespace bolide
