// The pipeline on real models: it verifies, finds nothing twice, and changes no result beyond rounding.
#include "support/shared_models.h"
#include "import/onnx/importer.h"
#include "interpret.h"
#include "ir/text.h"

#include <cstdlib>
#include <filesystem>

namespace bolide {
namespace {

struct Case {
  const char* file;
  double tolerance;  ///< of results, relative above 1
};

class OnSharedModels : public ::testing::TestWithParam<Case> {};

TEST_P(OnSharedModels, ThePipelineKeepsTheResultsAndFindsNothingTwice) {
  const std::filesystem::path path = test::shared_models() / GetParam().file;
  if (!std::filesystem::exists(path)) {
    ASSERT_EQ(std::getenv("CI"), nullptr) << path << " is missing";
    GTEST_SKIP() << path << " is missing";
  }
  const auto imported = import_onnx(path);
  ASSERT_TRUE(imported) << imported.error().message;
  Graph graph = *imported;
  PassOptions options;
  options.verify = true;
  const auto report = run_pipeline(graph, options);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_LT(graph.node_count(), imported->node_count());

  const auto inputs = testing::random_inputs(*imported, {{"batch", 1}, {"sequence", 576}}, 11);
  ASSERT_TRUE(inputs) << inputs.error().message;
  const auto want = testing::interpret(*imported, *inputs);
  ASSERT_TRUE(want) << want.error().message;
  const auto got = testing::interpret(graph, *inputs);
  ASSERT_TRUE(got) << got.error().message;
  ASSERT_EQ(got->size(), want->size());
  for (std::size_t i = 0; i < want->size(); ++i) {
    EXPECT_LE(testing::distance((*got)[i], (*want)[i]), GetParam().tolerance) << "output " << i;
  }

  const auto again = run_pipeline(graph, options);
  ASSERT_TRUE(again) << again.error().message;
  for (const PassReport::Entry& entry : again->passes) EXPECT_EQ(entry.rewrites, 0) << entry.pass;
}

INSTANTIATE_TEST_SUITE_P(Models, OnSharedModels,
                         ::testing::Values(Case{"micro_kws/fp32.onnx", 1e-4}, Case{"mnist/cntk_mnist.onnx", 1e-3},
                                           Case{"mnist/cnn_mnist_pytorch.onnx", 1e-4}, Case{"dtln/model_1.onnx", 1e-4},
                                           Case{"silero_vad/silero_vad_16k_op15.onnx", 1e-4},
                                           Case{"yunet/yunet_n_320_320.onnx", 1e-3}));

}  // namespace
}  // namespace bolide
