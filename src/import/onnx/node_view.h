/// What a rule sees of an ONNX node: its values in our graph, and its attributes by type and name.
#pragma once

#include "import/onnx/model.h"
#include "import/onnx/tensor_data.h"
#include "ir/graph.h"

#include <set>

namespace bolide::onnx {

/// Attributes are read with the default that the operator's specification gives. An attribute of another type is noted
/// in `errors()`, and the default is returned, so that a rule need not check; the importer looks afterwards. So is an
/// input whose type a rule asks for and that the node leaves out: the rule sees a scalar, and what it makes is dropped.
class OnnxNodeView {
 public:
  OnnxNodeView(const OnnxNode& node, std::string name, std::int64_t version, std::vector<ValueId> inputs,
               std::map<std::string_view, const OnnxAttribute*> attributes, const Graph& graph,
               const ExternalData& external);

  const std::string& name() const { return name_; }
  std::string_view op_type() const { return node_.op_type; }
  std::string_view domain() const { return node_.domain; }
  std::int64_t version() const { return version_; }  ///< of the operator set that the node's domain has in the model

  std::size_t input_count() const { return inputs_.size(); }  ///< trailing inputs left out are not counted
  const std::vector<ValueId>& inputs() const { return inputs_; }
  bool has_input(std::size_t index) const { return in(index) != kNoValue; }
  /// kNoValue when it is left out.
  ValueId in(std::size_t index) const { return index < inputs_.size() ? inputs_[index] : kNoValue; }
  /// Of an input that the operator needs, or that is known to be there.
  const TensorType& type(std::size_t index) const {
    return has_input(index) ? graph_.value(in(index)).type : missing(index);
  }
  DataType dtype(std::size_t index) const { return type(index).dtype; }
  std::int64_t rank(std::size_t index) const { return type(index).rank(); }
  const Shape& shape(std::size_t index) const { return type(index).shape; }
  /// The input's elements, when they are known.
  const Tensor* constant(std::size_t index) const { return graph_.constant(in(index)); }
  /// Integers of an input that must be known here. Errors: Unsupported, naming the input as `what`.
  Result<Dims> integers_of(std::size_t index, std::string_view what) const;
  /// Integers of an input where they are known here; nothing when it is left out or only the data decide.
  Result<std::optional<Dims>> known_integers(std::size_t index, std::string_view what) const;
  Result<double> number_of(std::size_t index, std::string_view what) const;

  std::size_t output_count() const { return node_.outputs.size(); }
  bool has_output(std::size_t index) const { return index < output_count() && !node_.outputs[index].empty(); }

  bool has(std::string_view attribute) const { return attributes_.contains(attribute); }
  /// What an attribute is; empty when it is not there.
  std::optional<OnnxAttribute::Kind> kind_of(std::string_view attribute) const {
    const auto found = attributes_.find(attribute);
    return found == attributes_.end() ? std::nullopt : std::optional(found->second->kind);
  }
  std::int64_t integer(std::string_view attribute, std::int64_t fallback);
  bool flag(std::string_view attribute, bool fallback = false) { return integer(attribute, fallback ? 1 : 0) != 0; }
  float number(std::string_view attribute, float fallback);
  std::string text(std::string_view attribute, std::string_view fallback);
  Dims integers(std::string_view attribute, Dims fallback = {});
  std::vector<float> numbers(std::string_view attribute, std::vector<float> fallback = {});
  std::vector<std::string> texts(std::string_view attribute);
  /// Null when absent.
  const OnnxAttribute* attribute(std::string_view attribute, OnnxAttribute::Kind kind);
  const OnnxGraph* graph(std::string_view attribute);
  /// Errors: NotFound when absent; those of to_tensor.
  Result<Tensor> tensor(std::string_view attribute);
  /// An attribute that holds a TensorProto.DataType. Errors: Unsupported for a code without a dtype.
  Result<DataType> data_type(std::string_view attribute, DataType fallback);
  /// Says that the attribute is known and has no effect.
  void ignore(std::string_view attribute) { read_.emplace(attribute); }

  void add_error(Error error) { errors_.push_back(std::move(error)); }
  const std::vector<Error>& errors() const { return errors_; }
  std::vector<std::string_view> unread_attributes() const;
  std::vector<std::string_view> attribute_names() const;  ///< sorted
  /// Of an attribute that is there.
  OnnxAttribute::Kind attribute_kind(std::string_view attribute) const { return attributes_.at(attribute)->kind; }
  const ExternalData& external() const { return external_; }

 private:
  /// Notes that the input is missing; a scalar.
  const TensorType& missing(std::size_t index) const;

  const OnnxNode& node_;
  std::string name_;
  std::int64_t version_;
  std::vector<ValueId> inputs_;
  std::map<std::string_view, const OnnxAttribute*> attributes_;
  const Graph& graph_;
  const ExternalData& external_;
  std::set<std::string, std::less<>> read_;  // names may come from short-lived texts
  mutable std::vector<Error> errors_;
  mutable std::set<std::size_t> missing_;  // inputs told as missing
};

/// "a list of integers"
std::string_view describe(OnnxAttribute::Kind kind);

}  // namespace bolide::onnx
