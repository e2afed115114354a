// Answers do not depend on threads, repetition, the place in the batch or the context.
#include "api/support.h"

#include <algorithm>

namespace bolide {
namespace {

using testing::bits;
using testing::quick;
using testing::wave;

using Bits = std::vector<std::uint32_t>;

struct Case {
  const char* name;
  Dims image;  // of batch 1
};

Result<Engine> engine_of(const std::string& name, int threads) {
  if (name == "digits") return compile(BOLIDE_SOURCE "/models/digits/digits.onnx", quick(threads));
  return Builder().build(testing::residual_network(), quick(threads));
}

const std::vector<Case> kCases = {{"digits", {1, 1, 28, 28}}, {"residual", {1, 3, 32, 32}}};

HostTensor batch_of(const Case& c, std::int64_t n) {
  Dims dims = c.image;
  dims[0] = n;
  return wave(dims, 0.3, 1);
}

TEST(SameBits, ForOneTwoThreeAndFourThreads) {
  for (const Case& c : kCases) {
    Bits want;
    for (const int threads : {1, 2, 3, 4}) {
      const auto engine = engine_of(c.name, threads);
      ASSERT_TRUE(engine) << engine.error().message;
      const Bits got = bits(*engine, batch_of(c, 5));
      ASSERT_FALSE(got.empty());
      if (want.empty()) want = got;
      EXPECT_EQ(got, want) << c.name << " with " << threads << " threads";
    }
  }
}

TEST(SameBits, OfRepeatedRunsInOneContextAndInOthers) {
  for (const Case& c : kCases) {
    const auto engine = engine_of(c.name, 4);
    ASSERT_TRUE(engine);
    const HostTensor image = batch_of(c, 3);
    const Bits want = bits(*engine, image);
    for (int i = 0; i < 2; ++i) {
      ExecutionContext context = *engine->make_context();
      ASSERT_TRUE(context.set_input(engine->inputs()[0].name, image));
      for (int run = 0; run < 5; ++run) {
        ASSERT_TRUE(context.run());
        const auto output = context.output(engine->outputs()[0].name);
        ASSERT_TRUE(output);
        const auto values = output->values<std::uint32_t>();
        EXPECT_TRUE(std::equal(values.begin(), values.end(), want.begin(), want.end())) << c.name << " run " << run;
      }
    }
  }
}

TEST(SameBits, OfAnImageAloneAndAnywhereInABatch) {
  for (const Case& c : kCases) {
    for (const int threads : {1, 4}) {
      const auto engine = engine_of(c.name, threads);
      ASSERT_TRUE(engine);
      const HostTensor batch = batch_of(c, 5);
      const Bits together = bits(*engine, batch);
      const std::size_t each = together.size() / 5;
      const std::size_t bytes = batch.bytes() / 5;
      for (std::size_t k = 0; k < 5; ++k) {
        HostTensor one = *HostTensor::make(DataType::kF32, c.image);
        std::memcpy(one.data(), static_cast<const std::byte*>(batch.data()) + k * bytes, bytes);
        const Bits want(together.begin() + static_cast<std::ptrdiff_t>(k * each),
                        together.begin() + static_cast<std::ptrdiff_t>((k + 1) * each));
        EXPECT_EQ(bits(*engine, one), want) << c.name << " image " << k << " with " << threads << " threads";
      }
    }
  }
}

}  // namespace
}  // namespace bolide
