/// Every operator's header, one line per file, sorted.
#pragma once

#include "ops/op.h"

#include "ops/activation.h"
#include "ops/arithmetic.h"
#include "ops/identity.h"
#include "ops/logic.h"
#include "ops/unary_math.h"
