#include "backend/cpu/isa.h"

#include <gtest/gtest.h>

namespace bolide {
namespace {

TEST(Isa, NamesReadBack) {
  for (int i = 0; i < kIsaCount; ++i) EXPECT_EQ(parse_isa(name(static_cast<Isa>(i))), static_cast<Isa>(i));
  EXPECT_EQ(parse_isa("sse9"), std::nullopt);
}

TEST(Isa, IsLoweredButNeverRaised) {
  EXPECT_EQ(detect_isa(Isa::kBaseline), Isa::kBaseline);
  EXPECT_EQ(detect_isa(Isa::kAmx), hardware_isa());
}

TEST(Isa, IsPartOfTheFingerprint) {
  const CpuTarget target = make_cpu_target(Isa::kBaseline, 3);
  EXPECT_EQ(target.threads, 3);
  EXPECT_NE(target.fingerprint.find("isa=baseline"), std::string::npos) << target.fingerprint;
}

}  // namespace
}  // namespace bolide
