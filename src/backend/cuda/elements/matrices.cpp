#include "backend/cuda/elements/tactics.h"
#include "backend/cuda/text/element_text.h"
#include "backend/cuda/text/kernel_text.h"
#include "ops/determinant.h"
#include "ops/inverse.h"

namespace bolide::cuda {
namespace {

using Kind = AddressArg::Kind;

constexpr std::int64_t kMostRows = 512;
constexpr std::int64_t kMostMatrices = 1 << 24;
constexpr std::int64_t kNearBytes = 40 << 10;          // of shared memory
constexpr std::int64_t kMostBytes = INT64_C(1) << 31;  // of the workspace

/// Where matrix `m` of the batch begins.
std::string matrix_at(const Dims& dims, const Dims& strides, std::size_t batch_dims) {
  std::string out = "0";
  std::int64_t step = 1;
  for (std::size_t d = batch_dims; d-- > 0;) {
    out += strings::join(" + m / ", step, "ll % ", dims[d], "ll * ", strides[d], "ll");
    step *= dims[d];
  }
  return strings::join("(", out, ")");
}

Result<TextWork> elimination_work(const Problem& problem) {
  const Operand& x = problem.inputs[0];
  const Operand& y = problem.outputs[0];
  const bool inverse = problem.op->is<Inverse>();
  const std::size_t batch_dims = x.dims.size() - 2;
  const std::int64_t n = x.dims.back();
  if (y.count() == 0 || n == 0) return unsupported("no elements");
  if (n > kMostRows) return unsupported("matrices of ", n, " rows");
  if (c_type(x.dtype).empty()) return unsupported("matrices of ", x.dtype);
  const std::int64_t matrices = x.count() / (n * n);
  if (matrices > kMostMatrices) return unsupported(matrices, " matrices");
  const std::int64_t bytes = n * n * (inverse ? 16 : 8);
  const bool near = bytes <= kNearBytes;
  if (!near && bytes * matrices > kMostBytes) return unsupported(bytes * matrices, " bytes of rows");
  const auto last = [&](const Operand& of, std::size_t back) {
    return inverse || &of == &x ? of.strides[of.strides.size() - back] : 0;
  };
  TextLaunch launch;
  launch.program.name = inverse ? "inverse" : "determinant";
  launch.program.options = {"-fmad=false"};
  launch.program.text =
      strings::join(joined_text({}), "#define N ", n, "\n#define AT ", matrix_at(x.dims, x.strides, batch_dims),
                    "\n#define ROW ", last(x, 2), "ll\n#define COLUMN ", last(x, 1), "ll\n#define YAT ",
                    matrix_at(y.dims, y.strides, batch_dims), "\n#define YROW ", last(y, 2), "ll\n#define YCOLUMN ",
                    last(y, 1), "ll\n#define T ", c_type(x.dtype), "\n#define NEAR ", near ? "true" : "false",
                    "\n#define INVERSE ", inverse ? "true" : "false", "\n", kernel_text("matrices"));
  launch.forms.push_back(
      {.function = "eliminate", .launch = {.grid = {static_cast<unsigned>(matrices), 1, 1}, .block = {128, 1, 1}}});
  launch.args = {{Kind::kInput, 0, 0}, {Kind::kOutput, 0, 0}, {Kind::kWorkspace, 0, 0}};
  TextWork work;
  work.launches.push_back(std::move(launch));
  work.workspace = near ? 8 : static_cast<std::size_t>(bytes * matrices);
  work.bytes = static_cast<double>(packed_bytes(x.dtype, x.count()));
  work.operations = static_cast<double>(x.count() * n) / 4;
  return work;
}

/// Numerics  double, the reference's operations in its order
constexpr TextTactic kElimination("cuda.elimination", 1, elimination_work);

}  // namespace

std::span<const Tactic* const> matrix_tactics() {
  static constexpr std::array<const Tactic*, 1> kAll = {&kElimination};
  return kAll;
}

}  // namespace bolide::cuda
