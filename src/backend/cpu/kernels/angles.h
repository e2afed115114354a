/// Sines, tangents and their inverses, in f64 so that one short polynomial suffices for f32; loops over them become
/// vector code. Polynomials are those of fdlibm (sine and cosine) and Cephes (single precision arcus functions).
#pragma once

#include "backend/cpu/kernels/vec.h"

namespace bolide::BOLIDE_ISA_NS {

/// sin(x + quarter * pi / 2) for |x| <= 2^20.
inline double sine(double x, std::int32_t quarter) {
  constexpr double kShift = 0x1.8p52;  // adding and taking it away rounds to whole numbers
  const double k = x * 0x1.45f306dc9c883p-1 + kShift - kShift;
  const double r = x - k * 0x1.921fb544p0 - k * 0x1.0b4611a626331p-34;
  const double z = r * r;
  const double s =
      r + r * z *
              (-0x1.5555555555549p-3 +
               z * (0x1.111111110f8a6p-7 +
                    z * (-0x1.a01a019c161d5p-13 + z * (0x1.71de357b1fe7dp-19 + z * -0x1.ae5e68a2b9cebp-26))));
  const double c = 1 - 0.5 * z +
                   z * z *
                       (0x1.555555555554cp-5 +
                        z * (-0x1.6c16c16c15177p-10 + z * (0x1.a01a019cb159p-16 + z * -0x1.27e4f809c52adp-22)));
  const std::int32_t turn = static_cast<std::int32_t>(k) + quarter;
  const double value = (turn & 1) != 0 ? c : s;
  return (turn & 2) != 0 ? -value : value;
}

/// tan(x) for |x| <= 2^20.
inline double tangent(double x) { return sine(x, 0) / sine(x, 1); }

inline double arctangent(double x) {
  const double size = x < 0 ? -x : x;
  const bool large = size > 2.414213562373095;
  const bool middle = size > 0.41421356237309503;
  const double low = large ? -1 : middle ? size - 1 : size;
  const double high = large ? size : middle ? size + 1 : 1;
  const double r = low / high;
  const double z = r * r;
  const double value =
      (large    ? 1.5707963267948966
       : middle ? 0.7853981633974483
                : 0) +
      r +
      r * z *
          (-0x1.5555555555555p-2 +
           z * (0x1.9999999999999p-3 +
                z * (-0x1.2492492492492p-3 +
                     z * (0x1.c71c71c71c71cp-4 +
                          z * (-0x1.745d1745d1746p-4 + z * (0x1.3b13b13b13b14p-4 + z * -0x1.1111111111111p-4))))));
  return x < 0 ? -value : value;
}

/// For |x| <= 1; NaN beyond.
inline double arcsine(double x, bool from_one) {
  const double size = x < 0 ? -x : x;
  const bool large = size > 0.5;
  const double z = large ? 0.5 * (1 - size) : size * size;
  const double r = large ? __builtin_sqrt(z) : size;
  const double value =
      r + r * z *
              (1.6666752422e-1 +
               z * (7.4953002686e-2 + z * (4.5470025998e-2 + z * (2.4181311049e-2 + z * 4.2163199048e-2))));
  if (from_one) {  // the arc cosine
    const double of_size = large ? 2 * value : 1.5707963267948966 - value;
    return x < 0 ? 3.141592653589793 - of_size : of_size;
  }
  const double of_size = large ? 1.5707963267948966 - 2 * value : value;
  return x < 0 ? -of_size : of_size;
}

}  // namespace bolide::BOLIDE_ISA_NS
