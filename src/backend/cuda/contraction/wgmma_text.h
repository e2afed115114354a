/// The warp-group product of sm_90a as text: an instruction for each width, with all its registers by name.
#pragma once

#include <string>

namespace bolide::cuda {

/// `multiply_tile(float (&d)[columns / 2], u64 a, u64 b, int add)`: one wgmma of 64 rows, 32 bytes of k, operands in
/// shared memory. `format` 0: f16, 1: bf16, 2: tf32.
std::string multiply_text(int columns, int format);

}  // namespace bolide::cuda
