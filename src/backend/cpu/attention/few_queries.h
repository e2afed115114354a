#pragma once

#include "backend/tactic.h"

namespace bolide::cpu {

/// Attention of a few queries, as when one token after the other is made.
const Tactic& attention_of_few_queries();

}  // namespace bolide::cpu
