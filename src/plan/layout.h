/// Physical orders, strides, and which operators only rename them.
#pragma once

#include "backend/problem.h"

#include <optional>
#include <vector>

namespace bolide {

/// Logical dims from outermost to innermost in memory: {0,2,3,1} is channels-last for [n,c,h,w].
using Order = std::vector<int>;

Order row_major(int rank);
/// {0,2,...,rank-1,1}; row-major below rank 3.
Order channels_last(int rank);
/// Strides in elements of a dense buffer in that order.
Dims dense_strides(std::span<const std::int64_t> dims, const Order& order);
/// Elements from the first to one past the last that the strides reach.
std::int64_t extent(std::span<const std::int64_t> dims, std::span<const std::int64_t> strides);
/// True when both address the same elements (strides of dims of size 1 do not matter).
bool same_strides(std::span<const std::int64_t> dims, std::span<const std::int64_t> a, std::span<const std::int64_t> b);

/// Strides of `to` over memory laid out as `from`/`strides`; nothing when the reshape needs a copy.
std::optional<Dims> reshaped_strides(std::span<const std::int64_t> from, std::span<const std::int64_t> strides,
                                     std::span<const std::int64_t> to);

/// An output that is the input's elements in another arrangement.
struct View {
  std::int64_t offset = 0;  ///< elements from the input's first
  Dims strides;
};
/// How output `index` of a step lies in its input 0, when no number has to move. `input` carries the strides of this
/// call; `operands` the constants (starts of Slice and the like). Nothing when a copy is needed or op is no view.
std::optional<View> view_of(const Op& op, std::span<const Operand> operands, int index, const Dims& output);

}  // namespace bolide
