/// The pieces that a tensor is joined of or split into.
#pragma once

#include "ops/reference.h"

namespace bolide {

/// copy(i) for i in [0, count), one piece of `whole` each; several at once where they are large and share no byte.
template <class F>
void each_piece(const Tensor& whole, std::size_t count, const F& copy) {
  constexpr std::int64_t kWorthAThread = 1 << 16;  // bytes
  const auto pieces = static_cast<std::int64_t>(count);
  const std::int64_t bytes = static_cast<std::int64_t>(whole.bytes()) / std::max<std::int64_t>(1, pieces);
  const bool apart = bit_width(whole.dtype()) >= 8 && whole.dtype() != DataType::kString;
  const std::int64_t grain =
      apart ? std::max<std::int64_t>(1, kWorthAThread / std::max<std::int64_t>(1, bytes)) : pieces;
  parallel_ranges(pieces, grain, [&](std::int64_t begin, std::int64_t end) {
    for (; begin < end; ++begin) copy(static_cast<std::size_t>(begin));
  });
}

}  // namespace bolide
