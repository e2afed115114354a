#include "ops/strings.h"

#include "ops/media.h"
#include "ops/reference.h"

#include <algorithm>

namespace bolide {

Result<TensorTypes> RegexFullMatch::infer(const InferContext& context) const {
  TRY_OK(require_strings(kInfo, context));
  return TensorTypes{{DataType::kBool, context.shape(0)}};
}

Result<Tensors> RegexFullMatch::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(Tensors out, outputs_of(*this, inputs, context));
  TRY(const MediaFunctions* media, media_for("RegexFullMatch"));
  if (media->match_texts == nullptr)
    return unsupported("RegexFullMatch: the media module knows no regular expressions");
  TRY(const std::vector<bool> matches,
      media->match_texts(pattern, inputs[0]->span<std::string>()).within("RegexFullMatch"));
  if (matches.size() != static_cast<std::size_t>(out[0].count())) {
    return internal_error("RegexFullMatch: ", matches.size(), " answers for ", out[0].count(), " strings");
  }
  std::copy(matches.begin(), matches.end(), out[0].span<std::uint8_t>().begin());
  return out;
}

}  // namespace bolide
