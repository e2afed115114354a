#include "ops/non_max_suppression.h"

#include "backend/cuda/elements/tactics.h"
#include "backend/cuda/text/element_text.h"
#include "backend/cuda/text/kernel_text.h"

namespace bolide::cuda {
namespace {

using Kind = AddressArg::Kind;

constexpr std::int64_t kMostLists = 1 << 16;
constexpr std::int64_t kMostBoxes = 1 << 28;
constexpr std::int64_t kMostBytes = INT64_C(1) << 32;  // of the workspace

/// "(b) * 12ll + (i) * 4ll" for the parameters of a macro.
std::string element(const Dims& strides, std::initializer_list<std::string_view> names) {
  std::string out;
  std::size_t d = 0;
  for (const std::string_view name : names) {
    strings::append(out, strings::join(out.empty() ? "" : " + ", "(", name, ") * ", strides[d++], "ll"));
  }
  return out;
}

bool is_given(const Problem& problem, std::size_t input) {
  return problem.inputs.size() > input && !problem.inputs[input].absent && problem.inputs[input].count() > 0;
}

/// Each list of scores in one block; then the rows of all lists, one after the other.
Result<TextWork> select_work(const Problem& problem) {
  const auto& op = *problem.op->as<NonMaxSuppression>();
  if (op.slots == 0) return unsupported("a result as long as the data say");
  if (problem.outputs[0].absent) return unsupported("a result that is left out");
  const Operand& boxes = problem.inputs[0];
  const Operand& scores = problem.inputs[1];
  const Operand& rows = problem.outputs[0];
  const bool counts = problem.outputs.size() > 1 && !problem.outputs[1].absent;
  const std::int64_t lists = scores.dims[0] * scores.dims[1];
  const std::int64_t count = scores.dims[2];
  if (rows.count() == 0) return unsupported("no elements");
  if (lists > kMostLists || count > kMostBoxes) return unsupported(lists, " lists of ", count, " boxes");
  const std::int64_t slots = rows.dims[0] / lists;
  for (std::size_t i = 2; i < 5; ++i) {
    const DataType wanted = i == 2 ? DataType::kI64 : DataType::kF32;
    if (is_given(problem, i) && problem.inputs[i].dtype != wanted) {
      return unsupported("a number of ", problem.inputs[i].dtype, " as input ", i);
    }
  }
  const auto rounded = [](std::int64_t bytes) { return (bytes + 255) / 256 * 256; };
  const std::int64_t counts_at = rounded(lists * slots * 4);
  const std::int64_t kept_at = counts_at + rounded(lists * 4);
  const std::int64_t all = kept_at + (slots > 1024 ? lists * slots * 16 : 16);
  if (all > kMostBytes) return unsupported(all, " bytes of places");
  const int threads = count > 2048 ? 1024 : 256;
  Program program;
  program.name = "non_max_suppression";
  program.options = {"-fmad=false"};
  program.text = strings::join(
      joined_text({}), "#define BOXES ", count, "\n#define CLASSES ", scores.dims[1], "\n#define LISTS ", lists,
      "\n#define SLOTS ", slots, "\n#define CENTER ", op.center_point_box ? "true" : "false", "\n#define HAS_MOST ",
      is_given(problem, 2) ? "true" : "false", "\n#define HAS_OVERLAP ", is_given(problem, 3) ? "true" : "false",
      "\n#define HAS_SCORE ", is_given(problem, 4) ? "true" : "false", "\n#define HAS_COUNT ",
      counts ? "true" : "false", "\n#define BOX(b, i, k) ", element(boxes.strides, {"b", "i", "k"}),
      "\n#define SCORE(b, c, i) ", element(scores.strides, {"b", "c", "i"}), "\n#define ROW(r, k) ",
      element(rows.strides, {"r", "k"}), "\n#define THREADS ", threads, "\n", kernel_text("non_max_suppression"));
  const auto form = [&](std::string name, int block) {
    return TextForm{
        .function = std::move(name),
        .launch = {.grid = {static_cast<unsigned>(lists), 1, 1}, .block = {static_cast<unsigned>(block), 1, 1}}};
  };
  const auto number = [&](int input) {  // what is left out is not read
    return AddressArg{Kind::kInput, is_given(problem, static_cast<std::size_t>(input)) ? input : 0, 0};
  };
  TextWork work;
  work.workspace = static_cast<std::size_t>(all);
  work.launches.push_back({.program = program,
                           .forms = {form("select_boxes", threads)},
                           .args = {{Kind::kInput, 0, 0},
                                    {Kind::kInput, 1, 0},
                                    number(2),
                                    number(3),
                                    number(4),
                                    {Kind::kWorkspace, 0, 0},
                                    {Kind::kWorkspace, 0, counts_at},
                                    {Kind::kWorkspace, 0, kept_at}}});
  work.launches.push_back({.program = program,
                           .forms = {form("place_boxes", 256)},
                           .args = {{Kind::kWorkspace, 0, 0},
                                    {Kind::kWorkspace, 0, counts_at},
                                    {Kind::kOutput, 0, 0},
                                    {Kind::kOutput, counts ? 1 : 0, 0}}});
  work.bytes = 4.0 * static_cast<double>(scores.count() + boxes.count());
  work.operations = static_cast<double>(scores.count()) * 8;
  return work;
}

/// Numerics  f32, the reference's operations in its order: the same boxes
constexpr TextTactic kSelect("cuda.nms", 1, select_work);

}  // namespace

std::span<const Tactic* const> box_selection_tactics() {
  static constexpr std::array<const Tactic*, 1> kAll = {&kSelect};
  return kAll;
}

}  // namespace bolide::cuda
