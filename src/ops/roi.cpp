#include "ops/roi.h"

#include "ops/elements.h"
#include "ops/movement.h"
#include "ops/reference.h"
#include "ops/sampling.h"

#include <algorithm>
#include <limits>
#include <mutex>

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

/// f(b) for every box, several at once. Errors: one of theirs.
template <class F>
Status each_box(std::int64_t count, const F& f) {
  std::mutex guard;
  Status failed;
  parallel_ranges(count, 1, [&](std::int64_t b, std::int64_t end) {
    for (; b < end; ++b) {
      if (Status done = f(b); !done) {
        const std::lock_guard lock(guard);
        failed = std::move(done);
      }
    }
  });
  return failed;
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

/// What the bins of a box read of every plane: `samples` lists of taps a bin, one after the other.
struct BoxTaps {
  std::vector<Tap> taps;
  std::vector<std::size_t> ends;  ///< of the lists
  std::int64_t samples = 0;
};
Result<BoxTaps> taps_of(const RoiAlign& op, const double* box, std::int64_t height, std::int64_t width) {
  TRY(const Line down, samples_of(op, box[1], box[3], op.output_height, height));
  TRY(const Line across, samples_of(op, box[0], box[2], op.output_width, width));
  const std::int64_t strides[] = {width, 1};
  BoxTaps out;
  out.samples = down.count * across.count;
  for (std::int64_t bin = 0; bin < op.output_height * op.output_width; ++bin) {
    for (std::int64_t i = 0; i < out.samples; ++i) {
      const std::int64_t row = bin / op.output_width * down.count + i / across.count;
      const std::int64_t column = bin % op.output_width * across.count + i % across.count;
      const AxisTaps both[] = {down.taps[static_cast<std::size_t>(row)], across.taps[static_cast<std::size_t>(column)]};
      flatten_taps(both, strides, {0, 1}, out.taps);
      out.ends.push_back(out.taps.size());
    }
  }
  return out;
}

/// The largest of the weighted neighbours; 0 without any.
template <class T>
double largest(const T* x, std::span<const Tap> taps) {
  const auto share = [&](std::size_t i) { return taps[i].weight * static_cast<double>(x[taps[i].at]); };
  if (taps.size() == 4) return std::max(std::max(share(0), share(1)), std::max(share(2), share(3)));
  double best = taps.empty() ? 0 : -std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < taps.size(); ++i) best = std::max(best, share(i));
  return best;
}

template <class T>
double pooled_bin(const RoiAlign& op, const BoxTaps& box, const T* plane, std::int64_t bin) {
  const auto first = static_cast<std::size_t>(bin * box.samples);
  const auto samples = static_cast<std::size_t>(box.samples);
  if (samples == 0) return 0;
  std::size_t begin = first == 0 ? 0 : box.ends[first - 1];
  const std::span taps(box.taps);
  if (op.mode == RoiMode::kAverage) {
    return sample(plane, taps.subspan(begin, box.ends[first + samples - 1] - begin)) / static_cast<double>(samples);
  }
  double best = 0;
  for (std::size_t i = 0; i < samples; ++i) {
    const double value = largest(plane, taps.subspan(begin, box.ends[first + i] - begin));
    best = i == 0 ? value : std::max(best, value);
    begin = box.ends[first + i];
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
  TRY(Tensor y, allocate_raw(context, results[0].dtype, results[0].dims));
  TRY(const Tensor boxes, as_f64(*inputs[1]));
  TRY(const Dims batches, to_i64(*inputs[2]));
  const Dims& dims = inputs[0]->dims();
  const std::int64_t bins = output_height * output_width;
  for (const std::int64_t batch : batches) TRY_OK(check_batch(kInfo, static_cast<double>(batch), dims[0]));
  Status pooled = with_numbers(*inputs[0], [&](const auto* x) -> Status {
    return each_box(static_cast<std::int64_t>(batches.size()), [&](std::int64_t b) -> Status {
      TRY(const BoxTaps taps, taps_of(*this, boxes.span<double>().data() + b * 4, dims[2], dims[3]));
      std::vector<double> line(static_cast<std::size_t>(bins));
      for (std::int64_t c = 0; c < dims[1]; ++c) {
        const auto* plane = x + (batches[static_cast<std::size_t>(b)] * dims[1] + c) * dims[2] * dims[3];
        for (std::int64_t bin = 0; bin < bins; ++bin) {
          line[static_cast<std::size_t>(bin)] = pooled_bin(*this, taps, plane, bin);
        }
        store(y, (b * dims[1] + c) * bins, static_cast<int>(bins), line.data());
      }
      return ok();
    });
  });
  if (!pooled) return std::move(pooled).error();
  return one(std::move(y));
}

Result<TensorTypes> MaxRoiPool::infer(const InferContext& context) const {
  if (pooled_shape.size() != 2) return invalid_argument("MaxRoiPool: pooled_shape ", pooled_shape, "; needs two sizes");
  return infer_boxes(kInfo, context, 5, pooled_shape[0], pooled_shape[1]);
}

Result<Tensors> MaxRoiPool::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(const auto results, infer_known(*this, inputs, context));
  TRY(Tensor y, allocate_raw(context, results[0].dtype, results[0].dims));
  TRY(const Tensor boxes, as_f64(*inputs[1]));
  const Dims& dims = inputs[0]->dims();
  const std::int64_t bins = pooled_shape[0] * pooled_shape[1];
  Status pooled = with_numbers(*inputs[0], [&](const auto* x) -> Status {
    return each_box(results[0].dims[0], [&](std::int64_t b) -> Status {
      const double* box = boxes.span<double>().data() + b * 5;
      TRY_OK(check_batch(kInfo, box[0], dims[0]));
      const auto corner = [&](int i) { return std::round(box[i] * double{spatial_scale}); };
      /// First and last pixel (exclusive) of every bin along one axis.
      const auto ranges = [&](int first, std::int64_t count, std::int64_t size) {
        const double length = std::max(corner(first + 2) - corner(first) + 1, 1.0) / static_cast<double>(count);
        const auto clamped = [&](double at) { return std::clamp<std::int64_t>(whole_below(at), 0, size); };
        std::vector<std::pair<std::int64_t, std::int64_t>> out;
        for (std::int64_t bin = 0; bin < count; ++bin) {
          out.emplace_back(clamped(std::floor(static_cast<double>(bin) * length) + corner(first)),
                           clamped(std::ceil(static_cast<double>(bin + 1) * length) + corner(first)));
        }
        return out;
      };
      const auto rows = ranges(2, pooled_shape[0], dims[2]);
      const auto columns = ranges(1, pooled_shape[1], dims[3]);
      std::vector<double> line;
      for (std::int64_t c = 0; c < dims[1]; ++c) {
        const auto* plane = x + (static_cast<std::int64_t>(box[0]) * dims[1] + c) * dims[2] * dims[3];
        line.clear();
        for (const auto& row : rows) {
          for (const auto& column : columns) {
            const bool empty = row.first >= row.second || column.first >= column.second;
            double best = empty ? 0 : -std::numeric_limits<double>::infinity();
            for (std::int64_t i = row.first; i < row.second; ++i) {
              for (std::int64_t j = column.first; j < column.second; ++j) {
                best = std::max(best, static_cast<double>(plane[i * dims[3] + j]));
              }
            }
            line.push_back(best);
          }
        }
        store(y, (b * dims[1] + c) * bins, static_cast<int>(bins), line.data());
      }
      return ok();
    });
  });
  if (!pooled) return std::move(pooled).error();
  return one(std::move(y));
}

}  // namespace bolide
