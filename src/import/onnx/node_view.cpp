#include "import/onnx/node_view.h"

#include <array>
#include <cstdlib>

namespace bolide::onnx {

std::string_view describe(OnnxAttribute::Kind kind) {
  constexpr std::array<std::string_view, 15> kNames = {"nothing",
                                                       "a number",
                                                       "an integer",
                                                       "a text",
                                                       "a tensor",
                                                       "a graph",
                                                       "a list of numbers",
                                                       "a list of integers",
                                                       "a list of texts",
                                                       "a list of tensors",
                                                       "a list of graphs",
                                                       "a sparse tensor",
                                                       "a list of sparse tensors",
                                                       "a type",
                                                       "a list of types"};
  const auto index = static_cast<std::size_t>(kind);
  return index < kNames.size() ? kNames[index] : "of an unknown kind";
}

OnnxNodeView::OnnxNodeView(const OnnxNode& node, std::string name, std::int64_t version, std::vector<ValueId> inputs,
                           std::map<std::string_view, const OnnxAttribute*> attributes, const Graph& graph,
                           const ExternalData& external)
    : node_(node),
      name_(std::move(name)),
      version_(version),
      inputs_(std::move(inputs)),
      attributes_(std::move(attributes)),
      graph_(graph),
      external_(external) {
  while (!inputs_.empty() && inputs_.back() == kNoValue) inputs_.pop_back();
}

const TensorType& OnnxNodeView::missing(std::size_t index) const {
  static const TensorType kScalar;
  if (missing_.insert(index).second) {
    errors_.push_back(bad_file("input ", index, " is missing, which the operator needs"));
  }
  return kScalar;
}

Result<Dims> OnnxNodeView::integers_of(std::size_t index, std::string_view what) const {
  const ValueId id = in(index);
  if (id == kNoValue) return invalid_argument("input ", index, " (", what, ") is missing");
  if (const Tensor* tensor = graph_.constant(id)) {
    return to_i64(*tensor).within(strings::join("input ", index, " (", what, ")"));
  }
  if (const auto& contents = graph_.value(id).contents) {
    if (auto dims = constant_dims(*contents)) return *std::move(dims);
  }
  return unsupported("input ", index, " (", what, ") must be known when the model is imported, and '",
                     graph_.value(id).name, "' is computed; fold constants before exporting");
}

Result<std::optional<Dims>> OnnxNodeView::known_integers(std::size_t index, std::string_view what) const {
  const bool is_known = has_input(index) &&
                        (constant(index) != nullptr || (graph_.value(in(index)).contents.has_value() &&
                                                        constant_dims(*graph_.value(in(index)).contents).has_value()));
  if (!is_known) return std::optional<Dims>();
  TRY(Dims out, integers_of(index, what));
  return std::optional<Dims>(std::move(out));
}

Result<double> OnnxNodeView::number_of(std::size_t index, std::string_view what) const {
  const ValueId id = in(index);
  if (id == kNoValue) return invalid_argument("input ", index, " (", what, ") is missing");
  if (const Tensor* tensor = graph_.constant(id); tensor != nullptr && tensor->count() == 1) {
    return scalar_f64(*tensor).within(strings::join("input ", index, " (", what, ")"));
  }
  return unsupported("input ", index, " (", what, ") must be one number known when the model is imported, and '",
                     graph_.value(id).name, "' is not; fold constants before exporting");
}

const OnnxAttribute* OnnxNodeView::attribute(std::string_view attribute, OnnxAttribute::Kind kind) {
  read_.emplace(attribute);
  const auto found = attributes_.find(attribute);
  if (found == attributes_.end()) return nullptr;
  if (found->second->kind == kind) return found->second;
  errors_.push_back(bad_file("attribute '", attribute, "' is ", describe(found->second->kind), ", where ",
                             describe(kind), " is expected"));
  return nullptr;
}

std::int64_t OnnxNodeView::integer(std::string_view name, std::int64_t fallback) {
  const OnnxAttribute* found = attribute(name, OnnxAttribute::Kind::kInt);
  return found != nullptr ? found->i : fallback;
}

float OnnxNodeView::number(std::string_view name, float fallback) {
  const auto at = attributes_.find(name);
  constexpr std::int64_t kExact = 1 << 24;  // some exporters write whole numbers as integers
  if (at != attributes_.end() && at->second->kind == OnnxAttribute::Kind::kInt && std::abs(at->second->i) <= kExact) {
    read_.emplace(name);
    return static_cast<float>(at->second->i);
  }
  const OnnxAttribute* found = attribute(name, OnnxAttribute::Kind::kFloat);
  return found != nullptr ? found->f : fallback;
}

std::string OnnxNodeView::text(std::string_view name, std::string_view fallback) {
  const OnnxAttribute* found = attribute(name, OnnxAttribute::Kind::kString);
  return std::string(found != nullptr ? found->s : fallback);
}

Dims OnnxNodeView::integers(std::string_view name, Dims fallback) {
  const OnnxAttribute* found = attribute(name, OnnxAttribute::Kind::kInts);
  return found != nullptr ? found->ints : std::move(fallback);
}

std::vector<float> OnnxNodeView::numbers(std::string_view name, std::vector<float> fallback) {
  const OnnxAttribute* found = attribute(name, OnnxAttribute::Kind::kFloats);
  return found != nullptr ? found->floats : std::move(fallback);
}

std::vector<std::string> OnnxNodeView::texts(std::string_view name) {
  const OnnxAttribute* found = attribute(name, OnnxAttribute::Kind::kStrings);
  if (found == nullptr) return {};
  return {found->strings.begin(), found->strings.end()};
}

const OnnxGraph* OnnxNodeView::graph(std::string_view name) {
  const OnnxAttribute* found = attribute(name, OnnxAttribute::Kind::kGraph);
  return found != nullptr && !found->graphs.empty() ? &found->graphs.front() : nullptr;
}

Result<Tensor> OnnxNodeView::tensor(std::string_view name) {
  const OnnxAttribute* found = attribute(name, OnnxAttribute::Kind::kTensor);
  if (found == nullptr || found->tensors.empty()) return not_found("attribute '", name, "' is missing");
  return to_tensor(found->tensors.front(), external_).within(strings::join("attribute '", name, "'"));
}

Result<DataType> OnnxNodeView::data_type(std::string_view name, DataType fallback) {
  const OnnxAttribute* found = attribute(name, OnnxAttribute::Kind::kInt);
  if (found == nullptr) return fallback;
  if (const auto type = from_onnx_type(found->i)) return *type;
  return unsupported("attribute '", name, "': there is no dtype for the code ", found->i);
}

std::vector<std::string_view> OnnxNodeView::attribute_names() const {
  std::vector<std::string_view> out;
  for (const auto& [name, attribute] : attributes_) out.push_back(name);
  return out;
}

std::vector<std::string_view> OnnxNodeView::unread_attributes() const {
  std::vector<std::string_view> out;
  for (const auto& entry : attributes_) {
    if (!read_.contains(entry.first)) out.push_back(entry.first);
  }
  return out;
}

}  // namespace bolide::onnx
