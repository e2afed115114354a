#include "same_values.h"

#include <cmath>
#include <complex>

namespace bolide::conformance {
namespace {

bool is_complex(DataType type) { return type == DataType::kC64 || type == DataType::kC128; }

/// Complex numbers as their two parts each.
Tensor as_parts(const Tensor& tensor) {
  if (!is_complex(tensor.dtype())) return tensor;
  const DataType part = tensor.dtype() == DataType::kC64 ? DataType::kF32 : DataType::kF64;
  return Tensor::borrow(part, {2 * tensor.count()}, tensor.data(), tensor.owner());
}

std::string difference_of_items(const Tensor& got, const Tensor& want) {
  for (std::size_t i = 0; i < want.items().size(); ++i) {
    const std::string why = difference(got.items()[i], want.items()[i]);
    if (!why.empty()) return strings::join("item ", i, ": ", why);
  }
  return {};
}

std::string difference_of_strings(const Tensor& got, const Tensor& want) {
  for (std::size_t i = 0; i < want.span<std::string>().size(); ++i) {
    const std::string& a = got.span<std::string>()[i];
    const std::string& b = want.span<std::string>()[i];
    if (a != b) return strings::join("element ", i, " is '", a, "', wanted '", b, "'");
  }
  return {};
}

}  // namespace

std::string difference(const Tensor& got, const Tensor& want) {
  if (got.dtype() != want.dtype() || got.dims() != want.dims()) {
    return strings::join("is ", got.dtype(), got.dims(), ", wanted ", want.dtype(), want.dims());
  }
  if (is_container(want.dtype())) return difference_of_items(got, want);
  if (want.dtype() == DataType::kString) return difference_of_strings(got, want);
  const auto a = to_f64(as_parts(got));
  const auto b = to_f64(as_parts(want));
  if (!a || !b) return "the elements are no numbers";
  std::size_t beyond = 0;
  std::string first;
  for (std::size_t i = 0; i < b->size(); ++i) {
    const double x = (*a)[i];
    const double y = (*b)[i];
    if (x == y || (std::isnan(x) && std::isnan(y))) continue;
    if (std::abs(x - y) <= 1e-7 + 1e-3 * std::abs(y)) continue;
    if (beyond++ == 0) first = strings::join("element ", i, " is ", x, ", wanted ", y);
  }
  if (beyond == 0) return {};
  return strings::join(first, " (", beyond, " of ", b->size(), " differ)");
}

std::string statistical_difference(const Tensor& got, const Tensor& want) {
  if (got.dtype() != want.dtype() || got.dims() != want.dims()) return difference(got, want);
  const auto a = to_f64(got);
  const auto b = to_f64(want);
  if (!a || !b) return "the elements are no numbers";
  double sums[2] = {};
  double squares = 0;
  for (std::size_t i = 0; i < b->size(); ++i) {
    sums[0] += (*a)[i];
    sums[1] += (*b)[i];
    squares += (*b)[i] * (*b)[i];
  }
  const auto count = static_cast<double>(std::max<std::size_t>(b->size(), 1));
  const double mean = sums[1] / count;
  // Five standard errors of the difference of two means.
  const double allowed = 5 * std::sqrt(2 * std::max(squares / count - mean * mean, 0.0) / count) + 1e-6;
  if (std::abs(sums[0] / count - mean) <= allowed) return {};
  return strings::join("the mean is ", sums[0] / count, ", wanted ", mean, " +- ", allowed);
}

}  // namespace bolide::conformance
