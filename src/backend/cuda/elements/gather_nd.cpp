#include "backend/cuda/elements/tactics.h"
#include "backend/cuda/text/element_text.h"
#include "ops/gather.h"

namespace bolide::cuda {
namespace {

Result<TextWork> gather_nd_work(const Problem& problem) {
  const Operand& x = problem.inputs[0];
  const Operand& indices = problem.inputs[1];
  const Operand& y = problem.outputs[0];
  TRY(const std::string_view type, move_type(x.dtype));
  if (!is_integer(indices.dtype) || c_type(indices.dtype).empty()) return unsupported("indices of ", indices.dtype);
  const auto batch = static_cast<std::size_t>(problem.op->as<GatherND>()->batch_dims);
  const std::size_t lead = indices.dims.size() - 1;
  const auto depth = static_cast<std::size_t>(indices.dims[lead]);
  if (x.count() == 0) return unsupported("no elements");
  ElementText text("gather_nd", y.dims, y.strides);
  text.pointer("y", {AddressArg::Kind::kOutput, 0, 0}, type).pointer("x", {AddressArg::Kind::kInput, 0, 0}, type);
  text.pointer("indices", {AddressArg::Kind::kInput, 1, 0}, c_type(indices.dtype));
  text.pointer("fault", {AddressArg::Kind::kFault, 0, 0}, "Fault");
  Dims rows(indices.strides.begin(), indices.strides.end() - 1);
  std::string body = strings::join("  const int64_t row = ", offset_text(rows), ";\n  int64_t from = 0");
  for (std::size_t d = 0; d < batch; ++d) body += strings::join(" + p", d, " * ", x.strides[d], "ll");
  for (std::size_t d = batch + depth; d < x.dims.size(); ++d) {
    body += strings::join(" + p", lead + d - batch - depth, " * ", x.strides[d], "ll");
  }
  body += ";\n";
  for (std::size_t d = 0; d < depth; ++d) {
    body += strings::join("  from += place_of((int64_t)indices[row + ",
                          static_cast<std::int64_t>(d) * indices.strides[lead], "ll], ", x.dims[batch + d],
                          "ll, fault) * ", x.strides[batch + d], "ll;\n");
  }
  body += strings::join("  y[", offset_text(y.strides), "] = x[from];\n");
  TextWork work;
  TRY(TextLaunch launch, text.finish(body));
  work.launches.push_back(std::move(launch));
  work.bytes = static_cast<double>(packed_bytes(y.dtype, y.count()));
  return work;
}

constexpr TextTactic kGatherNd("cuda.gather.nd", 1, gather_nd_work);

}  // namespace

std::span<const Tactic* const> gather_nd_tactics() {
  static constexpr std::array<const Tactic*, 1> kAll = {&kGatherNd};
  return kAll;
}

}  // namespace bolide::cuda
