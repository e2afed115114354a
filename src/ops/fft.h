/// Discrete Fourier transforms of any length in double.
#pragma once

#include <complex>
#include <span>
#include <vector>

namespace bolide {

/// A transform of one length, planned once: y[k] = sum over n of x[n] e^(-2 pi i k n / length), and for `inverse` with
/// + in the exponent, divided by the length. O(length log length) for every length. Thread safety: const.
class Fourier {
 public:
  Fourier(std::size_t length, bool inverse);
  /// In place; `line` has `length` elements.
  void run(std::span<std::complex<double>> line) const;

 private:
  std::size_t length_;
  bool inverse_;
  std::size_t padded_;                        // a power of two
  std::vector<std::complex<double>> roots_;   // e^(-2 pi i k / padded)
  std::vector<std::complex<double>> chirp_;   // e^(-pi i n^2 / length); empty when length is a power of two
  std::vector<std::complex<double>> filter_;  // the transform of the conjugate chirp, wrapped around
};

}  // namespace bolide
