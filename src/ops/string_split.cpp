#include "ops/strings.h"

#include "ops/reference.h"

#include <algorithm>

namespace bolide {
namespace {

constexpr std::string_view kWhite = " \t\n\v\f\r";

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

Result<TensorTypes> StringSplit::infer(const InferContext& context) const {
  TRY_OK(require_strings(kInfo, context));
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

}  // namespace bolide
