/// Between engines and engine files.
#pragma once

#include "plan/engine_file.h"
#include "runtime/engine.h"

namespace bolide {

/// What a file keeps of an engine: the graph, and its decisions and times for this device. The caller adds where the
/// model came from.
EngineFile to_file(const EngineCore& engine);

/// The engine of a file on a device. Decisions for this device's fingerprint are taken over, those made with as many
/// threads before others (threads change how work is split, not which tactic does it); without any, the cost model
/// chooses. Errors: BadFile for decisions that do not fit the graph.
Result<std::shared_ptr<EngineCore>> load_engine(const EngineFile& file, std::shared_ptr<const Backend> backend,
                                                EngineOptions options = {});

}  // namespace bolide
