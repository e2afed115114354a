#include "backend/cuda/contraction/gemm_device.h"

#include "backend/cuda/text/expr_text.h"
#include "backend/cuda/text/kernel_text.h"

#include <cstring>
#include <numeric>

namespace bolide::cuda {

ExtraKind extra_kind(const GemmProblem& gemm, const GemmExtra& extra) {
  const RowStrides& s = extra.strides;
  const bool same_rows = s.image == 0 && s.plane == 0 && s.line == 0 && s.pixel == 0;
  if (same_rows && (s.column == 0 || gemm.n == 1)) return ExtraKind::kNumber;
  if (s.column != 1 && gemm.n > 1) return ExtraKind::kPlaced;
  if (same_rows) return ExtraKind::kVector;
  return row_distance(gemm, s) ? ExtraKind::kRows : ExtraKind::kPlaced;
}

DeviceExtra device_extra(const GemmProblem& gemm, const GemmExtra& extra) {
  const RowStrides& s = extra.strides;
  const std::int64_t pixel = extra_kind(gemm, extra) == ExtraKind::kRows ? *row_distance(gemm, s) : s.pixel;
  return {nullptr, s.batch0, s.batch1, s.image, s.line, pixel, s.column};
}

Defines& Defines::extras(const GemmProblem& gemm) {
  std::int64_t kinds = 0;
  std::int64_t formats = 0;
  for (std::size_t i = gemm.extras.size(); i-- > 0;) {
    kinds = kinds * 16 + static_cast<std::int64_t>(extra_kind(gemm, gemm.extras[i]));
    formats = formats * 16 + gemm.extras[i].format;
  }
  set("EXTRAS", static_cast<std::int64_t>(gemm.extras.size()));
  return set("EXTRA_KINDS", kinds).set("EXTRA_FORMATS", formats);
}

std::string gemm_text(const GemmProblem& gemm, const Defines& defines, std::initializer_list<std::string_view> names) {
  std::string out = defines.text() + strings::join("#define FASTMATH ", gemm.y_format == 2 ? 0 : 1, "\n") +
                    joined_text({"contraction_numbers"});
  std::vector<std::string> inputs = {"sum"};
  std::size_t next = 1;
  out += "DEVICE float epilogue(const float* x) {\n  const float sum = x[0]";
  if (gemm.bias) out += strings::join(" + x[", next++, "]");
  out += ";\n";
  for (; next <= gemm.extras.size(); ++next) inputs.push_back(strings::join("x[", next, "]"));
  if (gemm.epilogue->is_identity()) {
    out += "  return sum;\n}\n";
  } else {
    out += strings::join("  float result;\n  ", expr_text(*gemm.epilogue, inputs, "result"), "\n  return result;\n}\n");
  }
  for (const std::string_view name : names) out += kernel_text(name);
  return out;
}

std::optional<std::string> epilogue_fault(const GemmProblem& gemm) {
  const auto fn = unwritable(*gemm.epilogue, Arithmetic::kF32);
  if (fn) return strings::join("the epilogue's ", *fn, " has no CUDA text");
  const std::size_t wanted = static_cast<std::size_t>(gemm.epilogue->inputs()) - 1 + (gemm.bias ? 1 : 0);
  if (wanted != gemm.extras.size())
    return strings::join("the epilogue reads ", wanted, " operands, ", gemm.extras.size(), " are there");
  return std::nullopt;
}

PackedRows packed_rows(const GemmProblem& gemm) {
  const std::int64_t unit = 128 / format_bytes(gemm.b_format);
  PackedRows out;
  out.row = (gemm.kd() + unit - 1) / unit * unit;
  out.rows = gemm.n * gemm.batch1;
  out.bytes = static_cast<std::size_t>(out.row * out.rows * format_bytes(gemm.b_format));
  return out;
}

void pack_rows(const GemmProblem& gemm, bool patches, std::span<std::byte> out) {
  const PackedRows rows = packed_rows(gemm);
  const std::int64_t size = format_bytes(gemm.b_format);
  const std::byte* const from = gemm.b_constant->data();
  std::memset(out.data(), 0, rows.bytes);
  const std::int64_t taps = gemm.taps();
  const std::int64_t step_c = patches ? taps : 1;
  const std::int64_t step_tap = patches ? 1 : gemm.c;
  const auto copy = [&]<class T>(T) {
    auto* const to = reinterpret_cast<T*>(out.data());
    const auto* const source = reinterpret_cast<const T*>(from);
    for (std::int64_t row = 0; row < rows.rows; ++row) {
      const T* const base = source + row / gemm.n * gemm.b_batch1 + row % gemm.n * gemm.b_n;
      for (std::int64_t tap = 0; tap < taps; ++tap) {
        for (std::int64_t c = 0; c < gemm.c; ++c)
          to[row * rows.row + c * step_c + tap * step_tap] = base[c * gemm.b_c + tap * gemm.b_tap];
      }
    }
  };
  if (size == 2) {
    copy(std::uint16_t{});
  } else {
    copy(std::uint32_t{});
  }
}

std::int64_t common_unit(std::initializer_list<std::int64_t> values, std::int64_t element_bytes) {
  std::int64_t unit = 16;
  for (const std::int64_t value : values) unit = std::gcd(unit, value * element_bytes);
  return unit;
}

std::size_t PackedRowsTactic::packed_bytes(const Problem& problem, const Target&) const {
  const auto gemm = gemm_problem(problem);
  return gemm && gemm->b_constant != nullptr ? packed_rows(*gemm).bytes : 0;
}

Status PackedRowsTactic::pack(const Problem& problem, const Target&, std::span<std::byte> out) const {
  TRY(const GemmProblem gemm, gemm_problem(problem));
  if (gemm.b_constant != nullptr) pack_rows(gemm, patches_, out);
  return {};
}

}  // namespace bolide::cuda
