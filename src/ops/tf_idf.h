#pragma once

#include "ops/gram_tree.h"
#include "ops/kept.h"
#include "ops/op.h"

#include <array>
#include <unordered_map>

namespace bolide {

enum class TermWeights : std::uint8_t {
  kTf,     ///< the count
  kIdf,    ///< the weight, if there is one
  kTfidf,  ///< count times weight
};
constexpr std::array<std::string_view, 3> enum_names(TermWeights) { return {"TF", "IDF", "TFIDF"}; }

/// The pool of a TfIdfVectorizer as rows are compared with it.
struct GramPool {
  std::unordered_map<std::string, std::int64_t> numbers;  ///< of strings, by their places in the pool
  GramTree grams;                                         ///< each with its place in ngram_indexes
};

/// Counts the n-grams of a pool in rows of tokens.
///
/// Inputs   x : strings, i32 or i64, [n] or [rows, n]
/// Outputs  f32 [columns] or [rows, columns], columns = the largest of ngram_indexes + 1
/// The pool (strings or integers) holds n-grams by length: those of n tokens from ngram_counts[n - 1] on. N-gram i
/// counts in column ngram_indexes[i], with weights[i] (1). Lengths from min_gram_length to max_gram_length count;
/// between the tokens of one n-gram lie s others, for each s from 0 to max_skip_count. Source   ONNX TfIdfVectorizer-9
struct TfIdfVectorizer {
  std::int64_t max_gram_length = 1;
  std::int64_t max_skip_count = 0;
  std::int64_t min_gram_length = 1;
  TermWeights mode = TermWeights::kTf;
  std::vector<std::int64_t> ngram_counts;
  std::vector<std::int64_t> ngram_indexes;
  std::vector<std::int64_t> pool_int64s;
  std::vector<std::string> pool_strings;
  std::vector<float> weights;

  static constexpr OpInfo kInfo{.name = "TfIdfVectorizer"};
  static constexpr auto kFields = std::tuple{field("max_gram_length", &TfIdfVectorizer::max_gram_length),
                                             field("max_skip_count", &TfIdfVectorizer::max_skip_count),
                                             field("min_gram_length", &TfIdfVectorizer::min_gram_length),
                                             field("mode", &TfIdfVectorizer::mode),
                                             field("ngram_counts", &TfIdfVectorizer::ngram_counts),
                                             field("ngram_indexes", &TfIdfVectorizer::ngram_indexes),
                                             field("pool_int64s", &TfIdfVectorizer::pool_int64s),
                                             field("pool_strings", &TfIdfVectorizer::pool_strings),
                                             field("weights", &TfIdfVectorizer::weights)};

  Kept<GramPool> pool;

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

}  // namespace bolide
