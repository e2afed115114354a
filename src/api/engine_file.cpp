#include <bolide/bolide.h>

#include "api/engine_state.h"
#include "plan/engine_layout.h"
#include "runtime/load.h"

#include <array>
#include <fstream>

namespace bolide {

EngineFile file_of(const Engine::State& engine) {
  EngineFile file;
  if (engine.report) {
    file = to_file(*engine.core, engine.stored);
  } else {
    file.graph = engine.core->shared_graph();
    file.variants = engine.stored;
  }
  file.producer = strings::join("bolide ", version());
  file.model = engine.model;
  file.model_info = engine.source;
  file.metadata["precision"] = engine.precision;
  if (!engine.kept_fp32.empty()) file.metadata["kept_fp32"] = engine.kept_fp32;
  return file;
}

Status Engine::save(const std::filesystem::path& path) const { return write_engine(path, file_of(*state_)); }

bool is_engine_file(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return false;
  std::ifstream file(path, std::ios::binary);
  std::array<char, engine_layout::kMagic.size()> start{};
  file.read(start.data(), start.size());
  return file.gcount() == static_cast<std::streamsize>(start.size()) &&
         std::string_view(start.data(), start.size()) == engine_layout::kMagic;
}

Result<Engine> Runtime::load(const std::filesystem::path& path, const Options& options) const {
  TRY(auto mapped, MappedFile::open(path));
  TRY(EngineFile file, read_engine(std::move(mapped)).within(path.string()));
  const auto kept = file.metadata.find("precision");
  const bool tf32 = kept != file.metadata.end() && kept->second == "tf32";
  TRY(auto backend, make_backend(options.device, options.threads, tf32));
  auto state = std::make_shared<Engine::State>();
  state->source = file.model_info;
  state->model = file.model;
  if (const auto precision = file.metadata.find("precision"); precision != file.metadata.end()) {
    state->precision = precision->second;
  }
  if (const auto known = file.metadata.find("kept_fp32"); known != file.metadata.end())
    state->kept_fp32 = known->second;
  state->stored = file.variants;
  TRY(state->core, load_engine(file, std::move(backend)).within(path.string()));
  return Engine(std::move(state));
}

}  // namespace bolide
