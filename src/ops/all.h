/// Every operator's header, one line per file, sorted.
#pragma once

#include "ops/op.h"

#include "ops/activation.h"
#include "ops/arithmetic.h"
#include "ops/concat.h"
#include "ops/conv.h"
#include "ops/conv_transpose.h"
#include "ops/identity.h"
#include "ops/layer_normalization.h"
#include "ops/logic.h"
#include "ops/matmul.h"
#include "ops/normalization.h"
#include "ops/pool.h"
#include "ops/reduce.h"
#include "ops/reshape.h"
#include "ops/slice.h"
#include "ops/softmax.h"
#include "ops/transpose.h"
#include "ops/unary_math.h"
