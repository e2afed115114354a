#include "ops/plugin_op.h"

#include "import/onnx/rules/all.h"

namespace bolide::onnx {

/// A node of an operator that a plugin has: its attributes go along as they are.
Result<Values> import_plugin(OnnxNodeView& node, Builder& build) {
  const PluginOperator* found = find_plugin_operator(node.domain(), node.op_type());
  if (found == nullptr) return internal_error("the plugin is gone");
  PluginOp op{.domain = found->domain, .op = found->name, .plugin = found->plugin, .version = found->version};
  for (const std::string_view name : node.attribute_names()) {
    std::size_t count = 1;
    switch (node.attribute_kind(name)) {
      case OnnxAttribute::Kind::kInt: op.ints.push_back(node.integer(name, 0)); break;
      case OnnxAttribute::Kind::kFloat: op.floats.push_back(node.number(name, 0)); break;
      case OnnxAttribute::Kind::kString: op.strings.push_back(node.text(name, "")); break;
      case OnnxAttribute::Kind::kInts: {
        const Dims values = node.integers(name);
        count = values.size();
        op.ints.insert(op.ints.end(), values.begin(), values.end());
        break;
      }
      case OnnxAttribute::Kind::kFloats: {
        const std::vector<float> values = node.numbers(name);
        count = values.size();
        op.floats.insert(op.floats.end(), values.begin(), values.end());
        break;
      }
      case OnnxAttribute::Kind::kStrings: {
        const std::vector<std::string> values = node.texts(name);
        count = values.size();
        op.strings.insert(op.strings.end(), values.begin(), values.end());
        break;
      }
      default:
        return unsupported("attribute '", name, "' is ", describe(node.attribute_kind(name)),
                           ", which plugins do not get; give it as an input");
    }
    const auto kind = node.attribute_kind(name);
    const bool real = kind == OnnxAttribute::Kind::kFloat || kind == OnnxAttribute::Kind::kFloats;
    const bool whole = kind == OnnxAttribute::Kind::kInt || kind == OnnxAttribute::Kind::kInts;
    op.names.emplace_back(name);
    op.kinds += real ? 'f' : whole ? 'i' : 's';
    op.counts.push_back(static_cast<std::int64_t>(count));
  }
  return build.add_node(std::move(op), node.inputs(), std::max<std::size_t>(node.output_count(), 1));
}

}  // namespace bolide::onnx
