/// Lines of a tensor along one axis, those that lie side by side together.
#pragma once

#include "ops/elements.h"
#include "ops/reference.h"

#include <algorithm>
#include <vector>

namespace bolide {

/// Errors: Unsupported for complex numbers, strings and their like.
inline Status check_real(const OpInfo& info, DataType type) {
  if (is_real(type)) return ok();
  return unsupported(info.name, " of ", type, "; real numbers work");
}

/// Element i of line (o, n) of a tensor of sizes [outer, size, inner].
struct AxisLines {
  std::int64_t outer = 1;
  std::int64_t size = 1;
  std::int64_t inner = 1;
  AxisLines(const Dims& dims, std::size_t axis)
      : outer(product(dims, 0, axis)), size(dims[axis]), inner(product(dims, axis + 1, dims.size())) {}
  std::int64_t at(std::int64_t o, std::int64_t i, std::int64_t n) const { return (o * size + i) * inner + n; }
};

/// Columns of `count` lines that lie side by side, read row by row.
template <class T>
class AxisRows {
 public:
  AxisRows(const Tensor& x, std::int64_t count) : x_(x), values_(static_cast<std::size_t>(count)) {}
  const T* at(std::int64_t begin) {
    if (x_.dtype() == dtype_of<T>) return reinterpret_cast<const T*>(x_.data()) + begin;
    load(x_, begin, static_cast<int>(values_.size()), values_.data());
    return values_.data();
  }

 private:
  const Tensor& x_;
  std::vector<T> values_;
};

/// f(o, n, columns) for blocks of lines (o, n .. n + columns), several at once.
template <class F>
void each_block_of_lines(const AxisLines& lines, const F& f) {
  if (lines.outer == 0 || lines.inner == 0) return;
  constexpr std::int64_t kMostColumns = 1 << 12;
  // Short of lines far apart in memory, blocks are narrower so that every thread has some.
  const std::int64_t narrow = std::max<std::int64_t>(64, lines.inner / std::max<std::int64_t>(1, 16 / lines.outer));
  const std::int64_t columns = std::min({lines.inner, kMostColumns, narrow});
  const std::int64_t blocks = (lines.inner + columns - 1) / columns;
  const std::int64_t grain = (1 << 13) / std::max<std::int64_t>(1, columns * lines.size);
  parallel_ranges(lines.outer * blocks, grain, [&](std::int64_t at, std::int64_t end) {
    for (; at < end; ++at) {
      const std::int64_t n = at % blocks * columns;
      f(at / blocks, n, std::min(columns, lines.inner - n));
    }
  });
}

}  // namespace bolide
