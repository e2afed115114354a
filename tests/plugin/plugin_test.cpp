// Operators of a shared library, from an ONNX file to an engine file and back.
#include <bolide/bolide.h>
#include <gtest/gtest.h>
#include <bolide/plugin.hpp>

#include "ops/all.h"
#include "ops/plugin_registry.h"

namespace bolide {
namespace {

Network cube() {
  const Status loaded = load_plugin(BOLIDE_EXAMPLE_PLUGIN);
  EXPECT_TRUE(loaded) << loaded.error().message;
  Result<Network> network = OnnxParser::parse_file(BOLIDE_CUBE_MODEL);
  EXPECT_TRUE(network) << network.error().message;
  return *std::move(network);
}

HostTensor numbers(Dims dims, std::vector<float> values) {
  HostTensor out = *HostTensor::make(DataType::kF32, std::move(dims));
  std::copy(values.begin(), values.end(), out.values<float>().begin());
  return out;
}

std::vector<float> floats_of(const HostTensor& tensor) {
  const auto span = tensor.values<float>();
  return {span.begin(), span.end()};
}

TEST(Plugins, NameTheirOperatorsInTheNetwork) {
  const Network network = cube();
  ASSERT_EQ(network.layer_list().size(), 1U);
  EXPECT_EQ(network.layer_list()[0].op, "Plugin");
  EXPECT_EQ(network.layer_list()[0].attributes,
            "domain=\"com.example\" op=\"Cube\" plugin=\"example\" version=\"1.0\" names=[\"scale\"] kinds=\"f\" "
            "counts=[1] floats=[2]");
  EXPECT_EQ(network.outputs()[0].shape, "[n,3]");
}

TEST(Plugins, ComputeAsTheReferenceAndInAnEngine) {
  Network network = cube();
  const HostTensor x = numbers({2, 3}, {1, 2, 3, -1, 0, 0.5});
  const auto reference = network.evaluate({{"x", x}});
  ASSERT_TRUE(reference) << reference.error().message;
  EXPECT_EQ(floats_of((*reference)[0]), (std::vector<float>{2, 16, 54, -2, 0, 0.25}));
  BuilderConfig config;
  config.effort = 0;
  const auto engine = Builder().build(std::move(network), config);
  ASSERT_TRUE(engine) << engine.error().message;
  const auto results = infer(*engine, {{"x", x}});
  ASSERT_TRUE(results) << results.error().message;
  EXPECT_EQ(floats_of(results->at("y")), (std::vector<float>{2, 16, 54, -2, 0, 0.25}));
  const std::string path = testing::TempDir() + "plugin_test.engine";
  ASSERT_TRUE(engine->save(path));
  const auto again = load(path);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(floats_of(infer(*again, {{"x", x}})->at("y")), floats_of(results->at("y")));
}

TEST(Plugins, MayDecideSizesWhenTheyRun) {
  ASSERT_TRUE(load_plugin(BOLIDE_EXAMPLE_PLUGIN));
  Network network;
  const auto x = network.input("x", DataType::kF32, "[n]");
  network.output(network.layer("Plugin",
                               "domain=\"com.example\" op=\"Above\" plugin=\"example\" version=\"1.0\" "
                               "names=[\"threshold\"] kinds=\"f\" counts=[1] floats=[1.5]",
                               {x}),
                 "y");
  ASSERT_TRUE(network.status()) << network.status().error().message;
  const auto results = network.evaluate({{"x", numbers({4}, {1, 2, -3, 4})}});
  ASSERT_TRUE(results) << results.error().message;
  EXPECT_EQ(floats_of((*results)[0]), (std::vector<float>{2, 4}));
}

TEST(Plugins, TellWhatThrowsInThem) {
  ASSERT_TRUE(load_plugin(BOLIDE_EXAMPLE_PLUGIN));
  Network network;
  const auto x = network.input("x", DataType::kI32, "[2]");
  network.layer("Plugin", "domain=\"com.example\" op=\"Cube\" plugin=\"example\" version=\"1.0\"", {x}, "cube");
  ASSERT_FALSE(network.status());
  EXPECT_NE(network.status().error().message.find("Cube: x must be f32"), std::string::npos)
      << network.status().error().message;
}

TEST(Plugins, ThatAreAbsentAreNamed) {
  const PluginOp absent{.domain = "com.example", .op = "Melt", .plugin = "heat", .version = "3.1"};
  const Result<const PluginOperator*> found = absent.find();
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Code::kNotFound);
  EXPECT_EQ(found.error().message,
            "operator com.example.Melt needs plugin 'heat' 3.1: name its file with --plugin, or give it to "
            "bolide::load_plugin()");
}

TEST(Plugins, OfAnotherVersionAreRefused) {
  ASSERT_TRUE(load_plugin(BOLIDE_EXAMPLE_PLUGIN));
  const PluginOp other{.domain = "com.example", .op = "Cube", .plugin = "example", .version = "2.0"};
  EXPECT_EQ(
      other.find().error().message,
      "operator com.example.Cube needs plugin 'example' 2.0, and 'example' 1.0 is loaded; build the engine again");
}

TEST(Plugins, WithIncompleteTablesAreRefused) {
  bolide_plugin_operator half{
      sizeof(bolide_plugin_operator), "com.example", "Half", 1, 1, 1, nullptr, nullptr, nullptr};
  const bolide_plugin table{BOLIDE_PLUGIN_ABI, "half", "1", 1, &half};
  EXPECT_EQ(register_plugin(table).error().message, "operator 0 of plugin 'half' is not complete");
  const bolide_plugin newer{BOLIDE_PLUGIN_ABI + 1, "newer", "1", 0, nullptr};
  EXPECT_EQ(register_plugin(newer).error().code, Code::kUnsupported);
  EXPECT_EQ(load_plugin("/nowhere/x.so").error().code, Code::kNotFound);
}

TEST(Plugins, WithBrokenAttributesAreRefused) {
  ASSERT_TRUE(load_plugin(BOLIDE_EXAMPLE_PLUGIN));
  Network network;
  const auto x = network.input("x", DataType::kF32, "[2]");
  network.layer(
      "Plugin",
      "domain=\"com.example\" op=\"Cube\" plugin=\"example\" version=\"1.0\" names=[\"a\"] kinds=\"i\" counts=[9]",
      {x});
  EXPECT_NE(network.status().error().message.find("attribute 'a' has not 9 values"), std::string::npos);
}

}  // namespace
}  // namespace bolide
