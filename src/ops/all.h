/// Every operator's header, one line per file, sorted.
#pragma once

#include "ops/op.h"

#include "ops/identity.h"
