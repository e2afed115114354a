/// Runs every tactic that accepts a problem, on every ISA level of this machine, with several cuts of the work, and
/// compares with the operator's own evaluation. Outputs start poisoned; what lies around and between their elements
/// must stay so. Gaps between input elements hold NaN.
#pragma once

#include "backend/cpu/cpu_backend.h"

#include <gtest/gtest.h>

#include <functional>

namespace bolide::test {

enum class Order : std::uint8_t { kRowMajor, kChannelsLast };
enum class Fill : std::uint8_t {
  kSmallIntegers,  ///< -3 .. 3 (0 .. 6 for unsigned types): sums stay exact
  kNormal,         ///< floats around 0
  kFullRange,      ///< every value of an 8-bit type; otherwise as kSmallIntegers
};

/// One operand: sizes, and where its elements lie.
struct Layout {
  Dims dims;
  DataType dtype = DataType::kF32;
  Order order = Order::kRowMajor;
  std::int64_t gap = 0;       ///< elements left out after the innermost run (the channels of a pixel, or a row)
  std::int64_t offset = 0;    ///< elements before the first one, as in a slice
  std::vector<int> repeated;  ///< dims with stride 0
  bool constant = false;
  bool absent = false;
  Fill fill = Fill::kSmallIntegers;
};

struct Case {
  Op op;
  std::vector<Layout> inputs;
  /// Order, gap and offset; sizes and dtypes come from the operator. Missing ones are row-major.
  std::vector<Layout> outputs;
  /// 0: equal. Otherwise |error| <= rounding * 2^-24 * (the operator's result on the absolute values of its inputs).
  double rounding = 0;
  double absolute = 0;  ///< allowed on top of that, everywhere
  int threads = 1;      ///< told to the tactics; the cuts are tried one after the other
};

/// Runs the case; failures are reported by GoogleTest. Returns the names of the tactics that ran on the best ISA level.
std::vector<std::string> run_case(const Case& test);

/// run_case, and the tactic of that name must be among those that ran.
void expect_tactic(const Case& test, std::string_view name);

/// A case with its numbers drawn and its result evaluated; other harnesses run it their own way.
struct CaseInput {
  Operand operand;
  std::vector<std::byte> bytes;  ///< the whole buffer, with what lies before the first element
  Tensor dense;
  const void* data = nullptr;  ///< of the first element
};
struct CaseOutput {
  static constexpr std::int64_t kGuard = 64;  ///< elements on both sides

  Operand operand;
  std::int64_t span = 0;
  std::vector<std::byte> bytes;

  std::int64_t first_byte() const { return kGuard * (bit_width(operand.dtype) / 8); }
  std::byte* data() { return bytes.data() + first_byte(); }
  void poison();
};
struct PreparedCase {
  Problem problem;
  std::vector<CaseInput> inputs;
  std::vector<CaseOutput> outputs;
  Tensors want;
  Tensors bounds;
};
PreparedCase prepare_case(const Case& test);
/// Compares what lies in the outputs' bytes, and that what is around them is poison still.
void expect_results(const Case& test, PreparedCase& prepared, const std::string& where);

/// Strides in elements of a layout, and the elements its buffer spans.
Dims strides_of(const Layout& layout);
std::int64_t span_of(const Layout& layout);

/// The ISA levels that this machine has.
std::vector<Isa> isa_levels();

}  // namespace bolide::test
