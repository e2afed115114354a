/// What stands behind the public Engine and ExecutionContext.
#pragma once

#include <bolide/builder.h>
#include <bolide/engine.h>

#include "base/hash.h"
#include "compile/compile.h"
#include "plan/engine_file.h"
#include "runtime/context.h"

namespace bolide {

struct Engine::State {
  std::shared_ptr<EngineCore> core;
  std::string source;  ///< of the model file
  std::string precision;
  std::string kept_fp32;  ///< steps that stay in FP32 where the rest is narrower
  Digest model;
  std::vector<DeviceVariant> stored;    ///< decisions of the file that it came from
  std::optional<CompileReport> report;  ///< of a build in this process
};
/// What save() writes: the decisions of the file that it came from, and those of a build in this process.
EngineFile file_of(const Engine::State& engine);

struct ExecutionContext::State {
  explicit State(std::shared_ptr<const Engine::State> of) : engine(std::move(of)), core(engine->core) {}
  std::shared_ptr<const Engine::State> engine;
  ContextCore core;
  Profiler* profiler = nullptr;
  StepTimes times;
};

/// The backend of that name: "cpu" for `threads` threads (0: all usable ones), "cuda" or "cuda:N", "sm_90" for a plan
/// without a device. `tf32`: contractions in FP32 may round their operands to TF32.
/// Errors: Unsupported with what there is; NotFound with what was looked for where the device is missing.
Result<std::shared_ptr<const Backend>> make_backend(const std::string& device, int threads, bool tf32 = false);

}  // namespace bolide
