#include "ops/resize_plan.h"

#include "ops/elements.h"
#include "ops/reference.h"

#include <algorithm>
#include <cmath>

namespace bolide {
namespace {

/// p / q with q <= 32 that has the same f32 value.
std::optional<std::pair<std::int64_t, std::int64_t>> as_fraction(float scale) {
  for (std::int64_t q = 1; q <= 32; ++q) {
    const double p = std::nearbyint(double{scale} * static_cast<double>(q));
    if (p >= 1 && p < 1e9 && static_cast<float>(p / static_cast<double>(q)) == scale) {
      return std::pair{static_cast<std::int64_t>(p), q};
    }
  }
  return std::nullopt;
}

Result<Dim> scaled(const Dim& in, float scale, const InferContext& context) {
  if (!(scale > 0) || !std::isfinite(scale)) return invalid_argument("Resize: a scale is ", scale);
  if (const auto fraction = as_fraction(scale)) return (in * Dim(fraction->first)).floor_div(fraction->second);
  if (!in.constant()) return context.fresh_dim("resize");
  const float size = static_cast<float>(*in.constant()) * scale;
  if (size >= 1e18F) return invalid_argument("Resize: size ", in, " times ", scale, " is too large");
  return Dim(static_cast<std::int64_t>(size));
}

bool given(const InferContext& context, int index) {
  return context.has(index) && !(context.rank(index) == 1 && context.shape(index)[0] == Dim(0));
}

Result<std::vector<ResizePlan>> plan_scales(std::vector<ResizePlan> plans, const InferContext& context) {
  const Tensor* scales = context.constant(2);
  if (scales == nullptr) {
    for (ResizePlan& plan : plans) plan.out = context.fresh_dim("resize");
    return plans;
  }
  TRY(const std::vector<double> values, to_f64(*scales));
  if (values.size() != plans.size()) {
    return invalid_argument("Resize: ", values.size(), " scales for ", plans.size(), " axes");
  }
  for (std::size_t i = 0; i < plans.size(); ++i) {
    plans[i].scale = values[i];
    TRY(plans[i].out, scaled(context.shape(0)[plans[i].axis], static_cast<float>(values[i]), context));
  }
  return plans;
}

Result<std::vector<ResizePlan>> plan_sizes(std::vector<ResizePlan> plans, ResizeAspect aspect,
                                           const InferContext& context) {
  const auto sizes = context.contents(3);
  if (!sizes) {
    for (ResizePlan& plan : plans) plan.out = context.fresh_dim("resize");
    return plans;
  }
  if (sizes->size() != plans.size()) {
    return invalid_argument("Resize: ", sizes->size(), " sizes for ", plans.size(), " axes");
  }
  const auto in_of = [&](std::size_t i) { return context.shape(0)[plans[i].axis].constant(); };
  bool known = true;
  for (std::size_t i = 0; i < plans.size(); ++i) {
    plans[i].out = (*sizes)[i];
    const auto size = plans[i].out.constant();
    if (size && *size < 0) return invalid_argument("Resize: a size is ", *size);
    if (size && in_of(i) && *in_of(i) > 0) {
      plans[i].scale = static_cast<double>(*size) / static_cast<double>(*in_of(i));
    } else {
      known = false;
    }
  }
  if (aspect == ResizeAspect::kStretch || plans.empty()) return plans;
  if (!known) {
    for (ResizePlan& plan : plans) plan.out = context.fresh_dim("resize");
    return plans;
  }
  double common = plans[0].scale;
  for (const ResizePlan& plan : plans) {
    common = aspect == ResizeAspect::kNotLarger ? std::min(common, plan.scale) : std::max(common, plan.scale);
  }
  for (std::size_t i = 0; i < plans.size(); ++i) {
    const double size = std::floor(common * static_cast<double>(*in_of(i)) + 0.5);
    if (!(size < 1e18)) return invalid_argument("Resize: a size of ", size, " is too large");
    plans[i].scale = common;
    plans[i].out = Dim(static_cast<std::int64_t>(size));
  }
  return plans;
}

}  // namespace

Result<std::vector<ResizePlan>> plan_resize(const Resize& op, const InferContext& context) {
  const int rank = context.rank(0);
  std::vector<ResizePlan> plans;
  for (int i = 0; op.axes.empty() && i < rank; ++i) plans.push_back({static_cast<std::size_t>(i), {}, 1});
  std::vector<bool> seen(static_cast<std::size_t>(rank));
  for (const std::int64_t axis : op.axes) {
    TRY(const int at, checked_axis(Resize::kInfo, axis, rank));
    if (seen[static_cast<std::size_t>(at)]) return invalid_argument("Resize: axis ", axis, " is given twice");
    seen[static_cast<std::size_t>(at)] = true;
    plans.push_back({static_cast<std::size_t>(at), {}, 1});
  }
  const bool scales = given(context, 2);
  if (scales == given(context, 3)) return invalid_argument("Resize: needs either scales or sizes");
  return scales ? plan_scales(std::move(plans), context) : plan_sizes(std::move(plans), op.aspect, context);
}

Result<TensorTypes> Resize::infer(const InferContext& context) const {
  const DataType type = context.dtype(0);
  const bool complex = type == DataType::kC64 || type == DataType::kC128;
  const bool movable = mode == ResizeMode::kNearest || complex;
  if (!is_real(type) && (!movable || coordinates == ResizeCoordinates::kTfCropAndResize)) {
    return unsupported("Resize: x is ", context.type(0));
  }
  for (const int list : {2, 3}) {
    if (!given(context, list) || context.rank(list) == 1) continue;
    return invalid_argument("Resize: input ", list, " is ", context.type(list), ", expected a list");
  }
  TRY(const std::vector<ResizePlan> plans, plan_resize(*this, context));
  if (coordinates == ResizeCoordinates::kTfCropAndResize) {
    if (!given(context, 1)) return invalid_argument("Resize: tf_crop_and_resize needs roi");
    const auto count = element_count(context.shape(1)).constant();
    if (count && *count != 2 * static_cast<std::int64_t>(plans.size())) {
      return invalid_argument("Resize: roi has ", *count, " numbers for ", plans.size(), " axes");
    }
  }
  TensorType y = context.type(0);
  for (const ResizePlan& plan : plans) {
    const auto in = y.shape[plan.axis].constant();
    const auto out = plan.out.constant();
    if (in && out && *in == 0 && *out > 0) return invalid_argument("Resize: an empty axis cannot grow to ", *out);
    y.shape[plan.axis] = plan.out;
  }
  return TensorTypes{std::move(y)};
}

}  // namespace bolide
