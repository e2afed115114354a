#include "ops/contraction.h"

#include <algorithm>

namespace bolide {
namespace {

constexpr std::int64_t kWidth = 32;

using Pair = double __attribute__((vector_size(16)));

Pair load(const double* at) {
  Pair out;
  std::memcpy(&out, at, sizeof(out));
  return out;
}

/// Four columns of kRows rows.
template <int kRows>
void multiply_block(const double* rows, std::int64_t row_stride, const double* tile, std::int64_t width,
                    std::int64_t columns, std::int64_t depth, double* out, std::int64_t out_stride) {
  Pair low[kRows] = {};
  Pair high[kRows] = {};
  for (std::int64_t k = 0; k < depth; ++k) {
    const Pair left = load(tile + k * width);
    const Pair right = load(tile + k * width + 2);
    for (int r = 0; r < kRows; ++r) {
      const double factor = rows[r * row_stride + k];
      const Pair both = {factor, factor};
      low[r] += both * left;
      high[r] += both * right;
    }
  }
  for (int r = 0; r < kRows; ++r) {
    const double sums[4] = {low[r][0], low[r][1], high[r][0], high[r][1]};
    std::copy_n(sums, columns, out + r * out_stride);
  }
}

/// Where tap `tap` of the window at output `position` reads, or -1 for padding.
std::int64_t source(const WindowAxis& axis, bool transposed, std::int64_t position, std::int64_t tap) {
  if (!transposed) {
    const std::int64_t at = position * axis.stride - axis.before + tap * axis.dilation;
    return at >= 0 && at < axis.in ? at : -1;
  }
  const std::int64_t at = position + axis.before - tap * axis.dilation;
  return at >= 0 && at % axis.stride == 0 && at / axis.stride < axis.in ? at / axis.stride : -1;
}

struct Sizes {
  explicit Sizes(const WindowContraction& p) {
    for (const WindowAxis& axis : p.axes) {
      in *= axis.in;
      out *= axis.out;
      taps *= axis.kernel;
      kernel.push_back(axis.kernel);
      out_dims.push_back(axis.out);
    }
    depth = p.group_in * taps;
    width = depth <= 65536 ? kWidth : 4;
  }
  Dims kernel;
  Dims out_dims;
  std::int64_t in = 1;
  std::int64_t out = 1;
  std::int64_t taps = 1;
  std::int64_t depth = 0;
  std::int64_t width = kWidth;
};

/// Fills tile[depth][width] with what the windows at positions begin .. begin + columns read of one group of x.
void gather(const WindowContraction& p, const Sizes& sizes, const double* x, std::int64_t begin, std::int64_t columns,
            double* tile) {
  const std::size_t rank = p.axes.size();
  std::vector<std::int64_t> positions(rank * kWidth);
  for (std::int64_t j = 0; j < columns; ++j) {
    std::int64_t rest = begin + j;
    for (std::size_t d = rank; d-- > 0; rest /= sizes.out_dims[d]) {
      positions[d * kWidth + static_cast<std::size_t>(j)] = rest % sizes.out_dims[d];
    }
  }
  Dims tap(rank, 0);
  for (std::int64_t t = 0; t < sizes.taps; ++t, next_index(tap, sizes.kernel)) {
    std::int64_t from[kWidth];
    std::fill_n(from, kWidth, columns == 0 ? -1 : 0);
    for (std::int64_t j = columns; j < sizes.width; ++j) from[j] = -1;
    for (std::size_t d = 0; d < rank; ++d) {
      for (std::int64_t j = 0; j < columns; ++j) {
        const std::int64_t at =
            source(p.axes[d], p.transposed, positions[d * kWidth + static_cast<std::size_t>(j)], tap[d]);
        from[j] = from[j] < 0 || at < 0 ? -1 : from[j] * p.axes[d].in + at;
      }
    }
    for (std::int64_t c = 0; c < p.group_in; ++c) {
      const double* plane = x + c * sizes.in;
      double* row = tile + (c * sizes.taps + t) * sizes.width;
      for (std::int64_t j = 0; j < sizes.width; ++j) row[j] = from[j] < 0 ? 0 : plane[from[j]];
    }
  }
}

}  // namespace

void multiply_tile(const double* rows, std::int64_t row_stride, std::int64_t row_count, const double* tile,
                   std::int64_t width, std::int64_t columns, std::int64_t depth, double* out, std::int64_t out_stride) {
  for (std::int64_t r = 0; r < row_count;) {
    const bool four = r + 4 <= row_count;
    for (std::int64_t j = 0; j < columns; j += 4) {
      const auto block = four ? multiply_block<4> : multiply_block<1>;
      block(rows + r * row_stride, row_stride, depth > 0 ? tile + j : tile, width,
            std::min<std::int64_t>(4, columns - j), depth, out + r * out_stride + j, out_stride);
    }
    r += four ? 4 : 1;
  }
}

void contract_windows(const WindowContraction& p, const double* x, const double* w, const double* bias, double* out) {
  const Sizes sizes(p);
  const std::int64_t tiles = (sizes.out + sizes.width - 1) / sizes.width;
  const std::int64_t planes = p.batch * p.groups;
  if (planes * tiles == 0 || p.group_out == 0) return;
  ThreadPool& pool = ThreadPool::shared();
  // Output channels are split too where there are few tiles; each part gathers its tile again.
  constexpr std::int64_t kLeastRows = 64;
  const std::int64_t wanted = (4 * std::int64_t{pool.size()} + planes * tiles - 1) / (planes * tiles);
  const std::int64_t parts = std::clamp<std::int64_t>(p.group_out / kLeastRows, 1, wanted);
  const std::int64_t rows = (p.group_out + parts - 1) / parts;
  std::vector<std::vector<double>> scratch(static_cast<std::size_t>(pool.size()));
  const TimeLimit* limit = TimeLimit::current();
  pool.parallel_for(planes * tiles * parts, pool.size(), [&](std::int64_t chunk, int worker) {
    if (limit != nullptr && limit->is_over()) return;
    std::vector<double>& tile = scratch[static_cast<std::size_t>(worker)];
    tile.resize(static_cast<std::size_t>(sizes.depth * sizes.width));
    const std::int64_t plane = chunk / parts / tiles;  // batch * groups + group
    const std::int64_t begin = chunk / parts % tiles * sizes.width;
    const std::int64_t columns = std::min(sizes.width, sizes.out - begin);
    const std::int64_t first = chunk % parts * rows;
    const std::int64_t count = std::min(rows, p.group_out - first);
    if (count <= 0) return;
    gather(p, sizes, x + plane * p.group_in * sizes.in, begin, columns, tile.data());
    const std::int64_t channel = plane % p.groups * p.group_out + first;
    double* to = out + (plane * p.group_out + first) * sizes.out + begin;
    multiply_tile(w + channel * sizes.depth, sizes.depth, count, tile.data(), sizes.width, columns, sizes.depth, to,
                  sizes.out);
    for (std::int64_t o = 0; bias != nullptr && o < count; ++o) {
      for (std::int64_t j = 0; j < columns; ++j) to[o * sizes.out + j] += bias[channel + o];
    }
  });
}

void contract_matrices(std::int64_t m, std::int64_t n, std::int64_t k, const double* a, const double* b, double* out) {
  constexpr std::int64_t kRowBlock = 64;
  const std::int64_t width = k <= 65536 ? kWidth : 4;
  const std::int64_t tiles = (n + width - 1) / width;
  const std::int64_t row_blocks = (m + kRowBlock - 1) / kRowBlock;
  if (tiles * row_blocks == 0) return;
  ThreadPool& pool = ThreadPool::shared();
  std::vector<std::vector<double>> scratch(static_cast<std::size_t>(pool.size()));
  const TimeLimit* limit = TimeLimit::current();
  pool.parallel_for(tiles * row_blocks, pool.size(), [&](std::int64_t chunk, int worker) {
    if (limit != nullptr && limit->is_over()) return;
    const std::int64_t column = chunk / row_blocks * width;
    const std::int64_t row = chunk % row_blocks * kRowBlock;
    const std::int64_t columns = std::min(width, n - column);
    std::vector<double>& tile = scratch[static_cast<std::size_t>(worker)];
    tile.assign(static_cast<std::size_t>(k * width), 0);
    for (std::int64_t i = 0; i < k; ++i) std::copy_n(b + i * n + column, columns, tile.data() + i * width);
    multiply_tile(a + row * k, k, std::min(kRowBlock, m - row), tile.data(), width, columns, k, out + row * n + column,
                  n);
  });
}

Status check_contraction_types(const OpInfo& info, const InferContext& context) {
  const DataType a = context.dtype(0);
  const DataType b = context.dtype(1);
  const bool floats = is_float(a) && a == b;
  const bool bytes = is_integer(a) && is_integer(b) && bit_width(a) <= 8 && bit_width(b) <= 8;
  if (!floats && !bytes) {
    return unsupported(info.name, ": inputs are ", context.type(0), " and ", context.type(1),
                       "; needs two equal float types or two integers of up to 8 bits");
  }
  return ok();
}

Status check_epilogue(const OpInfo& info, const Expr& epilogue, const InferContext& context, const Shape& result) {
  const int extra = std::max(0, context.input_count() - 3);
  if (epilogue.inputs() != 1 + extra) {
    return invalid_argument(info.name, ": the epilogue reads ", epilogue.inputs() - 1, " extra inputs, got ", extra);
  }
  for (int i = 3; i < context.input_count(); ++i) {
    if (!context.has(i)) return invalid_argument(info.name, ": epilogue input ", i, " is missing");
    Result<Shape> both = broadcast(result, context.shape(i));
    if (!both) return std::move(both).within(info.name).error();
    if (both->size() != result.size()) {
      return invalid_argument(info.name, ": epilogue input ", i, " ", context.shape(i),
                              " has more dims than the result ", result);
    }
  }
  return ok();
}

Result<Tensor> finish_contraction(const Tensor& accumulators, const Expr& epilogue, TensorInputs inputs, DataType out) {
  const DataType from = inputs[0]->dtype();
  if (epilogue.is_identity()) {
    if (is_integer(from) && out == DataType::kI32) return cast(accumulators, out);  // wraps
    return store_f64(accumulators, out);
  }
  const DataType compute = from == DataType::kF64 ? DataType::kF64 : DataType::kF32;
  TRY(const Tensor first, cast(accumulators, compute));
  std::vector<const Tensor*> arguments = {&first};
  for (std::size_t i = 3; i < inputs.size(); ++i) arguments.push_back(inputs[i]);
  TRY(Tensor result, evaluate(epilogue, arguments, compute, out));
  if (result.dims() != accumulators.dims()) {
    return invalid_argument("an epilogue input widens the result from ", accumulators.dims(), " to ", result.dims());
  }
  return result;
}

Result<Tensor> shifted_f64(const Tensor& tensor, std::int64_t zero) {
  TRY(Tensor out, as_f64(tensor));
  if (zero == 0) return out;
  if (out.data() == tensor.data()) {
    return invalid_argument("a zero point of ", zero, " needs integers, got ", tensor.dtype());
  }
  for (double& value : out.span<double>()) value -= static_cast<double>(zero);
  return out;
}

}  // namespace bolide
