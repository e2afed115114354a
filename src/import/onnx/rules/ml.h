/// Rule functions of ai.onnx.ml, and what they share.
#pragma once

#include "import/onnx/rules.h"
#include "import/onnx/rules/formula.h"

namespace bolide::onnx {

/// Scores behind 'post_transform': NONE, SOFTMAX, LOGISTIC, SOFTMAX_ZERO (where a score of 0 stays 0) or PROBIT.
ValueId post_transform(Formula& f, ValueId scores, std::string_view name);

/// The labels of a classifier, by the attributes that hold them; counted from 0 where it has none.
struct Labels {
  Tensor values;  ///< i64 or strings, one a class; the numbers 0, 1, ... when it has none
  std::int64_t count = 0;
};
/// `classes` numbers are made up where neither attribute is there.
Result<Labels> labels_of(OnnxNodeView& node, std::string_view strings, std::string_view integers, std::int64_t classes);
/// labels[indices]
ValueId label_at(Formula& f, Builder& build, const Labels& labels, ValueId indices);
/// The label of the largest score of each row; the first of equals.
ValueId best_label(Formula& f, Builder& build, const Labels& labels, ValueId scores);
/// Labels by the sign of one score a row: labels[1] above `threshold`. With a single label: that, else 0 or "".
ValueId binary_label(Formula& f, Builder& build, const Labels& labels, ValueId score, double threshold);

/// Numbers of the attribute as a constant of `dims`. Errors: InvalidArgument for another count.
Result<ValueId> constant_of(OnnxNodeView& node, Builder& build, std::string_view attribute, const Dims& dims);
/// x as a float: f64 stays, anything else becomes f32. Rank 1 becomes one row.
ValueId feature_rows(Formula& f, ValueId x);

// ml_tree.cpp
Result<Values> import_tree_regressor(OnnxNodeView& node, Builder& build);
Result<Values> import_tree_classifier(OnnxNodeView& node, Builder& build);
// ml_tree_5.cpp
Result<Values> import_tree_ensemble(OnnxNodeView& node, Builder& build);
// ml_linear.cpp
Result<Values> import_linear_regressor(OnnxNodeView& node, Builder& build);
Result<Values> import_linear_classifier(OnnxNodeView& node, Builder& build);
// ml_svm.cpp
Result<Values> import_svm_regressor(OnnxNodeView& node, Builder& build);
Result<Values> import_svm_classifier(OnnxNodeView& node, Builder& build);
// ml_features.cpp
Result<Values> import_normalizer(OnnxNodeView& node, Builder& build);
Result<Values> import_scaler(OnnxNodeView& node, Builder& build);
Result<Values> import_imputer(OnnxNodeView& node, Builder& build);
Result<Values> import_binarizer(OnnxNodeView& node, Builder& build);
Result<Values> import_array_feature_extractor(OnnxNodeView& node, Builder& build);
Result<Values> import_feature_vectorizer(OnnxNodeView& node, Builder& build);
// ml_encode.cpp
Result<Values> import_one_hot_encoder(OnnxNodeView& node, Builder& build);
Result<Values> import_label_encoder_1(OnnxNodeView& node, Builder& build);
Result<Values> import_label_encoder(OnnxNodeView& node, Builder& build);
Result<Values> import_category_mapper(OnnxNodeView& node, Builder& build);

// ml_maps.cpp
Result<Values> import_zip_map(OnnxNodeView& node, Builder& build);
Result<Values> import_dict_vectorizer(OnnxNodeView& node, Builder& build);
Result<Values> import_cast_map(OnnxNodeView& node, Builder& build);

}  // namespace bolide::onnx
