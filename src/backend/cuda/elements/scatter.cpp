#include "ops/scatter.h"

#include "backend/cuda/elements/tactics.h"
#include "backend/cuda/text/element_text.h"
#include "ops/axis.h"

namespace bolide::cuda {
namespace {

/// Both operators as updates of slices: update i of `count` goes to a place of `places`, with `inner` elements each.
struct Scatter {
  ScatterReduction reduction = ScatterReduction::kReplace;
  std::int64_t count = 1;
  std::int64_t places = 1;
  std::string place;  ///< statements of `int64_t place_of_update(int64_t i, indices, fault)`
  Dims update_dims;   ///< that count updates
  Dims inner_dims;    ///< of a slice
  Dims y_place;       ///< strides of y along the dims that places count
  Dims y_inner;
  Dims place_dims;
  Dims u_update;  ///< strides of updates along update_dims
  Dims u_inner;
};

/// Statements that split `from` into `prefix`0, `prefix`1, ...: indices along dims.
std::string split_text(std::string_view from, std::string_view prefix, const Dims& dims) {
  std::string out = strings::join("  int64_t rest_", prefix, " = ", from, ";\n");
  for (std::size_t d = dims.size(); d-- > 0;) {
    strings::append(out, strings::join("  const int64_t ", prefix, d, " = rest_", prefix, " % ", dims[d], "ll; rest_",
                                       prefix, " /= ", dims[d], "ll;\n"));
  }
  return out;
}

Dims part(const Dims& from, std::size_t begin, std::size_t end) {
  return {from.begin() + static_cast<std::ptrdiff_t>(begin), from.begin() + static_cast<std::ptrdiff_t>(end)};
}

Result<Scatter> scatter_of(const Problem& problem) {
  const Operand& indices = problem.inputs[1];
  const Operand& updates = problem.inputs[2];
  const Operand& y = problem.outputs[0];
  Scatter out;
  if (const auto* elements = problem.op->as<ScatterElements>()) {
    out.reduction = elements->reduction;
    TRY(const std::size_t axis, normalize_axis(elements->axis, y.rank()));
    if (updates.dims != indices.dims) return unsupported("updates ", updates.dims, " for indices ", indices.dims);
    for (std::size_t d = 0; d < y.dims.size(); ++d) {
      if (d != axis && indices.dims[d] > y.dims[d]) {
        return unsupported("indices ", indices.dims, " reach beyond data ", y.dims);
      }
    }
    out.update_dims = indices.dims;
    out.u_update = updates.strides;
    out.place_dims = y.dims;
    out.y_place = y.strides;
    const Dims own = contiguous_strides(y.dims);
    out.place = split_text("i", "q", indices.dims);
    out.place += strings::join("  int64_t to = place_of((int64_t)indices[", offset_text(indices.strides, "q"), "], ",
                               y.dims[axis], "ll, fault) * ", own[axis], "ll;\n");
    for (std::size_t d = 0; d < y.dims.size(); ++d) {
      if (d != axis) out.place += strings::join("  to += q", d, " * ", own[d], "ll;\n");
    }
  } else {
    out.reduction = problem.op->as<ScatterND>()->reduction;
    const std::size_t lead = indices.dims.size() - 1;
    const auto depth = static_cast<std::size_t>(indices.dims[lead]);
    out.update_dims = part(indices.dims, 0, lead);
    out.u_update = part(updates.strides, 0, lead);
    out.u_inner = part(updates.strides, lead, updates.strides.size());
    out.place_dims = part(y.dims, 0, depth);
    out.y_place = part(y.strides, 0, depth);
    out.inner_dims = part(y.dims, depth, y.dims.size());
    Dims wanted = out.update_dims;
    wanted.insert(wanted.end(), out.inner_dims.begin(), out.inner_dims.end());
    if (updates.dims != wanted) return unsupported("updates ", updates.dims, ", not ", wanted);
    out.y_inner = part(y.strides, depth, y.strides.size());
    out.place = split_text("i", "q", out.update_dims);
    out.place += strings::join("  const int64_t row = ", offset_text(part(indices.strides, 0, lead), "q"),
                               ";\n  int64_t to = 0;\n");
    for (std::size_t d = 0; d < depth; ++d) {
      out.place +=
          strings::join("  to = to * ", y.dims[d], "ll + place_of((int64_t)indices[row + ",
                        static_cast<std::int64_t>(d) * indices.strides[lead], "ll], ", y.dims[d], "ll, fault);\n");
    }
  }
  for (const std::int64_t size : out.update_dims) out.count *= size;
  for (const std::int64_t size : out.place_dims) out.places *= size;
  return out;
}

/// What an update makes of the element, of `Number`s a (old) and b.
std::string_view reduced(ScatterReduction reduction, bool integers) {
  switch (reduction) {
    case ScatterReduction::kAdd: return integers ? "(int64_t)((uint64_t)a + (uint64_t)b)" : "a + b";
    case ScatterReduction::kMul: return integers ? "(int64_t)((uint64_t)a * (uint64_t)b)" : "a * b";
    case ScatterReduction::kMin: return "fn_min(a, b)";
    case ScatterReduction::kMax: return "fn_max(a, b)";
    case ScatterReduction::kReplace: return "b";
  }
  return "b";
}

/// x is copied. Then every place finds the update that owns it: the last one where updates replace, else the first one,
/// which walks on to the others of its place, in order.
Result<TextWork> scatter_work(const Problem& problem) {
  constexpr std::int64_t kMost = std::int64_t{1} << 31;
  const Operand& x = problem.inputs[0];
  const Operand& indices = problem.inputs[1];
  const Operand& updates = problem.inputs[2];
  const Operand& y = problem.outputs[0];
  TRY(const std::string_view raw, move_type(x.dtype));
  if (!is_integer(indices.dtype) || c_type(indices.dtype).empty()) return unsupported("indices of ", indices.dtype);
  TRY(const Scatter scatter, scatter_of(problem));
  if (scatter.count >= kMost || scatter.places >= kMost) return unsupported("2^31 places or updates");
  const bool replaces = scatter.reduction == ScatterReduction::kReplace;
  using AddressKind = AddressArg::Kind;
  TextWork work;
  work.workspace = static_cast<std::size_t>(scatter.places) * sizeof(std::int32_t) * (replaces ? 1 : 2);
  work.bytes =
      3.0 * static_cast<double>(packed_bytes(x.dtype, x.count()) + packed_bytes(updates.dtype, updates.count()));
  const auto add = [&](Result<TextLaunch> launch) -> Status {
    if (!launch) return launch.error();
    work.launches.push_back(*std::move(launch));
    return {};
  };
  const AddressArg owners = {AddressKind::kWorkspace, 0, 0};
  const AddressArg counts = {AddressKind::kWorkspace, 0, scatter.places * 4};
  const std::string_view index_type = c_type(indices.dtype);

  ElementText copy("scatter_copy", y.dims, y.strides);
  copy.pointer("y", {AddressKind::kOutput, 0, 0}, raw).pointer("x", {AddressKind::kInput, 0, 0}, raw);
  TRY_OK(add(copy.finish(strings::join("  y[", offset_text(y.strides), "] = x[", offset_text(x.strides), "];\n"))));
  if (scatter.count == 0) return work;

  ElementText clear("scatter_clear", {scatter.places}, {1});
  clear.pointer("owners", owners, "int");
  if (!replaces) clear.pointer("counts", counts, "int");
  TRY_OK(add(clear.finish(replaces ? "  owners[p0] = -1;\n" : "  owners[p0] = 0x7fffffff;\n  counts[p0] = 0;\n")));

  const std::string place =
      strings::join("__device__ __forceinline__ int64_t place_of_update(int64_t i, const ", index_type,
                    "* __restrict__ indices, Fault* fault) {\n", scatter.place, "  return to;\n}\n");
  ElementText claim("scatter_claim", {scatter.count}, {1});
  claim.pointer("owners", owners, "int");
  if (!replaces) claim.pointer("counts", counts, "int");
  claim.pointer("indices", {AddressKind::kInput, 1, 0}, index_type)
      .pointer("fault", {AddressKind::kFault, 0, 0}, "Fault");
  TRY_OK(
      add(claim.finish(replaces ? "  atomicMax(owners + place_of_update(p0, indices, fault), (int)p0);\n"
                                : "  const int64_t to = place_of_update(p0, indices, fault);\n  atomicMin(owners + to, "
                                  "(int)p0);\n  atomicAdd(counts + to, 1);\n",
                       place)));

  Dims dims = {scatter.count};
  dims.insert(dims.end(), scatter.inner_dims.begin(), scatter.inner_dims.end());
  ElementText apply("scatter_apply", dims, contiguous_strides(dims));
  apply.pointer("y", {AddressKind::kOutput, 0, 0}, replaces ? raw : c_type(x.dtype));
  apply.pointer("u", {AddressKind::kInput, 2, 0}, replaces ? raw : c_type(x.dtype));
  apply.pointer("indices", {AddressKind::kInput, 1, 0}, index_type).pointer("owners", owners, "const int");
  if (!replaces) apply.pointer("counts", counts, "const int");
  Dims y_inner = {0};
  y_inner.insert(y_inner.end(), scatter.y_inner.begin(), scatter.y_inner.end());
  Dims u_inner = {0};
  u_inner.insert(u_inner.end(), scatter.u_inner.begin(), scatter.u_inner.end());
  std::string body =
      "  const int64_t place = place_of_update(p0, indices, 0);\n  if (owners[place] != (int)p0) return;\n";
  body += split_text("place", "z", scatter.place_dims);
  body += strings::join("  const int64_t to = ", offset_text(scatter.y_place, "z"), " + ", offset_text(y_inner),
                        ", inner = ", offset_text(u_inner), ";\n");
  std::string before = place;
  strings::append(before, strings::join("__device__ __forceinline__ int64_t update_at(int64_t i) {\n",
                                        split_text("i", "q", scatter.update_dims), "  return ",
                                        offset_text(scatter.u_update, "q"), ";\n}\n"));
  if (replaces) {
    body += "  y[to] = u[update_at(p0) + inner];\n";
  } else {
    TRY(const Arithmetic arithmetic, number_arithmetic(x.dtype));
    const std::string_view number = c_type(arithmetic);
    body +=
        strings::join("  ", c_type(x.dtype),
                      " value = y[to];\n  int left = counts[place];\n  for (int64_t i = p0; left > 0; ++i) {\n",
                      "    if (i != p0 && place_of_update(i, indices, 0) != place) continue;\n    --left;\n    const ",
                      number, " a = Load<", number, ">::from(value), b = Load<", number,
                      ">::from(u[update_at(i) + inner]);\n", "    value = Store<", c_type(x.dtype), ">::from(",
                      reduced(scatter.reduction, arithmetic == Arithmetic::kI64), ");\n  }\n  y[to] = value;\n");
  }
  TRY_OK(add(apply.finish(body, before, {"-fmad=false"})));
  return work;
}

constexpr TextTactic kScatter("cuda.scatter", 1, scatter_work);

}  // namespace

std::span<const Tactic* const> scatter_tactics() {
  static constexpr std::array<const Tactic*, 1> kAll = {&kScatter};
  return kAll;
}

}  // namespace bolide::cuda
