#include "backend/cpu/gemm/row_offsets.h"

namespace bolide {

RowOffsets::RowOffsets(std::span<const std::int64_t> dims, std::span<const std::int64_t> strides) : rank_(0) {
  for (std::size_t d = 0; d < dims.size(); ++d) {
    if (dims[d] == 1) continue;
    if (rank_ > 0) {
      const auto last = static_cast<std::size_t>(rank_ - 1);
      if (strides_[last] == dims[d] * strides[d]) {
        dims_[last] *= dims[d];
        strides_[last] = strides[d];
        continue;
      }
    }
    dims_[static_cast<std::size_t>(rank_)] = dims[d];
    strides_[static_cast<std::size_t>(rank_)] = strides[d];
    ++rank_;
  }
  if (rank_ == 0) rank_ = 1;
}

}  // namespace bolide
