/// NaN among elements of any number type.
#pragma once

#include <cmath>
#include <type_traits>

namespace bolide {

/// False for integers.
template <class T>
bool is_nan(T value) {
  if constexpr (std::is_floating_point_v<T>) {
    return std::isnan(value);
  } else {
    return (void)value, false;
  }
}

}  // namespace bolide
