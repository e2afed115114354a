/// A network in a narrower float type: what `--precision fp16|bf16` makes of FP32.
#pragma once

#include "compile/ranges.h"

namespace bolide {

struct PrecisionReport {
  /// A step that computes in FP32, and why.
  struct Kept {
    std::string step;
    std::string op;
    std::string reason;
    std::string value;    ///< that does not fit the narrow type; empty where that is not the reason
    double largest = 0;   ///< |x| of it on the samples
    double rounding = 0;  ///< its relative rounding error on the samples
    double change = 0;    ///< of an output, see ValueRange
  };
  int steps = 0;                ///< that compute in the narrow type now
  std::vector<Kept> kept;       ///< in running order
  std::int64_t weights = 0;     ///< numbers converted
  std::int64_t overflowed = 0;  ///< of them, finite ones that became infinite
  std::int64_t vanished = 0;    ///< of them, others than zero that became zero
  int samples = 0;              ///< inputs that values were looked at on
  bool drawn = false;           ///< they were random: nobody gave any
  std::string unchecked;        ///< why no sample was run; empty: one was, or the type needs none
  double check_s = 0;           ///< spent on it
};

/// Largest |x| on the samples with which a value may become FP16: half of what FP16 holds, since other inputs give
/// other values.
inline constexpr double kMostInF16 = 65504.0 / 2;
/// Share of an output's largest |value| plus 1 that it may change by when small values are rounded to FP16: what
/// rounding in each of `steps` steps adds up to anyway, see docs/cuda.md#precision.
double allowed_change_in_f16(std::size_t steps);

/// What stays in FP32 beside what has to.
struct PrecisionRules {
  std::vector<std::string> keep;   ///< patterns over names of steps, of the user's layers in them, and of their outputs
  std::vector<ValueRange> ranges;  ///< by value, for kF16; empty: nothing was measured
};

/// The same network with its FP32 values stored as `storage` (kF16 or kBF16): constants converted once, attributes that
/// name a result type changed with it. Inputs and outputs of the network keep their types, with casts behind and before
/// them. A step that has no meaning in the narrow type, or bodies, stays in FP32 between casts; so does every step that
/// writes or reads a value beyond kMostInF16, or one whose loss changes the outputs by more than is allowed. (Attention
/// alone takes such a mask as it is.)
/// Errors: NotFound for a pattern of `rules.keep` that matches nothing; what check() finds.
Result<std::shared_ptr<const StepGraph>> with_precision(const StepGraph& graph, DataType storage,
                                                        const PrecisionRules& rules, PrecisionReport& report);

}  // namespace bolide
