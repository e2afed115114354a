/// What operators on sequences, optionals and subgraphs share.
#pragma once

#include "ops/op.h"

namespace bolide {

/// The type with a fresh size for every size that only the data decide: what is taken out of a container, or comes out
/// of a subgraph, has sizes of its own. Sizes over names of `inputs` stay.
TensorType with_own_sizes(const TensorType& type, const InferContext& context, std::string_view hint);

/// The least type that holds both, with fresh sizes where they differ.
Result<TensorType> common_type(const TensorType& a, const TensorType& b, const InferContext& context);

/// Errors: InvalidArgument unless input `index` is a `dtype` that says what it holds.
Status require_container(const OpInfo& info, const InferContext& context, int index, DataType dtype);

/// The type that a value has outside of its container. Errors: Unsupported when its rank is not known.
Result<TensorType> taken_out(const OpInfo& info, const TensorType& element, const InferContext& context);

}  // namespace bolide
