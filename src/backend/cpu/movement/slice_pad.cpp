#include "backend/cpu/movement/views.h"
#include "ops/axis.h"
#include "ops/pad.h"
#include "ops/slice.h"

namespace bolide::cpu {
namespace {

bool given(const Problem& problem, std::size_t index) {
  return index < problem.inputs.size() && !problem.inputs[index].absent;
}
/// The numbers of a constant input.
Result<Dims> numbers(const Problem& problem, std::size_t index) {
  if (problem.inputs[index].constant == nullptr) return unsupported("input ", index, " is not constant");
  return to_i64(*problem.inputs[index].constant);
}
Result<std::vector<std::size_t>> axes_of(const Problem& problem, std::size_t index, std::size_t count) {
  Dims axes;
  for (std::size_t i = 0; i < count; ++i) axes.push_back(static_cast<std::int64_t>(i));
  if (given(problem, index)) {
    TRY(axes, numbers(problem, index));
  }
  if (axes.size() != count) return unsupported(axes.size(), " axes for ", count, " numbers");
  return normalize_axes(axes, problem.inputs[0].rank());
}

/// Part of one axis of a padded result: `size` elements from `to` on, read from `from` on in steps of `step`.
struct Segment {
  std::int64_t to = 0;
  std::int64_t size = 0;
  std::int64_t from = 0;
  std::int64_t step = 1;
};
struct AxisPads {
  std::int64_t before = 0;
  std::int64_t after = 0;
};

Segment middle(std::int64_t size, AxisPads pads) {
  const std::int64_t cropped = std::min<std::int64_t>(pads.before, 0) + std::min<std::int64_t>(pads.after, 0);
  return {std::max<std::int64_t>(pads.before, 0), std::max<std::int64_t>(0, size + cropped),
          std::max<std::int64_t>(-pads.before, 0), 1};
}

Result<std::vector<Segment>> repeated(std::int64_t size, AxisPads pads, PadMode mode) {
  if (pads.before < 0 || pads.after < 0)
    return unsupported("cropping by ", enum_names(mode)[static_cast<std::size_t>(mode)]);
  std::vector<Segment> out = {middle(size, pads)};
  const std::int64_t end = pads.before + size;
  if (mode == PadMode::kEdge) {
    if (size == 0) return unsupported("the edge of nothing");
    out.push_back({0, pads.before, 0, 0});
    out.push_back({end, pads.after, size - 1, 0});
  } else if (mode == PadMode::kWrap) {
    if (std::max(pads.before, pads.after) > size) return unsupported("wrapping more than the axis holds");
    out.push_back({0, pads.before, size - pads.before, 1});
    out.push_back({end, pads.after, 0, 1});
  } else {
    if (std::max(pads.before, pads.after) >= size) return unsupported("reflecting more than the axis holds");
    out.push_back({0, pads.before, pads.before, -1});
    out.push_back({end, pads.after, size - 2, -1});
  }
  return out;
}

}  // namespace

Result<std::vector<Piece>> slice_pieces(const Problem& problem) {
  const Operand& x = problem.inputs[0];
  const Operand& y = problem.outputs[0];
  TRY(const Dims starts, numbers(problem, 1));
  TRY(const Dims ends, numbers(problem, 2));
  TRY(const std::vector<std::size_t> axes, axes_of(problem, 3, starts.size()));
  Dims steps(starts.size(), 1);
  if (given(problem, 4)) {
    TRY(steps, numbers(problem, 4));
  }
  if (ends.size() != starts.size() || steps.size() != starts.size()) return unsupported("counts that differ");
  CopyView view{y.dims, y.strides, x.strides, 0, 0};
  for (std::size_t i = 0; i < axes.size(); ++i) {
    if (steps[i] == 0) return unsupported("a step of 0");
    const SliceRange range = slice_range(x.dims[axes[i]], starts[i], ends[i], steps[i]);
    if (range.count != y.dims[axes[i]]) return unsupported("a result of ", y.dims);
    if (range.count == 0) continue;
    view.from += range.begin * x.strides[axes[i]];
    view.from_strides[axes[i]] = range.count > 1 ? range.step * x.strides[axes[i]] : 0;
  }
  TRY(Piece whole, piece(view, x.dtype, 0, 0));
  return std::vector<Piece>{std::move(whole)};
}

Result<std::vector<Piece>> pad_pieces(const Problem& problem) {
  const PadMode mode = problem.op->as<Pad>()->mode;
  const Operand& x = problem.inputs[0];
  const Operand& y = problem.outputs[0];
  const std::size_t rank = x.dims.size();
  TRY(const Dims amounts, numbers(problem, 1));
  TRY(const std::vector<std::size_t> axes, axes_of(problem, 3, amounts.size() / 2));
  std::vector<AxisPads> pads(rank);
  for (std::size_t i = 0; i < axes.size(); ++i) pads[axes[i]] = {amounts[i], amounts[axes.size() + i]};
  std::vector<Piece> out;
  const auto add = [&](const CopyView& view, int input) -> Status {
    TRY(Piece made, piece(view, x.dtype, input, 0));
    out.push_back(std::move(made));
    return ok();
  };
  // Every combination of segments, one an axis.
  std::vector<std::vector<Segment>> segments(rank);
  for (std::size_t d = 0; d < rank; ++d) {
    segments[d] = {middle(x.dims[d], pads[d])};
    if (mode == PadMode::kConstant || (pads[d].before == 0 && pads[d].after == 0)) continue;
    TRY(segments[d], repeated(x.dims[d], pads[d], mode));
  }
  std::vector<std::size_t> index(rank, 0);
  for (bool more = true; more;) {
    CopyView view;
    for (std::size_t d = 0; d < rank; ++d) {
      const Segment& segment = segments[d][index[d]];
      view.push(segment.size, y.strides[d], segment.step * x.strides[d]);
      view.to += segment.to * y.strides[d];
      view.from += segment.from * x.strides[d];
    }
    TRY_OK(add(view, 0));
    std::size_t d = rank;
    while (d > 0 && ++index[d - 1] == segments[d - 1].size()) index[--d] = 0;
    more = d > 0;
  }
  if (mode != PadMode::kConstant) return out;
  // What is beyond the middle of axis d, within the middle of the axes before it.
  const int source = given(problem, 2) ? 2 : Piece::kZeros;
  for (std::size_t d = 0; d < rank; ++d) {
    const Segment inner = segments[d][0];
    const std::int64_t end = inner.to + inner.size;
    for (const Segment& side : {Segment{0, inner.to, 0, 0}, Segment{end, y.dims[d] - end, 0, 0}}) {
      CopyView view;
      for (std::size_t e = 0; e < rank; ++e) {
        const Segment whole = {0, y.dims[e], 0, 0};
        const Segment& segment = e < d ? segments[e][0] : e == d ? side : whole;
        view.push(segment.size, y.strides[e], 0);
        view.to += segment.to * y.strides[e];
      }
      TRY_OK(add(view, source));
    }
  }
  return out;
}

}  // namespace bolide::cpu
