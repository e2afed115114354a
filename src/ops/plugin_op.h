#pragma once

#include "ops/op.h"
#include "ops/plugin_registry.h"

namespace bolide {

/// An operator of a plugin. Every value the node needs is in the fields, so that texts and engines name the plugin and
/// hold none of its code; it is looked up when types are derived or values computed.
///
/// Inputs   what the plugin says: tensors of at least 8 bits an element, no strings
/// Outputs  what its `infer` says
/// Attributes stand one after the other: `names`, the kind of each (i, f or s, with how many values), and the values of
/// all in the list of their kind.
/// Errors   NotFound when no such plugin was given; InvalidArgument for another version; what the plugin says
struct PluginOp {
  std::string domain;
  std::string op;
  std::string plugin;
  std::string version;
  std::vector<std::string> names;
  std::string kinds;
  std::vector<std::int64_t> counts;
  std::vector<std::int64_t> ints;
  std::vector<float> floats;
  std::vector<std::string> strings;

  static constexpr OpInfo kInfo{.name = "Plugin", .min_inputs = 0, .max_inputs = -1, .outputs = -1};
  static constexpr auto kFields = std::tuple{field("domain", &PluginOp::domain), field("op", &PluginOp::op),
                                             field("plugin", &PluginOp::plugin), field("version", &PluginOp::version),
                                             field("names", &PluginOp::names),   field("kinds", &PluginOp::kinds),
                                             field("counts", &PluginOp::counts), field("ints", &PluginOp::ints),
                                             field("floats", &PluginOp::floats), field("strings", &PluginOp::strings)};

  /// Errors: NotFound and InvalidArgument as above.
  Result<const PluginOperator*> find() const;
  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

}  // namespace bolide
