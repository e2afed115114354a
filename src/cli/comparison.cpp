#include "cli/comparison.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace bolide::cli {

std::string scientific(double value) { return value == 0 ? "0" : fmt::format("{:.1e}", value); }

double largest_magnitude(const HostTensor& tensor) {
  double largest = 0;
  const Result<HostTensor> numbers = tensor.converted(DataType::kF64);
  if (!numbers) return 0;
  for (const double value : numbers->values<double>()) {
    if (std::isfinite(value)) largest = std::max(largest, std::abs(value));
  }
  return largest;
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
  const Result<HostTensor> a = got.converted(DataType::kF64);
  const Result<HostTensor> b = want.converted(DataType::kF64);
  if (!a || !b) return fail("the elements are no numbers");
  const std::span<const double> x = a->values<double>();
  const std::span<const double> y = b->values<double>();
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (x[i] == y[i] || (std::isnan(x[i]) && std::isnan(y[i]))) continue;
    double error = std::abs(x[i] - y[i]);
    if (std::isnan(error)) error = std::numeric_limits<double>::infinity();
    result.max_absolute = std::max(result.max_absolute, error);
    if (y[i] != 0) result.max_relative = std::max(result.max_relative, error / std::abs(y[i]));
    if (!(error <= tolerance.absolute + tolerance.relative * std::abs(y[i]))) ++result.mismatches;
  }
  result.holds = result.mismatches == 0;
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
