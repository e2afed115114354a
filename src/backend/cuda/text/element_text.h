/// Kernels that compute each element of a tensor (or each line of one) by itself: one thread, its indices, a body.
#pragma once

#include "backend/cuda/text/expr_text.h"
#include "backend/cuda/text/text_kernel.h"
#include "backend/problem.h"

namespace bolide::cuda {

/// "p0 * 12ll + p2 * 1ll"; "0" where all strides are 0.
std::string offset_text(const Dims& strides, std::string_view prefix = "p");

/// The type that moves elements of `dtype`: uint8_t to uint64_t. Errors: Unsupported for strings and packed types.
Result<std::string_view> move_type(DataType dtype);
/// How numbers of `dtype` are computed with: f32 for floats up to 32 bits, f64, i64. Errors: Unsupported.
Result<Arithmetic> number_arithmetic(DataType dtype);

/// One `extern "C"` function, put together piece by piece:
///
///     ElementText text("trilu", y.dims, y.strides);           // p0, p1, ...: the indices of a thread's element
///     text.pointer("y", {AddressArg::Kind::kOutput, 0}, type);
///     text.pointer("x", {AddressArg::Kind::kInput, 0}, type);
///     TRY(TextLaunch launch, text.finish("y[...] = x[...];\n"));
class ElementText {
 public:
  /// Neighbouring threads take neighbours in memory by `strides`.
  ElementText(std::string_view name, const Dims& dims, const Dims& strides);
  /// A parameter; const unless it is an output or the workspace.
  ElementText& pointer(std::string_view name, AddressArg address, std::string_view type);
  /// `before` stands before the function. Errors: Unsupported for no or too many elements.
  Result<TextLaunch> finish(std::string_view body, std::string_view before = {},
                            std::vector<std::string> options = {}) const;

 private:
  std::string name_;
  std::string parameters_;
  std::string indices_;
  std::vector<AddressArg> args_;
  std::int64_t count_ = 1;
};

/// What a tactic of text launches, and what its time hangs on.
struct TextWork {
  std::vector<TextLaunch> launches;
  std::size_t workspace = 0;
  double bytes = 0;
  double operations = 0;  ///< steps of a thread, all threads together
};

/// A tactic that is a function from a problem to launches, which says Unsupported where it cannot.
class TextTactic final : public Tactic {
 public:
  using Make = Result<TextWork> (*)(const Problem&);
  constexpr TextTactic(std::string_view name, int revision, Make make) : Tactic(name, revision), make_(make) {}

  Verdict accepts(const Problem& problem, const Target& target) const override;
  double estimate_us(const Problem& problem, const Target& target) const override;
  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target& target) const override;

 private:
  Make make_;
};

}  // namespace bolide::cuda
