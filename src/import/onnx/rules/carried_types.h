/// Types of what a body takes that differ from one of its runs to the next.
#pragma once

#include "import/onnx/input_types.h"

#include <set>

namespace bolide::onnx {

/// Types of values that change from one iteration to the next: names of sizes that stand for any number.
class CarriedTypes {
 public:
  explicit CarriedTypes(std::string prefix) : prefix_(std::move(prefix)) {}

  /// A size that differs between iterations.
  Dim fresh() {
    const std::string name = dim_name(strings::join(prefix_, "_", names_.size()));
    names_.insert(name);
    return Dim(name);
  }

  /// The type with a fresh size for each that has a name.
  TensorType loosened(const TensorType& type) {
    TensorType out = type;
    for (Dim& dim : out.shape) {
      if (!dim.is_constant()) dim = fresh();
    }
    return out;
  }

  /// Whether every value of type `narrow` is one of type `wide`.
  bool covers(const TensorType& wide, const TensorType& narrow) const {
    if (wide.dtype != narrow.dtype) return false;
    if (!wide.ranked) return true;
    if (!narrow.ranked || wide.rank() != narrow.rank()) return false;
    for (std::size_t i = 0; i < wide.shape.size(); ++i) {
      const auto name = wide.shape[i].single_name();
      if (!(wide.shape[i] == narrow.shape[i]) && !(name && names_.contains(*name))) return false;
    }
    if (wide.elements == nullptr) return true;
    if (narrow.elements == nullptr || narrow.elements->size() != wide.elements->size()) return false;
    const auto size = narrow.shape[0].constant();
    if (wide.dtype != DataType::kMap && size && *size == 0) return true;  // whatever an empty one would hold
    for (std::size_t i = 0; i < wide.elements->size(); ++i) {
      if (!covers(wide.element(i), narrow.element(i))) return false;
    }
    return true;
  }

 private:
  std::string prefix_;
  std::set<std::string> names_;
};

}  // namespace bolide::onnx
