#include "backend/cuda/elements/tactics.h"
#include "backend/cuda/text/element_text.h"
#include "backend/cuda/text/kernel_text.h"
#include "ops/tree_ensemble.h"

namespace bolide::cuda {
namespace {

using Kind = AddressArg::Kind;

constexpr std::int64_t kMostThreads = INT64_C(1) << 32;

std::string pair_macro(std::string_view name, const Dims& strides) {
  return strings::join("#define ", name, "(row, other) ((row) * ", strides[0], "ll + (other) * ", strides[1], "ll)\n");
}

/// Trees that are constants, and were found sound: a kernel cannot report what is wrong with them.
Status check_constants(const Problem& problem) {
  std::vector<const Tensor*> inputs = {nullptr};
  for (std::size_t i = 1; i < problem.inputs.size(); ++i) {
    const Operand& input = problem.inputs[i];
    if (!input.absent && input.constant == nullptr) return unsupported("trees that are computed");
    if (!input.absent && !input.contiguous()) return unsupported("trees with gaps");
    inputs.push_back(input.absent ? nullptr : input.constant);
  }
  return check_trees(*problem.op->as<TreeEnsemble>(), inputs, problem.inputs[0].dims[1]);
}

Result<TextWork> tree_work(const Problem& problem) {
  const auto& op = *problem.op->as<TreeEnsemble>();
  const Operand& x = problem.inputs[0];
  const Operand& y = problem.outputs[0];
  const auto given = [&](std::size_t i) { return problem.inputs.size() > i && !problem.inputs[i].absent; };
  if (y.count() == 0) return unsupported("no elements");
  TRY_OK(check_constants(problem));
  const std::int64_t rows = x.dims[0];
  const std::int64_t trees = problem.inputs[3].dims[0];
  const std::int64_t walks = rows * trees;
  if (trees == 0 || walks > kMostThreads || y.count() > kMostThreads / 32) {
    return unsupported(rows, " rows through ", trees, " trees");
  }
  const bool sets = given(8) && given(9);
  Program program;
  program.name = "trees";
  program.text = joined_text({});
  const auto define = [&](std::string_view name, const auto& value) {
    program.text += strings::join("#define ", name, " ", value, "\n");
  };
  define("ROWS", rows);
  define("TREES", trees);
  define("TARGETS", op.targets);
  define("AGGREGATE", static_cast<int>(op.aggregate));
  define("HAS_BASE", given(7) ? 1 : 0);
  define("HAS_SETS", sets ? 1 : 0);
  for (const auto& [name, input] : {std::pair("T", 0), std::pair("THRESHOLD", 2), std::pair("WEIGHT", 6),
                                    std::pair("BASE", given(7) ? 7 : 6), std::pair("MEMBER", sets ? 9 : 2)}) {
    const std::string_view type = c_type(problem.inputs[static_cast<std::size_t>(input)].dtype);
    if (type.empty()) return unsupported("numbers of ", problem.inputs[static_cast<std::size_t>(input)].dtype);
    define(name, type);
  }
  if (c_type(y.dtype).empty()) return unsupported("results of ", y.dtype);
  define("RESULT", c_type(y.dtype));
  program.text += strings::join(pair_macro("X", x.strides), pair_macro("Y", y.strides), kernel_text("trees"));
  const auto form = [](std::string name, std::int64_t threads) {
    return TextForm{.function = std::move(name),
                    .launch = {.grid = {static_cast<unsigned>((threads + 255) / 256), 1, 1}, .block = {256, 1, 1}}};
  };
  TextWork work;
  work.workspace = static_cast<std::size_t>(walks) * 4;
  work.launches.push_back({.program = program,
                           .forms = {form("leaves_of", walks)},
                           .args = {{Kind::kInput, 0, 0},
                                    {Kind::kInput, 1, 0},
                                    {Kind::kInput, 2, 0},
                                    {Kind::kInput, 3, 0},
                                    {Kind::kInput, sets ? 8 : 1, 0},  // what is left out is not read
                                    {Kind::kInput, sets ? 9 : 2, 0},
                                    {Kind::kWorkspace, 0, 0}}});
  work.launches.push_back({.program = program,
                           .forms = {form("votes_of", y.count() * 32)},
                           .args = {{Kind::kWorkspace, 0, 0},
                                    {Kind::kInput, 4, 0},
                                    {Kind::kInput, 5, 0},
                                    {Kind::kInput, 6, 0},
                                    {Kind::kInput, given(7) ? 7 : 6, 0},
                                    {Kind::kOutput, 0, 0}}});
  work.bytes = static_cast<double>(walks) * 40;
  work.operations = static_cast<double>(walks) * 10;
  return work;
}

/// Numerics  sums in f64, in an order of its own that is always the same
constexpr TextTactic kTrees("cuda.trees", 1, tree_work);

}  // namespace

std::span<const Tactic* const> tree_tactics() {
  static constexpr std::array<const Tactic*, 1> kAll = {&kTrees};
  return kAll;
}

}  // namespace bolide::cuda
