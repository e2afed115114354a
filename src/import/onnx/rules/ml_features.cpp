// Preparation of features.
#include "import/onnx/rules/ml.h"
#include "ops/concat.h"

namespace bolide::onnx {
namespace {

/// The numbers as one row that broadcasts to x [..., f]: 1 or f of them.
ValueId one_row(Formula& f, Builder& build, std::string_view what, const Tensor& values, ValueId x) {
  const std::int64_t features = values.count() == 1 ? 1 : f.known_size(x, -1, "the number of features");
  if (!f.failed() && values.count() != features) {
    return f.take(
        invalid_argument("attribute '", what, "' has ", values.count(), " numbers for ", features, " features"));
  }
  return build.constant(what, values);
}

}  // namespace

/// ai.onnx.ml Normalizer: x divided by the norm (MAX, L1 or L2) of its row, where that is not 0.
Result<Values> import_normalizer(OnnxNodeView& node, Builder& build) {
  const std::string norm = node.text("norm", "MAX");
  if (norm != "MAX" && norm != "L1" && norm != "L2") return invalid_argument("attribute 'norm' is '", norm, "'");
  Formula f(build);
  const ValueId x = f.cast(node.in(0), DataType::kF32);
  const ReduceKind kind = norm == "L1" ? ReduceKind::kL1 : norm == "L2" ? ReduceKind::kL2 : ReduceKind::kMax;
  const ValueId size = f.reduce(kind, norm == "MAX" ? f.op(Abs{}, {x}) : x, {-1}, true);
  const ValueId zero = f.op(Equal{}, {size, f.number(DataType::kF32, 0)});
  return f.result({f.div(x, f.where(zero, f.number(DataType::kF32, 1), size))});
}

/// ai.onnx.ml Scaler: (x - offset) * scale, in f32.
Result<Values> import_scaler(OnnxNodeView& node, Builder& build) {
  const std::vector<float> offset = node.numbers("offset");
  const std::vector<float> scale = node.numbers("scale");
  Formula f(build);
  ValueId y = f.cast(node.in(0), DataType::kF32);
  if (!offset.empty()) y = f.sub(y, one_row(f, build, "offset", Tensor::of<float>(offset), y));
  if (!scale.empty()) y = f.mul(y, one_row(f, build, "scale", Tensor::of<float>(scale), y));
  return f.result({y});
}

/// ai.onnx.ml Imputer: values equal to 'replaced_value' (NaN too) become the imputed one, of all or of the feature.
Result<Values> import_imputer(OnnxNodeView& node, Builder& build) {
  if (!node.has_input(0)) return invalid_argument("input X is missing");
  const std::vector<float> floats = node.numbers("imputed_value_floats");
  const Dims integers = node.integers("imputed_value_int64s");
  const float replaced = node.number("replaced_value_float", 0.0F);
  const std::int64_t replaced_integer = node.integer("replaced_value_int64", 0);
  if (floats.empty() && integers.empty()) return invalid_argument("there is no imputed value");
  const DataType dtype = node.dtype(0);
  Formula f(build);
  const ValueId x = node.in(0);
  const bool real = is_float(dtype);
  if (real == floats.empty()) return invalid_argument("the imputed values are not of the kind of ", node.type(0));
  const Tensor values = real ? Tensor::of<float>(floats) : Tensor::of<std::int64_t>(integers);
  const ValueId imputed = f.cast(one_row(f, build, "imputed", values, x), dtype);
  const ValueId hit =
      real && replaced != replaced
          ? f.op(IsNaN{}, {x})
          : f.op(Equal{},
                 {x, f.number(dtype, real ? static_cast<double>(replaced) : static_cast<double>(replaced_integer))});
  return f.result({f.where(hit, imputed, x)});
}

/// ai.onnx.ml Binarizer: 1 above the threshold, else 0.
Result<Values> import_binarizer(OnnxNodeView& node, Builder& build) {
  if (!node.has_input(0)) return invalid_argument("input X is missing");
  const float threshold = node.number("threshold", 0.0F);
  Formula f(build);
  const ValueId x = is_float(node.dtype(0)) ? node.in(0) : f.cast(node.in(0), DataType::kF64);
  const ValueId above = f.op(Greater{}, {x, f.number(f.dtype(x), static_cast<double>(threshold))});
  return f.result({f.cast(above, node.dtype(0))});
}

/// ai.onnx.ml ArrayFeatureExtractor: the columns that Y names; a vector gives one row.
Result<Values> import_array_feature_extractor(OnnxNodeView& node, Builder& build) {
  Formula f(build);
  const ValueId picked =
      f.gather(node.in(0), f.reshape(node.in(1), {-1}), std::max<std::int64_t>(0, f.rank(node.in(0)) - 1));
  return f.result({f.rank(node.in(0)) == 1 ? f.unsqueeze(picked, {0}) : picked});
}

/// ai.onnx.ml FeatureVectorizer: the inputs [n, f] side by side, in f32; a vector is one row. 'inputdimensions' says
/// how many columns of each are taken.
Result<Values> import_feature_vectorizer(OnnxNodeView& node, Builder& build) {
  const Dims sizes = node.integers("inputdimensions");
  Formula f(build);
  Values parts;
  for (std::size_t i = 0; i < node.input_count(); ++i) {
    ValueId part = f.cast(feature_rows(f, node.in(i)), DataType::kF32);
    if (f.rank(part) > 2) part = f.reshape(part, {0, -1});
    if (i < sizes.size()) {
      TRY_OK(f.status());
      if (f.rank(part) != 2) return invalid_argument("input ", i, " is ", node.type(i), ", expected rows of features");
      const std::int64_t columns = f.type(part).shape[1].constant().value_or(-1);  // -1: any number
      if (columns >= 0 && columns < sizes[i]) {
        return unsupported("input ", i, " has ", columns, " columns, attribute 'inputdimensions' says ", sizes[i]);
      }
      if (columns != sizes[i]) part = f.slice(part, 1, 0, sizes[i]);
    }
    parts.push_back(part);
  }
  if (parts.empty()) return invalid_argument("it has no inputs");
  return f.result({f.concat(std::move(parts), 1)});
}

}  // namespace bolide::onnx
