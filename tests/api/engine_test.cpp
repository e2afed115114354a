#include "support.h"

#include <algorithm>
#include <optional>

namespace bolide {
namespace {

using testing::bits;
using testing::filled;
using testing::of;
using testing::quick;
using testing::small_network;
using testing::wave;

Engine built(Network network, const BuilderConfig& config = quick()) {
  auto engine = Builder().build(std::move(network), config);
  EXPECT_TRUE(engine) << engine.error().message;
  if (!engine) std::abort();
  return *std::move(engine);
}

TEST(Engine, AConvolutionOfOnesGivesTheKnownSumsForEveryBatch) {
  const Engine engine = built(small_network());
  const std::vector<float> want = {1.4F, 2.0F, 1.4F, 2.0F, 2.9F, 2.0F, 1.4F, 2.0F, 1.4F};
  for (std::int64_t n = 1; n <= 4; ++n) {
    const auto results = infer(engine, {{"x", filled({n, 1, 3, 3}, 1)}});
    ASSERT_TRUE(results) << results.error().message;
    const HostTensor& y = results->at("y");
    EXPECT_EQ(y.dims(), (Dims{n, 9}));
    for (std::size_t i = 0; i < static_cast<std::size_t>(y.count()); ++i) {
      EXPECT_NEAR(y.values<float>()[i], want[i % 9], 1e-6) << "batch " << n << " element " << i;
    }
  }
}

TEST(Engine, WeightsMayBeFreedAfterBuilding) {
  std::optional<HostTensor> weights = filled({1, 1, 3, 3}, 0.3F);
  Network network;
  network.output(network.conv(network.input("x", DataType::kF32, "[1,1,3,3]"), {.weights = *weights}), "y");
  const Engine engine = built(std::move(network));
  for (float& value : weights->values<float>()) value = 1e30F;
  weights.reset();
  const auto results = infer(engine, {{"x", filled({1, 1, 3, 3}, 1)}});
  ASSERT_TRUE(results);
  EXPECT_NEAR(results->at("y").values<float>()[0], 2.7F, 1e-6);
}

TEST(Engine, EnginesOutliveTheirBuildersAndContextsTheirEngines) {
  std::optional<Engine> engine;
  {
    Network network = small_network();
    const Builder builder;
    engine = *builder.build(std::move(network), quick());
  }
  std::optional<ExecutionContext> first = *engine->make_context();
  std::optional<ExecutionContext> second = *engine->make_context();
  engine.reset();
  const HostTensor ones = filled({2, 1, 3, 3}, 1);
  for (auto* context : {&first, &second}) {
    ASSERT_TRUE((*context)->set_input("x", ones));
    ASSERT_TRUE((*context)->run());
    EXPECT_NEAR((*context)->output("y")->values<float>()[4], 2.9F, 1e-6);
    if (context == &first) first.reset();
  }
}

TEST(Engine, ContextsGiveTheSameBitsAndShareTheWeights) {
  const Engine engine = built(testing::residual_network());
  const HostTensor image = wave({2, 3, 32, 32}, 0.5, 1);
  const std::vector<std::uint32_t> alone = bits(engine, image);
  const std::int64_t packed = engine.plan({{"image", {2, 3, 32, 32}}})->packed_bytes;
  std::vector<ExecutionContext> contexts;
  for (int i = 0; i < 4; ++i) contexts.push_back(*engine.make_context());
  for (ExecutionContext& context : contexts) {
    ASSERT_TRUE(context.set_input("image", image));
    ASSERT_TRUE(context.run());
    const auto scores = context.output("scores");
    ASSERT_TRUE(scores);
    const auto values = scores->values<std::uint32_t>();
    EXPECT_TRUE(std::equal(values.begin(), values.end(), alone.begin(), alone.end()));
  }
  EXPECT_EQ(engine.plan({{"image", {2, 3, 32, 32}}})->packed_bytes, packed);
}

TEST(Engine, SavedAndLoadedItGivesTheSameBits) {
  const testing::TemporaryPath file("saved.engine");
  const Engine engine = built(testing::residual_network());
  ASSERT_TRUE(engine.save(file.path()));
  EXPECT_TRUE(is_engine_file(file.path()));
  const auto loaded = Runtime().load(file.path(), {.threads = 2});
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->inputs()[0].name, "image");
  EXPECT_EQ(loaded->outputs()[0].name, "scores");
  for (const std::int64_t n : {1, 3}) {
    const HostTensor image = wave({n, 3, 32, 32}, 0.7, 1);
    EXPECT_EQ(bits(*loaded, image), bits(engine, image)) << "batch " << n;
  }
}

TEST(Engine, SavingWhereNothingCanBeWrittenIsAnErrorAndLeavesNothing) {
  const Engine engine = built(small_network());
  const Status saved = engine.save("/no/such/folder/file.engine");
  ASSERT_FALSE(saved);
  EXPECT_NE(saved.error().message.find("/no/such/folder"), std::string::npos) << saved.error().message;
  const auto missing = load("/no/such/folder/file.engine");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::kNotFound);
  EXPECT_FALSE(is_engine_file("/no/such/folder/file.engine"));
  EXPECT_FALSE(is_engine_file("/"));
}

TEST(Engine, FollowsTheReference) {
  const Network network = testing::residual_network();
  const HostTensor image = wave({3, 3, 32, 32}, 0.2, 1);
  const auto want = network.evaluate({{"image", image}});
  ASSERT_TRUE(want) << want.error().message;
  const auto got = infer(built(testing::residual_network()), {{"image", image}});
  ASSERT_TRUE(got);
  const auto a = got->at("scores").values<float>();
  const auto b = (*want)[0].values<float>();
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-5) << i;
}

TEST(Engine, MarkedValuesBecomeOutputsAndCutsTheOnlyOnes) {
  BuilderConfig config = quick();
  config.mark_outputs = {"conv"};
  const Engine marked = built(small_network(), config);
  ASSERT_EQ(marked.outputs().size(), 2U);
  const auto results = infer(marked, {{"x", filled({1, 1, 3, 3}, 1)}});
  ASSERT_TRUE(results);
  EXPECT_EQ(results->at("conv").dims(), (Dims{1, 1, 3, 3}));
  EXPECT_NEAR(results->at("conv").values<float>()[4], 2.9F, 1e-6);

  config = quick();
  config.outputs = {"conv"};
  const Engine cut = built(small_network(), config);
  ASSERT_EQ(cut.outputs().size(), 1U);
  EXPECT_EQ(cut.outputs()[0].name, "conv");

  config.outputs = {"nowhere"};
  const auto wrong = Builder().build(small_network(), config);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, Code::kNotFound);
  EXPECT_NE(wrong.error().message.find("nowhere"), std::string::npos);
}

TEST(Engine, WhatTheCpuCannotComputeInIsUnsupported) {
  for (const Precision precision : {Precision::kFp16, Precision::kBf16, Precision::kTf32, Precision::kInt8}) {
    BuilderConfig config = quick();
    config.precision = precision;
    const auto engine = Builder().build(small_network(), config);
    ASSERT_FALSE(engine);
    EXPECT_EQ(engine.error().code, Code::kUnsupported) << engine.error().message;
  }
  BuilderConfig config = quick();
  config.device = "abacus";
  const auto engine = Builder().build(small_network(), config);
  ASSERT_FALSE(engine);
  EXPECT_EQ(engine.error().code, Code::kUnsupported);
  EXPECT_NE(engine.error().message.find("abacus"), std::string::npos);
}

class ContextTest : public ::testing::Test {
 protected:
  Engine engine_ = built(small_network());
  ExecutionContext context_ = *engine_.make_context();
  HostTensor ones_ = filled({2, 1, 3, 3}, 1);
};

TEST_F(ContextTest, WrongNamesNameTheRightOnes) {
  const Status input = context_.set_input("z", ones_);
  ASSERT_FALSE(input);
  EXPECT_EQ(input.error().code, Code::kNotFound);
  EXPECT_NE(input.error().message.find("'x'"), std::string::npos) << input.error().message;
  const auto output = context_.output("z");
  ASSERT_FALSE(output);
  EXPECT_NE(output.error().message.find("'y'"), std::string::npos) << output.error().message;
  EXPECT_FALSE(context_.set_output("z", nullptr, 0));
  EXPECT_FALSE(context_.output_dims("z"));
}

TEST_F(ContextTest, WrongDtypesRanksAndSizesSayBothSides) {
  std::vector<std::int32_t> integers(18);
  const Status dtype = context_.set_input("x", DataType::kI32, {2, 1, 3, 3}, integers.data());
  ASSERT_FALSE(dtype);
  EXPECT_NE(dtype.error().message.find("i32"), std::string::npos) << dtype.error().message;
  EXPECT_NE(dtype.error().message.find("f32"), std::string::npos) << dtype.error().message;
  const Status rank = context_.set_input("x", filled({9}, 1));
  ASSERT_FALSE(rank);
  EXPECT_EQ(rank.error().code, Code::kInvalidArgument);
  EXPECT_NE(rank.error().message.find("[n,1,3,3]"), std::string::npos) << rank.error().message;
  const HostTensor wide = filled({2, 1, 3, 4}, 1);
  Status size = context_.set_input("x", wide);
  if (size) size = context_.run();
  ASSERT_FALSE(size);
  EXPECT_EQ(size.error().code, Code::kInvalidArgument);
  EXPECT_NE(size.error().message.find("x"), std::string::npos) << size.error().message;
  EXPECT_NE(size.error().message.find("4"), std::string::npos) << size.error().message;
  EXPECT_FALSE(context_.set_input("x", DataType::kF32, {-1, 1, 3, 3}, wide.data()));
  EXPECT_FALSE(context_.set_input("x", DataType::kF32, {INT64_MAX, 1, 3, 3}, wide.data()));
  EXPECT_FALSE(context_.set_input("x", DataType::kF32, {1, 1, 3, 3}, nullptr));
  // And it still runs.
  ASSERT_TRUE(context_.set_input("x", ones_));
  EXPECT_TRUE(context_.run());
}

TEST_F(ContextTest, WithoutInputsItSaysWhichIsMissing) {
  const Status ran = context_.run();
  ASSERT_FALSE(ran);
  EXPECT_NE(ran.error().message.find("'x'"), std::string::npos) << ran.error().message;
}

TEST_F(ContextTest, ThereIsNoResultBeforeARun) {
  ASSERT_TRUE(context_.set_input("x", ones_));
  EXPECT_EQ(*context_.output_dims("y"), (Dims{2, 9}));
  const auto output = context_.output("y");
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().code, Code::kInvalidArgument);
}

TEST_F(ContextTest, WritesWhereItIsToldAndRefusesTooLittleRoom) {
  std::vector<float> room(18, -1);
  ASSERT_TRUE(context_.set_input("x", ones_));
  ASSERT_TRUE(context_.set_output("y", room.data(), 71));
  const Status small = context_.run();
  ASSERT_FALSE(small);
  EXPECT_NE(small.error().message.find("72"), std::string::npos) << small.error().message;
  EXPECT_NE(small.error().message.find("71"), std::string::npos) << small.error().message;
  EXPECT_EQ(room, std::vector<float>(18, -1));
  ASSERT_TRUE(context_.set_output("y", room.data(), 72));
  ASSERT_TRUE(context_.run());
  EXPECT_NEAR(room[13], 2.9F, 1e-6);
  EXPECT_EQ(context_.output("y")->data(), room.data());
  // Back to the context's own memory.
  ASSERT_TRUE(context_.set_output("y", nullptr, 0));
  ASSERT_TRUE(context_.run());
  EXPECT_NE(context_.output("y")->data(), room.data());
  EXPECT_NEAR(context_.output("y")->values<float>()[13], 2.9F, 1e-6);
}

TEST_F(ContextTest, SizesMayChangeBetweenRuns) {
  for (const std::int64_t n : {3, 1, 4, 2, 4}) {
    const HostTensor ones = filled({n, 1, 3, 3}, 1);
    ASSERT_TRUE(context_.set_input("x", ones));
    const Status ran = context_.run();
    ASSERT_TRUE(ran) << ran.error().message;
    const auto y = context_.output("y");
    ASSERT_TRUE(y) << y.error().message;
    EXPECT_EQ(y->dims(), (Dims{n, 9}));
    for (std::size_t i = 4; i < static_cast<std::size_t>(y->count()); i += 9) {
      EXPECT_NEAR(y->values<float>()[i], 2.9F, 1e-6) << n << " " << i;
    }
  }
}

TEST_F(ContextTest, TheProfilerSeesEveryStepOfThePlanInOrder) {
  class Steps final : public Profiler {
   public:
    void report_step(std::string_view step, std::string_view tactic, double microseconds) override {
      names.emplace_back(step);
      EXPECT_FALSE(tactic.empty());
      EXPECT_GE(microseconds, 0);
    }
    std::vector<std::string> names;
  } steps;
  context_.set_profiler(&steps);
  ASSERT_TRUE(context_.set_input("x", ones_));
  ASSERT_TRUE(context_.run());
  const auto plan = engine_.plan({{"x", {2, 1, 3, 3}}});
  ASSERT_TRUE(plan);
  std::vector<std::string> planned;
  for (const StepInfo& step : plan->steps) planned.push_back(step.name);
  EXPECT_EQ(steps.names, planned);
  context_.set_profiler(nullptr);
  ASSERT_TRUE(context_.run());
  EXPECT_EQ(steps.names.size(), planned.size());
}

TEST(Builder, StoppedByTheUserItStillGivesAnEngine) {
  class Stop final : public ProgressMonitor {
   public:
    bool progress(std::string_view, std::int64_t, std::int64_t, double) override {
      ++calls;
      return false;
    }
    int calls = 0;
  } stop;
  BuilderConfig config = quick();
  config.effort = 3;
  config.time_budget_s = 60;
  config.progress = &stop;
  const Engine engine = built(small_network(), config);
  EXPECT_GT(stop.calls, 0);
  EXPECT_NE(engine.build_report().find("interrupted"), std::string::npos);
  const auto results = infer(engine, {{"x", filled({1, 1, 3, 3}, 1)}});
  ASSERT_TRUE(results);
  EXPECT_NEAR(results->at("y").values<float>()[4], 2.9F, 1e-6);
}

TEST(Builder, TunedShapesMustFitTheNetwork) {
  BuilderConfig config = quick();
  config.shapes = {{{"x", {2, 1, 3, 4}}}};
  const auto size = Builder().build(small_network(), config);
  ASSERT_FALSE(size);
  EXPECT_EQ(size.error().code, Code::kInvalidArgument);
  config.shapes = {{{"z", {2, 1, 3, 3}}}};
  const auto name = Builder().build(small_network(), config);
  ASSERT_FALSE(name);
  EXPECT_EQ(name.error().code, Code::kNotFound);
}

TEST(Infer, MissingAndUnknownInputsAreErrors) {
  const Engine engine = built(small_network());
  EXPECT_FALSE(infer(engine, {}));
  EXPECT_FALSE(infer(engine, {{"x", filled({1, 1, 3, 3}, 1)}, {"z", filled({1}, 1)}}));
}

}  // namespace
}  // namespace bolide
