#include "plan/sizes.h"

#include "plan/check_types.h"
#include "plan/known_values.h"

#include <algorithm>

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

/// Sizes of all values by `sizes.names`.
Status evaluate_dims(const StepGraph& graph, Sizes& sizes) {
  sizes.dims.assign(graph.values.size(), {});
  sizes.known.assign(graph.values.size(), false);
  sizes.all_known = true;
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
  return {};
}

}  // namespace

Result<Sizes> resolve_dims(const StepGraph& graph, std::span<const Dims> inputs) {
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
  TRY_OK(evaluate_dims(graph, sizes));
  if (sizes.all_known) return sizes;
  const std::size_t told = sizes.names.size();
  TRY(sizes.names, with_decided_names(graph, sizes.names));
  if (sizes.names.size() > told) TRY_OK(evaluate_dims(graph, sizes));
  return sizes;
}

Result<Sizes> resolve_sizes(const StepGraph& graph, std::span<const Dims> inputs) {
  TRY(Sizes sizes, resolve_dims(graph, inputs));
  TRY(sizes.values, known_values(graph, sizes.names));
  return sizes;
}

namespace {

/// The name that a size of the dim tells where those in `told` are known: all in it but one, in which it is linear.
std::optional<std::string> told_by(const Dim& dim, const std::set<std::string>& told) {
  std::vector<std::string> open;
  DimBindings known;
  for (std::string& name : dim.names()) {
    if (told.contains(name)) {
      known.emplace(std::move(name), 5);  // any size
    } else {
      open.push_back(std::move(name));
    }
  }
  if (open.size() != 1) return std::nullopt;
  DimBindings all = known;
  all.emplace(open.front(), 7);
  const auto size = dim.evaluate(all);
  if (!size) return std::nullopt;
  const auto solved = dim.solve(*size, known);
  return solved && *solved ? std::optional(open.front()) : std::nullopt;
}

}  // namespace

std::set<std::string> told_names(const StepGraph& graph) {
  std::set<std::string> told;
  for (bool more = true; more;) {
    more = false;
    for (const int input : graph.inputs) {
      for (const Dim& dim : graph.values[static_cast<std::size_t>(input)].type.shape) {
        if (const auto name = told_by(dim, told)) more = told.insert(*name).second || more;
      }
    }
  }
  return decided_names(graph, std::move(told));
}

std::set<std::string> untold_names(const StepGraph& graph) {
  std::set<std::string> out;
  for (const StepGraph::Value& value : graph.values) {
    for (const Dim& dim : value.type.shape) {
      for (std::string& name : dim.names()) out.insert(std::move(name));
    }
  }
  for (const StepGraph::Step& step : graph.steps) {
    for (const auto& body : step.bodies) out.merge(untold_names(*body));
  }
  for (const std::string& name : told_names(graph)) out.erase(name);
  return out;
}

namespace {

/// Names of input sizes that are not bound, in order of appearance.
std::vector<std::string> free_names(const StepGraph& graph, const DimBindings& bound) {
  std::vector<std::string> out;
  for (const int input : graph.inputs) {
    for (const Dim& dim : graph.values[static_cast<std::size_t>(input)].type.shape) {
      for (const std::string& name : dim.names()) {
        if (!bound.contains(name) && std::find(out.begin(), out.end(), name) == out.end()) out.push_back(name);
      }
    }
  }
  return out;
}

/// The sizes of all inputs when names that are not bound are `filler`.
Result<std::vector<Dims>> fill_sizes(const StepGraph& graph, const DimBindings& bound, const std::map<int, Dims>& given,
                                     std::int64_t filler) {
  std::vector<Dims> result;
  for (const int input : graph.inputs) {
    if (const auto own = given.find(input); own != given.end()) {
      result.push_back(own->second);
      continue;
    }
    const Shape& shape = graph.values[static_cast<std::size_t>(input)].type.shape;
    DimBindings names = bound;
    for (const Dim& dim : shape) {
      for (const std::string& name : dim.names()) names.emplace(name, filler);
    }
    TRY(Dims dims, evaluate(shape, names));
    result.push_back(std::move(dims));
  }
  return result;
}

/// Whether every size that names decide is one.
bool all_positive(const StepGraph& graph, const Sizes& sizes) {
  for (std::size_t v = 0; v < sizes.dims.size(); ++v) {
    const Shape& declared = graph.values[v].type.shape;
    for (std::size_t i = 0; i < sizes.dims[v].size(); ++i) {
      if (sizes.dims[v][i] <= 0 && !declared[i].is_constant()) return false;
    }
  }
  return true;
}

}  // namespace

Result<std::vector<Dims>> complete_sizes(const StepGraph& graph,
                                         const std::vector<std::pair<std::string, Dims>>& given) {
  DimBindings names;
  std::map<int, Dims> by_input;
  for (const auto& [name, dims] : given) {
    const auto named = [&graph, &wanted = name](int input) {
      return graph.values[static_cast<std::size_t>(input)].name == wanted;
    };
    const auto input = std::find_if(graph.inputs.begin(), graph.inputs.end(), named);
    if (input == graph.inputs.end()) {
      std::string known;
      for (const int other : graph.inputs) {
        known += strings::join(known.empty() ? "" : ", ", "'", graph.values[static_cast<std::size_t>(other)].name, "'");
      }
      return not_found("'", name, "' is no input; the inputs are ", known);
    }
    const StepGraph::Value& value = graph.values[static_cast<std::size_t>(*input)];
    TRY_OK(bind_input(value, dims, names));
    by_input[*input] = dims;
  }
  for (const auto& [input, dims] : by_input) {
    TRY_OK(check_input(graph.values[static_cast<std::size_t>(input)], dims, names));
  }
  TRY(std::vector<Dims> ones, fill_sizes(graph, names, by_input, 1));
  const auto fits = [&graph](const std::vector<Dims>& inputs) {
    const auto sizes = resolve_dims(graph, inputs);
    return sizes && check_types(graph, *sizes);
  };
  if (fits(ones)) return ones;
  for (std::int64_t filler = 2; filler <= 65536; filler *= 2) {
    TRY(std::vector<Dims> candidate, fill_sizes(graph, names, by_input, filler));
    const auto sizes = resolve_dims(graph, candidate);
    if (sizes && all_positive(graph, *sizes) && check_types(graph, *sizes)) return candidate;
  }
  // One or two names that are sums of others: the length of a cache and what is new.
  constexpr std::size_t kMostNames = 16;
  std::vector<std::string> free = free_names(graph, names);
  free.resize(std::min(free.size(), kMostNames));
  for (std::size_t i = 0; i < free.size(); ++i) {
    DimBindings with_one = names;
    with_one.emplace(free[i], 2);
    TRY(std::vector<Dims> candidate, fill_sizes(graph, with_one, by_input, 1));
    if (fits(candidate)) return candidate;
  }
  for (std::size_t i = 0; i < free.size(); ++i) {
    for (std::size_t j = i + 1; j < free.size(); ++j) {
      DimBindings with_two = names;
      with_two.emplace(free[i], 2);
      with_two.emplace(free[j], 2);
      TRY(std::vector<Dims> candidate, fill_sizes(graph, with_two, by_input, 1));
      if (fits(candidate)) return candidate;
    }
  }
  return ones;
}

}  // namespace bolide
