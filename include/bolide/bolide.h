/// Everything, and the one-call layer.
///
///     auto engine = bolide::compile("model.onnx");
///     if (!engine) return fail(engine.error().message);
///     auto outputs = bolide::infer(*engine, {{"image", image}});
#pragma once

#include <bolide/builder.h>
#include <bolide/device.h>
#include <bolide/engine.h>
#include <bolide/logger.h>
#include <bolide/media.h>
#include <bolide/network.h>
#include <bolide/plugins.h>
#include <bolide/tensor.h>
#include <bolide/types.h>

namespace bolide {

/// Model file in, engine out, tuned for this machine.
BOLIDE_API Result<Engine> compile(const std::filesystem::path& model, const BuilderConfig& config = {});
/// Engine file in, engine out.
BOLIDE_API Result<Engine> load(const std::filesystem::path& engine);
/// One run in a fresh context. For many runs keep an ExecutionContext. `seconds`: its time limit.
BOLIDE_API Result<std::map<std::string, HostTensor>> infer(const Engine& engine,
                                                           const std::map<std::string, HostTensor>& inputs,
                                                           double seconds = 0);
/// "0.1.0"
BOLIDE_API std::string_view version();

}  // namespace bolide
