#include "ops/cast.h"

#include "import/onnx/rules/all.h"
#include "import/onnx/rules/same.h"

#include <array>

namespace bolide::onnx {

/// ONNX Cast, operator sets 1 to 5: `to` is the name of a TensorProto.DataType.
Result<Values> import_cast_1(OnnxNodeView& node, Builder& build) {
  constexpr std::array<std::string_view, 17> kNames = {
      "UNDEFINED", "FLOAT",   "UINT8",  "INT8",   "UINT16", "INT16",     "INT32",      "INT64",   "STRING",
      "BOOL",      "FLOAT16", "DOUBLE", "UINT32", "UINT64", "COMPLEX64", "COMPLEX128", "BFLOAT16"};
  const std::string to = node.text("to", "");
  for (std::size_t i = 1; i < kNames.size(); ++i) {
    if (kNames.at(i) != to) continue;
    TRY(const ValueId y, build.add(Cast{.to = *from_onnx_type(static_cast<std::int64_t>(i))}, {node.in(0)}));
    return Values{y};
  }
  return invalid_argument("attribute 'to' is '", to, "', which is no name of a dtype");
}

/// ONNX Cast, operator set 6 and later; `saturate` since 19, `round_mode` since 24.
Result<Values> import_cast(OnnxNodeView& node, Builder& build) {
  if (!node.has("to")) return bad_file("attribute 'to' is missing");
  TRY(const ValueId y, build.add(with_attributes(Cast{}, node), {node.in(0)}));
  return Values{y};
}

/// ONNX CastLike: to the dtype of the second input.
Result<Values> import_cast_like(OnnxNodeView& node, Builder& build) {
  if (!node.has_input(1)) return invalid_argument("input 1 (target_type) is missing");
  const Cast cast{.to = node.dtype(1), .saturate = node.flag("saturate", true)};
  TRY(const ValueId y, build.add(with_attributes(cast, node), {node.in(0)}));
  return Values{y};
}

}  // namespace bolide::onnx
