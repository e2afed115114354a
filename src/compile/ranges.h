/// What the FP32 values of a network are on sample inputs: what decides which of them FP16 can hold.
#pragma once

#include "plan/step_graph.h"

namespace bolide {

struct ValueRange {
  double largest = 0;   ///< |x|, of all samples; infinity where a number was not finite
  double rounding = 0;  ///< root of the mean of (x - fp16(x))^2 over that of x^2; where finite
  bool known = false;   ///< false: no FP32, or never computed
  /// It loses much (kMuchRounding), and when all such values are rounded to FP16 an output changes by so much: the
  /// largest change over the largest |output| plus 1, of all outputs and samples. 0: it does not lose much.
  double change = 0;
};

/// Relative rounding error from which a value counts as losing much in FP16: four times that of numbers in its normal
/// range at worst (2^-11). Above it lie values so small that FP16 has no more bits for them.
inline constexpr double kMuchRounding = 1.0 / 512;

/// Runs the network in FP32 on the host for each sample (one tensor an input, in order), and looks at every value that
/// a step stores; values that only rename others take over their ranges. Constants are looked at whole, other values at
/// one of 8 elements for `rounding`. Where values lose much each sample runs twice more, to see what that does to the
/// outputs. Errors: as planning and running; OutOfMemory where one run needs more than
/// `max_bytes`; Unsupported where only the data decide sizes.
Result<std::vector<ValueRange>> measure_ranges(const std::shared_ptr<const StepGraph>& graph,
                                               std::span<const Tensors> samples,
                                               std::int64_t max_bytes = std::int64_t{4} << 30);

/// One tensor an input: floats standard normal, integers 0 or 1, booleans both. The same numbers on every machine.
/// Errors: Unsupported for strings and containers.
Result<Tensors> draw_samples(const StepGraph& graph, std::span<const Dims> sizes, std::uint64_t seed = 1);

}  // namespace bolide
