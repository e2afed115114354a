// Every model of the shared folder is imported, evaluated operator by operator, and compared with its expected outputs.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "import/onnx/importer.h"
#include "import/onnx/reader.h"
#include "import/onnx/tensor_data.h"
#include "interpret.h"
#include "ops/quantize.h"
#include "support/shared_models.h"

namespace bolide {
namespace {

namespace fs = std::filesystem;

Result<Tensor> read_tensor_file(const fs::path& path) {
  TRY(const std::shared_ptr<const MappedFile> file, MappedFile::open(path));
  TRY(const onnx::OnnxTensor tensor, onnx::read_tensor(file));
  return onnx::to_tensor(tensor, {});
}

Result<Tensors> read_tensors(const fs::path& folder, std::string_view stem, std::size_t count) {
  Tensors out;
  for (std::size_t i = 0; i < count; ++i) {
    TRY(Tensor one, read_tensor_file(folder / strings::join(stem, "_", i, ".pb")));
    out.push_back(std::move(one));
  }
  return out;
}

/// One step of the scale that an output was quantised with last; 0 for outputs that never were.
double step_of(const Graph& graph, ValueId output) {
  const Node* node = graph.producer(output);
  if (node == nullptr) return 0;
  const bool dequantizes = node->op.is<DequantizeLinear>();
  if (!dequantizes) return 0;
  const Tensor* scale = graph.constant(node->inputs[1]);
  return scale == nullptr ? 0 : scalar_f64(*scale) ? *scalar_f64(*scale) : 0;
}

struct Case {
  std::string model;  ///< below models/
  std::string data;   ///< below models/
  /// Steps of its scale that a quantised output may be off: ties round differently in f32 and in integers, and in a
  /// deep network one flip moves others.
  double steps = 1;
};

class ImportedModel : public test::SharedModels, public ::testing::WithParamInterface<Case> {};

TEST_P(ImportedModel, GivesTheExpectedOutputs) {
  Result<Graph> graph = import_onnx(models_ / GetParam().model);
  ASSERT_TRUE(graph) << graph.error().message;
  const Status status = verify(*graph);
  EXPECT_TRUE(status) << status.error().message;
  const fs::path data = models_ / GetParam().data;
  const auto inputs = read_tensors(data, "input", graph->inputs().size());
  const auto want = read_tensors(data, "output", graph->outputs().size());
  ASSERT_TRUE(inputs) << inputs.error().message;
  ASSERT_TRUE(want) << want.error().message;
  const auto got = bolide::testing::interpret(*graph, *inputs);
  ASSERT_TRUE(got) << got.error().message;
  ASSERT_EQ(got->size(), want->size());
  for (std::size_t i = 0; i < want->size(); ++i) {
    ASSERT_EQ((*got)[i].dtype(), (*want)[i].dtype()) << "output " << i;
    ASSERT_EQ((*got)[i].dims(), (*want)[i].dims()) << "output " << i;
    const auto a = to_f64((*got)[i]);
    const auto b = to_f64((*want)[i]);
    ASSERT_TRUE(a && b);
    const double step = GetParam().steps * step_of(*graph, graph->outputs()[i]);
    double worst = 0;
    for (std::size_t k = 0; k < b->size(); ++k) {
      const double allowed = 1e-4 + 1e-3 * std::abs((*b)[k]) + step;
      worst = std::max(worst, std::abs((*a)[k] - (*b)[k]) / allowed);
    }
    EXPECT_LE(worst, 1.0) << "output " << i << ": the largest difference is " << worst << " times the allowed one";
  }
}

INSTANTIATE_TEST_SUITE_P(
    Shared, ImportedModel,
    ::testing::Values(Case{"mnist/cnn_mnist_pytorch.onnx", "mnist/cnn_mnist_pytorch_data"},
                      Case{"mnist/cntk_mnist.onnx", "mnist/cntk_mnist_data"},
                      Case{"dtln/model_1.onnx", "dtln/model_1_data"},
                      Case{"micro_kws/fp32.onnx", "micro_kws/fp32_data"},
                      Case{"micro_kws/qdq.onnx", "micro_kws/qdq_data"},
                      Case{"micro_kws/qoperator.onnx", "micro_kws/qoperator_data"},
                      Case{"silero_vad/silero_vad_16k_op15.onnx", "silero_vad/silero_vad_16k_op15_data"},
                      Case{"yunet/yunet_n_320_320.onnx", "yunet/yunet_n_320_320_data"},
                      Case{"ultraface/version-RFB-320.onnx", "ultraface/version-RFB-320_data"},
                      Case{"super_resolution/super_resolution.onnx", "super_resolution/super_resolution_data"},
                      Case{"mobilenetv2_qdq/model.onnx", "mobilenetv2_qdq/test_data_set_0", 2}),
    [](const auto& param) {
      std::string name = param.param.model.substr(0, param.param.model.size() - 5);
      for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
      return name;
    });

}  // namespace
}  // namespace bolide
