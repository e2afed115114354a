/// Rule functions of com.microsoft: what optimisers and quantisers of ONNX Runtime leave in files.
#pragma once

#include "import/onnx/rules.h"

namespace bolide::onnx {

// fused.cpp
Result<Values> import_fused_gemm(OnnxNodeView& node, Builder& build);
Result<Values> import_fused_matmul(OnnxNodeView& node, Builder& build);
Result<Values> import_bias_split_gelu(OnnxNodeView& node, Builder& build);
Result<Values> import_nhwc_max_pool(OnnxNodeView& node, Builder& build);
// qlinear_unary.cpp
Result<Values> import_qlinear_unary(OnnxNodeView& node, Builder& build);
Result<Values> import_qlinear_where(OnnxNodeView& node, Builder& build);
// quantized_matmul.cpp
Result<Values> import_matmul_integer_to_float(OnnxNodeView& node, Builder& build);
Result<Values> import_dynamic_quantize_matmul(OnnxNodeView& node, Builder& build);
Result<Values> import_matmul_n_bits(OnnxNodeView& node, Builder& build);
// microsoft_small.cpp
Result<Values> import_bias_add(OnnxNodeView& node, Builder& build);
Result<Values> import_bias_softmax(OnnxNodeView& node, Builder& build);
Result<Values> import_gemm_fast_gelu(OnnxNodeView& node, Builder& build);
Result<Values> import_fused_matmul_activation(OnnxNodeView& node, Builder& build);
Result<Values> import_c_dist(OnnxNodeView& node, Builder& build);
Result<Values> import_group_norm(OnnxNodeView& node, Builder& build);
Result<Values> import_expand_dims(OnnxNodeView& node, Builder& build);
Result<Values> import_gather_block_quantized(OnnxNodeView& node, Builder& build);
// transformer.cpp
Result<Values> import_bias_gelu(OnnxNodeView& node, Builder& build);
// quantized_lstm.cpp
Result<Values> import_dynamic_quantize_lstm(OnnxNodeView& node, Builder& build);
// embedding.cpp
Result<Values> import_skip_layer_normalization(OnnxNodeView& node, Builder& build);
Result<Values> import_simplified_layer_normalization(OnnxNodeView& node, Builder& build);
Result<Values> import_embed_layer_normalization(OnnxNodeView& node, Builder& build);
Result<Values> import_q_embed_layer_normalization(OnnxNodeView& node, Builder& build);

// microsoft_attention.cpp
Result<Values> import_microsoft_attention(OnnxNodeView& node, Builder& build);
Result<Values> import_q_attention(OnnxNodeView& node, Builder& build);
Result<Values> import_multi_head_attention(OnnxNodeView& node, Builder& build);
// group_query_attention.cpp
Result<Values> import_microsoft_rotary_embedding(OnnxNodeView& node, Builder& build);
Result<Values> import_group_query_attention(OnnxNodeView& node, Builder& build);

}  // namespace bolide::onnx
