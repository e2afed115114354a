#include "compile/compile.h"

#include "backend/cpu/cpu_backend.h"
#include "ir/text.h"
#include "runtime/context.h"
#include "runtime/load.h"
#include "runtime/reference.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

namespace bolide {
namespace {

/// Two convolutions with batch norm and relu between, a residual, pooling and a matrix product.
Graph network() {
  Graph graph;
  const auto weights = [](Dims dims, double scale) {
    Tensor tensor = *Tensor::allocate(DataType::kF32, std::move(dims));
    double phase = scale;
    for (float& value : tensor.span<float>()) value = static_cast<float>(0.25 * std::sin(phase += 1.37));
    return tensor;
  };
  const auto positive = [](std::int64_t count) {
    Tensor tensor = *Tensor::allocate(DataType::kF32, {count});
    for (float& value : tensor.span<float>()) value = 0.75F;
    return tensor;
  };
  const ValueId x = *graph.add_input("x", {DataType::kF32, {Dim("n"), 4, 10, 10}});
  const ValueId first = *graph.add(*parse_op("Conv", " pads=[1,1,1,1]"),
                                   {x, graph.add_constant("w1", weights({8, 4, 3, 3}, 1))}, "conv1");
  const ValueId norm =
      *graph.add(*parse_op("BatchNormalization", ""),
                 {first, graph.add_constant("scale", positive(8)), graph.add_constant("bias", weights({8}, 2)),
                  graph.add_constant("mean", weights({8}, 3)), graph.add_constant("var", positive(8))},
                 "norm");
  const ValueId relu = *graph.add(*parse_op("Relu", ""), {norm}, "relu");
  const ValueId second =
      *graph.add(*parse_op("Conv", ""), {relu, graph.add_constant("w2", weights({8, 8, 1, 1}, 4))}, "conv2");
  const ValueId sum = *graph.add(*parse_op("Add", ""), {second, relu}, "sum");
  graph.set_outputs({sum});
  return graph;
}

Tensor input(std::int64_t n) {
  Tensor x = *Tensor::allocate(DataType::kF32, {n, 4, 10, 10});
  double phase = 0;
  for (float& value : x.span<float>()) value = static_cast<float>(std::cos(phase += 0.71));
  return x;
}

std::shared_ptr<const Backend> cpu() { return std::make_shared<CpuBackend>(make_cpu_target(std::nullopt, 2)); }

std::vector<float> run(const std::shared_ptr<EngineCore>& engine, const Tensor& x) {
  ContextCore context(engine);
  EXPECT_TRUE(context.set_input(0, DataType::kF32, x.dims(), x.data()));
  const Status status = context.run();
  EXPECT_TRUE(status) << status.error().message;
  if (!status) return {};
  const Dims dims = *context.output_dims(0);
  const auto* first = static_cast<const float*>(context.output_data(0));
  return {first, first + *element_count(dims)};
}

void expect_near_reference(const std::shared_ptr<EngineCore>& engine, std::int64_t n) {
  const Tensor x = input(n);
  const auto plain = lower(network());
  const auto want = run_reference(**plain, std::vector<Tensor>{x});
  ASSERT_TRUE(want) << want.error().message;
  const std::vector<float> got = run(engine, x);
  const auto expected = (*want)[0].span<float>();
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], expected[i], 2e-5) << "element " << i;
}

CompileOptions options_at(int effort) {
  return {.shapes = {{{"x", {2, 4, 10, 10}}}}, .effort = effort, .time_budget_s = 0.5};
}

/// A path of a file that goes when the test ends.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string_view name)
      : path_(std::filesystem::temp_directory_path() / strings::join("bolide_", ::getpid(), "_", name)) {}
  ~TemporaryFile() {
    std::filesystem::remove(path_);
    std::filesystem::remove(path_.string() + ".lock");
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

TEST(Compile, AnEngineComputesWhatTheNetworkMeansAtEveryEffort) {
  for (const int effort : {0, 1, 3}) {
    const auto compiled = compile(network(), cpu(), options_at(effort));
    ASSERT_TRUE(compiled) << compiled.error().message;
    EXPECT_EQ(compiled->engine->variants().size(), 1U);
    EXPECT_EQ(compiled->report.measured > 0, effort > 0);
    expect_near_reference(compiled->engine, 2);  // the tuned shape
    expect_near_reference(compiled->engine, 5);  // another one
  }
}

TEST(Compile, ReportsEveryTacticOfEveryStepWithItsTimeOrReason) {
  const auto compiled = compile(network(), cpu(), options_at(2));
  ASSERT_TRUE(compiled);
  ASSERT_FALSE(compiled->report.steps.empty());
  for (const CompileReport::StepReport& step : compiled->report.steps) {
    EXPECT_FALSE(step.candidates.empty()) << step.step;
    for (const CandidateReport& candidate : step.candidates) {
      if (candidate.verdict.accepted) {
        EXPECT_GT(candidate.us, 0) << step.step << " " << candidate.tactic->name();
      } else {
        EXPECT_FALSE(candidate.verdict.reason.empty()) << step.step << " " << candidate.tactic->name();
      }
    }
  }
}

TEST(Compile, PassesMayBeLeftOut) {
  CompileOptions options = options_at(0);
  options.skip_passes = {"*"};
  const auto compiled = compile(network(), cpu(), options);
  ASSERT_TRUE(compiled) << compiled.error().message;
  EXPECT_EQ(compiled->engine->graph().steps.size(), 5U);
  expect_near_reference(compiled->engine, 2);
  options.skip_passes = {"no-such-pass"};
  const auto wrong = compile(network(), cpu(), options);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, Code::kNotFound);
}

TEST(Compile, TheNetworkMayBeCutAndValuesMarked) {
  CompileOptions options = options_at(0);
  options.outputs = {"relu"};
  const auto cut = compile(network(), cpu(), options);
  ASSERT_TRUE(cut) << cut.error().message;
  ASSERT_EQ(cut->engine->graph().outputs.size(), 1U);
  EXPECT_EQ(cut->engine->output_index("relu"), 0);

  options = options_at(0);
  options.mark_outputs = {"conv1"};
  const auto marked = compile(network(), cpu(), options);
  ASSERT_TRUE(marked) << marked.error().message;
  EXPECT_EQ(marked->engine->graph().outputs.size(), 2U);
  EXPECT_EQ(marked->engine->output_index("conv1"), 1);
  expect_near_reference(marked->engine, 2);

  options.mark_outputs = {"nowhere"};
  const auto wrong = compile(network(), cpu(), options);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, Code::kNotFound);
}

TEST(Compile, ASavedEngineLoadsWithTheSameDecisionsAndGivesTheSameBits) {
  const TemporaryFile file("saved.engine");
  const auto backend = cpu();
  const auto compiled = compile(network(), backend, options_at(2));
  ASSERT_TRUE(compiled);
  const EngineFile saved = to_file(*compiled->engine);
  EXPECT_GT(saved.variants[0].arena_bytes, 0);
  ASSERT_TRUE(write_engine(file.path(), saved));
  const auto mapped = MappedFile::open(file.path());
  ASSERT_TRUE(mapped);
  const auto read = read_engine(*mapped);
  ASSERT_TRUE(read) << read.error().message;
  const auto loaded = load_engine(*read, backend);
  ASSERT_TRUE(loaded) << loaded.error().message;
  ASSERT_EQ((*loaded)->variants().size(), 1U);
  EXPECT_EQ(store_variant((*loaded)->variants()[0]), store_variant(compiled->engine->variants()[0]));
  for (const std::int64_t n : {2, 3}) EXPECT_EQ(run(*loaded, input(n)), run(compiled->engine, input(n))) << n;
}

TEST(Compile, AnEngineOfAnotherDeviceRunsByTheCostModel) {
  const auto compiled = compile(network(), cpu(), options_at(1));
  ASSERT_TRUE(compiled);
  EngineFile file = to_file(*compiled->engine);
  file.variants[0].fingerprint = "another processor";
  const auto loaded = load_engine(file, cpu());
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_TRUE((*loaded)->variants().empty());
  expect_near_reference(*loaded, 2);
}

TEST(Compile, WithTheTimesOfAnEarlierBuildTheEngineIsTheSameToTheByte) {
  const TemporaryFile cache("timings.txt");
  CompileOptions options = options_at(2);
  options.time_budget_s = 30;
  options.timing_cache = cache.path();
  const auto backend = cpu();
  // Until no build asks for anything new.
  for (int build = 0; build < 4; ++build) {
    const auto compiled = compile(network(), backend, options);
    ASSERT_TRUE(compiled) << compiled.error().message;
    if (compiled->report.measured == 0) break;
    ASSERT_LT(build, 3) << "still measures " << compiled->report.measured;
  }
  const auto first = compile(network(), backend, options);
  const auto second = compile(network(), backend, options);
  ASSERT_TRUE(first);
  ASSERT_TRUE(second);
  EXPECT_EQ(first->report.measured, 0);
  EXPECT_GT(first->report.remembered, 0);
  EXPECT_EQ(*engine_bytes(to_file(*first->engine)), *engine_bytes(to_file(*second->engine)));
}

TEST(Compile, ADamagedTimingCacheNeverFailsABuild) {
  const TemporaryFile cache("damaged.txt");
  const std::string noise = "0123456789abcdef not a time\n\n\xff\xfe\n";
  ASSERT_TRUE(write_file(cache.path(), std::as_bytes(std::span(noise.data(), noise.size()))));
  CompileOptions options = options_at(1);
  options.timing_cache = cache.path();
  EXPECT_TRUE(compile(network(), cpu(), options));
}

TEST(Compile, TheUserMayStopTuningAndGetsAnEngine) {
  CompileOptions options = options_at(3);
  std::vector<std::string> phases;
  options.progress = [&](std::string_view phase, std::int64_t, std::int64_t, double) {
    phases.emplace_back(phase);
    return !phase.starts_with("timing");
  };
  const auto compiled = compile(network(), cpu(), options);
  ASSERT_TRUE(compiled) << compiled.error().message;
  EXPECT_TRUE(compiled->report.interrupted);
  EXPECT_TRUE(phases.back().starts_with("timing ")) << phases.back();
  EXPECT_EQ(std::ranges::count_if(phases, [](const std::string& p) { return p.starts_with("timing"); }), 1);
  expect_near_reference(compiled->engine, 2);
}

TEST(Compile, AShapeThatTheNetworkDoesNotTakeIsAnError) {
  CompileOptions options = options_at(0);
  options.shapes = {{{"x", {2, 3, 10, 10}}}};
  const auto wrong = compile(network(), cpu(), options);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, Code::kInvalidArgument);
  options.shapes = {{{"y", {2, 4, 10, 10}}}};
  const auto missing = compile(network(), cpu(), options);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::kNotFound);
}

}  // namespace
}  // namespace bolide
