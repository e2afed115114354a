/// How two tensors differ.
#pragma once

#include <bolide/tensor.h>

#include <string>

namespace bolide::cli {

/// |got - want| <= absolute + relative * |want|; NaN equals NaN.
struct Tolerance {
  double relative = 0;
  double absolute = 0;
};

struct Difference {
  std::string name;
  bool holds = true;
  double max_absolute = 0;
  double max_relative = 0;
  std::int64_t mismatches = 0;
  std::int64_t elements = 0;
  std::string why;  ///< when dtype or sizes differ
};

Difference difference(const std::string& name, const HostTensor& got, const HostTensor& want,
                      const Tolerance& tolerance);
/// For random numbers: dtype and sizes are equal, and the means are those of one distribution (five standard errors).
Difference difference_of_draws(const std::string& name, const HostTensor& got, const HostTensor& want);
/// Largest finite |x|; 0 for none.
double largest_magnitude(const HostTensor& tensor);
/// "1.2e-05", "0"
std::string scientific(double value);

}  // namespace bolide::cli
