// Reads the input as an engine file whose digests are made right first, so that what stands behind them is reached.
// What is read must write, and read again, the same, and where this machine may run it, it runs. Start from a corpus of
// real files: mutations rarely make one.
#include "../tests/plan/engine_redigest.h"
#include "../tests/plan/sample_engine.h"
#include "backend/cpu/cpu_backend.h"
#include "base/log.h"
#include "run_small.h"
#include "runtime/load.h"

#include <cstdlib>

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

/// Starts from the sample when the input is no file, then keeps the length field and the digests right.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size, unsigned) {
  static const std::vector<std::byte> sample = *bolide::engine_bytes(bolide::testing::sample_engine());
  if (size < bolide::engine_layout::kHeaderBytes && sample.size() <= max_size) {
    std::memcpy(data, sample.data(), sample.size());
    size = sample.size();
  }
  size = LLVMFuzzerMutate(data, size, max_size);
  const std::span<std::byte> bytes(reinterpret_cast<std::byte*>(data), size);
  if (size >= bolide::engine_layout::kHeaderBytes) bolide::testing::store<std::uint64_t>(bytes, 24, size);
  bolide::testing::redigest(bytes);
  return size;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  bolide::set_log_sink([](bolide::LogLevel, std::string_view) {});
  const auto engine = bolide::read_engine(std::as_bytes(std::span(data, size)), nullptr);
  if (!engine) return 0;
  const bolide::testing::NamedBackend backend;
  for (const bolide::DeviceVariant& device : engine->variants) (void)bind_variants(device, *engine->graph, backend);
  const auto written = engine_bytes(*engine);
  if (!written) std::abort();
  const auto again = bolide::read_engine(*written, nullptr);
  if (!again || *engine_bytes(*again) != *written) std::abort();
  static const auto kBackend = std::make_shared<bolide::CpuBackend>(bolide::make_cpu_target(std::nullopt, 1));
  auto loaded = bolide::load_engine(*engine, kBackend);
  if (!loaded) return bolide::fuzz::check(loaded.error()), 0;
  bolide::fuzz::run_small(*std::move(loaded));
  return 0;
}
