#include "ops/tf_idf.h"

#include "ops/reference.h"

#include <algorithm>
#include <map>
#include <unordered_map>

namespace bolide {
namespace {

/// N-grams of one length, and the number of each in the pool.
struct GramHash {
  std::size_t operator()(const std::vector<std::int64_t>& gram) const {
    std::uint64_t hash = gram.size();
    for (const std::int64_t token : gram) hash = (hash ^ static_cast<std::uint64_t>(token)) * 0x9E3779B97F4A7C15U;
    return static_cast<std::size_t>(hash ^ (hash >> 32));
  }
};
using Grams = std::unordered_map<std::vector<std::int64_t>, std::size_t, GramHash>;

/// The number of a token; strings are numbered by their places in the pool, unknown ones are -1.
using Numbers = std::map<std::string_view, std::int64_t>;

Numbers numbered(std::span<const std::string> pool) {
  Numbers out;
  for (const std::string& word : pool) out.emplace(word, static_cast<std::int64_t>(out.size()));
  return out;
}

Result<std::vector<std::int64_t>> tokens(const Tensor& x, const Numbers& numbers) {
  if (x.dtype() != DataType::kString) return to_i64(x);
  std::vector<std::int64_t> out;
  for (const std::string& word : x.span<std::string>()) {
    const auto found = numbers.find(word);
    out.push_back(found == numbers.end() ? -1 : found->second);
  }
  return out;
}

/// The n-grams of the pool by their length, those outside [least, most] left out.
Result<std::map<std::int64_t, Grams>> grams_of(const TfIdfVectorizer& op, const std::vector<std::int64_t>& pool) {
  std::map<std::int64_t, Grams> out;
  std::size_t number = 0;
  for (std::size_t i = 0; i < op.ngram_counts.size(); ++i) {
    const auto length = static_cast<std::int64_t>(i) + 1;
    const auto size = static_cast<std::int64_t>(pool.size());
    const std::int64_t begin = op.ngram_counts[i];
    const std::int64_t end = i + 1 < op.ngram_counts.size() ? op.ngram_counts[i + 1] : size;
    if (begin < 0 || end < begin || end > size || (end - begin) % length != 0) {
      return invalid_argument("TfIdfVectorizer: ", length, "-grams from ", begin, " to ", end, " of a pool of ", size);
    }
    for (std::int64_t at = begin; at < end; at += length, ++number) {
      if (length < op.min_gram_length || length > op.max_gram_length) continue;
      out[length].emplace(std::vector<std::int64_t>(pool.begin() + at, pool.begin() + at + length), number);
    }
  }
  if (number != op.ngram_indexes.size()) {
    return invalid_argument("TfIdfVectorizer: ", op.ngram_indexes.size(), " indexes of ", number, " n-grams");
  }
  return out;
}

/// Adds to counts[number] for every n-gram in the row.
void count(std::span<const std::int64_t> row, std::int64_t length, std::int64_t skips, const Grams& grams,
           std::vector<std::int64_t>& counts) {
  std::vector<std::int64_t> gram(static_cast<std::size_t>(length));
  const auto size = static_cast<std::int64_t>(row.size());
  for (std::int64_t skip = 0; skip <= (length == 1 ? 0 : std::min(skips, size)); ++skip) {
    const std::int64_t step = skip + 1;
    if ((length - 1) > (size - 1) / step) return;
    for (std::int64_t begin = 0; begin + (length - 1) * step < size; ++begin) {
      for (std::int64_t i = 0; i < length; ++i) {
        gram[static_cast<std::size_t>(i)] = row[static_cast<std::size_t>(begin + i * step)];
      }
      if (const auto found = grams.find(gram); found != grams.end()) ++counts[found->second];
    }
  }
}

}  // namespace

Result<TensorTypes> TfIdfVectorizer::infer(const InferContext& context) const {
  const TensorType& x = context.type(0);
  const bool integers = x.dtype == DataType::kI32 || x.dtype == DataType::kI64;
  if ((!integers && x.dtype != DataType::kString) || x.rank() < 1 || x.rank() > 2) {
    return invalid_argument("TfIdfVectorizer: the input is ", x, ", not strings or integers of sizes [n] or [rows,n]");
  }
  if (!(integers ? pool_strings.empty() : pool_int64s.empty())) {
    return invalid_argument("TfIdfVectorizer: the input is ", x, ", and the pool is not");
  }
  if (!weights.empty() && weights.size() != ngram_indexes.size()) {
    return invalid_argument("TfIdfVectorizer: ", weights.size(), " weights of ", ngram_indexes.size(), " n-grams");
  }
  std::int64_t last = -1;
  for (const std::int64_t column : ngram_indexes) {
    if (column < 0 || column >= Dim::kTooLarge) return invalid_argument("TfIdfVectorizer: column ", column);
    last = std::max(last, column);
  }
  TensorType y{DataType::kF32, x.shape};
  y.shape.back() = last + 1;
  return TensorTypes{std::move(y)};
}

Result<Tensors> TfIdfVectorizer::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(const auto results, infer_known(*this, inputs, context));
  TRY(Tensor y, context.allocate(DataType::kF32, results[0].dims));
  const Numbers numbers = numbered(pool_strings);
  std::vector<std::int64_t> pool = pool_int64s;
  for (const std::string& word : pool_strings) pool.push_back(numbers.find(word)->second);
  TRY(const auto grams, grams_of(*this, pool));
  TRY(const std::vector<std::int64_t> x, tokens(*inputs[0], numbers));
  const auto size = static_cast<std::size_t>(inputs[0]->dims().back());
  const auto columns = static_cast<std::size_t>(y.dims().back());
  const std::int64_t rows = inputs[0]->rank() == 2 ? inputs[0]->dims()[0] : 1;
  const auto weigh = [&](std::size_t row) {
    std::vector<std::int64_t> counts(ngram_indexes.size());
    for (const auto& [length, those] : grams) {
      count(std::span(x).subspan(row * size, size), length, std::max<std::int64_t>(max_skip_count, 0), those, counts);
    }
    for (std::size_t i = 0; i < counts.size(); ++i) {
      if (counts[i] == 0) continue;
      const float weight = mode == TermWeights::kTf || weights.empty() ? 1.0F : weights[i];
      const float times = mode == TermWeights::kIdf ? 1.0F : static_cast<float>(counts[i]);
      y.span<float>()[row * columns + static_cast<std::size_t>(ngram_indexes[i])] += times * weight;
    }
  };
  parallel_ranges(rows, 1 + 256 / std::max<std::int64_t>(1, static_cast<std::int64_t>(size)),
                  [&](std::int64_t row, std::int64_t end) {
                    for (; row < end; ++row) weigh(static_cast<std::size_t>(row));
                  });
  return one(std::move(y));
}

}  // namespace bolide
