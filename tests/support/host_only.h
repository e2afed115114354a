/// An operator that no device has a kernel for, whatever kernels there will be: one of a plugin.
#pragma once

#include "ir/text.h"
#include "ops/plugin_registry.h"

#include <bolide/plugin.hpp>

#include <gtest/gtest.h>

namespace bolide::test {

/// y = x^3 of f32 x.
struct HostOnlyCube {
  static constexpr plugin::Info kInfo{.domain = "test", .name = "Cube"};
  static void infer(plugin::Call& call) { call.set_output(0, BOLIDE_F32, call.dims(0)); }
  static void evaluate(plugin::Call& call) {
    const auto x = call.elements<float>(0);
    const auto y = call.output<float>(0);
    for (std::size_t i = 0; i < x.size(); ++i) y[i] = x[i] * x[i] * x[i];
  }
};

inline Op host_only() {
  static constexpr auto kTable = plugin::table<HostOnlyCube>("tests", "1");
  static constexpr bolide_plugin kPlugin = kTable.plugin();
  const Status registered = register_plugin(kPlugin);
  EXPECT_TRUE(registered) << registered.error().message;
  return *parse_op("Plugin", "domain=\"test\" op=\"Cube\" plugin=\"tests\" version=\"1\"");
}

}  // namespace bolide::test
