#include "plan/engine_file.h"

#include "engine_redigest.h"
#include "sample_engine.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace bolide {
namespace {

using testing::load;
using testing::redigest;
using testing::sample_engine;
using testing::store;

std::string error_of(std::span<const std::byte> bytes) {
  const auto engine = read_engine(bytes, nullptr);
  return engine ? "none" : strings::join(name(engine.error().code), ": ", engine.error().message);
}

void expect_same(const StepGraph& a, const StepGraph& b) {
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.inputs, b.inputs);
  EXPECT_EQ(a.outputs, b.outputs);
  EXPECT_EQ(a.constants, b.constants);
  ASSERT_EQ(a.values.size(), b.values.size());
  for (std::size_t v = 0; v < a.values.size(); ++v) {
    EXPECT_EQ(a.values[v].name, b.values[v].name);
    EXPECT_EQ(text(a.values[v].type), text(b.values[v].type));
    EXPECT_EQ(a.values[v].constant, b.values[v].constant);
  }
  ASSERT_EQ(a.steps.size(), b.steps.size());
  for (std::size_t s = 0; s < a.steps.size(); ++s) {
    EXPECT_EQ(a.steps[s].name, b.steps[s].name);
    EXPECT_EQ(a.steps[s].op, b.steps[s].op);
    EXPECT_EQ(a.steps[s].inputs, b.steps[s].inputs);
    EXPECT_EQ(a.steps[s].outputs, b.steps[s].outputs);
    EXPECT_EQ(a.steps[s].members, b.steps[s].members);
    ASSERT_EQ(a.steps[s].bodies.size(), b.steps[s].bodies.size());
    for (std::size_t i = 0; i < a.steps[s].bodies.size(); ++i)
      expect_same(*a.steps[s].bodies[i], *b.steps[s].bodies[i]);
  }
}

TEST(EngineFile, ReadsBackEverythingThatWasWritten) {
  const EngineFile engine = sample_engine();
  const auto bytes = engine_bytes(engine);
  ASSERT_TRUE(bytes) << bytes.error().message;
  const auto back = read_engine(*bytes, nullptr);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->major, 1U);
  EXPECT_EQ(back->minor, EngineFile::kMinor);
  EXPECT_EQ(back->producer, "a test");
  EXPECT_EQ(back->model, digest("the model"));
  EXPECT_EQ(back->model_info, "ONNX IR 8");
  EXPECT_EQ(back->metadata, engine.metadata);
  expect_same(*engine.graph, *back->graph);
  ASSERT_EQ(back->variants.size(), 2U);
  EXPECT_EQ(back->variants[0].backend, "cpu");
  EXPECT_EQ(back->variants[0].fingerprint, "a test");
  EXPECT_EQ(back->variants[0].threads, 2);
  EXPECT_EQ(back->variants[0].arena_bytes, 4096);
  EXPECT_EQ(back->variants[0].shapes, engine.variants[0].shapes);
  EXPECT_EQ(back->variants[0].costs.entries(), engine.variants[0].costs.entries());
  EXPECT_EQ(back->variants[1].backend, "cuda");
}

TEST(EngineFile, EqualEnginesGiveEqualBytesAndWhatIsReadWritesTheSame) {
  const auto first = engine_bytes(sample_engine());
  const auto second = engine_bytes(sample_engine());
  EXPECT_EQ(*first, *second);
  const auto back = read_engine(*first, nullptr);
  ASSERT_TRUE(back);
  EXPECT_EQ(*engine_bytes(*back), *first);
}

TEST(EngineFile, ConstantsBorrowTheMappedFileAndKeepItOpen) {
  const auto path = std::filesystem::temp_directory_path() / "bolide_engine_file_test.bolide";
  ASSERT_TRUE(write_engine(path, sample_engine()));
  Tensor weights;
  {
    const auto file = MappedFile::open(path);
    ASSERT_TRUE(file);
    const auto bytes = (*file)->bytes();
    const auto engine = read_engine(*file);
    ASSERT_TRUE(engine) << engine.error().message;
    weights = engine->graph->constants[0];
    EXPECT_GE(weights.data(), bytes.data());
    EXPECT_LT(weights.data(), bytes.data() + bytes.size());
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(weights.data()) % 64, 0U);
  }
  std::filesystem::remove(path);
  EXPECT_EQ(weights.span<float>()[2], 2.0F);
}

TEST(EngineFile, EveryTruncationIsRefused) {
  const auto bytes = engine_bytes(sample_engine());
  for (std::size_t size = 0; size < bytes->size(); ++size) {
    const auto engine = read_engine(std::span(*bytes).first(size), nullptr);
    ASSERT_FALSE(engine) << size << " of " << bytes->size() << " bytes";
    ASSERT_EQ(engine.error().code, Code::kBadFile) << engine.error().message;
  }
}

TEST(EngineFile, EverySingleFlippedBitIsRefused) {
  std::vector<std::byte> bytes = *engine_bytes(sample_engine());
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      bytes[at] ^= static_cast<std::byte>(1 << bit);
      const auto engine = read_engine(bytes, nullptr);
      ASSERT_FALSE(engine) << "byte " << at << " bit " << bit;
      bytes[at] ^= static_cast<std::byte>(1 << bit);
    }
  }
  EXPECT_EQ(error_of(bytes), "none");
}

TEST(EngineFile, BytesBehindTheEndAreRefused) {
  std::vector<std::byte> bytes = *engine_bytes(sample_engine());
  bytes.resize(bytes.size() + 64);
  EXPECT_NE(error_of(bytes).find("its header says"), std::string::npos);
}

TEST(EngineFile, AnotherMajorVersionIsRefusedWithBothNumbers) {
  std::vector<std::byte> bytes = *engine_bytes(sample_engine());
  store<std::uint32_t>(bytes, 8, 2);
  store<std::uint32_t>(bytes, 12, 7);
  EXPECT_EQ(error_of(bytes),
            "unsupported: the engine file is of format 2.7, this build reads 1.x: build the engine again");
}

TEST(EngineFile, ANewerMinorVersionMayHaveSectionsThatAreUnknown) {
  std::vector<std::byte> bytes = *engine_bytes(sample_engine());
  const std::size_t last_device = engine_layout::kHeaderBytes + 3 * engine_layout::kEntryBytes;
  ASSERT_EQ(load<std::uint32_t>(bytes, last_device), 4U);
  store<std::uint32_t>(bytes, last_device, 77);
  redigest(bytes);
  EXPECT_NE(error_of(bytes).find("is of kind 77, which format 1.2 does not have"), std::string::npos);
  store<std::uint32_t>(bytes, 12, 9);
  redigest(bytes);
  const auto engine = read_engine(bytes, nullptr);
  ASSERT_TRUE(engine) << engine.error().message;
  EXPECT_EQ(engine->minor, 9U);
  EXPECT_EQ(engine->variants.size(), 1U);
}

TEST(EngineFile, SectionsThatSwapPlacesOverlapOrRepeatAreRefused) {
  const std::vector<std::byte> good = *engine_bytes(sample_engine());
  const std::size_t info = engine_layout::kHeaderBytes;
  const std::size_t graph = info + engine_layout::kEntryBytes;

  std::vector<std::byte> swapped = good;
  std::swap_ranges(swapped.begin() + static_cast<std::ptrdiff_t>(info + 8),
                   swapped.begin() + static_cast<std::ptrdiff_t>(graph),
                   swapped.begin() + static_cast<std::ptrdiff_t>(graph + 8));
  redigest(swapped);
  EXPECT_NE(error_of(swapped).find("it must start at"), std::string::npos);

  std::vector<std::byte> overlapping = good;
  store(overlapping, graph + 8, load<std::uint64_t>(good, info + 8));
  redigest(overlapping);
  EXPECT_NE(error_of(overlapping).find("it must start at"), std::string::npos);

  std::vector<std::byte> far = good;
  store<std::uint64_t>(far, graph + 16, ~std::uint64_t{0} - 63);
  redigest(far);
  EXPECT_NE(error_of(far).find("end within the file"), std::string::npos);

  std::vector<std::byte> repeated = good;
  store<std::uint32_t>(repeated, graph, 1);
  redigest(repeated);
  EXPECT_EQ(error_of(repeated), "bad file: there are two info sections");

  std::vector<std::byte> exchanged = good;
  store<std::uint32_t>(exchanged, info, 2);
  store<std::uint32_t>(exchanged, graph, 1);
  redigest(exchanged);
  EXPECT_TRUE(error_of(exchanged).starts_with("bad file: ")) << error_of(exchanged);
}

TEST(EngineFile, ATableThatIsTooLargeIsRefused) {
  std::vector<std::byte> bytes = *engine_bytes(sample_engine());
  store<std::uint32_t>(bytes, 16, 0xFFFFFFFF);
  EXPECT_NE(error_of(bytes).find("the table of 4294967295 sections does not fit"), std::string::npos);
}

TEST(EngineFile, TypesThatTheOperatorsDoNotDeriveAreRefused) {
  EngineFile engine = sample_engine();
  auto graph = std::make_shared<StepGraph>(*engine.graph);
  graph->values[3].type.shape = {Dim("batch"), 1};
  engine.graph = graph;
  const std::string error = error_of(*engine_bytes(engine));
  EXPECT_EQ(error, "bad file: step 'add': 'sum' is f32[batch,1] but its inputs make it f32[batch,3]");
}

TEST(EngineFile, AStepWithAnUnknownOperatorIsUnsupported) {
  std::vector<std::byte> bytes = *engine_bytes(sample_engine());
  const std::string_view whole(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const std::size_t at = whole.find("LeakyRelu");
  ASSERT_NE(at, std::string_view::npos);
  bytes[at] = std::byte{'W'};
  redigest(bytes);
  EXPECT_EQ(error_of(bytes), "unsupported: step 'leaky': there is no operator 'WeakyRelu'");
}

TEST(EngineFile, AGraphNestedTooDeepIsNotWritten) {
  EngineFile engine = sample_engine();
  std::shared_ptr<const StepGraph> inner = engine.graph;
  for (int depth = 0; depth < 16; ++depth) {
    auto outer = std::make_shared<StepGraph>(*engine.graph);
    outer->steps.back().bodies = {inner};
    inner = outer;
  }
  engine.graph = inner;
  const auto bytes = engine_bytes(engine);
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().message, "graph 'sample' is nested more than 16 deep");
}

TEST(EngineFile, WritingWithoutAGraphIsAnError) {
  EXPECT_FALSE(engine_bytes(EngineFile{}));
  EXPECT_FALSE(write_engine("nowhere.bolide", EngineFile{}));
  EXPECT_FALSE(std::filesystem::exists("nowhere.bolide"));
}

}  // namespace
}  // namespace bolide
