/// The tactics of this family, one a source file.
#pragma once

#include "backend/tactic.h"

namespace bolide::cpu {

const Tactic& elementwise_f32();
const Tactic& elementwise_int();
const Tactic& elementwise_f64();
const Tactic& cast_to_int();

}  // namespace bolide::cpu
