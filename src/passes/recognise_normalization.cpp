/// recognise-normalization: layer and root mean square normalization that were exported as arithmetic.
///
///     m = mean(x); d = x - m; y = d / sqrt(mean(d * d) + eps)    =>   y = LayerNormalization(x, 1)
///     y = x / sqrt(mean(x * x) + eps)                            =>   y = RMSNormalization(x, 1)
///
/// Scale and bias that follow are taken in by fold-scale.
/// Fires when   the means are over the last axis, whose size is known, and keep it as 1
/// Numeric      the same arithmetic in another order and in double: nearer to the exact result
#include "ops/layer_normalization.h"
#include "ops/reduce.h"
#include "passes/match.h"
#include "passes/passes.h"
#include "passes/rewrite.h"
#include "tensor/number.h"

namespace bolide {
namespace {

constexpr std::string_view kCentred = "Sub@d($x,Reduce@m($x))";

/// numerator / sqrt(mean + eps) in its spellings.
std::vector<Pattern> quotients(std::string_view numerator, std::string_view mean) {
  std::vector<Pattern> out;
  const std::string inside = strings::join("Add(", mean, ",#eps)");
  out.emplace_back(strings::join("Div(", numerator, ",Sqrt(", inside, "))"));
  out.emplace_back(strings::join("Mul(", numerator, ",Reciprocal(Sqrt(", inside, ")))"));
  out.emplace_back(strings::join("Mul(", numerator, ",Rsqrt(", inside, "))"));
  return out;
}

const std::vector<Pattern>& layer_forms() {
  static const std::vector<Pattern> all = [] {
    std::vector<Pattern> out;
    for (const std::string& square :
         {strings::join("Mul(", kCentred, ",", kCentred, ")"), strings::join("Pow(", kCentred, ",2)")}) {
      for (Pattern& form : quotients(kCentred, strings::join("Reduce@v(", square, ")"))) out.push_back(std::move(form));
    }
    return out;
  }();
  return all;
}

const std::vector<Pattern>& rms_forms() {
  static const std::vector<Pattern> all = [] {
    std::vector<Pattern> out;
    for (const char* square : {"Reduce@v(Mul($x,$x))", "Reduce@v(Pow($x,2))"}) {
      for (Pattern& form : quotients("$x", square)) out.push_back(std::move(form));
    }
    return out;
  }();
  return all;
}

bool is_mean_of_last(const Graph& graph, const Pattern::Match& match, std::string_view label) {
  const auto found = match.nodes.find(label);
  if (found == match.nodes.end()) return true;
  const Node& node = graph.node(found->second);
  const Reduce* reduce = node.op.as<Reduce>();
  const int rank = graph.value(node.inputs[0]).type.rank();
  return reduce != nullptr && reduce->kind == ReduceKind::kMean && reduce->keepdims && reduce->axes.size() == 1 &&
         (reduce->axes[0] == -1 || reduce->axes[0] == rank - 1);
}

template <class Norm>
Result<std::optional<Patch>> replace_by(Graph& graph, NodeId id, const std::vector<Pattern>& forms) {
  for (const Pattern& form : forms) {
    const auto match = form.find(graph, id);
    if (!match || !is_mean_of_last(graph, *match, "m") || !is_mean_of_last(graph, *match, "v")) continue;
    const ValueId x = match->value("x");
    const TensorType type = graph.value(x).type;
    const ValueId from = graph.node(id).outputs.front();
    const std::int64_t width = type.rank() > 0 ? type.shape.back().constant().value_or(-1) : -1;
    if (!is_float(type.dtype) || width < 0 || width > 1 << 20 || !(graph.value(from).type == type)) continue;
    const std::vector<double> ones(static_cast<std::size_t>(width), 1.0);
    TRY(Tensor scale, cast(Tensor::of<double>(ones), type.dtype));
    Norm norm;
    norm.axis = -1;
    norm.epsilon = static_cast<float>(match->number("eps"));
    Patch patch(graph, id);
    TRY(const ValueId result, patch.add(norm, {x, patch.constant("scale", std::move(scale))}));
    patch.replace(from, result);
    return std::optional<Patch>(std::move(patch));
  }
  return std::optional<Patch>();
}

Result<std::optional<Patch>> rule(Graph& graph, NodeId id) {
  TRY(std::optional<Patch> layer, replace_by<LayerNormalization>(graph, id, layer_forms()));
  if (layer) return layer;
  return replace_by<RMSNormalization>(graph, id, rms_forms());
}

}  // namespace

Result<int> recognise_normalization(Graph& graph) { return rewrite_all(graph, rule); }

}  // namespace bolide
