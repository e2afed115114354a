/// A small engine file with everything in it that a file may hold, and a backend of two tactics that runs nothing.
#pragma once

#include "ops/all.h"
#include "plan/engine_file.h"

namespace bolide::testing {

class NamedTactic final : public Tactic {
 public:
  constexpr NamedTactic(std::string_view name, int revision, double us, bool library = false)
      : Tactic(name, revision), us_(us), library_(library) {}
  Verdict accepts(const Problem&, const Target&) const override { return accept(); }
  double estimate_us(const Problem&, const Target&) const override { return us_; }
  Result<std::unique_ptr<Kernel>> bind(const Problem&, const Target&) const override {
    return unsupported("a test's tactic");
  }
  bool is_library() const override { return library_; }

 private:
  double us_;
  bool library_;
};

inline constexpr NamedTactic kQuick("quick", 2, 5);
inline constexpr NamedTactic kSlow("slow", 1, 50);
inline constexpr NamedTactic kLibrary("library.0", 91900, 1e6, true);
inline constexpr NamedTactic kOfOthers("of.others", 1, 5);  ///< for no operator of the sample

class NamedBackend final : public Backend {
 public:
  std::string_view name() const override { return "cpu"; }
  std::vector<const Tactic*> tactics(const Op&) const override { return {&kQuick, &kSlow, &kLibrary}; }
  const Target& target() const override { return target_; }
  const Tactic* find_tactic(std::string_view tactic) const override {
    for (const NamedTactic* known : {&kQuick, &kSlow, &kLibrary, &kOfOthers}) {
      if (known->name() == tactic) return known;
    }
    return nullptr;
  }

 private:
  Target target_{.backend = "cpu", .fingerprint = "a test", .threads = 2};
};

/// y = relu(x + w), a constant of strings and one of bool that nothing reads, and an If whose bodies are Identity and
/// Neg.
inline std::shared_ptr<const StepGraph> sample_graph() {
  const Shape shape = {Dim("batch"), 3};
  const auto branch = [&](Op op) {
    auto body = std::make_shared<StepGraph>();
    body->name = "branch";
    body->values = {{"in", {DataType::kF32, shape}}, {"out", {DataType::kF32, shape}}};
    body->inputs = {0};
    body->outputs = {1};
    body->steps.push_back({.name = "only", .op = std::move(op), .inputs = {0}, .outputs = {1}, .members = {"only"}});
    return std::shared_ptr<const StepGraph>(std::move(body));
  };
  auto graph = std::make_shared<StepGraph>();
  graph->name = "sample";
  const std::array<float, 3> weights = {0.5F, -1, 2};
  const std::array<std::string, 2> labels = {"cat", "a \"dog\""};
  const std::array<bool, 1> flags = {true};
  graph->constants = {Tensor::of<float>(weights), Tensor::of<std::string>(labels), Tensor::of<bool>(flags)};
  graph->values = {
      {"x", {DataType::kF32, shape}},   {"w", {DataType::kF32, {3}}, 0},    {"labels", {DataType::kString, {2}}, 1},
      {"sum", {DataType::kF32, shape}}, {"c", {DataType::kBool, {}}},       {"positive", {DataType::kF32, shape}},
      {"y", {DataType::kF32, shape}},   {"flag", {DataType::kBool, {1}}, 2}};
  graph->inputs = {0, 4};
  graph->outputs = {6, 2};
  graph->steps.push_back({.name = "add", .op = Add{}, .inputs = {0, 1}, .outputs = {3}, .members = {"add", "bias"}});
  graph->steps.push_back(
      {.name = "leaky", .op = LeakyRelu{.alpha = 0.25F}, .inputs = {3}, .outputs = {5}, .members = {"leaky"}});
  graph->steps.push_back({.name = "either",
                          .op = If{},
                          .inputs = {4, 5},
                          .outputs = {6},
                          .members = {"either"},
                          .bodies = {branch(Identity{}), branch(Neg{})}});
  return graph;
}

inline EngineFile sample_engine() {
  EngineFile engine;
  engine.producer = "a test";
  engine.model = digest("the model");
  engine.model_info = "ONNX IR 8";
  engine.metadata = {{"author", "nobody"}, {"purpose", "tests"}};
  engine.graph = sample_graph();
  DeviceVariant device{.backend = "cpu", .fingerprint = "a test", .threads = 2, .arena_bytes = 4096};
  StoredVariant shape{.inputs = {{4, 3}, {}}, .total_us = 7.5};
  shape.orders = {{0, 1}, {0}, {0}, {1, 0}, {}, {0, 1}, {0, 1}, {0}};
  shape.steps = {
      {.tactic = "quick", .revision = 2, .reformats = {Order{1, 0}, std::nullopt}, .us = 5, .measured = true},
      {.tactic = "slow", .revision = 1, .reformats = {std::nullopt}, .us = 2.5, .measured = false},
      {.reformats = {std::nullopt, std::nullopt}}};
  device.shapes.push_back(shape);
  device.costs.insert("Add f32[4,3]", "quick@2", 5);
  device.costs.insert("Add f32[4,3]", "slow@1", 50);
  engine.variants.push_back(device);
  engine.variants.push_back({.backend = "cuda", .fingerprint = "another", .threads = 1});
  return engine;
}

}  // namespace bolide::testing
