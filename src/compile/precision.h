/// A network in a narrower float type: what `--precision fp16|bf16` makes of FP32.
#pragma once

#include "plan/step_graph.h"

namespace bolide {

struct PrecisionReport {
  int steps = 0;                  ///< that compute in the narrow type now
  std::vector<std::string> kept;  ///< steps that stay in FP32, with the reason
  std::int64_t weights = 0;       ///< numbers converted
  std::int64_t overflowed = 0;    ///< of them, finite ones that became infinite
  std::int64_t vanished = 0;      ///< of them, others than zero that became zero
};

/// The same network with its FP32 values stored as `storage` (kF16 or kBF16): constants converted once, attributes that
/// name a result type changed with it. Inputs and outputs of the network keep their types, with casts behind and before
/// them. A step that has no meaning in the narrow type, or bodies, stays in FP32 between casts.
/// Errors: what check() finds.
Result<std::shared_ptr<const StepGraph>> with_precision(const StepGraph& graph, DataType storage,
                                                        PrecisionReport& report);

}  // namespace bolide
