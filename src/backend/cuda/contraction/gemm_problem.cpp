#include "backend/cuda/contraction/gemm_problem.h"

#include "ops/conv.h"
#include "ops/conv_transpose.h"
#include "ops/matmul.h"

#include <algorithm>

namespace bolide::cuda {
namespace {

constexpr std::int64_t kLimit = std::int64_t{1} << 31;

Result<int> format_of(const Operand& operand, std::string_view what) {
  const auto format = number_format(operand.dtype);
  if (!format) return unsupported(what, " is ", name(operand.dtype));
  return *format;
}

std::size_t rank_of(const Operand& operand) { return operand.dims.size(); }

/// The stride of `operand` along dim `dim` of a result with `rank` dims, 0 where it is broadcast.
std::int64_t broadcast_stride(const Operand& operand, std::size_t rank, std::size_t dim) {
  const std::size_t lacking = rank - rank_of(operand);
  if (dim < lacking || operand.dims[dim - lacking] == 1) return 0;
  return operand.strides[dim - lacking];
}

/// The bias and the epilogue's inputs. `place` makes strides out of an operand that broadcasts to the result.
template <class Place>
Status add_extras(const Problem& problem, GemmProblem& gemm, std::int64_t bias_batch1, const Place& place) {
  for (std::size_t i = 2; i < problem.inputs.size(); ++i) {
    const Operand& operand = problem.inputs[i];
    if (operand.absent) continue;
    if (i > 2 && static_cast<int>(i) - 2 >= gemm.epilogue->inputs()) continue;
    GemmExtra extra;
    extra.input = static_cast<int>(i);
    TRY(extra.format, format_of(operand, strings::join("input ", i)));
    if (i == 2) {
      gemm.bias = true;
      extra.strides.column = operand.dims.empty() ? 0 : operand.strides.back();
      extra.strides.batch1 = bias_batch1 * extra.strides.column;
    } else {
      if (rank_of(operand) > rank_of(problem.outputs[0]))
        return unsupported("input ", i, " has more dims than the result");
      extra.strides = place(operand);
    }
    gemm.extras.push_back(extra);
  }
  if (gemm.extras.size() > GemmProblem::kMostExtras)
    return unsupported("the epilogue reads ", gemm.extras.size(), " operands; ", GemmProblem::kMostExtras,
                       " are supported");
  return {};
}

Status check_sizes(const GemmProblem& gemm) {
  for (const std::int64_t size : {gemm.m(), gemm.n, gemm.kd(), gemm.batches()}) {
    if (size <= 0) return unsupported("an empty result or sum");
    if (size >= kLimit) return unsupported("a size of ", size, " or more elements");
  }
  return {};
}

/// Convolution (kernel dims [O, C/g, ...]) and its transpose ([C, O/g, ...]).
Result<GemmProblem> convolution(const Problem& problem, std::int64_t groups, std::vector<WindowAxis> axes,
                                const Expr& epilogue, bool transposed) {
  const Operand& x = problem.inputs[0];
  const Operand& w = problem.inputs[1];
  const Operand& y = problem.outputs[0];
  const std::size_t spatial = axes.size();
  if (spatial < 1 || spatial > 3) return unsupported(spatial, " spatial dims");
  GemmProblem gemm;
  gemm.epilogue = &epilogue;
  gemm.transposed = transposed;
  TRY(gemm.a_format, format_of(x, "x"));
  TRY(gemm.b_format, format_of(w, "w"));
  TRY(gemm.y_format, format_of(y, "y"));
  gemm.images = x.dims[0];
  gemm.batch1 = groups;
  gemm.n = y.dims[1] / groups;
  gemm.c = x.dims[1] / groups;
  gemm.axes = {WindowAxis{1, 1}, WindowAxis{1, 1}, WindowAxis{1, 1}};
  for (std::size_t i = 0; i < spatial; ++i) gemm.axes[3 - spatial + i] = axes[i];
  const auto place = [&](const Operand& operand, bool broadcasts) {
    const std::size_t rank = rank_of(y);
    const auto at = [&](std::size_t dim) {
      return broadcasts ? broadcast_stride(operand, rank, dim) : operand.strides[dim];
    };
    RowStrides out;
    out.image = at(0);
    out.column = at(1);
    out.pixel = at(rank - 1);
    if (spatial > 1) out.line = at(rank - 2);
    if (spatial > 2) out.plane = at(rank - 3);
    out.batch1 = out.column * gemm.n;
    return out;
  };
  gemm.a = place(x, false);
  gemm.a.batch1 = gemm.a.column * gemm.c;
  gemm.y = place(y, false);
  const Dims strides = w.constant != nullptr ? contiguous_strides(w.dims) : w.strides;
  gemm.b_constant = w.constant;
  gemm.b_n = strides[transposed ? 1 : 0];
  gemm.b_c = strides[transposed ? 0 : 1];
  gemm.b_batch1 = transposed ? gemm.c * gemm.b_c : gemm.n * gemm.b_n;
  gemm.b_tap = strides.back();
  std::int64_t expected = strides.back();
  for (std::size_t i = rank_of(w); i-- > 2;) {
    if (w.dims[i] != 1 && strides[i] != expected) return unsupported("the kernel's taps do not lie in a row");
    expected *= w.dims[i];
  }
  TRY_OK(add_extras(problem, gemm, gemm.n, [&](const Operand& operand) { return place(operand, true); }));
  TRY_OK(check_sizes(gemm));
  return gemm;
}

/// A batch dim of a product, with its strides in every operand.
struct BatchDim {
  std::int64_t size = 1;
  std::vector<std::int64_t> strides;  // a, b, y, extras
};

Result<GemmProblem> product(const Problem& original, const MatMul& op) {
  Problem problem = original;
  Operand& a = problem.inputs[0];
  Operand& b = problem.inputs[1];
  Operand& y = problem.outputs[0];
  const bool vector_a = rank_of(a) == 1;
  const bool vector_b = rank_of(b) == 1;
  const auto insert = [](Operand& operand, std::size_t from_end) {
    operand.dims.insert(operand.dims.end() - static_cast<std::ptrdiff_t>(from_end), 1);
    operand.strides.insert(operand.strides.end() - static_cast<std::ptrdiff_t>(from_end), 0);
  };
  if (b.constant != nullptr) b.strides = contiguous_strides(b.dims);
  if (vector_a) insert(a, 1);
  if (vector_b) insert(b, 0);
  if (vector_b) insert(y, 0);
  if (vector_a) insert(y, 1);
  for (std::size_t i = 3; i < problem.inputs.size(); ++i) {
    if ((vector_a || vector_b) && !problem.inputs[i].absent && rank_of(problem.inputs[i]) > 0)
      return unsupported("an epilogue operand beside the product of a vector");
  }
  GemmProblem gemm;
  gemm.epilogue = &op.epilogue;
  TRY(gemm.a_format, format_of(a, "a"));
  TRY(gemm.b_format, format_of(b, "b"));
  TRY(gemm.y_format, format_of(y, "y"));
  const std::size_t rank = rank_of(y);
  const std::size_t ra = rank_of(a);
  const std::size_t rb = rank_of(b);
  gemm.n = y.dims[rank - 1];
  gemm.c = a.dims[ra - 1];
  const std::int64_t m = y.dims[rank - 2];
  gemm.axes = {WindowAxis{1, 1}, WindowAxis{1, 1}, WindowAxis{m, m}};
  gemm.a.pixel = a.strides[ra - 2];
  gemm.a.column = a.strides[ra - 1];
  gemm.y.pixel = y.strides[rank - 2];
  gemm.y.column = y.strides[rank - 1];
  gemm.b_constant = b.constant;
  gemm.b_n = b.strides[rb - 1];
  gemm.b_c = b.strides[rb - 2];
  TRY_OK(add_extras(problem, gemm, 0, [&](const Operand& operand) {
    RowStrides out;
    out.column = broadcast_stride(operand, rank, rank - 1);
    out.pixel = broadcast_stride(operand, rank, rank - 2);
    return out;
  }));

  // Batch dims, those that run on merged.
  std::vector<BatchDim> dims;
  for (std::size_t i = 0; i + 2 < rank; ++i) {
    BatchDim dim;
    dim.size = y.dims[i];
    if (dim.size == 1) continue;
    dim.strides = {broadcast_stride(a, rank, i), broadcast_stride(b, rank, i), y.strides[i]};
    for (const GemmExtra& extra : gemm.extras) {
      const Operand& operand = problem.inputs[static_cast<std::size_t>(extra.input)];
      dim.strides.push_back(extra.input == 2 ? 0 : broadcast_stride(operand, rank, i));
    }
    if (!dims.empty()) {
      bool runs_on = true;
      for (std::size_t s = 0; s < dim.strides.size(); ++s)
        runs_on &= dims.back().strides[s] == dim.strides[s] * dim.size;
      if (runs_on) {
        dims.back().size *= dim.size;
        dims.back().strides = dim.strides;
        continue;
      }
    }
    dims.push_back(std::move(dim));
  }
  const bool many_b = std::any_of(dims.begin(), dims.end(), [](const BatchDim& dim) { return dim.strides[1] != 0; });
  const auto spread = [&](std::size_t index, std::int64_t RowStrides::*to) {
    gemm.a.*to = dims[index].strides[0];
    gemm.y.*to = dims[index].strides[2];
    for (std::size_t e = 0; e < gemm.extras.size(); ++e) gemm.extras[e].strides.*to = dims[index].strides[3 + e];
  };
  if (!many_b && dims.size() <= 3) {
    // One b: batch dims are rows.
    std::size_t at = dims.size();
    if (at > 0) gemm.axes[1].in = gemm.axes[1].out = dims[--at].size, spread(at, &RowStrides::line);
    if (at > 0) gemm.images = dims[--at].size, spread(at, &RowStrides::image);
    if (at > 0) {
      // Planes lie inside images: the outer of the two takes the images' place.
      gemm.axes[0].in = gemm.axes[0].out = gemm.images, spread(at, &RowStrides::plane);
      gemm.images = dims[--at].size, spread(at, &RowStrides::image);
    }
  } else {
    if (dims.size() > 2) return unsupported(dims.size(), " separate batch dims");
    if (!dims.empty()) {
      gemm.batch1 = dims.back().size;
      gemm.b_batch1 = dims.back().strides[1];
      spread(dims.size() - 1, &RowStrides::batch1);
    }
    if (dims.size() > 1) {
      gemm.batch0 = dims[0].size;
      gemm.b_batch0 = dims[0].strides[1];
      spread(0, &RowStrides::batch0);
    }
  }
  TRY_OK(check_sizes(gemm));
  return gemm;
}

GemmProblem with_zeros(GemmProblem gemm, std::int64_t a, std::int64_t b) {
  gemm.a_zero = a;
  gemm.b_zero = b;
  return gemm;
}

/// Of operands of any format.
Result<GemmProblem> any_problem(const Problem& problem) {
  const auto spatial = [](const Operand& operand) { return std::span<const std::int64_t>(operand.dims).subspan(2); };
  if (const auto* conv = problem.op->as<Conv>()) {
    TRY(auto axes, window_axes("Conv", conv->window(), spatial(problem.inputs[1]), spatial(problem.inputs[0])));
    TRY(GemmProblem gemm, convolution(problem, conv->groups, std::move(axes), conv->epilogue, false));
    return with_zeros(std::move(gemm), conv->x_zero, conv->w_zero);
  }
  if (const auto* conv = problem.op->as<ConvTranspose>()) {
    TRY(auto axes, transposed_window_axes("ConvTranspose", conv->window(), conv->output_padding,
                                          spatial(problem.inputs[1]), spatial(problem.inputs[0])));
    TRY(GemmProblem gemm, convolution(problem, conv->groups, std::move(axes), conv->epilogue, true));
    return with_zeros(std::move(gemm), conv->x_zero, conv->w_zero);
  }
  if (const auto* matmul = problem.op->as<MatMul>()) {
    TRY(GemmProblem gemm, product(problem, *matmul));
    return with_zeros(std::move(gemm), matmul->a_zero, matmul->b_zero);
  }
  return unsupported(problem.op->name(), " is not a contraction");
}

}  // namespace

std::optional<int> number_format(DataType type) {
  switch (type) {
    case DataType::kF16: return 0;
    case DataType::kBF16: return 1;
    case DataType::kF32: return 2;
    case DataType::kU8: return 3;
    case DataType::kI8: return 4;
    case DataType::kI32: return 5;
    default: return std::nullopt;
  }
}

double GemmProblem::bytes() const {
  const auto size = [](std::int64_t count, int format) {
    return static_cast<double>(count) * static_cast<double>(format_bytes(format));
  };
  // A 1x1 kernel with strides does not read all of its input.
  std::int64_t read = images * c;
  for (const WindowAxis& axis : axes) read *= axis.kernel < axis.stride ? axis.out * axis.kernel : axis.in;
  double out = static_cast<double>(batches()) * (size(read, a_format) + size(m() * n, y_format));
  const std::int64_t matrices = (b_batch0 != 0 ? batch0 : 1) * (b_batch1 != 0 ? batch1 : 1);
  out += static_cast<double>(matrices) * size(n * kd(), b_format);
  for (const GemmExtra& extra : extras) {
    if (extra.strides.pixel != 0) out += static_cast<double>(batches()) * size(m() * n, extra.format);
  }
  return out;
}

Result<GemmProblem> mixed_gemm_problem(const Problem& problem) {
  TRY(GemmProblem gemm, any_problem(problem));
  if (gemm.a_zero != 0 || gemm.b_zero != 0) return unsupported("zero points");
  bool floats = is_float_format(gemm.a_format) && is_float_format(gemm.b_format);
  if (gemm.bias) floats = floats && is_float_format(gemm.extras[0].format);
  if (!floats) return unsupported("operands that are integers");
  return gemm;
}

Result<GemmProblem> gemm_problem(const Problem& problem) {
  TRY(GemmProblem gemm, mixed_gemm_problem(problem));
  bool floats = is_float_format(gemm.y_format);
  for (const GemmExtra& extra : gemm.extras) floats = floats && is_float_format(extra.format);
  if (!floats) return unsupported("results or epilogue operands that are integers");
  return gemm;
}

Result<GemmProblem> integer_gemm_problem(const Problem& problem) {
  TRY(GemmProblem gemm, any_problem(problem));
  const auto is_byte = [](int format) { return format == 3 || format == 4; };
  if (!is_byte(gemm.a_format) || !is_byte(gemm.b_format)) return unsupported("operands that are not 8-bit integers");
  if (gemm.bias && gemm.extras[0].format != 5) return unsupported("a bias that is not i32");
  return gemm;
}

std::optional<std::int64_t> row_distance(const GemmProblem& gemm, const RowStrides& strides) {
  const std::array<std::pair<std::int64_t, std::int64_t>, 4> dims = {{{gemm.axes[2].out, strides.pixel},
                                                                      {gemm.axes[1].out, strides.line},
                                                                      {gemm.axes[0].out, strides.plane},
                                                                      {gemm.images, strides.image}}};
  std::optional<std::int64_t> distance;
  std::int64_t expected = 0;
  for (const auto& dim : dims) {
    if (dim.first == 1) continue;
    if (!distance) {
      distance = dim.second;
    } else if (dim.second != expected) {
      return std::nullopt;
    }
    expected = dim.second * dim.first;
  }
  return distance ? *distance : 0;
}

bool dense(const Operand& operand) {
  std::vector<std::pair<std::int64_t, std::int64_t>> dims;
  for (std::size_t i = 0; i < operand.dims.size(); ++i) {
    if (operand.dims[i] != 1) dims.emplace_back(operand.strides[i], operand.dims[i]);
  }
  std::sort(dims.begin(), dims.end());
  std::int64_t expected = 1;
  for (const auto& dim : dims) {
    if (dim.first != expected) return false;
    expected *= dim.second;
  }
  return true;
}

}  // namespace bolide::cuda
