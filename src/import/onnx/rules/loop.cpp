#include "ops/loop.h"

#include "import/onnx/rules/all.h"
#include "import/onnx/rules/carried_types.h"
#include "ops/identity.h"
#include "ops/optional.h"

#include <array>

namespace bolide::onnx {
namespace {

constexpr int kMostRounds = 8;  // of widening; each takes at least one constant size, name or element type away

/// What a sequence holds where only the body's declaration tells.
TensorType refined(const TensorType& type, const OnnxValueInfo& declared, CarriedTypes& names) {
  if (type.dtype != DataType::kSequence || type.element().ranked) return type;
  const Result<TensorType> stated = declared_type(declared);
  if (!stated || stated->dtype != DataType::kSequence || stated->element().dtype != type.element().dtype) return type;
  if (!stated->element().ranked) return type;
  return sequence_type(names.loosened(stated->element()), type.shape[0]);
}

/// The body with result `index` as an optional.
Result<std::shared_ptr<const Graph>> with_optional(const Graph& body, std::size_t index) {
  auto out = std::make_shared<Graph>(body);
  std::vector<ValueId> outputs(body.outputs().begin(), body.outputs().end());
  TRY(outputs[index], out->add(MakeOptional{}, {outputs[index]}, out->unique_name("optional")));
  out->set_outputs(std::move(outputs));
  return std::shared_ptr<const Graph>(std::move(out));
}

std::int64_t number_or(const Tensor& tensor, std::int64_t fallback) {
  const Result<Dims> numbers = to_i64(tensor);
  return numbers && numbers->size() == 1 ? numbers->front() : fallback;
}

/// Whether the condition that the body gives is true whenever the one that it got was.
bool goes_on(const Graph& body) {
  ValueId cond = body.outputs()[0];
  for (const Node* node = body.producer(cond); node != nullptr && node->op.is<Identity>(); node = body.producer(cond)) {
    cond = node->inputs[0];
  }
  const Tensor* known = body.constant(cond);
  return cond == body.inputs()[1] || (known != nullptr && known->count() == 1 && known->data()[0] != std::byte{0});
}

/// Errors: Unsupported for a loop that neither its trip count nor its condition can end.
Status check_end(const OnnxNodeView& node, const Graph& body) {
  constexpr std::int64_t kForever = INT64_C(1) << 53;  // at a nanosecond each, a hundred days
  const Tensor* trips = node.constant(0);
  const Tensor* cond = node.constant(1);
  const bool counts = trips == nullptr ? node.has_input(0) : number_or(*trips, 0) < kForever;
  const bool may_be_false = cond == nullptr ? node.has_input(1) : cond->count() != 1 || cond->data()[0] == std::byte{0};
  if (counts || may_be_false || !goes_on(body)) return ok();
  return unsupported(
      "the loop has no end: ", trips == nullptr ? "there is no trip count" : "the trip count is beyond 2^53",
      ", and the condition stays true; give input 0 (M), or a condition that the body makes false");
}

}  // namespace

/// ONNX Loop. The types of carried values are widened until what an iteration gives is what the next one takes. Of an
/// optional that starts the loop, an iteration may give the value itself: it is carried as an optional, and the loop
/// gives the value.
Result<Values> import_loop(OnnxNodeView& node, Builder& build) {
  const OnnxGraph* body = node.graph("body");
  if (body == nullptr) return bad_file("attribute 'body' is missing");
  const std::size_t carried = node.input_count() > 2 ? node.input_count() - 2 : 0;
  if (body->inputs.size() != carried + 2) {
    return bad_file("the body has ", body->inputs.size(), " inputs, where ", carried + 2, " are expected");
  }
  CarriedTypes names(node.name());
  std::vector<TensorType> types = {{DataType::kI64, {}}, {DataType::kBool, {}}};
  for (std::size_t i = 0; i < carried; ++i) {
    if (!node.has_input(i + 2)) return bad_file("the initial value of carried value ", i, " is left out");
    types.push_back(refined(node.type(i + 2), body->inputs[i + 2], names));
  }
  const std::array<const OnnxGraph*, 1> graphs = {body};
  for (int round = 0; round < kMostRounds; ++round) {
    TRY(Bodies bodies, build.import_bodies(graphs, types));
    const Graph& inner = *bodies.graphs[0];
    if (inner.outputs().size() < carried + 1) {
      return bad_file("the body has ", inner.outputs().size(), " outputs, where at least ", carried + 1,
                      " are expected");
    }
    bool settled = true;
    for (std::size_t i = 0; i < carried; ++i) {
      const TensorType made = inner.value(inner.outputs()[i + 1]).type;
      const bool wrapped = types[i + 2].dtype == DataType::kOptional && made.dtype != DataType::kOptional;
      const TensorType result = wrapped ? optional_type(made, Dim(1)) : made;
      if (names.covers(types[i + 2], result)) continue;
      settled = false;
      Result<TensorType> wider = common_type(types[i + 2], result, [&names] { return names.fresh(); });
      if (!wider) return std::move(wider).within(strings::join("carried value ", i)).error();
      types[i + 2] = *std::move(wider);
    }
    if (!settled) continue;
    TRY_OK(check_end(node, inner));
    std::vector<std::size_t> wrapped;
    for (std::size_t i = 0; i < carried; ++i) {
      const TensorType& made = inner.value(inner.outputs()[i + 1]).type;
      if (types[i + 2].dtype == DataType::kOptional && made.dtype != DataType::kOptional) wrapped.push_back(i);
    }
    for (const std::size_t i : wrapped) {
      TRY(bodies.graphs[0], with_optional(*bodies.graphs[0], i + 1));
    }
    Values inputs = {node.in(0), node.in(1)};
    for (std::size_t i = 0; i < carried; ++i) inputs.push_back(node.in(i + 2));
    inputs.insert(inputs.end(), bodies.captures.begin(), bodies.captures.end());
    const std::size_t outputs = std::max(node.output_count(), bodies.graphs[0]->outputs().size() - 1);
    TRY(Values results, build.add_node(Loop{.carried = static_cast<std::int64_t>(carried)}, std::move(inputs), outputs,
                                       std::move(bodies.graphs)));
    for (const std::size_t i : wrapped) {
      TRY(results[i], build.add(OptionalGetElement{}, {results[i]}));
    }
    return results;
  }
  return unsupported("the types of the carried values do not settle");
}

}  // namespace bolide::onnx
