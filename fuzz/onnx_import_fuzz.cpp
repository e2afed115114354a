// Imports the input as a model; what is imported must verify, and what is not must say why.
#include <cstdlib>

#include "base/log.h"
#include "import/onnx/importer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  bolide::set_log_sink([](bolide::LogLevel, std::string_view) {});
  const std::span bytes(reinterpret_cast<const std::byte*>(data), size);
  const auto graph = bolide::import_onnx(bytes, nullptr);
  if (graph ? !bolide::verify(*graph) : graph.error().message.empty()) std::abort();
  return 0;
}
