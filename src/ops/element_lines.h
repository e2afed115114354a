/// What GatherElements, ScatterElements and their like share: lines of a tensor along one axis, and indices into them.
#pragma once

#include "ops/movement.h"
#include "ops/reference.h"

#include <atomic>

namespace bolide {

/// Integers of a tensor as they lie, those below 0 counted from the end of `sizes[i % sizes.size()]`.
class Indices {
 public:
  /// Errors: InvalidArgument for one outside of its size, with both numbers.
  static Result<Indices> make(const Tensor& tensor, Dims sizes) {
    Indices out;
    out.sizes_ = std::move(sizes);
    out.tensor_ = tensor;
    if (tensor.dtype() != DataType::kI64 && tensor.dtype() != DataType::kI32) {
      TRY(out.tensor_, cast(tensor, DataType::kI64));
    }
    out.wide_ = out.tensor_.dtype() == DataType::kI64;
    std::atomic<std::int64_t> wrong = -1;
    const auto columns = static_cast<std::int64_t>(out.sizes_.size());
    parallel_ranges(tensor.count(), 1 << 14, [&](std::int64_t begin, std::int64_t end) {
      if (columns == 1 && out.wide_) {
        const auto* const numbers = reinterpret_cast<const std::int64_t*>(out.tensor_.data());
        const std::int64_t size = out.sizes_[0];
        bool good = true;
        for (std::int64_t i = begin; i < end; ++i) good = good & (numbers[i] >= -size) & (numbers[i] < size);
        if (good) return;
      }
      for (std::int64_t i = begin; i < end; ++i) {
        const std::int64_t size = out.sizes_[columns == 1 ? 0 : static_cast<std::size_t>(i % columns)];
        const std::int64_t given = out.given(i);
        if (given < -size || given >= size) wrong.store(i, std::memory_order_relaxed);
      }
    });
    const std::int64_t at = wrong.load();
    if (at >= 0) TRY_OK(normalize_index(out.given(at), out.sizes_[static_cast<std::size_t>(at % columns)]));
    return out;
  }

  /// Index i, which is of column i % sizes.size().
  std::int64_t at(std::int64_t i, std::size_t column = 0) const {
    const std::int64_t index = given(i);
    return index < 0 ? index + sizes_[column] : index;
  }

 private:
  std::int64_t given(std::int64_t i) const {
    return wide_ ? reinterpret_cast<const std::int64_t*>(tensor_.data())[i]
                 : reinterpret_cast<const std::int32_t*>(tensor_.data())[i];
  }

  Tensor tensor_;
  Dims sizes_;
  bool wide_ = true;
};

/// f(numbers) with the integers of a tensor as i64 or i32 lie in memory; others are made i64 first.
template <class F>
Status with_indices(const Tensor& tensor, const F& f) {
  if (tensor.dtype() == DataType::kI32) return f(reinterpret_cast<const std::int32_t*>(tensor.data()));
  TRY(const Tensor wide, cast(tensor, DataType::kI64));
  return f(reinterpret_cast<const std::int64_t*>(wide.data()));
}

/// `given` in [0, size), counted from the end when negative; -1 for one outside.
inline std::int64_t place_within(std::int64_t given, std::int64_t size) {
  const std::int64_t place = given < 0 ? given + size : given;
  return place >= 0 && place < size ? place : -1;
}

/// Lines along `axis` of a box of sizes `box` that lies at the start of a tensor of sizes `whole`.
class ElementLines {
 public:
  ElementLines(const Dims& box, const Dims& whole, std::size_t axis)
      : size_(box[axis]), stride_(contiguous_strides(whole)[axis]) {
    const Dims strides = contiguous_strides(whole);
    outer_ = starts(box, strides, 0, axis);
    inner_ = starts(box, strides, axis + 1, box.size());
    dense_ = inner_.empty() || inner_.back() + 1 == static_cast<std::int64_t>(inner_.size());
  }

  /// f(i, start) for every element i of the box, where its line starts in the whole tensor; several lines at once,
  /// the elements of one line in order.
  template <class F>
  void each(const F& f) const {
    const auto outer = static_cast<std::int64_t>(outer_.size());
    const auto inner = static_cast<std::int64_t>(inner_.size());
    const auto part = [&](std::int64_t o, std::int64_t begin, std::int64_t end) {
      const std::int64_t start = outer_[static_cast<std::size_t>(o)];
      if (inner == 1) {
        for (std::int64_t i = 0; i < size_; ++i) f(o * size_ + i, start);
        return;
      }
      for (std::int64_t i = 0; i < size_; ++i) {
        const std::int64_t row = (o * size_ + i) * inner;
        if (dense_) {
          for (std::int64_t n = begin; n < end; ++n) f(row + n, start + n);
        } else {
          for (std::int64_t n = begin; n < end; ++n) f(row + n, start + inner_[static_cast<std::size_t>(n)]);
        }
      }
    };
    constexpr std::int64_t kWorthAThread = 1 << 13;
    if (outer >= inner) {
      parallel_ranges(outer, kWorthAThread / std::max<std::int64_t>(1, size_ * inner),
                      [&](std::int64_t o, std::int64_t end) {
                        for (; o < end; ++o) part(o, 0, inner);
                      });
    } else {
      const std::int64_t grain = std::max<std::int64_t>(16, kWorthAThread / std::max<std::int64_t>(1, size_ * outer));
      parallel_ranges(inner, grain, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t o = 0; o < outer; ++o) part(o, begin, end);
      });
    }
  }
  /// The same without an order among elements: they are read as they lie.
  template <class F>
  void each_unordered(const F& f) const {
    const auto inner = static_cast<std::int64_t>(inner_.size());
    if (inner == 1) return each(f);
    parallel_ranges(static_cast<std::int64_t>(outer_.size()) * size_, (1 << 13) / std::max<std::int64_t>(1, inner),
                    [&](std::int64_t row, std::int64_t end) {
                      for (; row < end; ++row) {
                        const std::int64_t start = outer_[static_cast<std::size_t>(row / size_)];
                        if (dense_) {
                          for (std::int64_t n = 0; n < inner; ++n) f(row * inner + n, start + n);
                        } else {
                          for (std::int64_t n = 0; n < inner; ++n)
                            f(row * inner + n, start + inner_[static_cast<std::size_t>(n)]);
                        }
                      }
                    });
  }
  /// f(i, start, count, step) for runs of the box: element i + k is on the line that starts at start + k * step.
  template <class F>
  void each_run(const F& f) const {
    constexpr std::int64_t kWorthAThread = 1 << 13;
    const auto inner = static_cast<std::int64_t>(inner_.size());
    if (inner == 1) {
      parallel_ranges(static_cast<std::int64_t>(outer_.size()), kWorthAThread / std::max<std::int64_t>(1, size_),
                      [&](std::int64_t o, std::int64_t end) {
                        for (; o < end; ++o) f(o * size_, outer_[static_cast<std::size_t>(o)], size_, std::int64_t{0});
                      });
      return;
    }
    if (!dense_) return each_unordered([&](std::int64_t i, std::int64_t start) { f(i, start, 1, 0); });
    parallel_ranges(static_cast<std::int64_t>(outer_.size()) * size_, kWorthAThread / std::max<std::int64_t>(1, inner),
                    [&](std::int64_t row, std::int64_t end) {
                      for (; row < end; ++row) {
                        f(row * inner, outer_[static_cast<std::size_t>(row / size_)], inner, std::int64_t{1});
                      }
                    });
  }
  /// The same start of element i alone.
  std::int64_t start(std::int64_t i) const {
    const auto inner = static_cast<std::int64_t>(inner_.size());
    return outer_[static_cast<std::size_t>(i / inner / size_)] + inner_[static_cast<std::size_t>(i % inner)];
  }
  /// From one element of a line to the next, in the whole tensor.
  std::int64_t stride() const { return stride_; }

 private:
  static Dims starts(const Dims& box, const Dims& strides, std::size_t from, std::size_t to) {
    const Dims dims(box.begin() + static_cast<std::ptrdiff_t>(from), box.begin() + static_cast<std::ptrdiff_t>(to));
    Dims out;
    if (product(dims, 0, dims.size()) == 0) return out;
    Dims index(dims.size(), 0);
    do {
      std::int64_t at = 0;
      for (std::size_t d = 0; d < dims.size(); ++d) at += index[d] * strides[from + d];
      out.push_back(at);
    } while (next_index(index, dims));
    return out;
  }

  std::int64_t size_;
  std::int64_t stride_;
  Dims outer_;  ///< where the box's outer sizes start
  Dims inner_;
  bool dense_ = false;  ///< the inner sizes are those of the whole tensor
};

}  // namespace bolide
