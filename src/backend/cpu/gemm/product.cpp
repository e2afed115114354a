#include "backend/cpu/gemm/product.h"

#include <algorithm>

namespace bolide {

void PanelProduct::run(const GemmKernels& kernels, std::int64_t rows, Range columns) const {
  const float* from[kMaxTileRows];
  const float* add[kMaxTileRows];
  float* to[kMaxTileRows];
  GemmF32Call call;
  call.rows = from;
  call.k = k;
  call.out = to;
  if (residual != nullptr) call.residual = add;
  const std::int64_t tiles = (rows + kernels.rows - 1) / kernels.rows;
  for (std::int64_t column = columns.begin; column < columns.end; column += kernels.columns) {
    call.panel = panels + column * k;
    call.bias = bias != nullptr ? bias + column : nullptr;
    call.columns = static_cast<int>(std::min<std::int64_t>(kernels.columns, columns.end - column));
    for (std::int64_t tile = 0; tile < tiles; ++tile) {
      const std::int64_t begin = rows * tile / tiles;
      const auto height = static_cast<int>(rows * (tile + 1) / tiles - begin);
      for (int r = 0; r < height; ++r) {
        from[r] = a + (begin + r) * a_stride;
        to[r] = out + (begin + r) * out_stride + column;
        if (residual != nullptr) add[r] = residual + (begin + r) * residual_stride + column;
      }
      kernels.f32[height](call);
    }
  }
}

}  // namespace bolide
