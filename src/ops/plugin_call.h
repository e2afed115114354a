/// A bolide_plugin_call and what its pointers point to.
#pragma once

#include "ops/plugin_op.h"

namespace bolide {

/// The attributes of the node as the interface has them. Points into `op`.
class PluginAttributes {
 public:
  /// Errors: InvalidArgument when counts and values do not fit together.
  static Result<PluginAttributes> of(const PluginOp& op);
  std::span<const bolide_plugin_attribute> all() const { return attributes_; }

 private:
  std::vector<bolide_plugin_attribute> attributes_;
  std::vector<std::unique_ptr<std::vector<const char*>>> texts_;
};

/// One call: what the plugin's functions write, they write here.
class PluginCall {
 public:
  PluginCall(std::span<const bolide_plugin_attribute> attributes, std::span<const bolide_plugin_tensor> inputs,
             std::span<bolide_plugin_tensor> outputs);
  virtual ~PluginCall() = default;
  PluginCall(const PluginCall&) = delete;
  PluginCall& operator=(const PluginCall&) = delete;

  /// Calls the function. Errors: what it noted, or that it failed without a word.
  Status run(bolide_plugin_function function, std::string_view name);

 protected:
  virtual bolide_code set_output(std::size_t output, std::int32_t dtype, std::span<const std::int64_t> dims);
  virtual std::int64_t size(bolide_plugin_arithmetic what, std::int64_t a, std::int64_t b);
  bolide_code fail(bolide_code code, const char* message);

 private:
  static PluginCall& self(const bolide_plugin_call* call) { return *static_cast<PluginCall*>(call->host); }

  bolide_plugin_call call_{};
  Code code_ = Code::kInternal;
  std::string message_;
};

/// A tensor, or null for one that is left out, as the interface has it. Points into the tensor.
bolide_plugin_tensor plugin_tensor(const Tensor* tensor);
/// False for strings, containers and types below 8 bits.
bool is_plugin_type(DataType type);

}  // namespace bolide
