#include "plan/sizes.h"

namespace bolide {
namespace {

Status bind_input(const StepGraph::Value& value, const Dims& given, DimBindings& names) {
  const Shape& shape = value.type.shape;
  if (given.size() != shape.size()) {
    return invalid_argument("input '", value.name, "' has rank ", given.size(), " ", given, ", the model takes ",
                            shape);
  }
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (given[i] < 0) return invalid_argument("input '", value.name, "': size ", i, " is ", given[i]);
    auto solved = shape[i].solve(given[i], names);
    if (!solved) {
      return invalid_argument("input '", value.name, "' is ", given, ", the model takes ", shape, ": ",
                              solved.error().message);
    }
    if (*solved) names[(*solved)->first] = (*solved)->second;
  }
  return {};
}

Status check_input(const StepGraph::Value& value, const Dims& given, const DimBindings& names) {
  for (std::size_t i = 0; i < given.size(); ++i) {
    const Dim& dim = value.type.shape[i];
    const auto size = dim.evaluate(names);
    if (size && *size != given[i]) {
      return invalid_argument("input '", value.name, "' is ", given, ", the model takes ", value.type.shape,
                              dim.is_constant() ? strings::join(": size ", i, " is fixed to ", *size)
                                                : strings::join(": ", dim, " is ", *size, " already"));
    }
  }
  return {};
}

}  // namespace

Result<Sizes> resolve_sizes(const StepGraph& graph, std::span<const Dims> inputs) {
  if (inputs.size() != graph.inputs.size()) {
    return invalid_argument(inputs.size(), " inputs given, the model takes ", graph.inputs.size());
  }
  Sizes sizes;
  // Plain names first, so that expressions over them can be solved or checked.
  for (int round = 0; round < 2; ++round) {
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const StepGraph::Value& value = graph.values[static_cast<std::size_t>(graph.inputs[i])];
      TRY_OK(round == 0 ? bind_input(value, inputs[i], sizes.names) : check_input(value, inputs[i], sizes.names));
    }
  }
  sizes.dims.resize(graph.values.size());
  sizes.known.assign(graph.values.size(), false);
  for (std::size_t v = 0; v < graph.values.size(); ++v) {
    const StepGraph::Value& value = graph.values[v];
    auto dims = evaluate(value.type.shape, sizes.names);
    if (!dims) {
      if (dims.error().code != Code::kNotFound)
        return std::move(dims).within(strings::join("value '", value.name, "'")).error();
      sizes.all_known = false;
      continue;
    }
    for (const std::int64_t size : *dims) {
      if (size < 0) {
        return invalid_argument("value '", value.name, "' would have the sizes ", *dims, ": the input is too small");
      }
    }
    TRY_OK(element_count(*dims).within(strings::join("value '", value.name, "'")));
    sizes.dims[v] = *std::move(dims);
    sizes.known[v] = true;
  }
  return sizes;
}

}  // namespace bolide
