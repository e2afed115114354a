/// Changes one place of a model: fields dropped, sizes grown, dtypes, inputs and operators exchanged.
#pragma once

#include "import/onnx/rules.h"
#include "model_parts.h"
#include "odd_values.h"

#include <algorithm>
#include <cstring>
#include <random>

namespace bolide::onnx {

class Mutator {
 public:
  explicit Mutator(unsigned seed) : random_(seed) {}

  void change(OnnxModel& model) {
    Parts parts(model);
    switch (below(16)) {
      case 0: return change_header(model);
      case 1: return change_list(parts);
      case 2:
      case 3:
      case 4: return change_value(parts);
      case 5:
      case 6:
      case 7: return change_tensor(parts);
      case 8:
      case 9:
      case 10:
      case 11: return change_attribute(parts);
      default: return change_node(parts);
    }
  }
  std::size_t below(std::size_t count) { return count == 0 ? 0 : random_() % count; }

 private:
  template <class List>
  auto& any(List& list) {
    return list[below(list.size())];
  }
  bool once_in(std::size_t count) { return below(count) == 0; }
  std::int64_t number(std::int64_t old) {
    switch (below(4)) {
      case 0: return static_cast<std::int64_t>(static_cast<std::uint64_t>(old) + below(3) - 1);
      case 1: return static_cast<std::int64_t>(below(6));
      case 2: return static_cast<std::int64_t>(static_cast<std::uint64_t>(old) * 2);
      default: return any(kNumbers);
    }
  }
  /// Drops, doubles, exchanges or moves elements of a list.
  template <class T>
  void shuffle(std::vector<T>& list) {
    if (list.empty()) return;
    const auto at = list.begin() + static_cast<std::ptrdiff_t>(below(list.size()));
    switch (below(4)) {
      case 0: list.erase(at); break;
      case 1: std::iter_swap(at, list.begin() + static_cast<std::ptrdiff_t>(below(list.size()))); break;
      case 2:
        if (list.size() < 64) list.push_back(T(*at));
        break;
      default: *at = T(any(list)); break;
    }
  }

  void change_header(OnnxModel& model) {
    if (once_in(6)) model.ir_version = number(model.ir_version);
    if (once_in(8)) shuffle(model.functions);
    for (auto& [domain, version] : model.opset_imports) {
      if (once_in(2)) version = once_in(8) ? number(version) : static_cast<std::int64_t>(1 + below(28));
    }
  }
  void change_list(Parts& parts) {
    OnnxGraph& graph = *any(parts.graphs);
    switch (below(5)) {
      case 0: return shuffle(graph.inputs);
      case 1: return shuffle(graph.outputs);
      case 2: return shuffle(graph.initializers);
      default: return shuffle(*any(parts.lists));
    }
  }
  void change_value(Parts& parts) {
    if (parts.values.empty()) return;
    OnnxValueInfo& value = *any(parts.values);
    auto& dims = value.type.dims;
    if (once_in(5)) {
      value.type.elem_type = static_cast<std::int32_t>(below(30));
    } else if (once_in(30)) {
      dims.reset();
    } else if (once_in(30)) {
      value.name = any(parts.names);
    } else if (!dims || dims->empty() || once_in(6)) {
      if (!dims) dims.emplace();
      if (dims->empty())
        dims->emplace_back();
      else
        shuffle(*dims);
    } else if (once_in(5)) {
      any(*dims) = {.value = {}, .param = any(parts.names), .denotation = {}};
    } else {
      OnnxDim& dim = any(*dims);
      dim.value = number(dim.value.value_or(1));
    }
  }
  void change_tensor(Parts& parts) {
    if (parts.tensors.empty()) return;
    OnnxTensor& tensor = *any(parts.tensors);
    switch (below(6)) {
      case 0: tensor.dtype = static_cast<std::int32_t>(below(30)); break;
      case 1: shuffle(tensor.dims); return fill(tensor);
      case 2:
        if (!tensor.dims.empty()) any(tensor.dims) = number(any(tensor.dims));
        if (!once_in(4)) fill(tensor);
        break;
      default: change_data(tensor);
    }
  }
  /// As many bytes as dtype and sizes ask for, up to a few.
  void fill(OnnxTensor& tensor) {
    const auto dtype = from_onnx_type(tensor.dtype);
    const auto count = element_count(tensor.dims);
    if (!dtype || !count || *count > 4096 || tensor.raw_data.empty()) return;
    std::string bytes(packed_bytes(*dtype, *count), '\0');
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = tensor.raw_data[i % tensor.raw_data.size()];
    tensor.raw_data = keep(std::move(bytes));
  }
  void change_data(OnnxTensor& tensor) {
    if (!tensor.float_data.empty()) any(tensor.float_data) = any(kReals);
    if (!tensor.int64_data.empty()) any(tensor.int64_data) = number(any(tensor.int64_data));
    if (!tensor.int32_data.empty()) any(tensor.int32_data) = static_cast<std::int32_t>(number(any(tensor.int32_data)));
    if (!tensor.string_data.empty()) any(tensor.string_data) = any(kTexts);
    if (tensor.raw_data.empty()) return;
    std::string bytes(tensor.raw_data);
    const auto put = [&](auto element) {
      if (bytes.size() < sizeof(element)) return;
      const std::size_t at = below(bytes.size() / sizeof(element)) * sizeof(element);
      std::memcpy(bytes.data() + at, &element, sizeof(element));
    };
    constexpr std::int32_t kF32 = 1;
    constexpr std::int32_t kI32 = 6;
    constexpr std::int32_t kI64 = 7;
    if (tensor.dtype == kI64)
      put(number(2));
    else if (tensor.dtype == kI32)
      put(static_cast<std::int32_t>(number(2)));
    else if (tensor.dtype == kF32)
      put(any(kReals));
    else
      put(static_cast<std::uint8_t>(random_()));
    tensor.raw_data = keep(std::move(bytes));
  }
  void change_attribute(Parts& parts) {
    if (parts.attributes.empty()) return;
    OnnxAttribute& attribute = *any(parts.attributes);
    if (once_in(20)) attribute.name = any(kAttributes);
    switch (attribute.kind) {
      case OnnxAttribute::Kind::kInt: attribute.i = number(attribute.i); break;
      case OnnxAttribute::Kind::kFloat: attribute.f = any(kReals); break;
      case OnnxAttribute::Kind::kString: attribute.s = any(kTexts); break;
      case OnnxAttribute::Kind::kInts:
        if (attribute.ints.empty())
          attribute.ints.push_back(number(1));
        else if (once_in(3))
          shuffle(attribute.ints);
        else
          any(attribute.ints) = number(any(attribute.ints));
        break;
      case OnnxAttribute::Kind::kFloats:
        if (attribute.floats.empty() || once_in(3))
          shuffle(attribute.floats);
        else
          any(attribute.floats) = any(kReals);
        break;
      case OnnxAttribute::Kind::kStrings:
        if (attribute.strings.empty() || once_in(3))
          shuffle(attribute.strings);
        else
          any(attribute.strings) = any(kTexts);
        break;
      default: return change_tensor(parts);
    }
  }
  void change_node(Parts& parts) {
    if (parts.nodes.empty()) return;
    OnnxNode& node = *any(parts.nodes);
    switch (below(8)) {
      case 0: return shuffle(node.inputs);
      case 1: return shuffle(node.outputs);
      case 2: return shuffle(node.attributes);
      case 3:
        if (!node.inputs.empty()) any(node.inputs) = once_in(3) ? std::string_view() : any(parts.names);
        break;
      case 4: node.inputs.push_back(any(parts.names)); break;
      case 5: {
        const RuleEntry& rule = any(rules_);
        node.op_type = rule.op_type;
        node.domain = rule.domain;
        break;
      }
      case 6: {
        OnnxAttribute added;
        added.name = any(kAttributes);
        constexpr std::array kKinds = {OnnxAttribute::Kind::kInt, OnnxAttribute::Kind::kFloat,
                                       OnnxAttribute::Kind::kString, OnnxAttribute::Kind::kInts};
        added.kind = any(kKinds);
        added.i = number(1);
        added.f = any(kReals);
        added.s = any(kTexts);
        for (std::size_t i = below(5); i > 0; --i) added.ints.push_back(number(1));
        node.attributes.push_back(std::move(added));
        break;
      }
      default:
        if (!node.inputs.empty()) any(node.inputs) = any(parts.names);
    }
  }
  std::string_view keep(std::string text) {
    kept_.push_back(std::make_unique<std::string>(std::move(text)));
    return *kept_.back();
  }

  std::minstd_rand random_;
  std::span<const RuleEntry> rules_ = rules();
  std::vector<std::unique_ptr<std::string>> kept_;  // what the model views
};

}  // namespace bolide::onnx
