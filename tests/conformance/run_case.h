/// Running one case: by the operators' definitions with no pass, and as a compiled engine.
#pragma once

#include "cases.h"

namespace bolide::conformance {

struct Modes {
  bool reference = true;  ///< no pass, every operator's own evaluation
  bool engine = true;     ///< passes, cost model, planned kernels; written to bytes and read again in between
};

/// Why a case fails in each mode; empty where it passes or was not asked for.
struct Outcome {
  std::string reference;
  std::string engine;
  bool passed() const { return reference.empty() && engine.empty(); }
};

/// Any thread.
Outcome run_case(const Case& test, const Modes& modes);

}  // namespace bolide::conformance
