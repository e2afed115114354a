#pragma once

#include "ops/op.h"

#include <array>

namespace bolide {

enum class UpdateRule : std::uint8_t { kLinear, kGated, kDelta, kGatedDelta };
constexpr std::array<std::string_view, 4> enum_names(UpdateRule) { return {"linear", "gated", "delta", "gated_delta"}; }

/// Attention by a state S [d, e] of each head, one step a token t:
///
///   S = exp(decay_t) S (gated rules);   S += k_t (x) u;   o_t = scale * q_t^T S
///   u = v_t, or with the delta rules beta_t * (v_t - S^T k_t)
///
/// Inputs   query : [b, l, q_heads * d], key : [b, l, kv_heads * d], value : [b, l, kv_heads * e], any float, with
///          neighbouring query heads sharing a head of keys; past_state : [b, kv_heads, d, e], optional (zeros);
///          decay : [b, l, kv_heads * d or kv_heads] for the gated rules; beta : [b, l, kv_heads or 1] for the delta
///          rules
/// Outputs  o : [b, l, q_heads * e] of query's dtype; state : [b, kv_heads, d, e] of past_state's, else query's dtype
/// `scale` 0 means 1 / sqrt(d). Numerics in double, rounded once. Source: ONNX LinearAttention-27
struct LinearAttention {
  std::int64_t q_num_heads = 1;
  std::int64_t kv_num_heads = 1;
  float scale = 0;
  UpdateRule update_rule = UpdateRule::kGatedDelta;

  static constexpr OpInfo kInfo{.name = "LinearAttention", .min_inputs = 3, .max_inputs = 6, .outputs = 2};
  static constexpr auto kFields = std::tuple{
      field("q_num_heads", &LinearAttention::q_num_heads), field("kv_num_heads", &LinearAttention::kv_num_heads),
      field("scale", &LinearAttention::scale), field("update_rule", &LinearAttention::update_rule)};

  bool is_gated() const { return update_rule == UpdateRule::kGated || update_rule == UpdateRule::kGatedDelta; }
  bool is_delta() const { return update_rule == UpdateRule::kDelta || update_rule == UpdateRule::kGatedDelta; }
  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

}  // namespace bolide
