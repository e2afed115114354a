/// The list of elementwise functions, by itself so that kernel sources can include it and nothing else.
#pragma once

#include <cstdint>

namespace bolide {

/// Elementwise functions. Comparisons and logic give 1 or 0. `name(Fn)` is the spelling in texts.
enum class Fn : std::uint8_t {
  // one argument
  kNeg,
  kAbs,
  kSign,
  kExp,
  kLog,
  kLog1p,
  kExpm1,
  kSqrt,
  kRsqrt,
  kRecip,
  kErf,
  kTanh,
  kSigmoid,
  kSoftplus,
  kFloor,
  kCeil,
  kTrunc,
  kRound,  ///< to nearest, ties to even
  kSin,
  kCos,
  kTan,
  kAsin,
  kAcos,
  kAtan,
  kSinh,
  kCosh,
  kAsinh,
  kAcosh,
  kAtanh,
  kNot,
  kIsNan,
  kIsInf,
  kBitNot,
  // two arguments
  kAdd,
  kSub,
  kMul,
  kDiv,
  kMin,
  kMax,
  kPow,
  kMod,   ///< sign of the divisor (Python %)
  kFmod,  ///< sign of the dividend (C fmod)
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kEqual,
  kAnd,
  kOr,
  kXor,
  kBitAnd,
  kBitOr,
  kBitXor,
  kShiftLeft,
  kShiftRight,
  // three arguments
  kSelect,  ///< a != 0 ? b : c
};
inline constexpr int kFnCount = static_cast<int>(Fn::kSelect) + 1;

}  // namespace bolide
