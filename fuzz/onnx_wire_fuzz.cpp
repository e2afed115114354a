// Reads the input as a model and as a tensor, decodes every small tensor, and writes the model back.
#include "import/onnx/reader.h"
#include "import/onnx/tensor_data.h"
#include "import/onnx/writer.h"

#include <cstdlib>

namespace {

using namespace bolide::onnx;

void decode(const OnnxTensor& tensor) {
  if (tensor.raw_data.size() > 4096) return;
  const auto got = to_tensor(tensor, ExternalData());
  if (!got && got.error().message.empty()) std::abort();
}

void decode_all(const OnnxGraph& graph) {
  for (const OnnxTensor& tensor : graph.initializers) decode(tensor);
  for (const OnnxNode& node : graph.nodes) {
    for (const OnnxAttribute& attribute : node.attributes) {
      for (const OnnxTensor& tensor : attribute.tensors) decode(tensor);
      for (const OnnxGraph& body : attribute.graphs) decode_all(body);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span bytes(reinterpret_cast<const std::byte*>(data), size);
  if (const auto tensor = read_tensor(bytes, nullptr)) decode(*tensor);
  const auto model = read_model(bytes, nullptr);
  if (!model) return 0;
  decode_all(model->graph);
  const std::string once = write_model(*model);
  const auto again = read_model(std::as_bytes(std::span(once.data(), once.size())), nullptr);
  if (!again || write_model(*again) != once) std::abort();  // what we wrote, we read
  return 0;
}
