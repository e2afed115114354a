/// What the contraction kernels are given, laid out as in their text, and how their text is put together.
#pragma once

#include "backend/cuda/contraction/gemm_problem.h"
#include "backend/cuda/cuda_target.h"

namespace bolide::cuda {

/// contraction_numbers.cu: Extra
struct DeviceExtra {
  const void* data;
  std::int64_t batch0, batch1, image, line, pixel, column;
};

/// How the epilogue finds an operand: one number, a vector over columns, rows at a fixed distance, any strides.
enum class ExtraKind : std::uint8_t { kNumber, kVector, kRows, kPlaced };
ExtraKind extra_kind(const GemmProblem& gemm, const GemmExtra& extra);
/// Without the address.
DeviceExtra device_extra(const GemmProblem& gemm, const GemmExtra& extra);

/// Lines "#define NAME value".
class Defines {
 public:
  Defines& set(std::string_view name, std::int64_t value) {
    text_ += strings::join("#define ", name, " ", value, "\n");
    return *this;
  }
  /// EXTRAS, EXTRA_KINDS, EXTRA_FORMATS.
  Defines& extras(const GemmProblem& gemm);
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

/// The whole text of a program: defines, numbers, the epilogue, and the named texts.
std::string gemm_text(const GemmProblem& gemm, const Defines& defines, std::initializer_list<std::string_view> names);
/// Nothing, or why the epilogue cannot be written.
std::optional<std::string> epilogue_fault(const GemmProblem& gemm);

/// Launches may overlap the kernel before: from 9.0 on.
inline bool launches_overlap(const CudaTarget& target) { return target.facts.capability >= 90; }

/// A constant b as the kernels read it: rows of taps and then channels for each column, each row filled with zeros to
/// 128 bytes. `patches`: channels and then taps, as they lie in the constant.
struct PackedRows {
  std::int64_t row = 0;   ///< elements from one to the next
  std::int64_t rows = 0;  ///< of all groups
  std::size_t bytes = 0;
};
PackedRows packed_rows(const GemmProblem& gemm);
void pack_rows(const GemmProblem& gemm, bool patches, std::span<std::byte> out);

/// A tactic that reads b as pack_rows() writes it, where b is a constant.
class PackedRowsTactic : public Tactic {
 public:
  constexpr PackedRowsTactic(std::string_view name, int revision, bool patches)
      : Tactic(name, revision), patches_(patches) {}

  std::size_t packed_bytes(const Problem& problem, const Target& target) const override;
  Status pack(const Problem& problem, const Target& target, std::span<std::byte> out) const override;
  std::string pack_key(const Problem&, const Target&) const override { return patches_ ? "patches" : "rows"; }
  bool packs_input(const Problem& problem, int index) const override {
    return index == 1 && problem.inputs[1].constant != nullptr;
  }

 protected:
  ~PackedRowsTactic() = default;
  bool patches_;  // the form of windows that touch
};

/// Whether an address may be read in units of `bytes`.
inline bool aligned(const void* address, std::int64_t bytes) {
  return reinterpret_cast<std::uintptr_t>(address) % static_cast<std::uintptr_t>(bytes) == 0;
}
/// The largest power of two up to 16 that divides all of `values`, as bytes.
std::int64_t common_unit(std::initializer_list<std::int64_t> values, std::int64_t element_bytes);

/// A kernel that can tell its texts, so that they are compiled without a device too.
class ContractionKernel : public DeviceKernel {
 public:
  struct Use {
    Program program;
    std::string function;
  };
  virtual std::vector<Use> programs() const = 0;
};

/// The form without tensor cores, for every problem. `packed`: b as pack_rows writes it.
std::unique_ptr<ContractionKernel> bind_simt(const GemmProblem& gemm, const CudaTarget& target, bool packed);

}  // namespace bolide::cuda
