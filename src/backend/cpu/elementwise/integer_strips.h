/// Strips of integers on their way from and to storage.
#pragma once

#include "backend/cpu/elementwise/strips.h"
#include "backend/cpu/kernels/integer_eltwise.h"

#include <algorithm>
#include <array>

namespace bolide::cpu {

/// True for integers of whole bytes and bool.
inline bool has_integer_strips(DataType dtype) {
  return dtype == DataType::kBool || (is_integer(dtype) && bit_width(dtype) >= 8);
}

/// f(E()) with an unsigned type of that many bytes.
template <class F>
void with_bytes(int bytes, const F& f) {
  switch (bytes) {
    case 1: return f(std::uint8_t{});
    case 2: return f(std::uint16_t{});
    case 4: return f(std::uint32_t{});
    default: return f(std::uint64_t{});
  }
}

/// The strip, dense.
template <class T>
void load_strip(const IntegerEltwise<T>& kernels, DataType dtype, const void* base, const StripView& view, T* to) {
  const auto load = kernels.load[static_cast<std::size_t>(dtype)];
  const std::int64_t width = bit_width(dtype) / 8;
  const auto at = [&](std::int64_t offset) { return static_cast<const std::byte*>(base) + offset * width; };
  if (view.dense()) return load(at(view.offset), to, view.count());
  if (view.scalar()) {
    load(at(view.offset), to, 1);
    std::fill_n(to + 1, view.count() - 1, *to);
    return;
  }
  for (std::int64_t r = 0; r < view.rows; ++r, to += view.length) {
    const std::int64_t row = view.offset + r * view.row_stride;
    if (view.stride == 1) {
      load(at(row), to, view.length);
    } else if (view.stride == 0) {
      load(at(row), to, 1);
      std::fill_n(to + 1, view.length - 1, *to);
    } else {
      with_bytes(static_cast<int>(width), [&]<class E>(E) {
        std::array<E, Strips::kElements> dense;
        const E* const from = static_cast<const E*>(base) + row;
        for (std::int64_t i = 0; i < view.length; ++i) dense[static_cast<std::size_t>(i)] = from[i * view.stride];
        load(dense.data(), to, view.length);
      });
    }
  }
}

/// Dense numbers to the strip.
template <class T>
void store_strip(const IntegerEltwise<T>& kernels, DataType dtype, const T* from, const StripView& view, void* base) {
  const auto store = kernels.store[static_cast<std::size_t>(dtype)];
  const std::int64_t width = bit_width(dtype) / 8;
  const auto at = [&](std::int64_t offset) { return static_cast<std::byte*>(base) + offset * width; };
  if (view.dense()) return store(from, at(view.offset), view.count());
  for (std::int64_t r = 0; r < view.rows; ++r, from += view.length) {
    const std::int64_t row = view.offset + r * view.row_stride;
    if (view.stride == 1) {
      store(from, at(row), view.length);
      continue;
    }
    with_bytes(static_cast<int>(width), [&]<class E>(E) {
      std::array<E, Strips::kElements> dense;
      store(from, dense.data(), view.length);
      E* const to = static_cast<E*>(base) + row;
      for (std::int64_t i = 0; i < view.length; ++i) to[i * view.stride] = dense[static_cast<std::size_t>(i)];
    });
  }
}

}  // namespace bolide::cpu
