#include "import/onnx/rules/ml.h"
#include "ops/maps.h"

namespace bolide::onnx {

/// ai.onnx.ml ZipMap: each row of x as a map from the labels.
Result<Values> import_zip_map(OnnxNodeView& node, Builder& build) {
  TRY(const Labels labels, labels_of(node, "classlabels_strings", "classlabels_int64s", 0));
  if (!node.has_input(0)) return invalid_argument("input X is missing");
  Formula f(build);
  const ValueId x = f.rank(node.in(0)) == 1 ? f.unsqueeze(node.in(0), {0}) : node.in(0);
  return f.result({f.op(ZipMap{}, {x, build.constant("keys", labels.values)})});
}

/// ai.onnx.ml DictVectorizer: the values of a map in the order of the vocabulary, 0 where it has none.
Result<Values> import_dict_vectorizer(OnnxNodeView& node, Builder& build) {
  TRY(const Labels words, labels_of(node, "string_vocabulary", "int64_vocabulary", 0));
  Formula f(build);
  return f.result({f.op(MapLookup{}, {node.in(0), build.constant("vocabulary", words.values)})});
}

/// ai.onnx.ml CastMap: the values of a map in the order of its keys, or (SPARSE) each where its key says, in 'cast_to'.
Result<Values> import_cast_map(OnnxNodeView& node, Builder& build) {
  const std::string to = node.text("cast_to", "TO_FLOAT");
  const std::string form = node.text("map_form", "DENSE");
  const std::int64_t most = node.integer("max_map", 1);
  if (form != "DENSE" && (form != "SPARSE" || most < 1)) {
    return invalid_argument("attributes 'map_form' is '", form, "' and 'max_map' ", most);
  }
  DataType dtype = DataType::kF32;
  if (to == "TO_STRING") dtype = DataType::kString;
  if (to == "TO_INT64") dtype = DataType::kI64;
  if (to != "TO_FLOAT" && dtype == DataType::kF32) return invalid_argument("attribute 'cast_to' is '", to, "'");
  Formula f(build);
  return f.result({f.cast(f.op(MapToRow{.length = form == "SPARSE" ? most : 0}, {node.in(0)}), dtype)});
}

}  // namespace bolide::onnx
