#include "ops/tf_idf.h"

#include "ops/reference.h"
#include "ops/result_places.h"

#include <algorithm>
#include <limits>

namespace bolide {
namespace {

/// The n-grams of the pool, those outside [least, most] left out.
Result<GramPool> pool_of(const TfIdfVectorizer& op) {
  GramPool out;
  std::vector<std::int64_t> pool = op.pool_int64s;
  for (const std::string& word : op.pool_strings) {
    pool.push_back(out.numbers.emplace(word, static_cast<std::int64_t>(out.numbers.size())).first->second);
  }
  if (pool.size() > std::numeric_limits<std::int32_t>::max()) {
    return unsupported("TfIdfVectorizer: a pool of ", pool.size());
  }
  const auto size = static_cast<std::int64_t>(pool.size());
  std::int32_t number = 0;
  for (std::size_t i = 0; i < op.ngram_counts.size(); ++i) {
    const auto length = static_cast<std::int64_t>(i) + 1;
    const std::int64_t begin = op.ngram_counts[i];
    const std::int64_t end = i + 1 < op.ngram_counts.size() ? op.ngram_counts[i + 1] : size;
    if (begin < 0 || end < begin || end > size || (end - begin) % length != 0) {
      return invalid_argument("TfIdfVectorizer: ", length, "-grams from ", begin, " to ", end, " of a pool of ", size);
    }
    for (std::int64_t at = begin; at < end; at += length, ++number) {
      if (length < op.min_gram_length || length > op.max_gram_length) continue;
      out.grams.add(std::span(pool).subspan(static_cast<std::size_t>(at), static_cast<std::size_t>(length)), number);
    }
  }
  if (static_cast<std::size_t>(number) != op.ngram_indexes.size()) {
    return invalid_argument("TfIdfVectorizer: ", op.ngram_indexes.size(), " indexes of ", number, " n-grams");
  }
  return out;
}

/// The tokens as numbers; strings that the pool has not are -1.
Result<Tensor> tokens(const Tensor& x, const GramPool& pool) {
  if (x.dtype() != DataType::kString) return cast(x, DataType::kI64);
  TRY(Tensor out, Tensor::allocate(DataType::kI64, x.dims()));
  for (std::size_t i = 0; i < x.span<std::string>().size(); ++i) {
    const auto found = pool.numbers.find(x.span<std::string>()[i]);
    out.span<std::int64_t>()[i] = found == pool.numbers.end() ? -1 : found->second;
  }
  return out;
}

/// The places of a row at which n-grams of the pool can begin, in order.
struct Start {
  std::size_t at = 0;
  std::int32_t node = GramTree::kRoot;
};
/// `room` has one place more than the row.
std::span<const Start> starts(const GramTree& grams, std::span<const std::int64_t> row, std::span<Start> room) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < row.size(); ++at) {
    room[count] = {at, grams.first(row[at])};
    count += room[count].node != GramTree::kNone ? 1 : 0;
  }
  return room.first(count);
}

/// hit(number) for every n-gram of the pool in the row.
template <class F>
void each_gram(const TfIdfVectorizer& op, const GramTree& grams, std::span<const std::int64_t> row,
               std::span<Start> room, const F& hit) {
  if (op.max_gram_length < 1) return;
  const std::span<const Start> all = starts(grams, row, room);
  const std::size_t skips =
      std::min(static_cast<std::size_t>(std::max<std::int64_t>(op.max_skip_count, 0)), row.size());
  for (std::size_t step = 1; step <= skips + 1; ++step) {
    const std::int64_t least = step == 1 ? op.min_gram_length : std::max<std::int64_t>(op.min_gram_length, 2);
    for (const Start& start : all) {
      std::int32_t node = start.node;
      std::size_t at = start.at;
      for (std::int64_t length = 1;; ++length) {
        if (length >= least && grams.number(node) != GramTree::kNone) hit(static_cast<std::size_t>(grams.number(node)));
        at += step;
        if (length >= op.max_gram_length || at >= row.size()) break;
        node = grams.child(node, row[at]);
        if (node == GramTree::kNone) break;
      }
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
  TRY(Tensor y, allocate_raw(context, DataType::kF32, results[0].dims));
  TRY(const std::shared_ptr<const GramPool> known, pool.get([this] { return pool_of(*this); }));
  TRY(const Tensor x, tokens(*inputs[0], *known));
  const auto size = static_cast<std::size_t>(x.dims().back());
  const auto columns = static_cast<std::size_t>(y.dims().back());
  const std::int64_t rows = x.rank() == 2 ? x.dims()[0] : 1;
  parallel_ranges(rows, 1 + 256 / static_cast<std::int64_t>(size + 1), [&](std::int64_t row, std::int64_t end) {
    std::vector<std::int64_t> counts(ngram_indexes.size());
    std::vector<std::size_t> hits(ngram_indexes.size() + 1);  // the last place takes what is no new one
    std::vector<Start> room(size + 1);
    for (; row < end; ++row) {
      const auto at = static_cast<std::size_t>(row);
      const auto out = y.span<float>().subspan(at * columns, columns);
      std::ranges::fill(out, 0.0F);
      std::size_t found = 0;
      each_gram(*this, known->grams, x.span<std::int64_t>().subspan(at * size, size), room, [&](std::size_t gram) {
        hits[found] = gram;
        found += counts[gram]++ == 0 ? 1 : 0;
      });
      for (const std::size_t gram : std::span(hits).first(found)) {
        const float weight = mode == TermWeights::kTf || weights.empty() ? 1.0F : weights[gram];
        const float times = mode == TermWeights::kIdf ? 1.0F : static_cast<float>(counts[gram]);
        out[static_cast<std::size_t>(ngram_indexes[gram])] += times * weight;
        counts[gram] = 0;
      }
    }
  });
  return one(std::move(y));
}

}  // namespace bolide
