#include "ops/containers.h"

#include <algorithm>
#include <set>

namespace bolide {
namespace {

void collect_names(const Shape& shape, std::set<std::string>& out) {
  for (const Dim& dim : shape) {
    for (std::string& name : dim.names()) out.insert(std::move(name));
  }
}

TensorType renamed(const TensorType& type, const std::set<std::string>& kept, const InferContext& context,
                   std::string_view hint) {
  TensorType out = type;
  for (Dim& dim : out.shape) {
    const std::vector<std::string> names = dim.names();
    if (std::ranges::all_of(names, [&](const std::string& name) { return kept.contains(name); })) continue;
    dim = context.fresh_dim(hint);
  }
  if (out.elements == nullptr) return out;
  std::vector<TensorType> elements;
  for (const TensorType& element : *out.elements) elements.push_back(renamed(element, kept, context, hint));
  out.elements = std::make_shared<const std::vector<TensorType>>(std::move(elements));
  return out;
}

}  // namespace

TensorType with_own_sizes(const TensorType& type, const InferContext& context, std::string_view hint) {
  std::set<std::string> kept;
  for (int i = 0; i < context.input_count(); ++i) {
    if (context.has(i)) collect_names(context.shape(i), kept);
  }
  return renamed(type, kept, context, hint);
}

Result<TensorType> common_type(const TensorType& a, const TensorType& b, const InferContext& context) {
  return common_type(a, b, [&context] { return context.fresh_dim("size"); });
}

Status require_container(const OpInfo& info, const InferContext& context, int index, DataType dtype) {
  const TensorType& type = context.type(index);
  if (type.dtype == dtype && type.elements != nullptr && type.rank() == 1) return ok();
  return invalid_argument(info.name, ": input ", index, " is ", type, ", expected a ", dtype);
}

Result<TensorType> taken_out(const OpInfo& info, const TensorType& element, const InferContext& context) {
  if (!element.ranked) {
    return unsupported(info.name, ": the tensors of the ", context.type(0), " differ in rank, or it is not known");
  }
  return with_own_sizes(element, context, "item");
}

}  // namespace bolide
