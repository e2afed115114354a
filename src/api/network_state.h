/// What stands behind the public Network.
#pragma once

#include <bolide/network.h>

#include "api/host_tensor.h"
#include "ir/graph.h"

namespace bolide {

struct Network::State {
  Graph graph;
  std::vector<ValueId> outputs;
  Status status;
};

/// The internal form of a user's tensor; the elements are copied.
Result<Tensor> to_internal(const HostTensor& tensor);
TensorInfo tensor_info(const std::string& name, const TensorType& type);

}  // namespace bolide
