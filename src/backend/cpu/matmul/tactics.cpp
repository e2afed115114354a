/// f32 matrix product on the register tile, with b in panels: packed at load when it is constant, else in a first
/// phase.
///
/// Needs      y with contiguous columns; a and b with any strides (an `a` whose k is not contiguous is copied first)
/// Packed     MatMulPanels, when b is constant
/// Workspace  the panels of a b that is not constant; the copy of a
/// Numerics   integers: exact sums. f32: products of one result added in the order of k, on FMA where the ISA has it:
///            |error| <= (k + 2) * 2^-24 * (|bias| + sum |a * b|)
#include "backend/cpu/matmul/tactics.h"

#include "backend/cpu/matmul/panels.h"
#include "backend/cpu/matmul/wide.h"

namespace bolide {

namespace {

constexpr std::int64_t kCopyRows = 16;  // of a, one unit of work in the first phase

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }
std::int64_t round_up(std::int64_t a, std::int64_t b) { return ceil_div(a, b) * b; }

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
  MatrixRows(const RowOffsets& offsets, const std::byte* a, int taps) : offsets_(offsets), a_(a), taps_(taps) {}
  void fill(std::int64_t first, int count, const std::byte** out) const override {
    offsets_.fill(a_, first, count, out);
    for (int t = 1; t < taps_; ++t) std::copy_n(out, count, out + std::ptrdiff_t{t} * count);
  }

 private:
  const RowOffsets& offsets_;
  const std::byte* a_;
  int taps_;
};

class MatMulKernel final : public HostKernel {
 public:
  MatMulKernel(const Problem& matrices, MatMulGeometry geometry, GemmEpilogue epilogue, const CpuTarget& target,
               const GemmKernels& kernels)
      : geometry_(std::move(geometry)),
        epilogue_(std::move(epilogue)),
        panels_(matrices, geometry_, kernels),
        packs_b_(matrices.inputs[1].constant == nullptr),
        copies_a_(geometry_.k > 1 && geometry_.a_k != 1),
        has_bias_(matrices.inputs.size() > 2 && !matrices.inputs[2].absent) {
    plan_.kernels = &kernels;
    plan_.epilogue = &epilogue_;
    plan_.taps = panels_.taps();
    plan_.k = geometry_.k;
    plan_.columns = geometry_.n;
    plan_.integer = geometry_.integer;
    if (geometry_.integer) {
      const Expr& expr = matrices.op->as<MatMul>()->epilogue;
      requantise_ = Requantise::recognise(matrices, expr, matmul_result(matrices), kernels.columns);
      is_signed_ = matrices.inputs[0].dtype == DataType::kI8;
      store_sums_ = expr.is_identity() && matrices.outputs[0].dtype == DataType::kI32;
    }
    const bool shared = geometry_.b_count() == 1;
    const int threads = std::max(1, matrices.threads);
    plan_.choose_blocking(target, shared ? geometry_.rows() / threads : geometry_.m);
    Dims dims = geometry_.batch;
    dims.push_back(geometry_.m);
    Dims strides = geometry_.a_batch;
    strides.push_back(geometry_.a_row);
    for (std::int64_t& stride : strides) stride *= geometry_.element_bytes;
    read_rows_ = RowOffsets(dims, strides);
    a_rows_ = read_rows_;
    if (copies_a_) {
      const std::array<std::int64_t, 1> rows = {geometry_.rows()};
      const std::array<std::int64_t, 1> stride = {geometry_.k * geometry_.element_bytes};
      a_rows_ = RowOffsets(rows, stride);
    }
    CutRequest request;
    request.rows = geometry_.rows();
    request.row_unit = kernels.rows;
    request.columns = geometry_.n;
    request.column_unit = kernels.columns;
    request.weight_bytes = geometry_.n * geometry_.k * geometry_.element_bytes;
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
    return static_cast<std::size_t>(panel_bytes() +
                                    (copies_a_ ? geometry_.rows() * geometry_.k * geometry_.element_bytes : 0));
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
    const std::byte* matrices = packs_b_ ? buffers.workspace : buffers.packed;
    const MatrixRows source(a_rows_, a, panels_.taps());
    TileBuffers call;
    if (has_bias_ && !geometry_.integer) call.bias = buffers.inputs[2];
    call.epilogue = {buffers.inputs, static_cast<std::byte*>(buffers.outputs[0]), nullptr};
    call.scratch = buffers.scratch;
    const bool shared = geometry_.b_count() == 1;
    while (rows.begin < rows.end) {
      const std::int64_t batch = rows.begin / geometry_.m;
      const std::int64_t end = shared ? rows.end : std::min(rows.end, (batch + 1) * geometry_.m);
      const std::byte* matrix = matrices + (shared ? 0 : geometry_.b_index(batch) * panels_.matrix_bytes());
      call.panels = matrix + panels_.panels_at();
      if (geometry_.integer) {
        call.bias = matrix;
        const IntegerTiles tiles{requantise_ ? &*requantise_ : nullptr, is_signed_, store_sums_};
        run_integer_tiles(plan_, tiles, source, call, {rows.begin, end}, channels);
      } else {
        run_tiles(plan_, source, call, {rows.begin, end}, channels);
      }
      rows.begin = end;
    }
    return ok();
  }

 private:
  std::int64_t pack_units() const { return packs_b_ ? geometry_.b_count() * panels_.panels() : 0; }
  std::int64_t copy_units() const { return copies_a_ ? ceil_div(geometry_.rows(), kCopyRows) : 0; }
  std::int64_t panel_bytes() const { return packs_b_ ? round_up(geometry_.b_count() * panels_.matrix_bytes(), 64) : 0; }

  void pack_unit(const KernelBuffers& buffers, std::int64_t unit) const {
    panels_.pack(geometry_, static_cast<const std::byte*>(buffers.inputs[1]), has_bias_ ? buffers.inputs[2] : nullptr,
                 unit / panels_.panels(), unit % panels_.panels(), buffers.workspace);
  }
  void copy_unit(const KernelBuffers& buffers, std::int64_t unit) const {
    const std::int64_t begin = unit * kCopyRows;
    const std::int64_t count = std::min(kCopyRows, geometry_.rows() - begin);
    const std::byte* rows[kCopyRows];
    read_rows_.fill(static_cast<const std::byte*>(buffers.inputs[0]), begin, count, rows);
    std::byte* out = buffers.workspace + panel_bytes() + begin * geometry_.k * geometry_.element_bytes;
    if (geometry_.integer) {
      copy_rows(rows, count, reinterpret_cast<std::uint8_t*>(out));
    } else {
      copy_rows(rows, count, reinterpret_cast<float*>(out));
    }
  }
  template <class T>
  void copy_rows(const std::byte* const* rows, std::int64_t count, T* out) const {
    for (std::int64_t i = 0; i < geometry_.k; ++i) {
      for (std::int64_t r = 0; r < count; ++r) {
        out[r * geometry_.k + i] = reinterpret_cast<const T*>(rows[r])[i * geometry_.a_k];
      }
    }
  }

  MatMulGeometry geometry_;
  GemmEpilogue epilogue_;
  std::optional<Requantise> requantise_;
  bool is_signed_ = false;
  bool store_sums_ = false;
  MatMulPanels panels_;
  bool packs_b_;
  bool copies_a_;
  bool has_bias_;
  TilePlan plan_;
  RowOffsets read_rows_;  ///< of a as it is
  RowOffsets a_rows_;     ///< of what the tiles read
  Grid grid_;
};

class MatMulTiles final : public Tactic {
 public:
  constexpr MatMulTiles(std::string_view name, int revision, bool integer)
      : Tactic(name, revision), integer_(integer) {}

  Verdict accepts(const Problem& problem, const Target& target) const override {
    const Problem matrices = matrices_of(problem);
    const auto geometry = matmul_geometry(matrices);
    if (!geometry) return reject(geometry.error().message);
    if (geometry->integer != integer_) return reject("a is ", problem.inputs[0].dtype);
    const MatMul& matmul = *problem.op->as<MatMul>();
    const Operand& b = problem.inputs[1];
    if (problem.inputs.size() > 2 && !problem.inputs[2].absent) {
      const Operand& bias = problem.inputs[2];
      const DataType type = integer_ ? DataType::kI32 : DataType::kF32;
      if (bias.dtype != type || !bias.contiguous()) return reject("the bias is not contiguous ", type);
      if (integer_ && b.constant != nullptr && bias.constant == nullptr)
        return reject("b is constant but its bias not");
    }
    if (integer_ && (matmul.b_zero < -128 || matmul.b_zero > 255))
      return reject("the zero point of b is ", matmul.b_zero);
    const auto epilogue = GemmEpilogue::make(matrices, matmul.epilogue, matmul_result(matrices), integer_,
                                             kernel_table(cpu_target(target).isa));
    return epilogue ? accept() : reject(epilogue.error().message);
  }
  double estimate_us(const Problem& problem, const Target& target) const override {
    const MatMulGeometry geometry = *matmul_geometry(matrices_of(problem));
    const CpuTarget& cpu = cpu_target(target);
    double products =
        static_cast<double>(geometry.rows()) * static_cast<double>(geometry.n) * static_cast<double>(geometry.k);
    const int group = kernel_table(cpu.isa).gemm->i8_group;
    if (integer_) products *= b_parts(problem.inputs[1], problem.op->as<MatMul>()->b_zero);
    if (integer_ && group != 2) products /= group;
    double bytes = 0;
    for (const Operand& operand : problem.inputs)
      bytes += operand.absent ? 0 : 4.0 * static_cast<double>(operand.count());
    bytes += bytes_of(problem.outputs[0]);
    if (problem.inputs[1].constant == nullptr) bytes += 2.0 * bytes_of(problem.inputs[1]);
    return roofline_us(cpu, products, bytes, 0.85);
  }
  std::size_t packed_bytes(const Problem& problem, const Target& target) const override {
    if (problem.inputs[1].constant == nullptr) return 0;
    const Problem matrices = matrices_of(problem);
    const MatMulGeometry geometry = *matmul_geometry(matrices);
    const MatMulPanels panels(matrices, geometry, gemm(target));
    return static_cast<std::size_t>(geometry.b_count() * panels.matrix_bytes());
  }
  Status pack(const Problem& problem, const Target& target, std::span<std::byte> out) const override {
    if (problem.inputs[1].constant == nullptr) return ok();
    const Problem matrices = matrices_of(problem);
    TRY(const MatMulGeometry geometry, matmul_geometry(matrices));
    const MatMulPanels panels(matrices, geometry, gemm(target));
    const Tensor* bias = integer_ && problem.inputs.size() > 2 ? problem.inputs[2].constant : nullptr;
    for (std::int64_t i = 0; i < geometry.b_count(); ++i) {
      for (std::int64_t p = 0; p < panels.panels(); ++p) {
        panels.pack(geometry, problem.inputs[1].constant->data(), bias != nullptr ? bias->data() : nullptr, i, p,
                    out.data());
      }
    }
    return ok();
  }
  std::string pack_key(const Problem& problem, const Target& target) const override {
    return strings::join("columns=", gemm(target).columns, " group=", gemm(target).i8_group,
                         " a=", problem.inputs[0].dtype);
  }
  bool packs_input(const Problem& problem, int input) const override {
    if (problem.inputs[1].constant == nullptr) return false;
    return input == 1 || (input == 2 && integer_ && problem.inputs.size() > 2 && !problem.inputs[2].absent);
  }
  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target& target) const override {
    const Problem matrices = matrices_of(problem);
    TRY(MatMulGeometry geometry, matmul_geometry(matrices));
    const KernelTable& table = kernel_table(cpu_target(target).isa);
    TRY(GemmEpilogue epilogue,
        GemmEpilogue::make(matrices, problem.op->as<MatMul>()->epilogue, matmul_result(matrices), integer_, table));
    return std::unique_ptr<Kernel>(
        new MatMulKernel(matrices, std::move(geometry), std::move(epilogue), cpu_target(target), *table.gemm));
  }

 private:
  static const GemmKernels& gemm(const Target& target) { return *kernel_table(cpu_target(target).isa).gemm; }
  static double bytes_of(const Operand& operand) {
    return static_cast<double>(operand.count() * bit_width(operand.dtype) / 8);
  }

  bool integer_;
};

constexpr MatMulTiles kF32("cpu.matmul.f32.tiles", 2, false);
constexpr MatMulTiles kI8("cpu.matmul.i8.tiles", 3, true);

}  // namespace

std::span<const Tactic* const> matmul_tactics() {
  static const std::array<const Tactic*, 3> kTactics = {&kF32, &kI8, &cpu::wide_matmul()};
  return kTactics;
}

}  // namespace bolide
