/// Loops over strided operands of one shape, with as few dimensions as the strides allow.
#pragma once

#include <bolide/types.h>

#include <array>
#include <span>
#include <vector>

namespace bolide::cpu {

inline constexpr int kMaxNestRank = 12;
inline constexpr int kMaxNestOperands = 20;

/// Sizes outermost first; strides in elements of each operand, which may be 0 or negative.
struct Nest {
  Dims dims;
  std::vector<Dims> strides;  ///< [operand][dim]

  int rank() const { return static_cast<int>(dims.size()); }
  std::int64_t count() const;
  std::int64_t size(int dim) const { return dims[static_cast<std::size_t>(dim)]; }
  std::int64_t stride(int operand, int dim) const {
    return strides[static_cast<std::size_t>(operand)][static_cast<std::size_t>(dim)];
  }
  /// Moves dimension `from` to position `to`; the others keep their order.
  void move_dim(int from, int to);
};

/// Dimensions of size 1 dropped, the rest sorted by falling stride of operand 0, neighbours joined where every operand
/// allows it. The rank is at least 1. Operands may have fewer dims than `dims` (numpy broadcasting: aligned at the
/// end).
Nest collapse(const Dims& dims, std::span<const Dims> strides);

/// Strides of an operand of sizes `dims` read at the broadcast shape `to`: 0 where its size is 1 and the shape's is
/// not.
Dims broadcast_strides(const Dims& dims, const Dims& strides, const Dims& to);

/// Visits the first `rank` dims of a nest in order, from linear position `start`. Holds the operands' offsets.
class Walk {
 public:
  Walk(const Nest& nest, int rank, std::int64_t start);
  std::int64_t at(int operand) const { return offsets_[static_cast<std::size_t>(operand)]; }
  std::int64_t index(int dim) const { return index_[static_cast<std::size_t>(dim)]; }
  void next();

 private:
  const Nest& nest_;
  int rank_;
  std::array<std::int64_t, kMaxNestRank> index_{};
  std::array<std::int64_t, kMaxNestOperands> offsets_{};
};

}  // namespace bolide::cpu
