#include "ops/roi.h"

#include "ops/movement.h"
#include "ops/reference.h"
#include "ops/sampling.h"

#include <algorithm>
#include <limits>

namespace bolide {
namespace {

constexpr std::int64_t kMostSamples = 1 << 12;  // along one axis of one bin
constexpr std::int64_t kMostTaps = 1 << 26;     // along one axis of a box

Result<TensorTypes> infer_boxes(const OpInfo& info, const InferContext& context, std::int64_t columns,
                                std::int64_t height, std::int64_t width) {
  TRY_OK(require_float(info, context));
  if (context.rank(0) != 4 || context.rank(1) != 2 || context.dtype(1) != context.dtype(0)) {
    return invalid_argument(info.name, ": x ", context.type(0), " and boxes ", context.type(1),
                            "; needs [n,c,h,w] and [boxes,", columns, "] of one dtype");
  }
  TRY_OK(require_equal(info, "columns of boxes", context.shape(1)[1], Dim(columns)));
  if (height < 1 || width < 1) return invalid_argument(info.name, ": output of ", height, " x ", width);
  return TensorTypes{{context.dtype(0), {context.shape(1)[0], context.shape(0)[1], Dim(height), Dim(width)}}};
}

Status check_batch(const OpInfo& info, double index, std::int64_t count) {
  if (index >= 0 && index < static_cast<double>(count)) return ok();
  return invalid_argument(info.name, ": a box of picture ", index, "; there are ", count);
}

/// The neighbours of a sample within [-1, size], the border repeated; no taps outside.
AxisTaps roi_taps(double at, std::int64_t size) {
  AxisTaps out;
  if (!(at >= -1 && at <= static_cast<double>(size))) return out;
  at = std::clamp(at, 0.0, static_cast<double>(size - 1));
  const std::int64_t low = whole_below(at);
  const double share = at - static_cast<double>(low);
  out.push(low, 1 - share);
  out.push(std::min(low + 1, size - 1), share);
  return out;
}

/// The samples of a box along one axis: `count` a bin.
struct Line {
  std::vector<AxisTaps> taps;
  std::int64_t count = 0;
};
Result<Line> samples_of(const RoiAlign& op, double begin, double end, std::int64_t bins, std::int64_t size) {
  const double scale = double{op.spatial_scale};
  const double offset = op.half_pixel ? 0.5 : 0.0;
  const double start = begin * scale - offset;
  double length = end * scale - offset - start;
  if (!op.half_pixel) length = std::max(length, 1.0);
  const double bin = length / static_cast<double>(bins);
  const double wanted = op.sampling_ratio > 0 ? static_cast<double>(op.sampling_ratio) : std::ceil(bin);
  if (!(wanted <= static_cast<double>(kMostSamples))) {
    return invalid_argument("RoiAlign: ", wanted, " samples along an axis of a bin; at most ", kMostSamples);
  }
  Line line;
  line.count = std::max<std::int64_t>(0, static_cast<std::int64_t>(wanted));
  if (bins > kMostTaps / kMostSamples) return invalid_argument("RoiAlign: ", bins, " bins along an axis");
  for (std::int64_t i = 0; i < bins * line.count; ++i) {
    const double within = (static_cast<double>(i % line.count) + 0.5) * bin / static_cast<double>(line.count);
    line.taps.push_back(roi_taps(start + static_cast<double>(i / line.count) * bin + within, size));
  }
  return line;
}

/// The largest of the four weighted neighbours.
double largest(const double* x, const AxisTaps& y_taps, const AxisTaps& x_taps, std::int64_t width) {
  if (y_taps.count == 0 || x_taps.count == 0) return 0;
  double best = -std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < 4; ++i) {
    best = std::max(best,
                    y_taps.weight[i / 2] * x_taps.weight[i % 2] * x[y_taps.index[i / 2] * width + x_taps.index[i % 2]]);
  }
  return best;
}

}  // namespace

Result<TensorTypes> RoiAlign::infer(const InferContext& context) const {
  TRY(TensorTypes out, infer_boxes(kInfo, context, 4, output_height, output_width));
  if (context.rank(2) != 1 || !is_integer(context.dtype(2))) {
    return invalid_argument("RoiAlign: batch_indices ", context.type(2), "; needs integers of rank 1");
  }
  TRY_OK(require_equal(kInfo, "length of batch_indices", context.shape(2)[0], context.shape(1)[0]));
  return out;
}

Result<Tensors> RoiAlign::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(const auto results, infer_known(*this, inputs, context));
  TRY(Tensor y, context.allocate(DataType::kF64, results[0].dims));
  TRY(const Tensor x, as_f64(*inputs[0]));
  TRY(const Tensor boxes, as_f64(*inputs[1]));
  TRY(const Dims batches, to_i64(*inputs[2]));
  const Dims& dims = x.dims();
  const std::int64_t strides[] = {dims[3], 1};
  double* out = y.span<double>().data();
  for (std::size_t b = 0; b < batches.size(); ++b) {
    TRY_OK(check_batch(kInfo, static_cast<double>(batches[b]), dims[0]));
    const double* box = boxes.span<double>().data() + b * 4;
    TRY(const Line down, samples_of(*this, box[1], box[3], output_height, dims[2]));
    TRY(const Line across, samples_of(*this, box[0], box[2], output_width, dims[3]));
    for (std::int64_t c = 0; c < dims[1]; ++c) {
      const double* plane = x.span<double>().data() + (batches[b] * dims[1] + c) * dims[2] * dims[3];
      for (std::int64_t bin = 0; bin < output_height * output_width; ++bin, ++out) {
        double sum = 0;
        double best = 0;
        for (std::int64_t i = 0; i < down.count * across.count; ++i) {
          const std::int64_t row = bin / output_width * down.count + i / across.count;
          const std::int64_t column = bin % output_width * across.count + i % across.count;
          const AxisTaps taps[] = {down.taps[static_cast<std::size_t>(row)],
                                   across.taps[static_cast<std::size_t>(column)]};
          if (mode == RoiMode::kAverage) {
            sum += sample(plane, taps, strides);
          } else {
            const double value = largest(plane, taps[0], taps[1], dims[3]);
            best = i == 0 ? value : std::max(best, value);
          }
        }
        const std::int64_t count = std::max<std::int64_t>(1, down.count * across.count);
        *out = mode == RoiMode::kAverage ? sum / static_cast<double>(count) : best;
      }
    }
  }
  TRY(Tensor stored, store_f64(y, results[0].dtype));
  return one(std::move(stored));
}

Result<TensorTypes> MaxRoiPool::infer(const InferContext& context) const {
  if (pooled_shape.size() != 2) return invalid_argument("MaxRoiPool: pooled_shape ", pooled_shape, "; needs two sizes");
  return infer_boxes(kInfo, context, 5, pooled_shape[0], pooled_shape[1]);
}

Result<Tensors> MaxRoiPool::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(const auto results, infer_known(*this, inputs, context));
  TRY(Tensor y, context.allocate(DataType::kF64, results[0].dims));
  TRY(const Tensor x, as_f64(*inputs[0]));
  TRY(const Tensor boxes, as_f64(*inputs[1]));
  const Dims& dims = x.dims();
  double* out = y.span<double>().data();
  for (std::int64_t b = 0; b < results[0].dims[0]; ++b) {
    const double* box = boxes.span<double>().data() + b * 5;
    TRY_OK(check_batch(kInfo, box[0], dims[0]));
    const auto corner = [&](int i) { return std::round(box[i] * double{spatial_scale}); };
    /// First and last pixel (exclusive) of a bin.
    const auto range = [&](int first, std::int64_t bin, std::int64_t bins, std::int64_t size) {
      const double length = std::max(corner(first + 2) - corner(first) + 1, 1.0) / static_cast<double>(bins);
      const double begin = std::floor(static_cast<double>(bin) * length) + corner(first);
      const double end = std::ceil(static_cast<double>(bin + 1) * length) + corner(first);
      const auto clamped = [&](double at) { return std::clamp<std::int64_t>(whole_below(at), 0, size); };
      return std::pair(clamped(begin), clamped(end));
    };
    for (std::int64_t c = 0; c < dims[1]; ++c) {
      const double* plane =
          x.span<double>().data() + (static_cast<std::int64_t>(box[0]) * dims[1] + c) * dims[2] * dims[3];
      for (std::int64_t bin = 0; bin < pooled_shape[0] * pooled_shape[1]; ++bin, ++out) {
        const auto rows = range(2, bin / pooled_shape[1], pooled_shape[0], dims[2]);
        const auto columns = range(1, bin % pooled_shape[1], pooled_shape[1], dims[3]);
        const bool empty = rows.first >= rows.second || columns.first >= columns.second;
        *out = empty ? 0 : -std::numeric_limits<double>::infinity();
        for (std::int64_t i = rows.first; i < rows.second; ++i) {
          for (std::int64_t j = columns.first; j < columns.second; ++j) *out = std::max(*out, plane[i * dims[3] + j]);
        }
      }
    }
  }
  TRY(Tensor stored, store_f64(y, results[0].dtype));
  return one(std::move(stored));
}

}  // namespace bolide
