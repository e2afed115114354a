#include "interpret.h"

#include "ir/text.h"
#include "tensor/number.h"

#include <cmath>
#include <limits>
#include <random>

namespace bolide::testing {
namespace {

Status run_node(const Graph& graph, const Node& node, std::vector<Tensor>& values) {
  std::vector<const Tensor*> inputs;
  for (const ValueId id : node.inputs) {
    const Tensor* constant = graph.constant(id);
    inputs.push_back(id == kNoValue ? nullptr : constant != nullptr ? constant : &values[static_cast<std::size_t>(id)]);
  }
  EvalContext context;
  context.output_count = static_cast<int>(node.outputs.size());
  context.run_subgraph = [&node](int index, std::span<const Tensor> body_inputs) {
    return interpret(*node.subgraphs.at(static_cast<std::size_t>(index)), body_inputs);
  };
  TRY(const Tensors outputs, node.op.evaluate(inputs, context));
  if (outputs.size() < node.outputs.size()) return internal_error(node.outputs.size(), " outputs wanted");
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    if (node.outputs[i] != kNoValue) values[static_cast<std::size_t>(node.outputs[i])] = outputs[i];
  }
  return {};
}

double compare(std::span<const double> a, std::span<const double> b) {
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i]))) continue;
    const double d = std::abs(a[i] - b[i]) / std::max(1.0, std::abs(b[i]));
    worst = std::isnan(d) ? std::numeric_limits<double>::infinity() : std::max(worst, d);
  }
  return worst;
}

std::string check(Graph& graph, const Graph& original, const PassCheck& expected) {
  const Status status = verify(graph);
  EXPECT_TRUE(status) << status.error().message << "\n" << print(graph);
  if (!status) return {};
  const auto inputs = random_inputs(original, expected.bindings, 7);
  EXPECT_TRUE(inputs) << inputs.error().message;
  if (!inputs) return {};
  const auto want = interpret(original, *inputs);
  const auto got = interpret(graph, *inputs);
  EXPECT_TRUE(want) << want.error().message;
  EXPECT_TRUE(got) << got.error().message << "\n" << print(graph);
  if (!want || !got) return print(graph);
  EXPECT_EQ(want->size(), got->size());
  for (std::size_t i = 0; i < std::min(want->size(), got->size()); ++i) {
    EXPECT_LE(distance((*got)[i], (*want)[i]), expected.tolerance) << "output " << i << " of\n" << print(graph);
  }
  return print(graph);
}

}  // namespace

Result<Tensors> interpret(const Graph& graph, std::span<const Tensor> inputs) {
  if (inputs.size() != graph.inputs().size()) {
    return invalid_argument(inputs.size(), " inputs given, the graph has ", graph.inputs().size());
  }
  std::vector<Tensor> values(graph.value_count());
  for (std::size_t i = 0; i < inputs.size(); ++i) values[static_cast<std::size_t>(graph.inputs()[i])] = inputs[i];
  for (const NodeId id : graph.order()) {
    TRY_OK(run_node(graph, graph.node(id), values).within(strings::join("node '", graph.node(id).name, "'")));
  }
  Tensors outputs;
  for (const ValueId id : graph.outputs()) {
    const Tensor* constant = graph.constant(id);
    outputs.push_back(constant != nullptr ? *constant : values[static_cast<std::size_t>(id)]);
  }
  return outputs;
}

Result<Tensors> random_inputs(const Graph& graph, DimBindings bindings, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  Tensors out;
  for (const ValueId id : graph.inputs()) {
    const TensorType& type = graph.value(id).type;
    for (const Dim& dim : type.shape) {
      for (const std::string& dim_name : dim.names()) bindings.try_emplace(dim_name, 3);
    }
    TRY(Dims dims, evaluate(type.shape, bindings));
    TRY(Tensor numbers, Tensor::allocate(DataType::kF64, std::move(dims)));
    for (std::int64_t i = 0; i < numbers.count(); ++i) {
      const double unit = static_cast<double>(random() >> 11) * 0x1p-53;
      const double value = type.dtype == DataType::kBool ? std::floor(2 * unit)
                           : is_integer(type.dtype)      ? std::floor(5 * unit)
                                                         : 4 * unit - 2;
      numbers.span<double>()[static_cast<std::size_t>(i)] = value;
    }
    TRY(Tensor tensor, cast(numbers, type.dtype));
    out.push_back(std::move(tensor));
  }
  return out;
}

double distance(const Tensor& a, const Tensor& b) {
  constexpr double kFar = std::numeric_limits<double>::infinity();
  if (a.dtype() != b.dtype() || a.dims() != b.dims()) return kFar;
  const auto left = to_f64(a);
  const auto right = to_f64(b);
  if (!left || !right) return a == b ? 0 : kFar;
  return compare(*left, *right);
}

std::string after_pass(Result<int> (*pass)(Graph&), std::string_view before, const PassCheck& expected) {
  const auto parsed = parse_graph(before);
  EXPECT_TRUE(parsed) << parsed.error().message;
  if (!parsed) return {};
  Graph graph = *parsed;
  const auto rewrites = run_pass({"tested", pass}, graph);
  EXPECT_TRUE(rewrites) << rewrites.error().message;
  if (!rewrites) return {};
  if (expected.rewrites >= 0) {
    EXPECT_EQ(*rewrites, expected.rewrites);
  } else {
    EXPECT_EQ(*rewrites > 0, print(graph) != print(*parsed)) << *rewrites << " rewrites make\n" << print(graph);
  }
  return check(graph, *parsed, expected);
}

std::string after_pipeline(std::string_view before, const PassCheck& expected) {
  const auto parsed = parse_graph(before);
  EXPECT_TRUE(parsed) << parsed.error().message;
  if (!parsed) return {};
  Graph graph = *parsed;
  PassOptions options;
  options.verify = true;
  const auto report = run_pipeline(graph, options);
  EXPECT_TRUE(report) << report.error().message;
  if (!report) return {};
  const std::string once = check(graph, *parsed, expected);
  const auto again = run_pipeline(graph, options);
  EXPECT_TRUE(again) << again.error().message;
  if (again) {
    for (const PassReport::Entry& entry : again->passes) {
      EXPECT_EQ(entry.rewrites, 0) << entry.pass << " finds something in a second run:\n"
                                   << once << "\n->\n"
                                   << print(graph);
    }
  }
  return once;
}

}  // namespace bolide::testing
