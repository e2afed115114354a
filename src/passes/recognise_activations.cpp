/// recognise-activations: activation functions that were exported as arithmetic.
///
///     x -> Div(sqrt 2) -> Erf -> Add(1) -> Mul(x) -> Mul(0.5)    =>   x -> Gelu
///     x -> Sigmoid -> Mul(x)                                     =>   x -> Silu
///     x -> Add(3) -> Clip(0, 6) -> Mul(x) -> Div(6)              =>   x -> HardSwish
///     x -> Softplus -> Tanh -> Mul(x)                            =>   x -> Mish
///
/// Fires when   the constants are those of the function up to the precision of their dtype, in any order of the factors
/// Numeric      a different order of the same roundings: a few units in the last place
#include "ops/activation.h"
#include "ops/arithmetic.h"
#include "ops/unary_math.h"
#include "passes/match.h"
#include "passes/passes.h"
#include "passes/rewrite.h"

#include <cmath>

namespace bolide {
namespace {

struct Form {
  Pattern pattern;
  Op op;
};

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
  return text;
}

/// x * inner * factor for every way to bracket it.
void add_products(std::vector<Form>& forms, const std::string& inner, const std::string& factor, const Op& op) {
  for (const char* product : {"Mul(Mul($x,I),F)", "Mul(Mul($x,F),I)", "Mul($x,Mul(I,F))"}) {
    forms.push_back({Pattern(replaced(replaced(product, "I", inner), "F", factor)), op});
  }
}

void add_gelu(std::vector<Form>& forms) {
  for (const char* inner : {"Div($x,1.4142135623730951)", "Mul($x,0.7071067811865476)"}) {
    add_products(forms, strings::join("Add(Erf(", inner, "),1)"), "0.5", Gelu{});
  }
  for (const char* cube : {"Pow($x,3)", "Mul($x,Mul($x,$x))"}) {
    const std::string sum = strings::join("Add($x,Mul(", cube, ",0.044715))");
    const std::string inner = strings::join("Mul(", sum, ",0.7978845608028654)");
    add_products(forms, strings::join("Add(Tanh(", inner, "),1)"), "0.5", Gelu{.approximate = GeluForm::kTanh});
  }
}

void add_products_over_six(std::vector<Form>& forms) {
  const std::string clip = "Clip@six(Add($x,3))";
  add_products(forms, clip, "0.16666666666666667", HardSwish{});
  for (const char* text : {"Div(Mul($x,C),6)", "Mul($x,Div(C,6))", "Mul(C,Div($x,6))"}) {
    forms.push_back({Pattern(replaced(text, "C", clip)), HardSwish{}});
  }
  forms.push_back({Pattern(strings::join("Div(", clip, ",6)")), HardSigmoid{.alpha = 1.0F / 6.0F, .beta = 0.5F}});
  forms.push_back({Pattern("Mul($x,HardSigmoid@sixth($x))"), HardSwish{}});
}

const std::vector<Form>& forms() {
  static const std::vector<Form> all = [] {
    std::vector<Form> out;
    add_gelu(out);
    add_products_over_six(out);
    out.push_back({Pattern("Mul($x,Sigmoid($x))"), Silu{}});
    out.push_back({Pattern("Mul($x,Tanh(Softplus($x)))"), Mish{}});
    out.push_back({Pattern("Mul($x,Tanh(Log(Add(Exp($x),1))))"), Mish{}});
    out.push_back({Pattern("Log(Add(Exp($x),1))"), Softplus{}});
    out.push_back({Pattern("Div($x,Add(Abs($x),1))"), Softsign{}});
    out.push_back({Pattern("Reciprocal(Add(Exp(Neg($x)),1))"), Sigmoid{}});
    out.push_back({Pattern("Reciprocal(Sqrt($x))"), Rsqrt{}});
    return out;
  }();
  return all;
}

/// The attributes of the nodes that the pattern only names.
bool attributes_fit(const Graph& graph, const Pattern::Match& match) {
  if (const auto six = match.nodes.find("six"); six != match.nodes.end()) {
    const Clip* clip = graph.node(six->second).op.as<Clip>();
    return clip != nullptr && clip->lo == 0 && clip->hi == 6;
  }
  if (const auto sixth = match.nodes.find("sixth"); sixth != match.nodes.end()) {
    const HardSigmoid* gate = graph.node(sixth->second).op.as<HardSigmoid>();
    return gate != nullptr && same_number(DataType::kF32, static_cast<double>(gate->alpha), 1.0 / 6) &&
           gate->beta == 0.5F;
  }
  return true;
}

Result<std::optional<Patch>> rule(Graph& graph, NodeId id) {
  for (const Form& form : forms()) {
    const auto match = form.pattern.find(graph, id);
    if (!match || !attributes_fit(graph, *match)) continue;
    const ValueId x = match->value("x");
    const ValueId from = graph.node(id).outputs.front();
    if (!is_float(graph.value(x).type.dtype) || !(graph.value(x).type == graph.value(from).type)) continue;
    Patch patch(graph, id);
    TRY(const ValueId result, patch.add(form.op, {x}));
    patch.replace(from, result);
    return std::optional<Patch>(std::move(patch));
  }
  return std::optional<Patch>();
}

}  // namespace

Result<int> recognise_activations(Graph& graph) { return rewrite_all(graph, rule); }

}  // namespace bolide
