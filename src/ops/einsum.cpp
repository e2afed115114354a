#include "ops/einsum.h"

#include "ops/einsum_equation.h"
#include "ops/elements.h"
#include "ops/movement.h"
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

/// Elements of type E, sums in T.
template <class E, class T>
void sum_products(const Nest& nest, const std::vector<const E*>& inputs, std::span<T> y) {
  const std::span<const std::int64_t> kept(nest.dims.data(), nest.outputs);
  const std::span<const std::int64_t> summed(nest.dims.data() + nest.outputs, nest.dims.size() - nest.outputs);
  // The last axis of the sums is a loop of its own.
  const std::span<const std::int64_t> rows = summed.empty() ? summed : summed.first(summed.size() - 1);
  const std::int64_t length = summed.empty() ? 1 : summed.back();
  const std::int64_t row_count = product(rows);
  const std::size_t count = inputs.size();
  const std::int64_t terms = std::max<std::int64_t>(1, row_count * length);
  const TimeLimit* limit = TimeLimit::current();
  parallel_ranges(static_cast<std::int64_t>(y.size()), 1 + 4096 / terms, [&](std::int64_t begin, std::int64_t end) {
    Dims index(nest.dims.size(), 0);
    std::vector<const E*> at(count);
    Dims steps(count, 0);
    for (std::size_t i = 0; i < count && !summed.empty(); ++i) steps[i] = nest.strides[i].back();
    std::int64_t rest = begin;
    for (std::size_t d = nest.outputs; d-- > 0; rest /= nest.dims[d]) index[d] = rest % nest.dims[d];
    std::int64_t unseen = kTermsBetweenLooks;  // terms since the last look
    for (std::int64_t to = begin; to < end; ++to) {
      T sum{};
      for (std::int64_t row = 0; row < row_count; ++row) {
        for (std::size_t i = 0; i < count; ++i) {
          at[i] = inputs[i];
          for (std::size_t d = 0; d < index.size(); ++d) at[i] += index[d] * nest.strides[i][d];
        }
        for (std::int64_t k = 0; k < length; ++k) {
          if (++unseen > kTermsBetweenLooks) {
            if (limit != nullptr && limit->is_over()) return;
            unseen = 0;
          }
          T factor = static_cast<T>(at[0][k * steps[0]]);
          for (std::size_t i = 1; i < count; ++i) factor *= static_cast<T>(at[i][k * steps[i]]);
          sum += factor;
        }
        next_index(std::span(index).subspan(nest.outputs, rows.size()), rows);
      }
      y[static_cast<std::size_t>(to)] = sum;
      next_index(std::span(index).first(nest.outputs), kept);
    }
  });
}

template <class E>
std::vector<const E*> elements_of(std::span<const Tensor> tensors) {
  std::vector<const E*> out;
  for (const Tensor& tensor : tensors) out.push_back(tensor.span<E>().data());
  return out;
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
  if (const Nest moved = nest_of(terms, inputs); inputs.size() == 1 && moved.outputs == moved.dims.size()) {
    TRY(Tensor out, context.allocate(results[0].dtype, results[0].dims));
    copy_strided(*inputs[0], out, {moved.dims, 0, moved.strides[0], 0, contiguous_strides(results[0].dims)});
    return one(std::move(out));
  }
  const DataType wide = floats ? DataType::kF64 : DataType::kU64;
  const bool plain = results[0].dtype == DataType::kF32;  // read as it is
  Tensors values;
  for (const Tensor* input : inputs) {
    TRY(Tensor value, plain ? Result<Tensor>(*input) : cast(*input, wide));
    values.push_back(std::move(value));
  }
  TRY(Tensor y, context.allocate(wide, results[0].dims));
  const Nest nest = nest_of(terms, inputs);
  TRY_OK(element_count(nest.dims).within("Einsum: terms"));
  if (plain) {
    sum_products(nest, elements_of<float>(values), y.span<double>());
  } else if (floats) {
    sum_products(nest, elements_of<double>(values), y.span<double>());
  } else {
    sum_products(nest, elements_of<std::uint64_t>(values), y.span<std::uint64_t>());
  }
  if (!floats) {
    TRY(y, cast(y, results[0].dtype));
    return one(std::move(y));
  }
  TRY(Tensor out, store_f64(y, results[0].dtype));
  return one(std::move(out));
}

}  // namespace bolide
