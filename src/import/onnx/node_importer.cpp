#include "import/onnx/node_importer.h"

#include "base/log.h"
#include "import/onnx/batch_operands.h"
#include "import/onnx/dynamic_batch.h"
#include "import/onnx/rules/all.h"
#include "ops/plugin_registry.h"

#include <algorithm>

namespace bolide::onnx {

std::string_view plain_domain(std::string_view domain) { return domain == "ai.onnx" ? std::string_view() : domain; }

std::string node_name(const OnnxNode& node, std::string_view prefix) {
  if (!node.name.empty()) return strings::join(prefix, node.name);
  const auto output = std::find_if(node.outputs.begin(), node.outputs.end(), [](auto name) { return !name.empty(); });
  return strings::join(prefix, node.op_type, "_", output == node.outputs.end() ? std::string_view("0") : *output);
}

NodeLabel NodeImporter::label() const {
  const auto output = std::ranges::find_if(node_.outputs, [](auto name) { return !name.empty(); });
  return {.place = place_,
          .name = name_,
          .op_type = std::string(node_.op_type),
          .domain = std::string(plain_domain(node_.domain)),
          .version = version(),
          .output = std::string(output == node_.outputs.end() ? std::string_view() : *output)};
}

void NodeImporter::poison_outputs() {
  for (const std::string_view output : node_.outputs) {
    if (!output.empty()) (void)list_.scope.bind(output, std::nullopt);
  }
}

std::optional<Values> NodeImporter::resolve_inputs() {
  Values out;
  bool poisoned = false;
  for (const std::string_view input : node_.inputs) {
    if (input.empty()) {
      out.push_back(kNoValue);
      continue;
    }
    const Scope::Binding* binding = list_.scope.find(input);
    if (binding == nullptr) {
      fail(bad_file("input '", input, "' is produced by no node, and is no graph input or initializer"));
      (void)list_.scope.bind(input, std::nullopt);  // told once
      poisoned = true;
    } else if (!*binding) {
      poisoned = true;
    } else {
      out.push_back(**binding);
    }
  }
  if (poisoned) return std::nullopt;
  return out;
}

std::map<std::string_view, const OnnxAttribute*> NodeImporter::attributes() {
  std::map<std::string_view, const OnnxAttribute*> out;
  for (const OnnxAttribute& attribute : node_.attributes) {
    const OnnxAttribute* value = &attribute;
    if (!attribute.ref_attr_name.empty()) {
      if (list_.arguments == nullptr) {
        fail(bad_file("attribute '", attribute.name, "' refers to an attribute of a function outside of any"));
        continue;
      }
      const auto found = list_.arguments->find(attribute.ref_attr_name);
      if (found == list_.arguments->end()) continue;  // not given and without default: absent here, too
      value = found->second;
    }
    if (!out.emplace(attribute.name, value).second) fail(bad_file("attribute '", attribute.name, "' stands twice"));
  }
  return out;
}

std::int64_t NodeImporter::version() const {
  const auto found = list_.opsets.find(plain_domain(node_.domain));
  if (found != list_.opsets.end()) return found->second;
  const auto spelled = list_.opsets.find(node_.domain);
  return spelled != list_.opsets.end() ? spelled->second : 1;
}

void NodeImporter::report_unknown() {
  const std::string_view domain = plain_domain(node_.domain);
  const bool other_version = find_rule(domain, node_.op_type, INT64_MAX) != nullptr;
  const bool known_domain = domain.empty() || domain == "com.microsoft" || domain.starts_with("ai.onnx.");
  Error reason = unsupported(
      "is of a domain that Bolide does not know: give the plugin that has it (--plugin FILE or bolide::load_plugin(); "
      "docs/recipes/write-a-plugin.md), or export it as a local function of standard operators");
  if (domain == "com.microsoft.nchwc") {
    reason = unsupported(
        "was written by ONNX Runtime's optimizer for one machine: give the model it was made from, or save it with "
        "ORT_ENABLE_EXTENDED or less");
  }
  if (other_version) {
    reason = unsupported("is newer than its operator set: state the set that the exporter wrote for");
  } else if (known_domain) {
    reason = unsupported(
        "is not supported: export the model without it, or add a rule (docs/recipes/add-an-importer-rule.md)");
  }
  state_.problems.unknown_operator(label(), std::move(reason));
}

const RuleEntry* NodeImporter::rule() const {
  const std::string_view domain = plain_domain(node_.domain);
  const RuleEntry* own = find_rule(domain, node_.op_type, version());
  if (own != nullptr || !domain.empty() || find_rule("", node_.op_type, INT64_MAX) != nullptr ||
      find_plugin_operator(domain, node_.op_type) != nullptr) {
    return own;
  }
  return find_rule("com.microsoft", node_.op_type, 1);
}

bool NodeImporter::is_known() const {
  const std::string_view domain = plain_domain(node_.domain);
  return state_.functions.contains({domain, node_.op_type, node_.overload}) || rule() != nullptr ||
         find_plugin_operator(domain, node_.op_type) != nullptr;
}

void NodeImporter::look_for_unknown(int depth) {
  if (!is_known()) report_unknown();
  if (depth >= kMaxDepth) return;
  for (const OnnxAttribute& attribute : node_.attributes) {
    for (const OnnxGraph& body : attribute.graphs) {
      const std::string inside = strings::join(place_, "/", attribute.name, "/");
      for (std::size_t i = 0; i < body.nodes.size(); ++i) {
        NodeImporter(into_, list_, body.nodes[i], strings::join(inside, i)).look_for_unknown(depth + 1);
      }
    }
  }
}

void NodeImporter::import() {
  using Outcome = ImportReport::Outcome;
  const std::optional<Values> inputs = resolve_inputs();
  if (!inputs || !is_known()) {
    state_.outcomes.note(label(), Outcome::kNotReached);
    look_for_unknown(list_.depth);
    return poison_outputs();
  }
  const std::string_view domain = plain_domain(node_.domain);
  const auto function = state_.functions.find({domain, node_.op_type, node_.overload});
  is_call_ = function != state_.functions.end();
  const auto first_new = static_cast<NodeId>(graph_.node_slots());
  const RuleEntry* entry = rule();
  if (!is_call_ && entry != nullptr && entry->domain != domain) {
    log(LogLevel::kWarn, describe(label()), ": ai.onnx has no operator ", node_.op_type, "; that of ", entry->domain,
        " is taken");
  }
  const RuleEntry plugin{domain, node_.op_type, 1, import_plugin};
  const bool is_plugin = entry == nullptr && !is_call_;
  Result<Values> values =
      is_call_ ? inline_function(*function->second, *inputs) : apply(entry != nullptr ? *entry : plugin, *inputs);
  if (!values) {
    state_.outcomes.note(label(), Outcome::kRefused);
    if (!values.error().message.empty()) fail(values.error());
    return poison_outputs();
  }
  state_.outcomes.note(label(), is_plugin ? Outcome::kPlugin : Outcome::kRead);
  bind_outputs(*values, first_new);
}

void NodeImporter::free_batch_of_reshape(Values& inputs, std::map<std::string_view, const OnnxAttribute*>& attributes) {
  if (!state_.batch || node_.op_type != "Reshape" || inputs.size() < 2) return;
  const Tensor* target = graph_.constant(inputs[1]);
  const Result<Dims> sizes = target != nullptr ? to_i64(*target) : Result<Dims>(Dims());
  if (target == nullptr || !sizes || inputs[0] == kNoValue) return;
  const auto allowzero = attributes.find("allowzero");
  const bool keeps_zeros = allowzero != attributes.end() && allowzero->second->i != 0;
  if (keeps_zeros && std::ranges::find(*sizes, 0) != sizes->end()) return;
  const Dims free = reshape_for_any_batch(graph_.value(inputs[0]).type.shape, *sizes, *state_.batch);
  if (free == *sizes) return;
  if (may_hold_batch_elsewhere(graph_.value(inputs[0]).type.shape, *sizes, *state_.batch)) {
    log(LogLevel::kWarn, describe(label()), ": for any batch ", *sizes, " is taken as ", free,
        ", which the file does not say for certain; a file exported with a batch of 2 does");
  }
  inputs[1] = graph_.add_constant(name_ + "/shape", Tensor::of<std::int64_t>(free));
  if (keeps_zeros) attributes.erase(allowzero);  // a 0 in the new sizes copies the batch
}

Result<Values> NodeImporter::apply(const RuleEntry& entry, Values inputs) {
  auto given = attributes();
  free_batch_of_reshape(inputs, given);
  if (state_.batch && entry.domain.empty()) {
    const auto integer = [&given](std::string_view attribute, std::int64_t otherwise) {
      const auto found = given.find(attribute);
      return found != given.end() ? found->second->i : otherwise;
    };
    follow_batch(graph_, node_.op_type, name_, *state_.batch, integer, inputs);
  }
  OnnxNodeView view(node_, name_, version(), std::move(inputs), std::move(given), graph_, state_.external);
  Builder build(
      graph_, name_, [this](std::string_view name) { return into_.reserved_.contains(name); },
      [this](std::span<const OnnxGraph* const> bodies, std::span<const TensorType> types) {
        return import_bodies(bodies, types);
      },
      [this](const OnnxGraph& body, const Values& values) { return inline_body(body, values); },
      [this](std::string_view name) {
        const Scope::Binding* binding = list_.scope.find(name);
        return binding == nullptr ? kNoValue : binding->value_or(kNoValue);
      });
  Result<Values> values = entry.rule(view, build);
  if (!view.errors().empty()) {
    for (const Error& error : view.errors()) fail(error);
    return Error{Code::kBadFile, {}};
  }
  if (values && build.asked_for_missing()) return bad_file("an input that the operator needs is missing");
  if (values && log_enabled(LogLevel::kWarn)) {
    for (const std::string_view attribute : view.unread_attributes()) {
      log(LogLevel::kWarn, describe(label()), ": attribute '", attribute, "' is not known and has no effect");
    }
  }
  return values;
}

void NodeImporter::bind_outputs(const Values& values, NodeId first_new) {
  for (std::size_t i = 0; i < node_.outputs.size(); ++i) {
    const std::string_view output = node_.outputs[i];
    if (output.empty()) continue;
    if (i >= values.size() || values[i] == kNoValue) {
      fail(unsupported("output ", i, " ('", output, "') is not available"));
      (void)list_.scope.bind(output, std::nullopt);
      continue;
    }
    const ValueId id = values[i];
    if (!list_.scope.bind(output, id)) {
      fail(bad_file("value '", output, "' is defined twice"));
      continue;
    }
    // What the node made takes the file's name; what it only passes on keeps its own.
    const NodeId producer = graph_.value(id).producer;
    const bool is_own =
        graph_.value(id).name.starts_with(name_ + "/") && (producer == kNoNode || producer >= first_new);
    if (is_own && list_.prefix.empty()) (void)graph_.rename(id, std::string(output));
  }
  const auto end = static_cast<NodeId>(graph_.node_slots());
  for (NodeId id = first_new; id < end && !is_call_; ++id) {
    graph_.node(id).members = {name_};
    if (first_new + 1 == end) graph_.node(id).name = name_;
  }
}

}  // namespace bolide::onnx
