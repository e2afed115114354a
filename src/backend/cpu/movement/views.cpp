#include "backend/cpu/movement/views.h"

#include "base/error.h"

#include <algorithm>

namespace bolide::cpu {
namespace {

/// Sizes and strides, innermost first, neighbours joined where they follow each other without a gap.
struct Runs {
  explicit Runs(const Operand& operand) {
    for (std::size_t d = operand.dims.size(); d-- > 0;) {
      if (operand.dims[d] == 1) continue;
      if (!dims.empty() && operand.strides[d] == strides.back() * dims.back()) {
        dims.back() *= operand.dims[d];
      } else {
        dims.push_back(operand.dims[d]);
        strides.push_back(operand.strides[d]);
      }
    }
  }
  /// Takes `size` elements, a divisor of the innermost run that is left, and returns their stride.
  std::int64_t take(std::int64_t size) {
    const std::int64_t stride = strides[at];
    dims[at] /= size;
    strides[at] *= size;
    if (dims[at] == 1) ++at;
    return stride;
  }
  std::int64_t left() const { return at < dims.size() ? dims[at] : 1; }

  Dims dims;
  Dims strides;
  std::size_t at = 0;
};

}  // namespace

Result<Piece> piece(const CopyView& view, DataType dtype, int input, int output) {
  const int bits = dtype == DataType::kString ? 0 : bit_width(dtype);
  std::optional<Move> move;
  if (bits % 8 == 0) move = Move::make(view.dims, view.to_strides, view.from_strides, bits / 8);
  if (!move) return unsupported("copies of ", dtype, " in ", view.dims);
  return Piece{*std::move(move), input, output, view.from, view.to, view};
}

Result<CopyView> reshape_view(const Operand& to, const Operand& from) {
  CopyView out;
  if (to.count() == 0) {
    out.push(0, 0, 0);
    return out;
  }
  Runs a(to);
  Runs b(from);
  while (a.left() != 1 || b.left() != 1) {
    const std::int64_t size = std::min(a.left(), b.left());
    if (size == 1 || a.left() % size != 0 || b.left() % size != 0) {
      return unsupported("a copy of ", from.dims, " with strides ", from.strides, " to ", to.dims);
    }
    const std::int64_t to_stride = a.take(size);
    out.push(size, to_stride, b.take(size));
  }
  std::reverse(out.dims.begin(), out.dims.end());
  std::reverse(out.to_strides.begin(), out.to_strides.end());
  std::reverse(out.from_strides.begin(), out.from_strides.end());
  return out;
}

}  // namespace bolide::cpu
