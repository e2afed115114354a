#include "ops/work.h"

#include "ops/conv.h"
#include "ops/conv_transpose.h"
#include "ops/einsum.h"
#include "ops/einsum_equation.h"
#include "ops/matmul.h"
#include "ops/pool.h"
#include "ops/reference.h"

#include <algorithm>
#include <array>
#include <map>

namespace bolide {
namespace {

/// Operators that may combine every element with every other.
constexpr std::array<std::string_view, 18> kCombining = {"Attention",
                                                         "DFT",
                                                         "DeformConv",
                                                         "Det",
                                                         "GRU",
                                                         "Inverse",
                                                         "LRN",
                                                         "LSTM",
                                                         "LinearAttention",
                                                         "NonMaxSuppression",
                                                         "RNN",
                                                         "Resize",
                                                         "RoiAlign",
                                                         "STFT",
                                                         "MaxRoiPool",
                                                         "TfIdfVectorizer",
                                                         "TreeEnsemble",
                                                         "Unique"};

double elements(std::span<const std::int64_t> dims, std::size_t from = 0) {
  double out = 1;
  for (std::size_t d = from; d < dims.size(); ++d) out *= static_cast<double>(dims[d]);
  return out;
}

/// The sizes of all letters multiplied, for each input.
double einsum_work(const Einsum& op, TensorInputs inputs) {
  std::vector<int> ranks;
  for (const Tensor* input : inputs) ranks.push_back(input->rank());
  const Result<EinsumTerms> terms = parse_einsum(op.equation, ranks);
  if (!terms) return 0;
  std::map<EinsumLabel, std::int64_t> sizes;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    for (std::size_t d = 0; d < terms->inputs[i].size(); ++d) {
      std::int64_t& size = sizes[terms->inputs[i][d]];
      size = std::max(size, inputs[i]->dims()[d]);
    }
  }
  double out = static_cast<double>(inputs.size());
  for (const auto& [label, size] : sizes) out *= static_cast<double>(size);
  return out;
}

}  // namespace

double evaluation_work(const Op& op, TensorInputs inputs, int outputs) {
  const KnownInputs known(inputs, outputs);
  const Result<TensorTypes> types = op.infer(known.context());
  if (!types) return 0;
  double read = 0;
  for (const Tensor* input : inputs) read += input != nullptr ? static_cast<double>(input->count()) : 0;
  double made = 0;
  for (const TensorType& type : *types) {
    const std::optional<Dims> dims = constant_dims(type.shape);
    made += dims ? elements(*dims) : read;  // what the data decide is not more than they are
  }
  const double moved = read + made;

  if (op.is<MatMul>()) return moved + made * static_cast<double>(inputs[0]->dims().back());
  if (op.is<Conv>()) return moved + made * elements(inputs[1]->dims(), 1);
  if (op.is<ConvTranspose>()) return moved + elements(inputs[0]->dims()) * elements(inputs[1]->dims(), 1);
  if (const auto* einsum = op.as<Einsum>()) return moved + einsum_work(*einsum, inputs);
  if (const auto* pool = op.as<MaxPool>()) return moved + made * elements(pool->kernel);
  if (const auto* pool = op.as<AveragePool>()) return moved + made * elements(pool->kernel);
  if (const auto* pool = op.as<LpPool>()) return moved + made * elements(pool->kernel);
  const bool combines = std::ranges::find(kCombining, op.name()) != kCombining.end();
  return combines ? moved * moved : moved;
}

}  // namespace bolide
