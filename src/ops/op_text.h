/// The texts of attribute values that other texts share: quoted strings and tensors.
#pragma once

#include "tensor/tensor.h"

namespace bolide {

/// In double quotes; quotes and backslashes behind a backslash, control characters as \xHH.
void append_quoted(std::string& out, std::string_view value);
/// Reads what append_quoted writes, all of `text`. Errors: InvalidArgument.
Result<std::string> parse_quoted(std::string_view text);

/// All elements: `f32[2]{1,2}`. Complex numbers are listed as their two parts each.
void append_tensor(std::string& out, const Tensor& tensor);
/// Reads what append_tensor writes, all of `text`; allocates in proportion to the text. Errors: InvalidArgument.
Result<Tensor> parse_tensor(std::string_view text);

}  // namespace bolide
