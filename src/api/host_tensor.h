/// Between the tensors of users and ours.
#pragma once

#include <bolide/tensor.h>

#include "tensor/tensor.h"

namespace bolide {

struct HostTensor::Access {
  /// The public form of a tensor; shares its elements.
  static HostTensor share(const Tensor& tensor);
  /// Our form of a user's tensor; shares its elements.
  static Tensor view(const HostTensor& host);
};

}  // namespace bolide
