// Imports, optimises, plans and runs the input as a model.
#include "backend/cpu/cpu_backend.h"
#include "base/log.h"
#include "compile/compile.h"
#include "import/onnx/importer.h"
#include "run_small.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  bolide::set_log_sink([](bolide::LogLevel, std::string_view) {});
  auto imported = bolide::import_onnx(std::span(reinterpret_cast<const std::byte*>(data), size), nullptr);
  if (!imported) return bolide::fuzz::check(imported.error()), 0;
  static const auto kBackend = std::make_shared<bolide::CpuBackend>(bolide::make_cpu_target(std::nullopt, 1));
  bolide::CompileOptions options;
  options.effort = 0;
  options.verify_passes = true;
  auto compiled = bolide::compile(*std::move(imported), kBackend, options);
  if (!compiled) return bolide::fuzz::check(compiled.error()), 0;
  bolide::fuzz::run_small(compiled->engine);
  return 0;
}
