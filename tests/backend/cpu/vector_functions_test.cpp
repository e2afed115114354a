#include "backend/cpu/kernel_table.h"
#include "backend/cpu/tactic_harness.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace bolide::test {
namespace {

/// Bits from everywhere on the number line, both signs.
std::vector<float> numbers() {
  std::vector<float> out;
  for (std::uint64_t bits = 0; bits < (UINT64_C(1) << 32); bits += 65521 * 17) {
    const auto narrow = static_cast<std::uint32_t>(bits);
    float value = 0;
    std::memcpy(&value, &narrow, sizeof(value));
    out.push_back(value);
  }
  for (float x = -20; x < 20; x += 0.0137F) out.push_back(x);
  for (const float x : {0.0F, -0.0F, 1.0F, -1.0F, INFINITY, -INFINITY, NAN, 1e-45F, -1e-45F, 3.4e38F}) out.push_back(x);
  return out;
}

TEST(VectorFunctions, AreWithinFourUnitsInTheLastPlaceOnTheWholeLine) {
  const std::vector<float> x = numbers();
  std::vector<float> got(x.size());
  for (const Isa isa : isa_levels()) {
    const EltwiseKernels& kernels = *kernel_table(isa).eltwise;
    for (const Fn fn : {Fn::kNeg,   Fn::kAbs,   Fn::kSign,  Fn::kExp,   Fn::kLog,  Fn::kLog1p,   Fn::kExpm1,
                        Fn::kSqrt,  Fn::kRsqrt, Fn::kRecip, Fn::kErf,   Fn::kTanh, Fn::kSigmoid, Fn::kSoftplus,
                        Fn::kFloor, Fn::kCeil,  Fn::kTrunc, Fn::kRound, Fn::kNot,  Fn::kIsNan,   Fn::kIsInf,
                        Fn::kSin,   Fn::kCos,   Fn::kTan,   Fn::kAsin,  Fn::kAcos, Fn::kAtan}) {
      kernels.fn[static_cast<std::size_t>(fn)](x.data(), nullptr, nullptr, got.data(),
                                               static_cast<std::int64_t>(x.size()), 0);
      for (std::size_t i = 0; i < x.size(); ++i) {
        const auto want = static_cast<float>(apply<double>(fn, static_cast<double>(x[i])));
        const float unit = std::nextafter(std::abs(want), INFINITY) - std::abs(want);
        const bool same =
            (std::isnan(want) && std::isnan(got[i])) || want == got[i] || std::abs(want - got[i]) <= 4 * unit;
        ASSERT_TRUE(same) << name(fn) << "(" << x[i] << ") on " << name(isa) << " is " << got[i] << ", expected "
                          << want;
      }
    }
  }
}

TEST(VectorFunctions, OfTwoAndThreeArgumentsEqualTheirSpecification) {
  const std::vector<float> a = {1, -2, 0, -0.0F, INFINITY, -INFINITY, NAN, 3.5F, 2,
                                7, -7, 5, 0.5F,  1e30F,    2,         NAN, 4,    -1};
  const std::vector<float> b = {2, 3, 0, 1, 1, INFINITY, 2, NAN, -1, 3, 3, 5, 0.5F, 1e30F, 0.5F, NAN, -INFINITY, 2};
  const std::vector<float> c = {9, 8, 7, 6, 5, 4, 3, 2, 1, 0, -1, -2, -3, -4, -5, -6, -7, -8};
  const auto n = static_cast<std::int64_t>(a.size());
  std::vector<float> got(a.size());
  for (const Isa isa : isa_levels()) {
    const EltwiseKernels& kernels = *kernel_table(isa).eltwise;
    for (int f = static_cast<int>(Fn::kAdd); f <= static_cast<int>(Fn::kSelect); ++f) {
      const Fn fn = static_cast<Fn>(f);
      for (int mask = 0; mask < 8; ++mask) {
        kernels.fn[f](a.data(), b.data(), c.data(), got.data(), n, mask);
        for (std::size_t i = 0; i < a.size(); ++i) {
          const float want = apply<float>(fn, a[mask & 1 ? 0 : i], b[mask & 2 ? 0 : i], c[mask & 4 ? 0 : i]);
          const bool same = (std::isnan(want) && std::isnan(got[i])) || want == got[i];
          ASSERT_TRUE(same) << name(fn) << " element " << i << " mask " << mask << " on " << name(isa) << " is "
                            << got[i] << ", expected " << want;
        }
      }
    }
  }
}

TEST(VectorFunctions, PowersByOneNumber) {
  std::vector<float> x = {0, -0.0F, 1, -1, 2, -3, 0.25F, INFINITY, -INFINITY, NAN, 1e-3F, 100};
  for (int i = 0; i < 700; ++i) x.push_back(static_cast<float>(i) * 0.01F);  // more than are computed at a time
  std::vector<float> got(x.size());
  for (const Isa isa : isa_levels()) {
    for (const float power : {1.0F, 2.0F, 3.0F, -1.0F, 0.5F, 2.5F, 0.0F}) {
      kernel_table(isa).eltwise->fn[static_cast<std::size_t>(Fn::kPow)](x.data(), &power, nullptr, got.data(),
                                                                        static_cast<std::int64_t>(x.size()), 2);
      for (std::size_t i = 0; i < x.size(); ++i) {
        const float want = std::pow(x[i], power);
        const bool same = (std::isnan(want) && std::isnan(got[i])) || want == got[i] ||
                          std::abs(want - got[i]) <= 2e-7F * std::abs(want);
        ASSERT_TRUE(same) << x[i] << " to the power of " << power << " is " << got[i] << ", expected " << want;
      }
      kernel_table(isa).eltwise->fn[static_cast<std::size_t>(Fn::kPow)](&power, x.data(), nullptr, got.data(),
                                                                        static_cast<std::int64_t>(x.size()), 1);
      for (std::size_t i = 0; i < x.size(); ++i) {
        const float want = std::pow(power, x[i]);
        ASSERT_TRUE((std::isnan(want) && std::isnan(got[i])) || want == got[i]) << power << " to the power of " << x[i];
      }
    }
  }
}

TEST(CodeKernels, SumsAndProductsOfEveryPairOfCodesAreTheirDefinition) {
  struct Scales {
    float a_zero, a_scale, b_zero, b_scale, zero, scale;
  };
  std::vector<std::uint8_t> a(65536);
  std::vector<std::uint8_t> b(65536);
  for (std::size_t i = 0; i < a.size(); ++i) {
    a[i] = static_cast<std::uint8_t>(i >> 8U);
    b[i] = static_cast<std::uint8_t>(i);
  }
  const auto value = [](std::uint8_t code, bool is_signed) {
    return is_signed ? static_cast<float>(static_cast<std::int8_t>(code)) : static_cast<float>(code);
  };
  const std::vector<Scales> all = {{128, 0.02F, 128, 0.02F, 128, 0.04F}, {3, 0.02F, 77, 0.031F, 9, 0.05F},
                                   {0, 1.0F, 0, 1.0F, 0, 2.0F},          {-5, 0.1F, 101, 7.0F, -3, 0.0123F},
                                   {100, 1e-6F, 50, 3e-7F, 20, 1e-6F},   {255, 3e5F, 1, 0.7F, 255, 1e3F}};
  for (const Isa isa : isa_levels()) {
    const CodeKernels& kernels = *kernel_table(isa).codes;
    for (const Scales& s : all) {
      for (const int form : {0, 1, 2, 3}) {
        for (const std::int64_t n : {65536, 65521, 7}) {
          std::vector<std::uint8_t> got(static_cast<std::size_t>(n) + 64, 0xa5);
          CodePair pair;
          pair.a = a.data();
          pair.b = b.data();
          pair.to = got.data();
          pair.n = n;
          pair.a_zero = s.a_zero;
          pair.a_scale = s.a_scale;
          pair.b_zero = s.b_zero;
          pair.b_scale = s.b_scale;
          pair.zero = s.zero;
          pair.scale = s.scale;
          pair.product = form % 2 == 1;
          pair.is_signed = form >= 2;
          if (!kernels.pair(pair)) {
            EXPECT_EQ(isa, Isa::kBaseline);
            EXPECT_EQ(got[0], 0xa5);
            continue;
          }
          for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) {
            const float x = (value(a[i], pair.is_signed) - s.a_zero) * s.a_scale;
            const float y = (value(b[i], pair.is_signed) - s.b_zero) * s.b_scale;
            const float code = std::nearbyint((pair.product ? x * y : x + y) / s.scale) + s.zero;
            const float want = std::clamp(code, pair.is_signed ? -128.0F : 0.0F, pair.is_signed ? 127.0F : 255.0F);
            ASSERT_EQ(value(got[i], pair.is_signed), want) << x << " and " << y << " over " << s.scale;
          }
          for (std::size_t i = static_cast<std::size_t>(n); i < got.size(); ++i) ASSERT_EQ(got[i], 0xa5);
        }
      }
    }
    CodePair tiny;
    tiny.scale = 1e-30F;
    EXPECT_FALSE(kernels.pair(tiny));
    CodePair no_number;
    no_number.a_scale = NAN;
    EXPECT_FALSE(kernels.pair(no_number));
    CodePair no_code;
    no_code.zero = 0.5F;
    EXPECT_FALSE(kernels.pair(no_code));
  }
}

TEST(CodeKernels, QuotientsAtAndBesideHalvesRoundAsTheDivisionDoes) {
  for (const Isa isa : isa_levels()) {
    const CodeKernels& kernels = *kernel_table(isa).codes;
    for (const float scale : {0.05F, 0.04F, 0.1F, 1.0F, 3.0F, 0x1.fffffep-7F, 1e-12F, 7e-30F, 1e30F}) {
      for (const float zero : {0.0F, 7.0F, 128.0F}) {
        std::vector<float> x = {0.0F, -0.0F, INFINITY, -INFINITY, NAN, 3e38F, -3e38F, 1e-40F};
        for (int k = -300; k < 300; ++k) {
          const float half = (static_cast<float>(k) + 0.5F) * scale;
          x.insert(x.end(), {std::nextafter(half, -INFINITY), half, std::nextafter(half, INFINITY)});
        }
        std::vector<std::uint8_t> got(x.size());
        kernels.quantise_u8(x.data(), scale, zero, got.data(), static_cast<std::int64_t>(x.size()));
        std::vector<std::int8_t> got_signed(x.size());
        kernels.quantise_i8(x.data(), scale, zero, got_signed.data(), static_cast<std::int64_t>(x.size()));
        for (std::size_t i = 0; i < x.size(); ++i) {
          const float code = std::nearbyint(x[i] / scale) + zero;
          const float want = std::isnan(code) ? 0.0F : std::clamp(code, 0.0F, 255.0F);
          const float want_signed = std::isnan(code) ? 0.0F : std::clamp(code, -128.0F, 127.0F);
          ASSERT_EQ(static_cast<float>(got[i]), want) << x[i] << " / " << scale << " + " << zero;
          ASSERT_EQ(static_cast<float>(got_signed[i]), want_signed) << x[i] << " / " << scale << " + " << zero;
        }
      }
    }
  }
}

}  // namespace
}  // namespace bolide::test
