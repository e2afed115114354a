#include "backend/cpu/movement/move.h"

#include "backend/cpu/transpose4.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace bolide::cpu {
namespace {

constexpr std::int64_t kUnitBytes = 16384;
constexpr std::int64_t kRunBytes = 96;  // that could be copied in the time that a run costs whatever its length

struct Bytes16 {
  std::uint64_t low;
  std::uint64_t high;
};

using Halves = std::uint64_t __attribute__((vector_size(16)));
using Vec16 = std::uint8_t __attribute__((vector_size(16)));

/// The same for 8 x 8 bytes.
void transpose8(std::uint8_t* to, std::int64_t to_stride, const std::uint8_t* from, std::int64_t from_stride) {
  std::array<Vec16, 8> rows;
  for (std::size_t i = 0; i < 8; ++i) {
    std::uint64_t row = 0;
    std::memcpy(&row, from + static_cast<std::int64_t>(i) * from_stride, 8);
    rows[i] = std::bit_cast<Vec16>(Halves{row, 0});
  }
  std::array<Vec16, 4> pairs;
  for (std::size_t i = 0; i < 4; ++i) {
    pairs[i] =
        __builtin_shufflevector(rows[2 * i], rows[2 * i + 1], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  }
  std::array<Vec16, 4> fours;  // columns 0 to 3 and 4 to 7 of rows 0 to 3, then of rows 4 to 7
  for (std::size_t i = 0; i < 2; ++i) {
    fours[2 * i] =
        __builtin_shufflevector(pairs[2 * i], pairs[2 * i + 1], 0, 1, 16, 17, 2, 3, 18, 19, 4, 5, 20, 21, 6, 7, 22, 23);
    fours[2 * i + 1] = __builtin_shufflevector(pairs[2 * i], pairs[2 * i + 1], 8, 9, 24, 25, 10, 11, 26, 27, 12, 13, 28,
                                               29, 14, 15, 30, 31);
  }
  for (std::size_t i = 0; i < 2; ++i) {
    const Vec16 low =
        __builtin_shufflevector(fours[i], fours[i + 2], 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23);
    const Vec16 high =
        __builtin_shufflevector(fours[i], fours[i + 2], 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31);
    std::uint8_t* const at = to + static_cast<std::int64_t>(i) * 4 * to_stride;
    const std::array<Halves, 2> columns = {std::bit_cast<Halves>(low), std::bit_cast<Halves>(high)};
    for (std::size_t j = 0; j < 4; ++j) {
      const std::uint64_t column = columns[j / 2][j % 2];
      std::memcpy(at + static_cast<std::int64_t>(j) * to_stride, &column, 8);
    }
  }
}

template <class T>
void tile(T* to, std::int64_t to_stride, const T* from, std::int64_t from_stride, std::int64_t rows,
          std::int64_t cols) {
  std::int64_t t = 0;
  if constexpr (sizeof(T) == 4) {
    for (; t + 4 <= rows; t += 4) {
      std::int64_t l = 0;
      for (; l + 4 <= cols; l += 4)
        transpose4(to + t * to_stride + l, to_stride, from + l * from_stride + t, from_stride);
      for (; l < cols; ++l) {
        for (std::int64_t i = t; i < t + 4; ++i) to[i * to_stride + l] = from[l * from_stride + i];
      }
    }
  }
  if constexpr (sizeof(T) == 1) {
    for (; cols == 8 && t + 8 <= rows; t += 8) transpose8(to + t * to_stride, to_stride, from + t, from_stride);
  }
  for (; t < rows; ++t) {
    for (std::int64_t l = 0; l < cols; ++l) to[t * to_stride + l] = from[l * from_stride + t];
  }
}

/// Through two overlapping pieces of 4, 8 or 16 bytes where they suffice.
inline void copy_bytes(std::byte* to, const std::byte* from, std::size_t bytes) {
  const auto ends = [&]<class Part>(Part) {
    Part first;
    Part last;
    std::memcpy(&first, from, sizeof(Part));
    std::memcpy(&last, from + bytes - sizeof(Part), sizeof(Part));
    std::memcpy(to, &first, sizeof(Part));
    std::memcpy(to + bytes - sizeof(Part), &last, sizeof(Part));
  };
  if (bytes > 32 || bytes < 4) {
    std::memcpy(to, from, bytes);
  } else if (bytes >= 16) {
    ends(Bytes16{});
  } else if (bytes >= 8) {
    ends(std::uint64_t{});
  } else {
    ends(std::uint32_t{});
  }
}

}  // namespace

std::optional<Move> Move::make(const Dims& dims, const Dims& to_strides, const Dims& from_strides, int element_bytes) {
  if (element_bytes != 1 && element_bytes != 2 && element_bytes != 4 && element_bytes != 8 && element_bytes != 16) {
    return std::nullopt;
  }
  Move move;
  move.element_bytes_ = element_bytes;
  const std::array<Dims, 2> strides = {to_strides, from_strides};
  move.nest_ = collapse(dims, strides);
  Nest& nest = move.nest_;
  if (nest.rank() > kMaxNestRank) return std::nullopt;
  const std::int64_t count = nest.count();
  if (count == 0) return move;

  const int last = nest.rank() - 1;
  const std::int64_t to_step = nest.stride(0, last);
  const std::int64_t from_step = nest.stride(1, last);
  int across = -1;  // the dim along which the source is contiguous
  for (int d = 0; d < last; ++d) {
    if (nest.stride(1, d) == 1) across = d;
  }
  if (to_step == 1 && from_step == 1) {
    move.form_ = Form::kRows;
  } else if (to_step == 1 && from_step == 0) {
    move.form_ = Form::kFill;
  } else if (to_step == 1 && across >= 0) {
    move.form_ = Form::kTiles;
    nest.move_dim(across, last - 1);
  } else {
    move.form_ = Form::kElements;
  }
  const std::int64_t unit = std::max<std::int64_t>(1, kUnitBytes / element_bytes);
  const std::int64_t inner = nest.size(last);
  std::int64_t pieces = 0;
  if (move.form_ == Form::kTiles) {
    const std::int64_t line = std::max(1, 64 / element_bytes);
    move.chunk_ = std::max(line, unit / inner / line * line);
    move.chunks_ = (nest.size(last - 1) + move.chunk_ - 1) / move.chunk_;
    pieces = count / inner / nest.size(last - 1) * move.chunks_;
    move.group_ = std::max<std::int64_t>(1, unit / (inner * std::min(move.chunk_, nest.size(last - 1))));
  } else {
    move.chunk_ = std::min(inner, unit);
    move.chunks_ = (inner + move.chunk_ - 1) / move.chunk_;
    pieces = count / inner * move.chunks_;
    move.group_ = std::max<std::int64_t>(1, kUnitBytes / (move.chunk_ * element_bytes + kRunBytes));
  }
  move.units_ = (pieces + move.group_ - 1) / move.group_;
  return move;
}

template <class T>
void Move::inner(T* to, const T* from, std::int64_t count) const {
  const int last = nest_.rank() - 1;
  switch (form_) {
    case Form::kRows: std::memcpy(to, from, static_cast<std::size_t>(count) * sizeof(T)); break;
    case Form::kFill: std::fill_n(to, count, *from); break;
    case Form::kTiles: {  // count rows of the destination, each nest.size(last) long
      const std::int64_t to_row = nest_.stride(0, last - 1);
      const std::int64_t from_column = nest_.stride(1, last);
      const std::int64_t columns = nest_.size(last);
      constexpr std::int64_t kRows = std::max<std::int64_t>(4, 64 / static_cast<std::int64_t>(sizeof(T)));
      constexpr std::int64_t kColumns = 8;
      for (std::int64_t t = 0; t < count; t += kRows) {
        for (std::int64_t l = 0; l < columns; l += kColumns) {
          tile(to + t * to_row + l, to_row, from + l * from_column + t, from_column, std::min(kRows, count - t),
               std::min(kColumns, columns - l));
        }
      }
      break;
    }
    case Form::kElements: {
      const std::int64_t to_step = nest_.stride(0, last);
      const std::int64_t from_step = nest_.stride(1, last);
      for (std::int64_t i = 0; i < count; ++i) to[i * to_step] = from[i * from_step];
      break;
    }
  }
}

/// Whole rows of the innermost dim, one after the other along the dim before it.
template <class T>
void Move::inner_rows(T* to, const T* from, std::int64_t rows) const {
  const int last = nest_.rank() - 1;
  const std::int64_t count = nest_.size(last);
  const std::int64_t to_row = nest_.stride(0, last - 1);
  const std::int64_t from_row = nest_.stride(1, last - 1);
  const std::size_t bytes = static_cast<std::size_t>(count) * sizeof(T);
  switch (form_) {
    case Form::kRows:
      for (std::int64_t r = 0; r < rows; ++r) {
        copy_bytes(reinterpret_cast<std::byte*>(to + r * to_row),
                   reinterpret_cast<const std::byte*>(from + r * from_row), bytes);
      }
      break;
    case Form::kFill:
      for (std::int64_t r = 0; r < rows; ++r) {
        const T value = from[r * from_row];
        T* const row = to + r * to_row;
        for (std::int64_t i = 0; i < count; ++i) row[i] = value;
      }
      break;
    default: {
      const std::int64_t to_step = nest_.stride(0, last);
      const std::int64_t from_step = nest_.stride(1, last);
      for (std::int64_t r = 0; r < rows; ++r) {
        for (std::int64_t i = 0; i < count; ++i) to[r * to_row + i * to_step] = from[r * from_row + i * from_step];
      }
      break;
    }
  }
}

template <class T>
void Move::run_as(T* to, const T* from, std::int64_t begin, std::int64_t end) const {
  if (form_ != Form::kTiles && chunks_ == 1 && nest_.rank() > 1) {
    const int along = nest_.rank() - 2;
    const std::int64_t rows = nest_.size(along);
    const std::int64_t stop = std::min(nest_.count() / nest_.size(along + 1), end * group_);
    std::int64_t row = begin * group_;
    Walk walk(nest_, along, row / rows);
    for (std::int64_t first = row % rows; row < stop; first = 0) {
      const std::int64_t some = std::min(rows - first, stop - row);
      inner_rows(to + walk.at(0) + first * nest_.stride(0, along), from + walk.at(1) + first * nest_.stride(1, along),
                 some);
      row += some;
      walk.next();
    }
    return;
  }
  const int cut = form_ == Form::kTiles ? nest_.rank() - 2 : nest_.rank() - 1;  // the dim that is cut into chunks
  const std::int64_t size = nest_.size(cut);
  std::int64_t total = chunks_;
  for (int d = 0; d < cut; ++d) total *= nest_.size(d);
  const std::int64_t stop = std::min(total, end * group_);
  std::int64_t piece = begin * group_;
  Walk walk(nest_, cut, piece / chunks_);
  std::int64_t chunk = piece % chunks_;
  for (; piece < stop; ++piece) {
    const std::int64_t start = chunk * chunk_;
    inner(to + walk.at(0) + start * nest_.stride(0, cut), from + walk.at(1) + start * nest_.stride(1, cut),
          std::min(chunk_, size - start));
    if (++chunk == chunks_) {
      chunk = 0;
      walk.next();
    }
  }
}

void Move::run(std::byte* to, const std::byte* from, std::int64_t begin, std::int64_t end) const {
  if (begin >= std::min(end, units_)) return;
  const auto as = [&]<class T>(T*) {
    run_as(reinterpret_cast<T*>(to), reinterpret_cast<const T*>(from), begin, std::min(end, units_));
  };
  switch (element_bytes_) {
    case 1: as(static_cast<std::uint8_t*>(nullptr)); break;
    case 2: as(static_cast<std::uint16_t*>(nullptr)); break;
    case 4: as(static_cast<std::uint32_t*>(nullptr)); break;
    case 8: as(static_cast<std::uint64_t*>(nullptr)); break;
    default: as(static_cast<Bytes16*>(nullptr)); break;
  }
}

}  // namespace bolide::cpu
