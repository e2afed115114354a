#include "backend/cpu/tactics.h"

#include "backend/cpu/conv/tactics.h"
#include "backend/cpu/matmul/tactics.h"

namespace bolide {

namespace {

template <class T>
bool is(const Op& op) {
  return op.is<T>();
}

constexpr std::array kFamilies = {
    TacticFamily{"conv", is<Conv>, conv_tactics},
    TacticFamily{"matmul", is<MatMul>, matmul_tactics},
};

}  // namespace

std::span<const TacticFamily> cpu_tactic_families() { return kFamilies; }

}  // namespace bolide
