/// Where the rows of an operand are, when the dims of a result without its columns are flattened to one row index.
#pragma once

#include "backend/problem.h"

#include <algorithm>
#include <array>

namespace bolide {

/// Neighbouring dims are merged where the strides allow it, so that dense operands cost one addition a row.
class RowOffsets {
 public:
  static constexpr int kMaxDims = 8;

  RowOffsets() = default;
  /// `strides` in bytes. At most kMaxDims dims remain after merging (the caller checks the rank).
  RowOffsets(std::span<const std::int64_t> dims, std::span<const std::int64_t> strides);

  /// out[i] = base + offset of row first + i, for i in [0, count).
  template <class Byte>
  void fill(Byte* base, std::int64_t first, std::int64_t count, Byte** out) const {
    std::array<std::int64_t, kMaxDims> index;
    Byte* at = base;
    for (int d = rank_; d-- > 0;) {
      const auto i = static_cast<std::size_t>(d);
      index[i] = first % dims_[i];
      first /= dims_[i];
      at += index[i] * strides_[i];
    }
    const auto inner = static_cast<std::size_t>(rank_ - 1);
    while (count > 0) {
      const std::int64_t run = std::min(count, dims_[inner] - index[inner]);
      for (std::int64_t i = 0; i < run; ++i, at += strides_[inner]) *out++ = at;
      count -= run;
      if (count == 0) return;
      at -= dims_[inner] * strides_[inner];
      index[inner] = 0;
      for (int d = rank_ - 1; d-- > 0;) {
        const auto i = static_cast<std::size_t>(d);
        at += strides_[i];
        if (++index[i] < dims_[i]) break;
        at -= dims_[i] * strides_[i];
        index[i] = 0;
      }
    }
  }
  /// All rows are the same one.
  bool constant() const { return rank_ == 1 && (strides_[0] == 0 || dims_[0] == 1); }

 private:
  int rank_ = 1;
  std::array<std::int64_t, kMaxDims> dims_ = {1};
  std::array<std::int64_t, kMaxDims> strides_ = {0};
};

}  // namespace bolide
