#pragma once

#include "ops/op.h"

#include <array>

namespace bolide {

enum class CaseChange : std::uint8_t { kKeep, kLower, kUpper };
constexpr std::array<std::string_view, 3> enum_names(CaseChange) { return {"NONE", "LOWER", "UPPER"}; }

/// Input strings [n] or [1, n]: those that are no stop words, in the case asked for; one empty string when none is
/// left. Stop words are compared in lower case unless `is_case_sensitive`. Cases and `locale` as in ops/letter_case.h.
/// Source: ONNX StringNormalizer-10.
struct StringNormalizer {
  CaseChange case_change_action = CaseChange::kKeep;
  bool is_case_sensitive = false;
  std::string locale = "en_US";
  std::vector<std::string> stopwords;

  static constexpr OpInfo kInfo{.name = "StringNormalizer"};
  static constexpr auto kFields =
      std::tuple{field("case_change_action", &StringNormalizer::case_change_action),
                 field("is_case_sensitive", &StringNormalizer::is_case_sensitive),
                 field("locale", &StringNormalizer::locale), field("stopwords", &StringNormalizer::stopwords)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

}  // namespace bolide
