/// Recurrent layers over a sequence: RNN, GRU and LSTM.
///
/// Inputs   x : [sequence, batch, input]; w : [directions, gates * hidden, input]; r : [directions, gates * hidden,
/// hidden];
///          bias : [directions, 2 * gates * hidden], that of w then that of r, optional;
///          lengths : [batch] i32, optional; initial_h : [directions, batch, hidden], optional;
///          LSTM also initial_c, of initial_h's shape, and peepholes : [directions, 3 * hidden] (i, o, f), both
///          optional
/// Outputs  y : [sequence, directions, batch, hidden], 0 beyond a length; h (and c of LSTM) after the last step:
///          [directions, batch, hidden]; trailing ones may be left out
/// With layout 1 the batch comes first: x [batch, sequence, input], y [batch, sequence, directions, hidden], states
/// [batch, directions, hidden].
/// `activations` name one function a gate kind and direction (Affine, Elu, HardSigmoid, LeakyRelu, Relu, ScaledTanh,
/// Sigmoid, Softplus, Softsign, Tanh, ThresholdedRelu); alpha and beta go to those that take one, in order.
/// `clip` bounds what enters the activations of gates and candidates to [-clip, clip]; 0: no bound. What an LSTM
/// remembers enters its last activation as it is: ONNX does not say so, but ONNX Runtime and OpenVINO agree.
/// Numerics in double, rounded once
/// Source   ONNX RNN-22, GRU-22, LSTM-22
#pragma once

#include "ops/op.h"

#include <array>

namespace bolide {

enum class RecurrentDirection : std::uint8_t { kForward, kReverse, kBidirectional };
constexpr std::array<std::string_view, 3> enum_names(RecurrentDirection) {
  return {"forward", "reverse", "bidirectional"};
}

/// h = f(W x + R h + bias). Default activation: Tanh.
struct RNN {
  RecurrentDirection direction = RecurrentDirection::kForward;
  std::vector<std::string> activations;
  std::vector<float> activation_alpha;
  std::vector<float> activation_beta;
  float clip = 0;
  std::int64_t layout = 0;

  static constexpr OpInfo kInfo{.name = "RNN", .min_inputs = 3, .max_inputs = 6, .outputs = 2};
  static constexpr auto kFields = std::tuple{field("direction", &RNN::direction),
                                             field("activations", &RNN::activations),
                                             field("activation_alpha", &RNN::activation_alpha),
                                             field("activation_beta", &RNN::activation_beta),
                                             field("clip", &RNN::clip),
                                             field("layout", &RNN::layout)};
  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

/// Gates z, r, h in this order; h' = (1 - z) g(W x + R (r * h) + bias) + z h, or with linear_before_reset
/// g(W x + wb + r * (R h + rb)). Default activations: Sigmoid, Tanh.
struct GRU {
  RecurrentDirection direction = RecurrentDirection::kForward;
  std::vector<std::string> activations;
  std::vector<float> activation_alpha;
  std::vector<float> activation_beta;
  float clip = 0;
  std::int64_t layout = 0;
  bool linear_before_reset = false;

  static constexpr OpInfo kInfo{.name = "GRU", .min_inputs = 3, .max_inputs = 6, .outputs = 2};
  static constexpr auto kFields = std::tuple{field("direction", &GRU::direction),
                                             field("activations", &GRU::activations),
                                             field("activation_alpha", &GRU::activation_alpha),
                                             field("activation_beta", &GRU::activation_beta),
                                             field("clip", &GRU::clip),
                                             field("layout", &GRU::layout),
                                             field("linear_before_reset", &GRU::linear_before_reset)};
  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

/// Gates i, o, f, c in this order; c' = f c + i g(...), h' = o h(c'). With input_forget f = 1 - i. Peepholes add c to i
/// and f, and c' to o. Default activations: Sigmoid, Tanh, Tanh.
struct LSTM {
  RecurrentDirection direction = RecurrentDirection::kForward;
  std::vector<std::string> activations;
  std::vector<float> activation_alpha;
  std::vector<float> activation_beta;
  float clip = 0;
  std::int64_t layout = 0;
  bool input_forget = false;

  static constexpr OpInfo kInfo{.name = "LSTM", .min_inputs = 3, .max_inputs = 8, .outputs = 3};
  static constexpr auto kFields = std::tuple{field("direction", &LSTM::direction),
                                             field("activations", &LSTM::activations),
                                             field("activation_alpha", &LSTM::activation_alpha),
                                             field("activation_beta", &LSTM::activation_beta),
                                             field("clip", &LSTM::clip),
                                             field("layout", &LSTM::layout),
                                             field("input_forget", &LSTM::input_forget)};
  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

}  // namespace bolide
