/// Pooling over windows: the largest number, the average, or the p-norm.
///
/// Inputs   x : [n, c, spatial...], f64 | f32 | f16 | bf16; MaxPool also 8-bit integers
/// Outputs  y : [n, c, out...] of x's dtype; sizes as in window.h
/// Numerics in double, rounded once at the end; NaN wins in MaxPool
/// Errors   InvalidArgument for sizes that do not fit; Unsupported for other dtypes
/// Source   ONNX MaxPool-22, AveragePool-22, LpPool-22
#pragma once

#include "ops/window.h"

namespace bolide {

/// Padding never wins. The optional second output, i64, holds where the winner stands in x flattened: row-major, or
/// with storage_order 1 column-major within the spatial dims; the first of equals.
struct MaxPool {
  std::vector<std::int64_t> kernel;
  std::vector<std::int64_t> strides;
  std::vector<std::int64_t> pads;
  std::vector<std::int64_t> dilations;
  AutoPad auto_pad = AutoPad::kExplicit;
  bool ceil_mode = false;
  std::int64_t storage_order = 0;

  static constexpr OpInfo kInfo{.name = "MaxPool", .outputs = 2};
  static constexpr auto kFields = std::tuple{field("kernel", &MaxPool::kernel),
                                             field("strides", &MaxPool::strides),
                                             field("pads", &MaxPool::pads),
                                             field("dilations", &MaxPool::dilations),
                                             field("auto_pad", &MaxPool::auto_pad),
                                             field("ceil_mode", &MaxPool::ceil_mode),
                                             field("storage_order", &MaxPool::storage_order)};

  WindowAttributes window() const { return {strides, pads, dilations, auto_pad, ceil_mode}; }
  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

/// Divides by the numbers of x in the window, or with count_include_pad by those of the padded x (what ceil_mode adds
/// beyond the padding never counts). A window of padding alone gives 0.
struct AveragePool {
  std::vector<std::int64_t> kernel;
  std::vector<std::int64_t> strides;
  std::vector<std::int64_t> pads;
  std::vector<std::int64_t> dilations;
  AutoPad auto_pad = AutoPad::kExplicit;
  bool ceil_mode = false;
  bool count_include_pad = false;

  static constexpr OpInfo kInfo{.name = "AveragePool"};
  static constexpr auto kFields = std::tuple{field("kernel", &AveragePool::kernel),
                                             field("strides", &AveragePool::strides),
                                             field("pads", &AveragePool::pads),
                                             field("dilations", &AveragePool::dilations),
                                             field("auto_pad", &AveragePool::auto_pad),
                                             field("ceil_mode", &AveragePool::ceil_mode),
                                             field("count_include_pad", &AveragePool::count_include_pad)};

  WindowAttributes window() const { return {strides, pads, dilations, auto_pad, ceil_mode}; }
  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

/// (sum of |x|^p)^(1/p); p > 0 may have a fraction.
struct LpPool {
  std::vector<std::int64_t> kernel;
  std::vector<std::int64_t> strides;
  std::vector<std::int64_t> pads;
  std::vector<std::int64_t> dilations;
  AutoPad auto_pad = AutoPad::kExplicit;
  bool ceil_mode = false;
  float p = 2;

  static constexpr OpInfo kInfo{.name = "LpPool"};
  static constexpr auto kFields = std::tuple{field("kernel", &LpPool::kernel),
                                             field("strides", &LpPool::strides),
                                             field("pads", &LpPool::pads),
                                             field("dilations", &LpPool::dilations),
                                             field("auto_pad", &LpPool::auto_pad),
                                             field("ceil_mode", &LpPool::ceil_mode),
                                             field("p", &LpPool::p)};

  WindowAttributes window() const { return {strides, pads, dilations, auto_pad, ceil_mode}; }
  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

}  // namespace bolide
