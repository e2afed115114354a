/// Functions of whole lines along one axis, in f64.
#pragma once

#include "ops/elements.h"
#include "ops/reference.h"
#include "ops/result_places.h"

#include <algorithm>

namespace bolide {

/// The tensor whose lines along `axis` (in [0, rank)) are what `line` leaves in a copy of x's, rounded once. Several
/// lines at once.
inline Result<Tensor> along_axis(const Tensor& x, std::size_t axis, const EvalContext& context,
                                 FunctionRef<void(std::span<double>)> line) {
  const Dims& dims = x.dims();
  TRY(Tensor y, allocate_raw(context, x.dtype(), dims));
  if (y.count() == 0) return y;
  constexpr std::int64_t kSideBySide = 16;  // lines that are read and written together
  const std::int64_t size = dims[axis];
  const std::int64_t inner = product(dims, axis + 1, dims.size());
  const std::int64_t width = std::min(inner, kSideBySide);
  const std::int64_t blocks = (inner + width - 1) / width;
  const std::int64_t outer = y.count() / size / inner;
  const bool packed = bit_width(x.dtype()) < 8;  // two lines may share a byte
  const std::int64_t grain = packed ? outer * blocks : 1 + 4096 / size / width;
  const auto each_piece = [](std::int64_t total, const auto& f) {  // load and store count in int
    constexpr std::int64_t kPiece = 1 << 20;
    for (std::int64_t at = 0; at < total; at += kPiece) f(at, static_cast<int>(std::min(kPiece, total - at)));
  };
  parallel_ranges(outer * blocks, grain, [&](std::int64_t block, std::int64_t end) {
    std::vector<double> numbers(static_cast<std::size_t>(size * width));
    std::array<double, kSideBySide> row;
    for (; block < end; ++block) {
      const std::int64_t first = block % blocks * width;
      const auto columns = static_cast<int>(std::min(width, inner - first));
      const std::int64_t start = block / blocks * size * inner + first;
      if (inner == 1) {
        each_piece(size, [&](std::int64_t at, int count) { load(x, start + at, count, numbers.data() + at); });
        line(numbers);
        each_piece(size, [&](std::int64_t at, int count) { store(y, start + at, count, numbers.data() + at); });
        continue;
      }
      for (std::int64_t k = 0; k < size; ++k) {
        load(x, start + k * inner, columns, row.data());
        for (int c = 0; c < columns; ++c)
          numbers[static_cast<std::size_t>(c * size + k)] = row[static_cast<std::size_t>(c)];
      }
      for (int c = 0; c < columns; ++c)
        line(std::span(numbers).subspan(static_cast<std::size_t>(c * size), static_cast<std::size_t>(size)));
      for (std::int64_t k = 0; k < size; ++k) {
        for (int c = 0; c < columns; ++c)
          row[static_cast<std::size_t>(c)] = numbers[static_cast<std::size_t>(c * size + k)];
        store(y, start + k * inner, columns, row.data());
      }
    }
  });
  return y;
}

}  // namespace bolide
