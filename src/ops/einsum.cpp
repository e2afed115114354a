#include "ops/einsum.h"

#include "ops/einsum_equation.h"
#include "ops/elements.h"
#include "ops/reference.h"

#include <algorithm>
#include <map>

namespace bolide {
namespace {

constexpr std::int64_t kTermsBetweenLooks = 1 << 14;  // at the time

/// All axes of an equation, those of the output first, and where an element of each input is.
struct Nest {
  Dims dims;
  std::size_t outputs = 0;    // how many of the dims are of the output
  std::vector<Dims> strides;  // by input
};

Nest nest_of(const EinsumTerms& terms, TensorInputs inputs) {
  std::map<EinsumLabel, std::int64_t> sizes;
  std::vector<EinsumLabel> labels = terms.output;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    for (std::size_t d = 0; d < terms.inputs[i].size(); ++d) {
      const auto [place, fresh] = sizes.emplace(terms.inputs[i][d], inputs[i]->dims()[d]);
      if (!fresh && place->second == 1) place->second = inputs[i]->dims()[d];
      if (fresh && std::find(labels.begin(), labels.end(), place->first) == labels.end())
        labels.push_back(place->first);
    }
  }
  Nest out{.outputs = terms.output.size()};
  for (const EinsumLabel label : labels) out.dims.push_back(sizes.at(label));
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Dims own = contiguous_strides(inputs[i]->dims());
    Dims& strides = out.strides.emplace_back(labels.size(), 0);
    for (std::size_t d = 0; d < own.size(); ++d) {
      const auto at = std::find(labels.begin(), labels.end(), terms.inputs[i][d]) - labels.begin();
      if (inputs[i]->dims()[d] != 1) strides[static_cast<std::size_t>(at)] += own[d];
    }
  }
  return out;
}

template <class T>
void sum_products(const Nest& nest, std::span<const Tensor> inputs, std::span<T> y) {
  const std::span<const std::int64_t> kept(nest.dims.data(), nest.outputs);
  const std::span<const std::int64_t> summed(nest.dims.data() + nest.outputs, nest.dims.size() - nest.outputs);
  const std::int64_t terms = product(summed);
  const TimeLimit* limit = TimeLimit::current();
  parallel_ranges(static_cast<std::int64_t>(y.size()), 64, [&](std::int64_t begin, std::int64_t end) {
    Dims index(nest.dims.size(), 0);
    std::int64_t rest = begin;
    for (std::size_t d = nest.outputs; d-- > 0; rest /= nest.dims[d]) index[d] = rest % nest.dims[d];
    for (std::int64_t at = begin; at < end; ++at) {
      T sum{};
      for (std::int64_t term = 0; term < terms; ++term) {
        if (term % kTermsBetweenLooks == 0 && limit != nullptr && limit->is_over()) return;
        T factor = 1;
        for (std::size_t i = 0; i < inputs.size(); ++i) {
          std::int64_t from = 0;
          for (std::size_t d = 0; d < index.size(); ++d) from += index[d] * nest.strides[i][d];
          factor *= inputs[i].span<T>()[static_cast<std::size_t>(from)];
        }
        sum += factor;
        next_index(std::span(index).subspan(nest.outputs), summed);
      }
      y[static_cast<std::size_t>(at)] = sum;
      next_index(std::span(index).first(nest.outputs), kept);
    }
  });
}

Result<EinsumTerms> terms_of(const Einsum& op, const InferContext& context) {
  std::vector<int> ranks;
  for (int i = 0; i < context.input_count(); ++i) {
    if (!context.has(i)) return invalid_argument("Einsum: input ", i, " is missing");
    ranks.push_back(context.rank(i));
  }
  return parse_einsum(op.equation, ranks).within("Einsum");
}

}  // namespace

Result<TensorTypes> Einsum::infer(const InferContext& context) const {
  TRY(const EinsumTerms terms, terms_of(*this, context));
  std::map<EinsumLabel, Dim> sizes;
  for (int i = 0; i < context.input_count(); ++i) {
    if (context.dtype(i) != context.dtype(0) || !is_real(context.dtype(0)) || context.dtype(0) == DataType::kBool) {
      return invalid_argument("Einsum: input ", i, " is ", context.type(i), "; numbers of one dtype work");
    }
    for (std::size_t d = 0; d < context.shape(i).size(); ++d) {
      const Dim& size = context.shape(i)[d];
      Dim& known = sizes.emplace(terms.inputs[static_cast<std::size_t>(i)][d], size).first->second;
      if (size == Dim(1)) continue;
      if (known.is_constant() && size.is_constant() && !(known == size) && !(known == Dim(1))) {
        return invalid_argument("Einsum: ", equation, ": an axis of input ", i, " is ", size, ", and was ", known);
      }
      if (!known.is_constant() || known == Dim(1)) known = size;
    }
  }
  TensorType y{context.dtype(0), {}};
  for (const EinsumLabel label : terms.output) y.shape.push_back(sizes.at(label));
  return TensorTypes{std::move(y)};
}

Result<Tensors> Einsum::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(const auto results, infer_known(*this, inputs, context));
  TRY(const EinsumTerms terms, terms_of(*this, KnownInputs(inputs).context()));
  const bool floats = is_float(results[0].dtype);
  const DataType wide = floats ? DataType::kF64 : DataType::kU64;
  Tensors values;
  for (const Tensor* input : inputs) {
    TRY(Tensor value, cast(*input, wide));
    values.push_back(std::move(value));
  }
  TRY(Tensor y, context.allocate(wide, results[0].dims));
  const Nest nest = nest_of(terms, inputs);
  TRY_OK(element_count(nest.dims).within("Einsum: terms"));
  if (floats) {
    sum_products<double>(nest, values, y.span<double>());
  } else {
    sum_products<std::uint64_t>(nest, values, y.span<std::uint64_t>());
  }
  if (!floats) {
    TRY(y, cast(y, results[0].dtype));
    return one(std::move(y));
  }
  TRY(Tensor out, store_f64(y, results[0].dtype));
  return one(std::move(out));
}

}  // namespace bolide
