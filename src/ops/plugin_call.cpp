#include "ops/plugin_call.h"

#include "ops/reference.h"

namespace bolide {

Result<PluginAttributes> PluginAttributes::of(const PluginOp& op) {
  PluginAttributes out;
  std::array<std::size_t, 3> at{};
  const std::array<std::size_t, 3> there = {op.ints.size(), op.floats.size(), op.strings.size()};
  if (op.kinds.size() != op.names.size() || op.counts.size() != op.names.size()) {
    return invalid_argument("Plugin: ", op.names.size(), " names of attributes, ", op.kinds.size(), " kinds and ",
                            op.counts.size(), " counts");
  }
  for (std::size_t i = 0; i < op.names.size(); ++i) {
    const std::size_t kind = std::string_view("ifs").find(op.kinds[i]);
    const std::int64_t count = op.counts[i];
    if (kind > 2 || count < 0 || static_cast<std::uint64_t>(count) > there.at(kind) - at.at(kind)) {
      return invalid_argument("Plugin: attribute '", op.names[i], "' has not ", count, " values");
    }
    const std::size_t from = at.at(kind);
    at.at(kind) += static_cast<std::size_t>(count);
    bolide_plugin_attribute one{op.names[i].c_str(),
                                static_cast<bolide_plugin_kind>(kind),
                                static_cast<std::size_t>(count),
                                nullptr,
                                nullptr,
                                nullptr};
    if (kind == 0) one.ints = op.ints.data() + from;
    if (kind == 1) one.floats = op.floats.data() + from;
    if (kind == 2) {
      auto texts = std::make_unique<std::vector<const char*>>();
      for (std::size_t s = from; s < at.at(kind); ++s) texts->push_back(op.strings[s].c_str());
      one.strings = texts->data();
      out.texts_.push_back(std::move(texts));
    }
    out.attributes_.push_back(one);
  }
  return out;
}

PluginCall::PluginCall(std::span<const bolide_plugin_attribute> attributes,
                       std::span<const bolide_plugin_tensor> inputs, std::span<bolide_plugin_tensor> outputs) {
  call_.struct_size = sizeof call_;
  call_.host = this;
  call_.attributes = attributes.data();
  call_.attribute_count = attributes.size();
  call_.inputs = inputs.data();
  call_.input_count = inputs.size();
  call_.outputs = outputs.data();
  call_.output_count = outputs.size();
  call_.set_output = [](bolide_plugin_call* call, std::size_t output, std::int32_t dtype, std::int32_t rank,
                        const std::int64_t* dims) {
    const bool sound = output < call->output_count && rank >= 0 && rank <= 64 && (rank == 0 || dims != nullptr) &&
                       dtype >= 0 && dtype < kDataTypeCount && is_plugin_type(static_cast<DataType>(dtype));
    if (!sound) return self(call).fail(BOLIDE_INVALID_ARGUMENT, "it gives an output that cannot be");
    return self(call).set_output(output, dtype, {dims, static_cast<std::size_t>(rank)});
  };
  call_.size = [](bolide_plugin_call* call, bolide_plugin_arithmetic what, std::int64_t a, std::int64_t b) {
    return self(call).size(what, a, b);
  };
  call_.fail = [](bolide_plugin_call* call, bolide_code code, const char* message) {
    return self(call).fail(code, message);
  };
  call_.parallel = [](bolide_plugin_call*, std::int64_t count, std::int64_t grain,
                      void (*task)(void*, std::int64_t, std::int64_t), void* user) {
    parallel_ranges(count, std::max<std::int64_t>(grain, 1),
                    [&](std::int64_t begin, std::int64_t end) { task(user, begin, end); });
  };
}

bolide_code PluginCall::fail(bolide_code code, const char* message) {
  if (message_.empty()) {  // the first reason is the best
    const bool known = code >= BOLIDE_INVALID_ARGUMENT && code <= BOLIDE_INTERNAL;
    code_ = known ? static_cast<Code>(static_cast<int>(code) - 1) : Code::kInternal;
    message_ = message == nullptr ? "" : message;
  }
  return code == BOLIDE_OK ? BOLIDE_INTERNAL : code;
}

bolide_code PluginCall::set_output(std::size_t, std::int32_t, std::span<const std::int64_t>) {
  return fail(BOLIDE_INVALID_ARGUMENT, "it gives sizes of an output where they are known");
}

std::int64_t PluginCall::size(bolide_plugin_arithmetic, std::int64_t, std::int64_t) {
  fail(BOLIDE_INVALID_ARGUMENT, "it computes sizes where they are known");
  return 0;
}

Status PluginCall::run(bolide_plugin_function function, std::string_view name) {
  const bolide_code code = function(&call_);
  if (code == BOLIDE_OK && message_.empty()) return ok();
  if (message_.empty()) message_ = "failed without a message";
  return make_error(code_, name, ": ", message_);
}

bolide_plugin_tensor plugin_tensor(const Tensor* tensor) {
  if (tensor == nullptr) return {-1, 0, nullptr, nullptr, 0};
  return {static_cast<std::int32_t>(tensor->dtype()), tensor->rank(), tensor->dims().data(),
          const_cast<std::byte*>(tensor->data()), tensor->bytes()};
}

bool is_plugin_type(DataType type) { return bit_width(type) >= 8 && type != DataType::kString && !is_container(type); }

}  // namespace bolide
