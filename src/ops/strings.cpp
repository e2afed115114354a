#include "ops/strings.h"

#include "ops/expr.h"
#include "ops/media.h"

#include <algorithm>

namespace bolide {
namespace {

constexpr std::string_view kWhite = " \t\n\v\f\r";

Status check_strings(const OpInfo& info, const InferContext& context) {
  for (int i = 0; i < context.input_count(); ++i) {
    if (context.dtype(i) != DataType::kString) {
      return invalid_argument(info.name, ": input ", i, " is ", context.type(i), ", not strings");
    }
  }
  return ok();
}

std::vector<std::string_view> split_at(std::string_view text, std::string_view delimiter, std::size_t most) {
  std::vector<std::string_view> out;
  for (std::size_t end = 0; out.size() < most && (end = text.find(delimiter)) != std::string_view::npos;) {
    out.push_back(text.substr(0, end));
    text.remove_prefix(end + delimiter.size());
  }
  out.push_back(text);
  return out;
}

std::vector<std::string_view> split_at_white(std::string_view text, std::size_t most) {
  std::vector<std::string_view> out;
  for (;;) {
    text.remove_prefix(std::min(text.find_first_not_of(kWhite), text.size()));
    if (text.empty()) return out;
    const std::size_t end = out.size() < most ? text.find_first_of(kWhite) : std::string_view::npos;
    out.push_back(text.substr(0, end));
    text.remove_prefix(out.back().size());
  }
}

}  // namespace

Result<TensorTypes> StringConcat::infer(const InferContext& context) const {
  TRY_OK(check_strings(kInfo, context));
  Result<Shape> shape = broadcast(context.shape(0), context.shape(1));
  if (!shape) return std::move(shape).within("StringConcat").error();
  return TensorTypes{{DataType::kString, *std::move(shape)}};
}

Result<Tensors> StringConcat::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(Tensors out, outputs_of(*this, inputs, context));
  for (const Tensor* input : inputs) {
    Tensor spread = *input;
    if (spread.dims() != out[0].dims()) {
      TRY(spread, context.allocate(DataType::kString, out[0].dims()).within("StringConcat"));
      const Dims own = contiguous_strides(input->dims());
      Dims strides(out[0].dims().size(), 0);
      for (std::size_t d = 0; d < own.size(); ++d) {
        if (input->dims()[d] != 1) strides[strides.size() - own.size() + d] = own[d];
      }
      copy_strided(*input, spread, {out[0].dims(), 0, strides, 0, contiguous_strides(out[0].dims())});
    }
    const auto from = std::as_const(spread).span<std::string>();
    for (std::size_t i = 0; i < from.size(); ++i) out[0].span<std::string>()[i] += from[i];
  }
  return out;
}

Result<TensorTypes> StringSplit::infer(const InferContext& context) const {
  TRY_OK(check_strings(kInfo, context));
  TensorType parts = context.type(0);
  parts.shape.push_back(context.fresh_dim("parts"));
  return TensorTypes{std::move(parts), {DataType::kI64, context.shape(0)}};
}

Result<Tensors> StringSplit::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY_OK(infer_values([this](const InferContext& known) { return infer(known); }, inputs, context));
  const auto texts = inputs[0]->span<std::string>();
  const auto most = maxsplit < 0 ? std::string::npos : static_cast<std::size_t>(maxsplit);
  TRY(Tensor counts, context.allocate(DataType::kI64, inputs[0]->dims()).within("StringSplit"));
  std::vector<std::vector<std::string_view>> split;
  std::size_t widest = 0;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    split.push_back(delimiter.empty() ? split_at_white(texts[i], most) : split_at(texts[i], delimiter, most));
    counts.span<std::int64_t>()[i] = static_cast<std::int64_t>(split.back().size());
    widest = std::max(widest, split.back().size());
  }
  Dims dims = inputs[0]->dims();
  dims.push_back(static_cast<std::int64_t>(widest));
  TRY(Tensor parts, context.allocate(DataType::kString, dims).within("StringSplit"));
  for (std::size_t i = 0; i < split.size(); ++i) {
    std::copy(split[i].begin(), split[i].end(),
              parts.span<std::string>().begin() + static_cast<std::ptrdiff_t>(i * widest));
  }
  return Tensors{std::move(parts), std::move(counts)};
}

Result<TensorTypes> RegexFullMatch::infer(const InferContext& context) const {
  TRY_OK(check_strings(kInfo, context));
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
