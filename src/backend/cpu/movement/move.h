/// A strided copy: rows by memcpy, transpositions by cache tiles, broadcasts by filling.
#pragma once

#include "backend/cpu/nest.h"

#include <optional>

namespace bolide::cpu {

/// Copies `dims` elements of 1, 2, 4, 8 or 16 bytes between strided arrays that do not overlap; strides are in
/// elements, the source's may be 0 or negative. The work is cut into units of about 16 KiB that may run in any order.
class Move {
 public:
  /// Nothing for an element size or rank that is not handled.
  static std::optional<Move> make(const Dims& dims, const Dims& to_strides, const Dims& from_strides,
                                  int element_bytes);

  std::int64_t units() const { return units_; }
  std::int64_t bytes() const { return nest_.count() * element_bytes_; }
  /// True when elements are gathered one by one or in small tiles, which costs more than the bytes say.
  bool scattered() const { return form_ != Form::kRows; }
  void run(std::byte* to, const std::byte* from, std::int64_t begin, std::int64_t end) const;

 private:
  enum class Form : std::uint8_t { kRows, kFill, kTiles, kElements };

  Move() = default;
  template <class T>
  void run_as(T* to, const T* from, std::int64_t begin, std::int64_t end) const;
  template <class T>
  void inner(T* to, const T* from, std::int64_t count) const;
  template <class T>
  void inner_rows(T* to, const T* from, std::int64_t rows) const;

  Nest nest_;  // operand 0: destination, 1: source
  int element_bytes_ = 4;
  Form form_ = Form::kRows;
  std::int64_t chunk_ = 1;   // elements of the last dim (kTiles: of the last but one) in one piece
  std::int64_t chunks_ = 1;  // pieces along that dim
  std::int64_t group_ = 1;   // pieces in a unit
  std::int64_t units_ = 0;
};

}  // namespace bolide::cpu
