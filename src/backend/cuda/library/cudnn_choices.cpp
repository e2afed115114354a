#include "backend/cuda/library/cudnn_choices.h"

#include <algorithm>

namespace bolide::cuda {
namespace {

using Sizes = CudnnConv::Sizes;

/// Makes the descriptors of one operation graph; all of them stay in `objects`.
class GraphBuilder {
 public:
  GraphBuilder(const CudnnApi& api, std::vector<CudnnObject>& objects) : api_(api), objects_(objects) {}

  /// Indices, since the vector grows.
  Result<std::size_t> tensor(std::int64_t id, CudnnType type, const Sizes& sizes, bool inside = false) {
    TRY(CudnnObject made, CudnnObject::make(api_, CudnnKind::kTensor));
    const Sizes strides = CudnnConv::strides_of(sizes);
    TRY_OK(made.set_one(CudnnAttribute::kTensorType, CudnnElement::kDataType, type));
    TRY_OK(made.set(CudnnAttribute::kTensorDims, CudnnElement::kInt64, std::span<const std::int64_t>(sizes)));
    TRY_OK(made.set(CudnnAttribute::kTensorStrides, CudnnElement::kInt64, std::span<const std::int64_t>(strides)));
    TRY_OK(made.set_one(CudnnAttribute::kTensorId, CudnnElement::kInt64, id));
    TRY_OK(made.set_one(CudnnAttribute::kTensorAlignment, CudnnElement::kInt64, CudnnConv::kAlignment));
    if (inside) TRY_OK(made.set_one(CudnnAttribute::kTensorVirtual, CudnnElement::kBoolean, true));
    TRY_OK(made.finalize("a tensor"));
    return keep(std::move(made));
  }

  Status convolve(const CudnnConv& conv, std::size_t x, std::size_t w, std::size_t y) {
    TRY(CudnnObject window, CudnnObject::make(api_, CudnnKind::kConvolution));
    constexpr std::int64_t kSpatial = 2;
    const auto set = [&](CudnnAttribute attribute, const std::array<std::int64_t, 2>& values) {
      return window.set(attribute, CudnnElement::kInt64, std::span<const std::int64_t>(values));
    };
    TRY_OK(window.set_one(CudnnAttribute::kConvolutionPrecision, CudnnElement::kDataType, CudnnType::kFloat));
    TRY_OK(window.set_one(CudnnAttribute::kConvolutionMode, CudnnElement::kConvolutionMode,
                          CudnnConvolutionMode::kCrossCorrelation));
    TRY_OK(window.set_one(CudnnAttribute::kConvolutionSpatialDims, CudnnElement::kInt64, kSpatial));
    TRY_OK(set(CudnnAttribute::kConvolutionStrides, conv.strides));
    TRY_OK(set(CudnnAttribute::kConvolutionDilations, conv.dilations));
    TRY_OK(set(CudnnAttribute::kConvolutionBefore, conv.before));
    TRY_OK(set(CudnnAttribute::kConvolutionAfter, conv.after));
    TRY_OK(window.finalize("a convolution"));
    TRY(CudnnObject forward, CudnnObject::make(api_, CudnnKind::kConvolutionForward));
    TRY_OK(forward.set(CudnnAttribute::kForwardX, objects_[x]));
    TRY_OK(forward.set(CudnnAttribute::kForwardW, objects_[w]));
    TRY_OK(forward.set(CudnnAttribute::kForwardY, objects_[y]));
    TRY_OK(forward.set(CudnnAttribute::kForwardConvolution, window));
    TRY_OK(forward.set_one(CudnnAttribute::kForwardAlpha, CudnnElement::kFloat, 1.0F));
    TRY_OK(forward.set_one(CudnnAttribute::kForwardBeta, CudnnElement::kFloat, 0.0F));
    TRY_OK(forward.finalize("a forward convolution"));
    keep(std::move(window));
    operations_.push_back(keep(std::move(forward)));
    return {};
  }

  /// y = mode(x, b); `b` nothing for functions of one argument.
  Status pointwise(CudnnPointwise mode, std::size_t x, std::optional<std::size_t> b, std::size_t y,
                   std::optional<double> upper = std::nullopt) {
    TRY(CudnnObject function, CudnnObject::make(api_, CudnnKind::kPointwise));
    TRY_OK(function.set_one(CudnnAttribute::kPointwiseMode, CudnnElement::kPointwiseMode, mode));
    TRY_OK(function.set_one(CudnnAttribute::kPointwisePrecision, CudnnElement::kDataType, CudnnType::kFloat));
    if (upper) TRY_OK(function.set_one(CudnnAttribute::kPointwiseUpperClip, CudnnElement::kDouble, *upper));
    TRY_OK(function.finalize("an elementwise function"));
    TRY(CudnnObject step, CudnnObject::make(api_, CudnnKind::kPointwiseOperation));
    TRY_OK(step.set(CudnnAttribute::kPointwiseDescriptor, function));
    TRY_OK(step.set(CudnnAttribute::kPointwiseX, objects_[x]));
    if (b) TRY_OK(step.set(CudnnAttribute::kPointwiseB, objects_[*b]));
    TRY_OK(step.set(CudnnAttribute::kPointwiseY, objects_[y]));
    TRY_OK(step.finalize("an elementwise operation"));
    keep(std::move(function));
    operations_.push_back(keep(std::move(step)));
    return {};
  }

  Result<std::size_t> graph(CudnnHandle handle) {
    std::vector<CudnnDescriptor> operations;
    for (const std::size_t index : operations_) operations.push_back(objects_[index].handle());
    TRY(CudnnObject made, CudnnObject::make(api_, CudnnKind::kOperationGraph));
    TRY_OK(made.set_one(CudnnAttribute::kGraphHandle, CudnnElement::kHandle, handle));
    TRY_OK(made.set(CudnnAttribute::kGraphOperations, CudnnElement::kDescriptor,
                    std::span<const CudnnDescriptor>(operations)));
    TRY_OK(made.finalize("an operation graph"));
    return keep(std::move(made));
  }

 private:
  std::size_t keep(CudnnObject object) {
    objects_.push_back(std::move(object));
    return objects_.size() - 1;
  }

  const CudnnApi& api_;
  std::vector<CudnnObject>& objects_;
  std::vector<std::size_t> operations_;
};

CudnnPointwise mode_of(Activation activation) {
  switch (activation) {
    case Activation::kSilu: return CudnnPointwise::kSwish;
    case Activation::kSigmoid: return CudnnPointwise::kSigmoid;
    case Activation::kTanh: return CudnnPointwise::kTanh;
    case Activation::kGelu: return CudnnPointwise::kGelu;
    case Activation::kGeluTanh: return CudnnPointwise::kGeluTanh;
    default: return CudnnPointwise::kRelu;
  }
}

/// Residual, bias and activation in the order that cuDNN's ready-made engines know.
Result<std::size_t> make_graph(const CudnnApi& api, CudnnHandle handle, const CudnnConv& conv,
                               std::vector<CudnnObject>& objects) {
  GraphBuilder builder(api, objects);
  struct Step {
    CudnnPointwise mode;
    std::optional<std::size_t> operand;
    std::optional<double> upper;
  };
  std::vector<Step> steps;
  std::optional<std::size_t> bias;
  std::optional<std::size_t> residual;
  TRY(const std::size_t x, builder.tensor(kIdX, conv.type, conv.x));
  TRY(const std::size_t w, builder.tensor(kIdW, conv.type, conv.w));
  TRY(const std::size_t y, builder.tensor(kIdY, conv.y_type, conv.y));
  if (conv.bias_input >= 0) {
    TRY(bias, builder.tensor(kIdBias, conv.bias_type, {1, conv.y[1], 1, 1}));
  }
  if (conv.residual_input >= 0) {
    TRY(residual, builder.tensor(kIdResidual, conv.residual_type, conv.y));
  }
  if (residual && !conv.form.rows_last) steps.push_back({CudnnPointwise::kAdd, residual, {}});
  if (bias) steps.push_back({CudnnPointwise::kAdd, bias, {}});
  if (conv.form.activation != Activation::kNone)
    steps.push_back({mode_of(conv.form.activation), std::nullopt, conv.form.upper});
  if (residual && conv.form.rows_last) steps.push_back({CudnnPointwise::kAdd, residual, {}});
  std::int64_t id = kIdFirstInside;
  std::size_t value = y;
  if (!steps.empty()) {
    TRY(value, builder.tensor(id++, CudnnType::kFloat, conv.y, true));
  }
  TRY_OK(builder.convolve(conv, x, w, value));
  for (std::size_t i = 0; i < steps.size(); ++i) {
    std::size_t result = y;
    if (i + 1 < steps.size()) {
      TRY(result, builder.tensor(id++, CudnnType::kFloat, conv.y, true));
    }
    TRY_OK(builder.pointwise(steps[i].mode, value, steps[i].operand, result, steps[i].upper));
    value = result;
  }
  return builder.graph(handle);
}

/// Whether an engine's numbers are those that Bolide promises.
bool allowed(CudnnNumericalNote note) {
  return note == CudnnNumericalNote::kTensorCore || note == CudnnNumericalNote::kDownConverts ||
         static_cast<int>(note) > static_cast<int>(CudnnNumericalNote::kWinograd13);
}

Result<CudnnPlan> finished(CudnnObject plan) {
  std::int64_t workspace = 0;
  TRY_OK(plan.get(CudnnAttribute::kPlanWorkspace, CudnnElement::kInt64, 1, &workspace));
  return CudnnPlan{std::move(plan), static_cast<std::size_t>(std::max<std::int64_t>(workspace, 0))};
}

}  // namespace

Result<CudnnPlan> CudnnPlan::restore(const CudnnApi& api, CudnnHandle handle, std::span<const std::byte> text) {
  TRY(CudnnObject made, CudnnObject::make(api, CudnnKind::kPlan));
  TRY_OK(made.set_one(CudnnAttribute::kPlanHandle, CudnnElement::kHandle, handle));
  TRY_OK(made.set(CudnnAttribute::kPlanText, CudnnElement::kChar, text));
  TRY_OK(made.finalize("a plan that was kept"));
  return finished(std::move(made));
}

Result<std::vector<std::byte>> CudnnPlan::text() const {
  TRY(const std::int64_t size, plan.get(CudnnAttribute::kPlanText, CudnnElement::kChar, 0, nullptr));
  std::vector<std::byte> out(static_cast<std::size_t>(size));
  TRY(const std::int64_t written, plan.get(CudnnAttribute::kPlanText, CudnnElement::kChar, size, out.data()));
  out.resize(static_cast<std::size_t>(written));
  return out;
}

Result<CudnnChoices> CudnnChoices::make(const CudnnApi& api, CudnnHandle handle, const CudnnConv& conv) {
  CudnnChoices choices;
  choices.api_ = &api;
  TRY(const std::size_t graph, make_graph(api, handle, conv, choices.objects_));
  Status asked;
  for (const CudnnHeuristics mode : {CudnnHeuristics::kA, CudnnHeuristics::kFallback}) {
    TRY(CudnnObject heuristics, CudnnObject::make(api, CudnnKind::kHeuristics));
    TRY_OK(heuristics.set(CudnnAttribute::kHeuristicsGraph, choices.objects_[graph]));
    TRY_OK(heuristics.set_one(CudnnAttribute::kHeuristicsMode, CudnnElement::kHeuristicsMode, mode));
    asked = heuristics.finalize("heuristics");
    if (!asked) continue;
    const auto count = heuristics.get(CudnnAttribute::kHeuristicsResults, CudnnElement::kDescriptor, 0, nullptr);
    if (!count) return count.error();
    std::vector<CudnnObject> results;
    std::vector<CudnnDescriptor> handles;
    for (std::int64_t i = 0; i < *count; ++i) {
      TRY(CudnnObject config, CudnnObject::make(api, CudnnKind::kEngineConfig));
      handles.push_back(config.handle());
      results.push_back(std::move(config));
    }
    TRY(const std::int64_t found,
        heuristics.get(CudnnAttribute::kHeuristicsResults, CudnnElement::kDescriptor, *count, handles.data()));
    results.erase(results.begin() + found, results.end());
    for (CudnnObject& config : results) {
      TRY(CudnnObject engine, CudnnObject::make(api, CudnnKind::kEngine));
      CudnnDescriptor inside = engine.handle();
      if (!config.get(CudnnAttribute::kConfigEngine, CudnnElement::kDescriptor, 1, &inside)) continue;
      std::array<CudnnNumericalNote, 32> notes = {};
      const auto noted =
          engine.get(CudnnAttribute::kEngineNumericalNotes, CudnnElement::kNumericalNote, 32, notes.data());
      if (!noted || !std::all_of(notes.begin(), notes.begin() + *noted, allowed)) continue;
      Config known{.object = std::move(config)};
      (void)engine.get(CudnnAttribute::kEngineIndex, CudnnElement::kInt64, 1, &known.engine);
      choices.configs_.push_back(std::move(known));
    }
    choices.objects_.push_back(std::move(heuristics));
    if (!choices.configs_.empty()) break;
  }
  if (choices.configs_.empty()) {
    TRY_OK(std::move(asked));
    return unsupported("cuDNN proposes no engine");
  }
  return choices;
}

Result<CudnnPlan> CudnnChoices::plan(CudnnHandle handle, std::size_t index) const {
  if (index >= configs_.size()) return unsupported("cuDNN proposes ", configs_.size(), " engines");
  const Config& config = configs_[index];
  TRY(CudnnObject made, CudnnObject::make(*api_, CudnnKind::kPlan));
  TRY_OK(made.set_one(CudnnAttribute::kPlanHandle, CudnnElement::kHandle, handle));
  TRY_OK(made.set(CudnnAttribute::kPlanConfig, config.object));
  TRY_OK(made.finalize(strings::join("a plan with engine ", config.engine)));
  return finished(std::move(made));
}

}  // namespace bolide::cuda
