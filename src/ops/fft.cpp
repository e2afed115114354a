#include "ops/fft.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numbers>
#include <utility>

namespace bolide {
namespace {

using Complex = std::complex<double>;

/// The product by its formula; that of std::complex looks for infinities on the way.
Complex times(Complex a, Complex b) {
  return {a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real()};
}

/// e^(-2 pi i k / n) for k < n, exact at quarter turns.
Complex root(std::size_t k, std::size_t n) {
  if (4 * k % n == 0) {
    constexpr std::array<Complex, 4> kQuarters = {Complex(1, 0), Complex(0, -1), Complex(-1, 0), Complex(0, 1)};
    return kQuarters.at(4 * k / n);
  }
  const double angle = -2 * std::numbers::pi * static_cast<double>(k) / static_cast<double>(n);
  return {std::cos(angle), std::sin(angle)};
}

/// The forward transform of a power of two of elements, by halves.
void transform(std::span<Complex> line, std::span<const Complex> roots) {
  const std::size_t n = line.size();
  for (std::size_t i = 1, j = 0; i < n; ++i) {  // j is i with its bits in reverse
    std::size_t bit = n >> 1;
    for (; (j & bit) != 0; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) std::swap(line[i], line[j]);
  }
  for (std::size_t half = 1; half < n; half *= 2) {
    const std::size_t step = n / (half * 2);
    for (std::size_t block = 0; block < n; block += half * 2) {
      for (std::size_t k = 0; k < half; ++k) {
        const Complex odd = times(line[block + half + k], roots[k * step]);
        line[block + half + k] = line[block + k] - odd;
        line[block + k] += odd;
      }
    }
  }
}

}  // namespace

Fourier::Fourier(std::size_t length, bool inverse)
    : length_(length), inverse_(inverse), padded_(std::bit_ceil(std::max<std::size_t>(length, 1))) {
  const bool plain = padded_ == length_;
  if (!plain) padded_ *= 2;  // at least 2 length - 1
  for (std::size_t k = 0; k < padded_ / 2; ++k) roots_.push_back(root(k, padded_));
  if (plain) return;
  // k n = (k^2 + n^2 - (k - n)^2) / 2 makes the transform a convolution with a chirp.
  filter_.assign(padded_, Complex());
  std::size_t square = 0;  // n^2 modulo 2 length
  for (std::size_t n = 0; n < length_; ++n) {
    chirp_.push_back(root(square, 2 * length_));
    filter_[n] = std::conj(chirp_[n]);
    filter_[(padded_ - n) % padded_] = filter_[n];
    square = (square + 2 * n + 1) % (2 * length_);
  }
  transform(filter_, roots_);
}

void Fourier::run(std::span<Complex> line) const {
  // The inverse is the conjugate of the transform of the conjugate.
  if (inverse_) {
    for (Complex& x : line) x = std::conj(x);
  }
  if (chirp_.empty()) {
    transform(line, roots_);
  } else {
    std::vector<Complex> work(padded_);
    for (std::size_t n = 0; n < length_; ++n) work[n] = times(line[n], chirp_[n]);
    transform(work, roots_);
    for (std::size_t k = 0; k < padded_; ++k) work[k] = std::conj(times(work[k], filter_[k]));
    transform(work, roots_);
    for (std::size_t n = 0; n < length_; ++n) {
      line[n] = times(std::conj(work[n]) / static_cast<double>(padded_), chirp_[n]);
    }
  }
  if (inverse_) {
    for (Complex& x : line) x = std::conj(x) / static_cast<double>(length_);
  }
}

}  // namespace bolide
