#include "cli/comparison.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>

namespace bolide::cli {

std::string scientific(double value) { return value == 0 ? "0" : fmt::format("{:.1e}", value); }

namespace {

using Complex = std::complex<double>;

bool is_complex(DataType dtype) { return dtype == DataType::kC64 || dtype == DataType::kC128; }
bool is_nan(double value) { return std::isnan(value); }
bool is_nan(Complex value) { return std::isnan(value.real()) || std::isnan(value.imag()); }

template <class T>
double largest_of(std::span<const T> values) {
  double largest = 0;
  for (const T value : values) {
    if (const double magnitude = std::abs(value); std::isfinite(magnitude)) largest = std::max(largest, magnitude);
  }
  return largest;
}

template <class T>
void compare_numbers(std::span<const T> got, std::span<const T> want, const Tolerance& tolerance, Difference& result) {
  for (std::size_t i = 0; i < got.size(); ++i) {
    if (got[i] == want[i] || (is_nan(got[i]) && is_nan(want[i]))) continue;
    double error = std::abs(got[i] - want[i]);
    if (std::isnan(error)) error = std::numeric_limits<double>::infinity();
    const double size = std::abs(want[i]);
    result.max_absolute = std::max(result.max_absolute, error);
    if (size != 0) result.max_relative = std::max(result.max_relative, error / size);
    if (!(error <= tolerance.absolute + tolerance.relative * size)) ++result.mismatches;
  }
  result.holds = result.mismatches == 0;
}

}  // namespace

double largest_magnitude(const HostTensor& tensor) {
  const bool complex = is_complex(tensor.dtype());
  const Result<HostTensor> numbers = tensor.converted(complex ? DataType::kC128 : DataType::kF64);
  if (!numbers) return 0;
  return complex ? largest_of(numbers->values<Complex>()) : largest_of(numbers->values<double>());
}

Difference difference(const std::string& name, const HostTensor& got, const HostTensor& want,
                      const Tolerance& tolerance) {
  Difference result{.name = name, .elements = want.count()};
  const auto fail = [&](std::string why) {
    result.holds = false;
    result.mismatches = want.count();
    result.why = std::move(why);
    return result;
  };
  if (got.dims() != want.dims())
    return fail(fmt::format("is [{}], wanted [{}]", fmt::join(got.dims(), ","), fmt::join(want.dims(), ",")));
  if (got.dtype() != want.dtype())
    return fail(fmt::format("is {}, wanted {}", bolide::name(got.dtype()), bolide::name(want.dtype())));
  if (is_container(want.dtype())) {
    const std::vector<HostTensor> mine = got.items();
    const std::vector<HostTensor> theirs = want.items();
    result.elements = 0;
    for (std::size_t i = 0; i < theirs.size(); ++i) {
      const Difference item = difference(name, mine[i], theirs[i], tolerance);
      result.elements += item.elements;
      result.mismatches += item.mismatches;
      result.max_absolute = std::max(result.max_absolute, item.max_absolute);
      result.max_relative = std::max(result.max_relative, item.max_relative);
      if (result.why.empty() && !item.why.empty()) result.why = fmt::format("item {} {}", i, item.why);
      result.holds = result.holds && item.holds;
    }
    return result;
  }
  if (want.dtype() == DataType::kString) {
    const auto mine = got.values<std::string>();
    const auto theirs = want.values<std::string>();
    for (std::size_t i = 0; i < theirs.size(); ++i) result.mismatches += mine[i] == theirs[i] ? 0 : 1;
    result.holds = result.mismatches == 0;
    return result;
  }
  const bool complex = is_complex(want.dtype());
  const DataType wide = complex ? DataType::kC128 : DataType::kF64;
  const Result<HostTensor> a = got.converted(wide);
  const Result<HostTensor> b = want.converted(wide);
  if (!a || !b) return fail("the elements are no numbers");
  if (complex) {
    compare_numbers(a->values<Complex>(), b->values<Complex>(), tolerance, result);
  } else {
    compare_numbers(a->values<double>(), b->values<double>(), tolerance, result);
  }
  return result;
}

Difference difference_of_draws(const std::string& name, const HostTensor& got, const HostTensor& want) {
  constexpr double kAny = std::numeric_limits<double>::infinity();
  Difference result = difference(name, got, want, {0, kAny});
  const Result<HostTensor> a = got.converted(DataType::kF64);
  const Result<HostTensor> b = want.converted(DataType::kF64);
  if (!result.holds || !a || !b || want.count() == 0) return result;
  double sums[2] = {};
  double squares = 0;
  for (std::size_t i = 0; i < b->values<double>().size(); ++i) {
    sums[0] += a->values<double>()[i];
    sums[1] += b->values<double>()[i];
    squares += b->values<double>()[i] * b->values<double>()[i];
  }
  const auto count = static_cast<double>(want.count());
  const double mean = sums[1] / count;
  const double allowed = 5 * std::sqrt(2 * std::max(squares / count - mean * mean, 0.0) / count) + 1e-6;
  result.max_absolute = std::abs(sums[0] / count - mean);
  result.max_relative = 0;
  result.holds = result.max_absolute <= allowed;
  if (!result.holds) result.why = fmt::format("random numbers of mean {}, wanted {}", sums[0] / count, mean);
  return result;
}

}  // namespace bolide::cli
