/// What a tactic is asked to do: one operator with concrete dtypes, sizes and strides.
#pragma once

#include "ops/op.h"

#include <string>
#include <vector>

namespace bolide {

/// One operand of a step. Strides are in elements and may be anything non-negative, 0 for broadcast included.
struct Operand {
  DataType dtype = DataType::kF32;
  Dims dims;
  Dims strides;
  const Tensor* constant = nullptr;  ///< contiguous value, when it is known at build time
  bool absent = false;               ///< an optional operand that is left out

  int rank() const { return static_cast<int>(dims.size()); }
  std::int64_t count() const;
  /// Row-major without gaps (size-1 dims do not matter).
  bool contiguous() const;
};

/// The key of tuning. `op` outlives the problem.
struct Problem {
  const Op* op = nullptr;
  std::vector<Operand> inputs;
  std::vector<Operand> outputs;
  int threads = 1;  ///< that will share the work

  /// Text that is equal exactly when a timing may be reused: operator with attributes, dtypes, sizes, strides,
  /// which inputs are constant, threads.
  std::string key() const;
};

}  // namespace bolide
