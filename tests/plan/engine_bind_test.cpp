#include "sample_engine.h"

#include "base/log.h"

#include <gtest/gtest.h>

namespace bolide {
namespace {

using testing::NamedBackend;
using testing::sample_engine;

/// Collects what is logged while it lives.
class Log {
 public:
  Log() {
    set_log_sink([this](LogLevel, std::string_view message) { text += message; });
  }
  ~Log() { set_log_sink({}); }
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;
  std::string text;
};

TEST(BindVariants, GivesBackTheDecisionsThatWereStored) {
  const EngineFile engine = sample_engine();
  const auto variants = bind_variants(engine.variants[0], *engine.graph, NamedBackend());
  ASSERT_TRUE(variants) << variants.error().message;
  ASSERT_EQ(variants->size(), 1U);
  const Variant& variant = (*variants)[0];
  EXPECT_EQ(variant.choice.steps[0].tactic, &testing::kQuick);
  EXPECT_EQ(variant.choice.steps[1].tactic, &testing::kSlow);
  EXPECT_EQ(variant.choice.steps[2].tactic, nullptr);
  EXPECT_EQ(store_variant(variant), engine.variants[0].shapes[0]);
}

TEST(BindVariants, AnUnknownTacticLeavesItsShapeToTheCostModel) {
  EngineFile engine = sample_engine();
  DeviceVariant& device = engine.variants[0];
  device.shapes.push_back(device.shapes[0]);
  device.shapes[0].steps[1].tactic = "gone";
  const Log log;
  const auto variants = bind_variants(device, *engine.graph, NamedBackend());
  ASSERT_TRUE(variants);
  EXPECT_EQ(variants->size(), 1U);
  EXPECT_NE(log.text.find("step 'leaky' was tuned for gone@1, this build has none of that name"), std::string::npos)
      << log.text;
}

TEST(BindVariants, AnotherRevisionOfATacticLeavesItsShapeToTheCostModel) {
  EngineFile engine = sample_engine();
  engine.variants[0].shapes[0].steps[0].revision = 1;
  const Log log;
  const auto variants = bind_variants(engine.variants[0], *engine.graph, NamedBackend());
  ASSERT_TRUE(variants);
  EXPECT_TRUE(variants->empty());
  EXPECT_NE(log.text.find("quick@1, this build has revision 2"), std::string::npos) << log.text;
}

TEST(BindVariants, AnotherVersionOfALibraryLeavesOnlyItsStepsOpen) {
  EngineFile engine = sample_engine();
  StoredVariant& shape = engine.variants[0].shapes[0];
  shape.steps[0].tactic = "library.0";
  shape.steps[0].revision = 91400;
  {
    const Log log;
    const auto variants = bind_variants(engine.variants[0], *engine.graph, NamedBackend());
    ASSERT_TRUE(variants) << variants.error().message;
    ASSERT_EQ(variants->size(), 1U);
    EXPECT_EQ((*variants)[0].choice.steps[0].tactic, nullptr);
    EXPECT_EQ((*variants)[0].choice.steps[1].tactic, &testing::kSlow);
    EXPECT_EQ(log.text,
              "engine: step 'add' was tuned for library.0@91400, the library here has 91900: the fastest of the other "
              "tactics runs it and 0 more such steps");
  }
  shape.steps[0].revision = 91900;
  const auto same = bind_variants(engine.variants[0], *engine.graph, NamedBackend());
  ASSERT_TRUE(same) << same.error().message;
  EXPECT_EQ((*same)[0].choice.steps[0].tactic, &testing::kLibrary);
}

TEST(BindVariants, DecisionsThatDoNotFitTheGraphAreRefused) {
  const auto error_after = [](auto change) {
    EngineFile engine = sample_engine();
    change(engine.variants[0].shapes[0]);
    const auto variants = bind_variants(engine.variants[0], *engine.graph, NamedBackend());
    return variants ? "none" : strings::join(name(variants.error().code), ": ", variants.error().message);
  };
  EXPECT_EQ(error_after([](StoredVariant& shape) { shape.steps.pop_back(); }),
            "bad file: a tuned shape has 8 values and 2 steps, the graph has 8 and 3");
  EXPECT_EQ(error_after([](StoredVariant& shape) {
              shape.orders[0] = {0, 1, 2};
            }),
            "bad file: value 'x' has 2 dims, its order 3");
  EXPECT_EQ(error_after([](StoredVariant& shape) { shape.steps[0].reformats[0] = Order{0}; }),
            "bad file: step 'add': the orders of its inputs do not fit them");
  EXPECT_EQ(error_after([](StoredVariant& shape) { shape.steps[0].reformats.pop_back(); }),
            "bad file: step 'add': the orders of its inputs do not fit them");
  EXPECT_EQ(error_after([](StoredVariant& shape) { shape.steps[1].tactic = "of.others"; }),
            "bad file: step 'leaky': of.others is no tactic of LeakyRelu");
  EXPECT_EQ(error_after([](StoredVariant& shape) {
              shape.inputs[0] = {4, 5};
            }),
            "bad file: a tuned shape: input 'x' is [4,5], the model takes [batch,3]: size 1 is fixed to 3");
}

}  // namespace
}  // namespace bolide
