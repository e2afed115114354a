/// Weights that signal processing starts with: window functions and mel filters.
#pragma once

#include "ops/op.h"

#include <array>

namespace bolide {

enum class WindowKind : std::uint8_t {
  kHann,      ///< sin^2(pi n / N)
  kHamming,   ///< 25/46 - 21/46 cos(2 pi n / N)
  kBlackman,  ///< 0.42 - 0.5 cos(2 pi n / N) + 0.08 cos(4 pi n / N)
};
constexpr std::array<std::string_view, 3> enum_names(WindowKind) { return {"hann", "hamming", "blackman"}; }

/// Input size (one integer): the values of a window function at n = 0 ... size - 1, of dtype `dtype` (integers:
/// truncated). N is size when `periodic`, else size - 1; the symmetric window of size 1 is {1}. Computed in double.
/// Source: ONNX HannWindow-17, HammingWindow-17, BlackmanWindow-17.
struct SignalWindow {
  WindowKind kind = WindowKind::kHann;
  bool periodic = true;
  DataType dtype = DataType::kF32;

  static constexpr OpInfo kInfo{.name = "SignalWindow"};
  static constexpr auto kFields =
      std::tuple{field("kind", &SignalWindow::kind), field("periodic", &SignalWindow::periodic),
                 field("dtype", &SignalWindow::dtype)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

/// Triangles, evenly spaced on the mel scale 2595 log10(1 + f / 700), that sum the bins of a spectrum into mel bands.
///
/// Inputs   bands, length (of the transform), rate (samples a second): one integer each; lower, upper (hertz): one
/// float
///          each
/// Outputs  [length / 2 + 1, bands] of dtype `dtype` (integers: truncated); corners lie on the bin
///          floor((length + 1) f / rate), each triangle is 1 at its middle
/// Errors   InvalidArgument for a corner that is no bin of the spectrum
/// Source   ONNX MelWeightMatrix-17
struct MelWeightMatrix {
  DataType dtype = DataType::kF32;

  static constexpr OpInfo kInfo{.name = "MelWeightMatrix", .min_inputs = 5, .max_inputs = 5};
  static constexpr auto kFields = std::tuple{field("dtype", &MelWeightMatrix::dtype)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

}  // namespace bolide
