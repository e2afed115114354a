// Between labels, numbers and columns.
#include "import/onnx/rules/ml.h"
#include "ops/fill.h"
#include "ops/map_values.h"
#include "tensor/number.h"

#include <numeric>

namespace bolide::onnx {
namespace {

/// One of the lists keys_strings, keys_int64s, keys_floats, keys_tensor (or values_...).
Result<Tensor> list_of(OnnxNodeView& node, const std::string& prefix) {
  if (node.has(prefix + "tensor")) return node.tensor(prefix + "tensor");
  if (node.has(prefix + "strings")) return Tensor::of<std::string>(node.texts(prefix + "strings"));
  if (node.has(prefix + "int64s")) return Tensor::of<std::int64_t>(node.integers(prefix + "int64s"));
  if (node.has(prefix + "floats")) return Tensor::of<float>(node.numbers(prefix + "floats"));
  return invalid_argument("there is none of the attributes ", prefix, "strings, ", prefix, "int64s, ", prefix,
                          "floats and ", prefix, "tensor");
}

/// The default of the dtype of the values: its attribute, or what the standard says.
Result<Tensor> default_of(OnnxNodeView& node, DataType dtype) {
  if (node.has("default_tensor")) {
    TRY(Tensor given, node.tensor("default_tensor"));
    return given.reshaped({1});
  }
  const std::string text = node.text("default_string", "_Unused");
  const std::int64_t integer = node.integer("default_int64", -1);
  const float number = node.number("default_float", -0.0F);
  if (dtype == DataType::kString) return Tensor::of<std::string>(std::vector<std::string>{text});
  if (is_float(dtype)) return cast(Tensor::of<float>(std::vector<float>{number}), dtype);
  return cast(Tensor::of<std::int64_t>(Dims{integer}), dtype);
}

Result<Values> mapped(OnnxNodeView& node, Builder& build, Tensor keys, Tensor values, Tensor fallback) {
  TRY(const ValueId y, build.add(MapValues{}, {node.in(0), build.constant("keys", std::move(keys)),
                                               build.constant("values", std::move(values)),
                                               build.constant("default", std::move(fallback))}));
  return Values{y};
}

Tensor counting(std::size_t count) {
  Dims numbers(count);
  std::iota(numbers.begin(), numbers.end(), 0);
  return Tensor::of<std::int64_t>(numbers);
}

}  // namespace

/// ai.onnx.ml OneHotEncoder: a new last axis with 1 at the place of the category; floats are cut to integers. With
/// zeros = 0 a value that is no category is an error.
Result<Values> import_one_hot_encoder(OnnxNodeView& node, Builder& build) {
  const bool zeros = node.flag("zeros", true);
  TRY(const Labels categories, labels_of(node, "cats_strings", "cats_int64s", 0));
  if (!node.has_input(0) || categories.count == 0) return invalid_argument("input X and categories are needed");
  Formula f(build);
  const bool text = categories.values.dtype() == DataType::kString;
  Values inputs = {text ? node.in(0) : f.cast(node.in(0), DataType::kI64), build.constant("keys", categories.values),
                   build.constant("values", counting(static_cast<std::size_t>(categories.count)))};
  if (zeros) inputs.push_back(f.integers({categories.count}));  // outside: no one at all
  const ValueId place = f.op(MapValues{}, inputs);
  const std::vector<float> off_on = {0, 1};
  return f.result({f.op(OneHot{}, {place, f.number(DataType::kI64, static_cast<double>(categories.count)),
                                   build.constant("values", Tensor::of<float>(off_on))})});
}

/// ai.onnx.ml LabelEncoder-1: strings to their places in 'classes_strings', or places to strings.
Result<Values> import_label_encoder_1(OnnxNodeView& node, Builder& build) {
  const std::vector<std::string> texts = node.texts("classes_strings");
  if (!node.has_input(0)) return invalid_argument("input X is missing");
  const bool from_text = node.dtype(0) == DataType::kString;
  const Tensor classes = Tensor::of<std::string>(texts);
  TRY(Tensor fallback, default_of(node, from_text ? DataType::kI64 : DataType::kString));
  const Tensor places = counting(texts.size());
  return mapped(node, build, from_text ? classes : places, from_text ? places : classes, std::move(fallback));
}

/// ai.onnx.ml LabelEncoder-2 and 4: keys to values.
Result<Values> import_label_encoder(OnnxNodeView& node, Builder& build) {
  TRY(Tensor keys, list_of(node, "keys_"));
  TRY(Tensor values, list_of(node, "values_"));
  TRY(Tensor fallback, default_of(node, values.dtype()));
  return mapped(node, build, std::move(keys), std::move(values), std::move(fallback));
}

/// ai.onnx.ml CategoryMapper: 'cats_strings' to 'cats_int64s', or back, as the input's dtype says.
Result<Values> import_category_mapper(OnnxNodeView& node, Builder& build) {
  const Tensor texts = Tensor::of<std::string>(node.texts("cats_strings"));
  const Tensor numbers = Tensor::of<std::int64_t>(node.integers("cats_int64s"));
  if (!node.has_input(0)) return invalid_argument("input X is missing");
  const bool from_text = node.dtype(0) == DataType::kString;
  TRY(Tensor fallback, default_of(node, from_text ? DataType::kI64 : DataType::kString));
  return mapped(node, build, from_text ? texts : numbers, from_text ? numbers : texts, std::move(fallback));
}

}  // namespace bolide::onnx
