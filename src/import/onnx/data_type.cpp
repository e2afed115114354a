#include "import/onnx/model.h"

#include <algorithm>
#include <array>

namespace bolide::onnx {
namespace {

// Index: TensorProto.DataType code minus 1.
constexpr std::array kTypes = {
    DataType::kF32,  DataType::kU8,       DataType::kI8,         DataType::kU16,    DataType::kI16,
    DataType::kI32,  DataType::kI64,      DataType::kString,     DataType::kBool,   DataType::kF16,
    DataType::kF64,  DataType::kU32,      DataType::kU64,        DataType::kC64,    DataType::kC128,
    DataType::kBF16, DataType::kF8E4M3FN, DataType::kF8E4M3FNUZ, DataType::kF8E5M2, DataType::kF8E5M2FNUZ,
    DataType::kU4,   DataType::kI4,       DataType::kF4E2M1,     DataType::kF8E8M0, DataType::kU2,
    DataType::kI2,   DataType::kF6E2M3,   DataType::kF6E3M2,
};
static_assert(kTypes.size() == kDataTypeCount);

}  // namespace

std::optional<DataType> from_onnx_type(std::int64_t code) {
  if (code < 1 || code > kDataTypeCount) return std::nullopt;
  return kTypes.at(static_cast<std::size_t>(code - 1));
}

std::int32_t to_onnx_type(DataType type) {
  return static_cast<std::int32_t>(std::find(kTypes.begin(), kTypes.end(), type) - kTypes.begin()) + 1;
}

}  // namespace bolide::onnx
