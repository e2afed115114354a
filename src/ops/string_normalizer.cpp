#include "ops/string_normalizer.h"

#include "ops/letter_case.h"
#include "ops/reference.h"

#include <set>

namespace bolide {

Result<TensorTypes> StringNormalizer::infer(const InferContext& context) const {
  TensorType y = context.type(0);
  const bool row = y.rank() == 2 && (!y.shape[0].is_constant() || y.shape[0] == Dim(1));
  if (y.dtype != DataType::kString || (y.rank() != 1 && !row)) {
    return invalid_argument("StringNormalizer: the input is ", y, ", not strings of sizes [n] or [1,n]");
  }
  if (row) y.shape[0] = 1;
  y.shape.back() = context.fresh_dim("words");
  return TensorTypes{std::move(y)};
}

Result<Tensors> StringNormalizer::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY_OK(infer(KnownInputs(inputs).context()));
  const auto compared = [this](const std::string& word) -> Result<std::string> {
    if (is_case_sensitive) return word;
    return in_case(word, LetterCase::kLower, locale).within("StringNormalizer");
  };
  std::set<std::string> stops;
  for (const std::string& word : stopwords) {
    TRY(std::string stop, compared(word));
    stops.insert(std::move(stop));
  }
  std::vector<std::string> kept;
  for (const std::string& word : inputs[0]->span<std::string>()) {
    if (!stops.empty()) {
      TRY(const std::string key, compared(word));
      if (stops.contains(key)) continue;
    }
    std::string out = word;
    if (case_change_action != CaseChange::kKeep) {
      const auto wanted = case_change_action == CaseChange::kLower ? LetterCase::kLower : LetterCase::kUpper;
      TRY(out, in_case(word, wanted, locale).within("StringNormalizer"));
    }
    kept.push_back(std::move(out));
  }
  if (kept.empty()) kept.emplace_back();
  Dims dims = inputs[0]->dims();
  dims.back() = static_cast<std::int64_t>(kept.size());
  TRY_OK(context.check(DataType::kString, dims));
  return one(Tensor::of<std::string>(kept, dims));
}

}  // namespace bolide
