/// How an elementwise step is cut into strips of at most 1024 elements, and how operands get in and out of them.
#pragma once

#include "backend/cpu/kernels/eltwise.h"
#include "backend/cpu/nest.h"
#include "backend/problem.h"

#include <algorithm>

namespace bolide::cpu {

/// One strip of one operand: `rows` runs of `length` elements. Strides in elements.
struct StripView {
  std::int64_t offset = 0;
  std::int64_t rows = 1;
  std::int64_t length = 0;
  std::int64_t row_stride = 0;
  std::int64_t stride = 0;

  std::int64_t count() const { return rows * length; }
  /// One element for the whole strip.
  bool scalar() const { return (stride == 0 || length == 1) && (row_stride == 0 || rows == 1); }
  /// All elements one after the other.
  bool dense() const { return (stride == 1 || length == 1) && (rows == 1 || row_stride == length); }
};

/// Operand 0 is the output; the inputs broadcast to it. Thread safety: const members from any thread.
class Strips {
 public:
  static constexpr std::int64_t kElements = 1024;

  Strips() = default;
  /// Errors: Unsupported for more operands or dims than a Nest takes.
  static Result<Strips> make(const Operand& output, std::span<const Operand> inputs);

  std::int64_t count() const { return count_; }
  /// Elements of the largest strip.
  std::int64_t largest() const { return rows_ * length_; }
  /// Every strip has one element of the operand only.
  bool scalar(int operand) const {
    const int last = nest_.rank() - 1;
    return nest_.stride(operand, last) == 0 && (!multi_row_ || nest_.stride(operand, last - 1) == 0);
  }
  /// Every strip of the operand is rows of contiguous elements.
  bool contiguous(int operand) const { return nest_.stride(operand, nest_.rank() - 1) == 1; }
  /// Operands whose neighbours along a strip are apart in memory.
  int scattered() const {
    int out = 0;
    for (const Dims& list : nest_.strides) out += list.back() != 0 && list.back() != 1 ? 1 : 0;
    return out;
  }
  /// f(views) for the strips of [begin, end); views[o] is operand o's.
  template <class F>
  void each(std::int64_t begin, std::int64_t end, const F& f) const {
    if (begin >= end) return;
    const int last = nest_.rank() - 1;
    const int cut = multi_row_ ? last - 1 : last;
    Walk walk(nest_, cut, begin / pieces_);
    std::int64_t piece = begin % pieces_;
    std::array<StripView, kMaxNestOperands> views;
    const int operands = static_cast<int>(nest_.strides.size());
    for (std::int64_t strip = begin; strip < end; ++strip) {
      for (int o = 0; o < operands; ++o) {
        StripView& view = views[static_cast<std::size_t>(o)];
        view.stride = nest_.stride(o, last);
        if (multi_row_) {
          view.rows = std::min(rows_, nest_.size(cut) - piece * rows_);
          view.length = length_;
          view.row_stride = nest_.stride(o, cut);
          view.offset = walk.at(o) + piece * rows_ * view.row_stride;
        } else {
          view.length = std::min(length_, nest_.size(last) - piece * length_);
          view.offset = walk.at(o) + piece * length_ * view.stride;
        }
      }
      f(views);
      if (++piece == pieces_) {
        piece = 0;
        walk.next();
      }
    }
  }

 private:
  Nest nest_;
  bool multi_row_ = false;
  std::int64_t rows_ = 1;
  std::int64_t length_ = 1;
  std::int64_t pieces_ = 1;  ///< along the dim that is cut
  std::int64_t count_ = 0;
};

/// The strip as floats, dense.
void load_strip(const EltwiseKernels& kernels, DataType dtype, const void* base, const StripView& view, float* to);
/// Dense floats to the strip.
void store_strip(const EltwiseKernels& kernels, DataType dtype, const float* from, const StripView& view, void* base);

/// The same in f64, from f64, f32, bool and integers other than u64; to f64, f32 and bool.
bool has_wide_strips(DataType dtype);
void load_strip(DataType dtype, const void* base, const StripView& view, double* to);
void store_strip(DataType dtype, const double* from, const StripView& view, void* base);

}  // namespace bolide::cpu
