/// The warp-group product of sm_90a as text: an instruction for each width, with all its registers by name. Formats are
/// 0: f16, 1: bf16, 2: tf32.
#pragma once

#include <string>
#include <string_view>

namespace bolide::cuda {

/// `void name(float (&d)[columns / 2], u64 a, u64 b, int add)`: one wgmma of 64 rows, 32 bytes of k, both operands in
/// shared memory with neighbouring k.
std::string wgmma_text(std::string_view name, int columns, int format);
/// `void name(float (&d)[columns / 2], const u32 (&a)[4], u64 b)`: a from registers, b with neighbouring columns; adds.
/// Formats 0 and 1.
std::string wgmma_registers_text(std::string_view name, int columns, int format);

}  // namespace bolide::cuda
