// Every ONNX model and test tensor of the shared folder is read, and every initializer decoded.
#include "support/shared_models.h"
#include "bytes.h"

namespace bolide::onnx {
namespace {

namespace fs = std::filesystem;

class OnnxSharedModels : public test::SharedModels {
 protected:
  std::vector<fs::path> files(std::string_view extension, std::string_view start) const {
    std::vector<fs::path> out;
    for (const auto& entry : fs::recursive_directory_iterator(models_)) {
      const fs::path& path = entry.path();
      if (path.extension() == extension && path.filename().string().starts_with(start)) out.push_back(path);
    }
    return out;
  }
};

void decode_all(const OnnxGraph& graph, const ExternalData& external) {
  for (const OnnxTensor& initializer : graph.initializers) {
    const auto tensor = to_tensor(initializer, external);
    EXPECT_TRUE(tensor) << tensor.error().message;
  }
  for (const OnnxNode& node : graph.nodes) {
    for (const OnnxAttribute& attribute : node.attributes) {
      for (const OnnxTensor& value : attribute.tensors) {
        const auto tensor = to_tensor(value, external);
        EXPECT_TRUE(tensor) << node.name << ": " << tensor.error().message;
      }
      for (const OnnxGraph& body : attribute.graphs) decode_all(body, external);
    }
  }
}

TEST_F(OnnxSharedModels, AreReadAndSurviveBeingWrittenAgain) {
  const auto paths = files(".onnx", "");
  EXPECT_FALSE(paths.empty());
  for (const fs::path& path : paths) {
    SCOPED_TRACE(path.string());
    const auto file = MappedFile::open(path);
    ASSERT_TRUE(file) << file.error().message;
    const auto model = read_model(*file);
    ASSERT_TRUE(model) << model.error().message;
    EXPECT_GT(model->graph.nodes.size(), 0U);
    EXPECT_GT(model->graph.inputs.size(), 0U);
    EXPECT_GT(model->graph.outputs.size(), 0U);
    EXPECT_TRUE(model->ir_version < 3 || !model->opset_imports.empty());
    decode_all(model->graph, ExternalData(path.parent_path()));

    const std::string once = write_model(*model);
    const auto again = read(once);
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(again->graph.nodes.size(), model->graph.nodes.size());
    EXPECT_EQ(again->graph.initializers.size(), model->graph.initializers.size());
    EXPECT_TRUE(write_model(*again) == once);
  }
}

TEST_F(OnnxSharedModels, HaveTestTensorsThatDecode) {
  auto paths = files(".pb", "input_");
  for (const fs::path& path : files(".pb", "output_")) paths.push_back(path);
  EXPECT_FALSE(paths.empty());
  for (const fs::path& path : paths) {
    SCOPED_TRACE(path.string());
    const auto file = MappedFile::open(path);
    ASSERT_TRUE(file) << file.error().message;
    const auto read = read_tensor(*file);
    ASSERT_TRUE(read) << read.error().message;
    const auto tensor = to_tensor(*read, {});
    EXPECT_TRUE(tensor) << tensor.error().message;
  }
}

}  // namespace
}  // namespace bolide::onnx
