/// Between engines and engine files.
#pragma once

#include "plan/engine_file.h"
#include "runtime/engine.h"

namespace bolide {

/// What a file keeps of an engine: the graph, its decisions and times for this device, and `others` for other devices.
/// The caller adds where the model came from.
EngineFile to_file(const EngineCore& engine, std::span<const DeviceVariant> others = {});

/// The file's decisions for other devices than this one with this many threads.
std::vector<DeviceVariant> variants_for_others(const EngineFile& file, const Backend& backend);

/// The engine of a file on a device. Decisions for this device's fingerprint are taken over, those made with as many
/// threads before others (threads change how work is split, not which tactic does it); without any, the cost model
/// chooses. Errors: BadFile for decisions that do not fit the graph.
Result<std::shared_ptr<EngineCore>> load_engine(const EngineFile& file, std::shared_ptr<const Backend> backend,
                                                EngineOptions options = {});

}  // namespace bolide
