#include "backend/cpu/tactics.h"

#include "backend/cpu/conv/tactics.h"
#include "backend/cpu/depthwise/tactics.h"
#include "backend/cpu/elementwise/tactics.h"
#include "backend/cpu/elementwise/work.h"
#include "backend/cpu/matmul/tactics.h"
#include "backend/cpu/pool/tactics.h"
#include "ops/pool.h"

namespace bolide {

namespace {

template <class T>
bool is(const Op& op) {
  return op.is<T>();
}

bool is_pool(const Op& op) { return op.is<MaxPool>() || op.is<AveragePool>(); }

constexpr std::array kFamilies = {
    TacticFamily{"depthwise", is<Conv>, cpu::depthwise_tactics},  // before conv: it declines all but its own
    TacticFamily{"conv", is<Conv>, conv_tactics},
    TacticFamily{"matmul", is<MatMul>, matmul_tactics},
    TacticFamily{"elementwise", cpu::is_elementwise, cpu::elementwise_tactics},
    TacticFamily{"pool", is_pool, cpu::pool_tactics},
};

}  // namespace

std::span<const TacticFamily> cpu_tactic_families() { return kFamilies; }

}  // namespace bolide
