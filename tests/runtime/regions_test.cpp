#include "runtime/regions.h"

#include "backend/cpu/cpu_backend.h"
#include "compile/lower.h"
#include "ir/text.h"
#include "runtime/context.h"
#include "runtime/reference.h"

#include <gtest/gtest.h>

#include <thread>

namespace bolide {
namespace {

std::shared_ptr<EngineCore> engine_of(const std::string& text) {
  const auto graph = parse_graph(text);
  EXPECT_TRUE(graph) << graph.error().message;
  const auto steps = lower(*graph);
  EXPECT_TRUE(steps) << steps.error().message;
  const auto backend = std::make_shared<CpuBackend>(make_cpu_target(std::nullopt, 2));
  return EngineCore::make(*steps, backend, {}, {});
}

/// "Relu+Add NonZero Gather+Relu": operators of planned regions joined with +.
std::string regions_of(const EngineCore& engine) {
  std::string out;
  for (const Region& region : engine.regions()) {
    if (!out.empty()) out += ' ';
    if (!region.engine) {
      out += engine.graph().steps[static_cast<std::size_t>(region.step)].op.name();
      continue;
    }
    EXPECT_TRUE(region.engine->sizes_known());
    std::string names;
    for (const StepGraph::Step& step : region.engine->graph().steps) {
      names += strings::join(names.empty() ? "" : "+", step.op.name());
    }
    out += names;
  }
  return out;
}

Tensor floats(Dims dims, const std::vector<float>& values) { return Tensor::of<float>(values, std::move(dims)); }

/// Runs the context, and checks that it gives what the reference gives.
void expect_reference(ContextCore& context, const Tensors& inputs) {
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    ASSERT_TRUE(context.set_input(static_cast<int>(i), inputs[i].dtype(), inputs[i].dims(), inputs[i].data()));
  }
  const Status ran = context.run();
  ASSERT_TRUE(ran) << ran.error().message;
  const auto wanted = run_reference(context.engine().graph(), inputs);
  ASSERT_TRUE(wanted) << wanted.error().message;
  for (std::size_t o = 0; o < wanted->size(); ++o) {
    const Tensor& want = (*wanted)[o];
    const auto dims = context.result_dims(static_cast<int>(o));
    ASSERT_TRUE(dims);
    EXPECT_EQ(*dims, want.dims());
    EXPECT_EQ(Tensor::borrow(want.dtype(), *dims, context.output_data(static_cast<int>(o)), nullptr), want);
  }
}

constexpr const char* kSelected = R"(x = input f32[n,4]
a = Relu(x)
hit = NonZero(a)
row = const i64[1]{0}
rows = Gather(hit, row) axis=0
picked = Gather(a, rows)
y = Neg(picked)
other = Abs(x)
return y, other
)";

TEST(Regions, ArePlannedAroundTheStepsThatTellSizes) {
  EXPECT_EQ(regions_of(*engine_of(kSelected)), "Relu+Abs NonZero Gather+Gather+Neg");
}

TEST(Regions, ConstantScalesDecideSizesWithoutAnyStepThatReadsSizes) {
  ContextCore context(engine_of(R"(x = input f32[1,1,n]
s = const f32[3]{1,1,1.601}
y = Resize(x, _, s)
return y
)"));
  expect_reference(context, {floats({1, 1, 5}, {1, 2, 3, 4, 5})});
  expect_reference(context, {floats({1, 1, 2}, {1, 2})});
}

TEST(Regions, ConstantStringsAreNotPlannedEvenWithoutAnyStep) {
  const auto engine = engine_of("c = const string[2]{\"abc\",\"a string that has memory of its own\"}\nreturn c\n");
  EXPECT_FALSE(engine->sizes_known());
  ContextCore context(engine);
  expect_reference(context, {});
}

TEST(Regions, GiveWhatTheReferenceGivesWhateverTheSizes) {
  ContextCore context(engine_of(kSelected));
  expect_reference(context, {floats({2, 4}, {1, -1, 0, 2, 0, 0, 3, -4})});
  expect_reference(context, {floats({2, 4}, {1, 1, 1, 1, 1, 1, 1, 1})});  // more hits: buffers grow
  expect_reference(context, {floats({1, 4}, {0, 0, 0, 5})});              // and stay
  expect_reference(context, {floats({1, 4}, {-1, -1, -1, -1})});          // nothing is hit
  expect_reference(context, {floats({2, 4}, {1, -1, 0, 2, 0, 0, 3, -4})});
}

TEST(Regions, TakeSizesThatNoInputOfTheirsTells) {
  // z has the size of the count of hits and of x, and reads neither x nor the hits.
  const auto engine = engine_of(R"(x = input f32[n]
hit = NonZero(x)
s = Shape(hit)
z = ConstantOfShape(s) value=f32[1]{2}
y = Neg(z)
return y
)");
  ContextCore context(engine);
  expect_reference(context, {floats({5}, {0, 1, 0, 1, 1})});
  expect_reference(context, {floats({2}, {0, 1})});
}

TEST(Regions, ALoopRunsItsBodyAsAnEngineOfItsOwn) {
  const auto engine = engine_of(R"(m = input i64[]
x = input f32[3]
w = input f32[3]
last, all = Loop(m, _, x, w) carried=1
{
  i = input i64[]
  go = input bool[]
  v = input f32[3]
  w = input f32[3]
  again = Identity(go)
  sum = Add(v, w)
  twice = Mul(sum, sum)
  return again, sum, twice
}
y = Neg(last)
return y, all
)");
  EXPECT_EQ(regions_of(*engine), "Loop Neg");
  ASSERT_EQ(engine->regions()[0].bodies.size(), 1U);
  EXPECT_TRUE(engine->regions()[0].bodies[0]->sizes_known());
  ContextCore context(engine);
  const Tensor x = floats({3}, {1, 2, 3});
  const Tensor w = floats({3}, {1, 0, -1});
  for (const std::int64_t trips : {3, 0, 5}) expect_reference(context, {Tensor::scalar(trips), x, w});
}

constexpr const char* kGoesOnAboveZero = R"(x = input f32[]
y = Loop(_, _, x) carried=1
{
  i = input i64[]
  go = input bool[]
  v = input f32[]
  zero = const f32[]{0}
  half = const f32[]{0.5}
  again = Greater(v, zero)
  next = Mul(v, half)
  return again, next
}
return y
)";

TEST(Regions, TellBodiesTheSizesThatTheirInputsDoNot) {
  const auto engine = engine_of(R"(c = input bool[]
x = input f32[n]
y = input f32[m]
a = NonZero(x)
b = NonZero(y)
both = Concat(a, b) axis=1
r = If(c, both)
{
  both = input i64[1,nonzero_1+nonzero_2]
  p = Neg(both)
  return p
}
{
  both = input i64[1,nonzero_1+nonzero_2]
  p = Abs(both)
  q = NonZero(p)
  return q
}
return r
)");
  ContextCore context(engine);
  for (const bool branch : {true, false}) {
    const Tensors inputs = {Tensor::scalar(branch), floats({4}, {0, 1, 2, 0}), floats({2}, {5, 0})};
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      ASSERT_TRUE(context.set_input(static_cast<int>(i), inputs[i].dtype(), inputs[i].dims(), inputs[i].data()));
    }
    const Status ran = context.run();
    ASSERT_TRUE(ran) << ran.error().message;
    const auto dims = context.result_dims(0);
    ASSERT_TRUE(dims) << dims.error().message;
    EXPECT_EQ(*dims, branch ? (Dims{1, 3}) : (Dims{2, 2}));
  }
}

TEST(Regions, ARunEndsWithItsTimeLimit) {
  ContextCore context(engine_of(kGoesOnAboveZero));
  const Tensor endless = Tensor::scalar(std::numeric_limits<float>::infinity());
  ASSERT_TRUE(context.set_input(0, endless.dtype(), endless.dims(), endless.data()));
  context.limit_time(0.02);
  const Status ran = context.run();
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().code, Code::kCancelled);
  EXPECT_NE(ran.error().message.find("the time limit of 0.02 s is over"), std::string::npos) << ran.error().message;
  context.limit_time(0);
  expect_reference(context, {Tensor::scalar(1.0F)});  // about 150 iterations
}

TEST(Regions, ARunIsCancelledFromAnotherThread) {
  ContextCore context(engine_of(kGoesOnAboveZero));
  const Tensor endless = Tensor::scalar(std::numeric_limits<float>::infinity());
  ASSERT_TRUE(context.set_input(0, endless.dtype(), endless.dims(), endless.data()));
  std::atomic<bool> over = false;
  std::thread other([&] {
    while (!over) context.cancel();  // the first may come before the run, which forgets it
  });
  const Status ran = context.run();
  over = true;
  other.join();
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().code, Code::kCancelled);
  expect_reference(context, {Tensor::scalar(1.0F)});
}

TEST(Regions, ALoopWithKnownSizesIsNoBranch) {
  const auto engine = engine_of(R"(m = input i64[]
x = input f32[2]
last = Loop(m, _, x) carried=1
{
  i = input i64[]
  go = input bool[]
  v = input f32[2]
  again = Identity(go)
  sum = Add(v, v)
  return again, sum
}
return last
)");
  EXPECT_FALSE(engine->sizes_known());
  ContextCore context(engine);
  expect_reference(context, {Tensor::scalar<std::int64_t>(4), floats({2}, {1, 3})});
}

TEST(Regions, AreCutInTimeThatGrowsWithTheGraphOnly) {
  // 20,000 steps that each wait for the one before: quadratic work would take minutes.
  auto graph = std::make_shared<StepGraph>();
  graph->values.push_back({"x", {DataType::kF32, {Dim("n")}}});
  graph->inputs = {0};
  for (int i = 0; i < 10000; ++i) {
    const auto last = static_cast<int>(graph->values.size()) - 1;
    graph->values.push_back({strings::join("hit", i), {DataType::kI64, {1, Dim(strings::join("k", i))}}});
    graph->values.push_back({strings::join("row", i), {DataType::kI64, {Dim(strings::join("k", i))}}});
    graph->steps.push_back({.name = "hit", .op = *make_op("NonZero"), .inputs = {last}, .outputs = {last + 1}});
    graph->steps.push_back(
        {.name = "row", .op = *parse_op("Squeeze", "axes=[0]"), .inputs = {last + 1}, .outputs = {last + 2}});
  }
  graph->outputs = {static_cast<int>(graph->values.size()) - 1};
  ASSERT_TRUE(check(*graph));
  const auto backend = std::make_shared<CpuBackend>(make_cpu_target(std::nullopt, 1));
  EXPECT_EQ(cut_regions(graph, backend, {}).size(), 20000U);
}

TEST(Regions, WhatASequenceHoldsOutlivesTheNextIteration) {
  const auto engine = engine_of(R"(m = input i64[]
x = input f32[2]
none = SequenceEmpty()
one = SequenceInsert(none, x)
seq, last = Loop(m, _, one, x) carried=2
{
  i = input i64[]
  go = input bool[]
  s = input sequence[k]<f32[2]>
  v = input f32[2]
  again = Identity(go)
  sum = Add(v, v)
  more = SequenceInsert(s, sum)
  return again, more, sum
}
y = ConcatFromSequence(seq)
return y
)");
  ContextCore context(engine);
  expect_reference(context, {Tensor::scalar<std::int64_t>(4), floats({2}, {1, 3})});
}

}  // namespace
}  // namespace bolide
