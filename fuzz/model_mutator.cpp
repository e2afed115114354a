// What libFuzzer does to a model, so that what comes out is a model still. Bytes that are no model are changed as
// bytes, and so is one model of twenty.
#include "model_mutator.h"

#include "import/onnx/reader.h"
#include "import/onnx/writer.h"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

namespace {

using namespace bolide::onnx;

bolide::Result<OnnxModel> read(const std::uint8_t* data, std::size_t size) {
  return read_model(std::span(reinterpret_cast<const std::byte*>(data), size), nullptr);
}

std::size_t give(const std::string& bytes, std::uint8_t* to, std::size_t most) {
  if (bytes.size() > most) return 0;
  std::memcpy(to, bytes.data(), bytes.size());
  return bytes.size();
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
  Mutator mutator(seed);
  if (mutator.below(20) == 0) return LLVMFuzzerMutate(data, size, most);
  auto model = read(data, size);
  if (!model) return LLVMFuzzerMutate(data, size, most);
  for (std::size_t more = 1; more > 0; more = mutator.below(3) / 2) mutator.change(*model);
  const std::size_t written = give(write_model(*model), data, most);
  return written > 0 ? written : LLVMFuzzerMutate(data, size, most);
}

/// The nodes of both, so that one model's values reach the other's operators.
extern "C" std::size_t LLVMFuzzerCustomCrossOver(const std::uint8_t* one, std::size_t one_size, const std::uint8_t* two,
                                                 std::size_t two_size, std::uint8_t* out, std::size_t most,
                                                 unsigned seed) {
  auto model = read(one, one_size);
  auto other = read(two, two_size);
  if (!model || !other || model->graph.outputs.empty()) return 0;
  OnnxGraph& graph = model->graph;
  OnnxGraph& added = other->graph;
  Mutator mutator(seed);
  std::map<std::string_view, std::string> names;  // of the second model's values in the new one
  if (!added.inputs.empty()) {
    names[added.inputs[0].name] = graph.outputs[mutator.below(graph.outputs.size())].name;
    added.inputs.erase(added.inputs.begin());
  }
  const auto rename = [&names](std::string_view& name) {
    if (!name.empty()) name = names.try_emplace(name, bolide::strings::join(name, "'")).first->second;
  };
  Parts parts(*other);
  for (OnnxNode* node : parts.nodes) {
    std::ranges::for_each(node->inputs, rename);
    std::ranges::for_each(node->outputs, rename);
  }
  for (OnnxValueInfo* value : parts.values) rename(value->name);
  for (OnnxGraph* body : parts.graphs) {
    for (OnnxTensor& tensor : body->initializers) rename(tensor.name);
  }
  for (OnnxFunction& function : other->functions) {
    std::ranges::for_each(function.inputs, rename);
    std::ranges::for_each(function.outputs, rename);
  }
  const auto append = [](auto& to, auto& from) { to.insert(to.end(), from.begin(), from.end()); };
  append(graph.nodes, added.nodes);
  append(graph.inputs, added.inputs);
  append(graph.outputs, added.outputs);
  append(graph.initializers, added.initializers);
  append(model->functions, other->functions);
  for (const auto& opset : other->opset_imports) model->opset_imports.insert(opset);
  return give(write_model(*model), out, most);
}
