#include "backend/cuda/integer/integer_text.h"

#include "backend/cuda/text/expr_text.h"
#include "backend/cuda/text/kernel_text.h"

#include <cstring>

namespace bolide::cuda {

Program integer_program(const GemmProblem& gemm, Defines defines, std::initializer_list<std::string_view> names) {
  defines.extras(gemm).set("OUT", gemm.y_format).set("AFORMAT", gemm.a_format);
  defines.set("EXACT", stores_sums(gemm) ? 1 : 0).set("BIAS", gemm.bias ? 1 : 0);
  std::string text = defines.text() + "#define FASTMATH 0\n" + joined_text({"contraction_numbers"});
  std::vector<std::string> inputs = {"x[0]"};
  for (std::size_t i = gemm.bias ? 1 : 0; i < gemm.extras.size(); ++i)
    inputs.push_back(strings::join("x[", i + 1, "]"));
  strings::append(text, strings::join("DEVICE float epilogue(const float* x) {\n  float result;\n  ",
                                      expr_text(*gemm.epilogue, inputs, "result"), "\n  return result;\n}\n"));
  for (const std::string_view name : names) text += kernel_text(name);
  return {"contraction of integers", std::move(text), {"-fmad=false"}};
}

Result<GemmProblem> checked_integer_problem(const Problem& problem) {
  constexpr std::int64_t kMostTerms = 33025;  // of 255 * 255 in 31 bits
  TRY(GemmProblem gemm, integer_gemm_problem(problem));
  if (const auto fault = epilogue_fault(gemm)) return unsupported(*fault);
  if (!stores_sums(gemm) && gemm.kd() > kMostTerms) {
    return unsupported("sums of ", gemm.kd(), " products; ", kMostTerms, " fit into 32 bits");
  }
  return gemm;
}

PackedIntegers packed_integers(const GemmProblem& gemm) {
  PackedIntegers out;
  out.rows = packed_rows(gemm);
  out.zero = gemm.b_zero - (gemm.b_format == 3 ? 128 : 0);
  out.offsets = out.rows.bytes;
  out.bytes = out.offsets + static_cast<std::size_t>(out.rows.rows) * sizeof(std::int32_t);
  return out;
}

void pack_integers(const GemmProblem& gemm, std::span<std::byte> out) {
  const PackedIntegers packed = packed_integers(gemm);
  std::memset(out.data(), 0, packed.bytes);
  const auto* const from = reinterpret_cast<const std::uint8_t*>(gemm.b_constant->data());
  auto* const rows = reinterpret_cast<std::uint8_t*>(out.data());
  auto* const offsets = reinterpret_cast<std::uint32_t*>(out.data() + packed.offsets);
  const std::uint8_t flip = gemm.b_format == 3 ? 0x80 : 0;
  for (std::int64_t row = 0; row < packed.rows.rows; ++row) {
    const std::uint8_t* const base = from + row / gemm.n * gemm.b_batch1 + row % gemm.n * gemm.b_n;
    std::uint8_t* to = rows + row * packed.rows.row;
    std::int64_t sum = 0;
    for (std::int64_t tap = 0; tap < gemm.taps(); ++tap) {
      for (std::int64_t c = 0; c < gemm.c; ++c, ++to) {
        *to = static_cast<std::uint8_t>(base[c * gemm.b_c + tap * gemm.b_tap] ^ flip);
        sum += static_cast<std::int8_t>(*to);
      }
    }
    offsets[row] = static_cast<std::uint32_t>(-gemm.a_zero * sum);
  }
}

}  // namespace bolide::cuda
