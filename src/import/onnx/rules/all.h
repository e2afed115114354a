/// Every rule function, by the file that holds it. rules.cpp says which operators and versions they read.
#pragma once

#include "import/onnx/rules.h"

namespace bolide::onnx {

// same.cpp
Result<Values> import_same(OnnxNodeView& node, Builder& build);
// elementwise.cpp
Result<Values> import_binary_1(OnnxNodeView& node, Builder& build);
Result<Values> import_prelu_1(OnnxNodeView& node, Builder& build);
Result<Values> import_sum(OnnxNodeView& node, Builder& build);
Result<Values> import_mean(OnnxNodeView& node, Builder& build);
Result<Values> import_max(OnnxNodeView& node, Builder& build);
Result<Values> import_min(OnnxNodeView& node, Builder& build);
Result<Values> import_clip_1(OnnxNodeView& node, Builder& build);
Result<Values> import_clip(OnnxNodeView& node, Builder& build);
Result<Values> import_swish(OnnxNodeView& node, Builder& build);
Result<Values> import_swiglu(OnnxNodeView& node, Builder& build);
Result<Values> import_selu_1(OnnxNodeView& node, Builder& build);
Result<Values> import_shrink(OnnxNodeView& node, Builder& build);
Result<Values> import_celu(OnnxNodeView& node, Builder& build);
// experimental.cpp
Result<Values> import_affine(OnnxNodeView& node, Builder& build);
Result<Values> import_scaled_tanh(OnnxNodeView& node, Builder& build);
Result<Values> import_parametric_softplus(OnnxNodeView& node, Builder& build);
Result<Values> import_scale(OnnxNodeView& node, Builder& build);
Result<Values> import_image_scaler(OnnxNodeView& node, Builder& build);
Result<Values> import_crop(OnnxNodeView& node, Builder& build);
Result<Values> import_dynamic_slice(OnnxNodeView& node, Builder& build);
Result<Values> import_constant_fill(OnnxNodeView& node, Builder& build);
Result<Values> import_given_tensor_fill(OnnxNodeView& node, Builder& build);
// identity.cpp
Result<Values> import_identity(OnnxNodeView& node, Builder& build);
Result<Values> identity_and_mask(OnnxNodeView& node, Builder& build, bool is_bool);
Result<Values> import_dropout_1(OnnxNodeView& node, Builder& build);
// random.cpp
Result<Values> import_random_uniform(OnnxNodeView& node, Builder& build);
Result<Values> import_random_normal(OnnxNodeView& node, Builder& build);
Result<Values> import_bernoulli(OnnxNodeView& node, Builder& build);
Result<Values> import_multinomial(OnnxNodeView& node, Builder& build);
Result<Values> import_dropout(OnnxNodeView& node, Builder& build);
// constant.cpp
Result<Values> import_constant(OnnxNodeView& node, Builder& build);
// gemm.cpp
Result<Values> import_gemm(OnnxNodeView& node, Builder& build);
Result<Values> import_matmul(OnnxNodeView& node, Builder& build);
Result<Values> import_matmul_integer(OnnxNodeView& node, Builder& build);
// conv.cpp
Result<Values> import_conv(OnnxNodeView& node, Builder& build);
Result<Values> import_conv_integer(OnnxNodeView& node, Builder& build);
Result<Values> import_fused_conv(OnnxNodeView& node, Builder& build);
Result<Values> import_conv_transpose(OnnxNodeView& node, Builder& build);
// pool.cpp
Result<Values> import_max_pool(OnnxNodeView& node, Builder& build);
Result<Values> import_average_pool(OnnxNodeView& node, Builder& build);
Result<Values> import_lp_pool_1(OnnxNodeView& node, Builder& build);
Result<Values> import_lp_pool(OnnxNodeView& node, Builder& build);
Result<Values> import_global_pool(OnnxNodeView& node, Builder& build);
// batch_normalization.cpp
Result<Values> import_batch_normalization_1(OnnxNodeView& node, Builder& build);
Result<Values> import_batch_normalization(OnnxNodeView& node, Builder& build);
// normalization.cpp
Result<Values> import_instance_normalization(OnnxNodeView& node, Builder& build);
Result<Values> import_layer_normalization(OnnxNodeView& node, Builder& build);
Result<Values> import_group_normalization_18(OnnxNodeView& node, Builder& build);
Result<Values> import_group_normalization(OnnxNodeView& node, Builder& build);
Result<Values> import_mean_variance_normalization_1(OnnxNodeView& node, Builder& build);
Result<Values> import_mean_variance_normalization(OnnxNodeView& node, Builder& build);
// softmax.cpp
Result<Values> import_softmax_1(OnnxNodeView& node, Builder& build);
// reduce.cpp
Result<Values> import_reduce(OnnxNodeView& node, Builder& build);
// reshape.cpp
Result<Values> import_reshape_1(OnnxNodeView& node, Builder& build);
Result<Values> import_flatten(OnnxNodeView& node, Builder& build);
Result<Values> import_squeeze(OnnxNodeView& node, Builder& build);
Result<Values> import_unsqueeze(OnnxNodeView& node, Builder& build);
// slice.cpp
Result<Values> import_slice_1(OnnxNodeView& node, Builder& build);
Result<Values> import_concat(OnnxNodeView& node, Builder& build);
Result<Values> import_split(OnnxNodeView& node, Builder& build);
// cast.cpp
Result<Values> import_cast_1(OnnxNodeView& node, Builder& build);
Result<Values> import_cast(OnnxNodeView& node, Builder& build);
Result<Values> import_cast_like(OnnxNodeView& node, Builder& build);
// pad.cpp
Result<Values> import_pad_1(OnnxNodeView& node, Builder& build);
// select.cpp
Result<Values> import_scatter_9(OnnxNodeView& node, Builder& build);
Result<Values> import_top_k_1(OnnxNodeView& node, Builder& build);
Result<Values> import_compress(OnnxNodeView& node, Builder& build);
Result<Values> import_eye_like(OnnxNodeView& node, Builder& build);
Result<Values> import_tile_1(OnnxNodeView& node, Builder& build);
Result<Values> import_unique(OnnxNodeView& node, Builder& build);
// einsum.cpp
Result<Values> import_einsum(OnnxNodeView& node, Builder& build);
// scan.cpp
Result<Values> import_scan_8(OnnxNodeView& node, Builder& build);
Result<Values> import_scan(OnnxNodeView& node, Builder& build);
// signal.cpp
Result<Values> import_dft_17(OnnxNodeView& node, Builder& build);
Result<Values> import_dft(OnnxNodeView& node, Builder& build);
Result<Values> import_stft(OnnxNodeView& node, Builder& build);
Result<Values> import_window(OnnxNodeView& node, Builder& build);
Result<Values> import_mel_weight_matrix(OnnxNodeView& node, Builder& build);
// resize.cpp
Result<Values> import_upsample_7(OnnxNodeView& node, Builder& build);
Result<Values> import_upsample_9(OnnxNodeView& node, Builder& build);
Result<Values> import_resize(OnnxNodeView& node, Builder& build);
// quantize.cpp
Result<Values> import_quantize(OnnxNodeView& node, Builder& build);
Result<Values> import_dequantize(OnnxNodeView& node, Builder& build);
// qlinear.cpp
Result<Values> import_qlinear_conv(OnnxNodeView& node, Builder& build);
Result<Values> import_qlinear_matmul(OnnxNodeView& node, Builder& build);
Result<Values> import_qgemm(OnnxNodeView& node, Builder& build);
Result<Values> import_qlinear_binary(OnnxNodeView& node, Builder& build);
Result<Values> import_qlinear_concat(OnnxNodeView& node, Builder& build);
// recurrent.cpp
Result<Values> import_recurrent(OnnxNodeView& node, Builder& build);
// loss.cpp
Result<Values> import_negative_log_likelihood(OnnxNodeView& node, Builder& build);
Result<Values> import_softmax_cross_entropy(OnnxNodeView& node, Builder& build);
// training.cpp
Result<Values> import_adagrad(OnnxNodeView& node, Builder& build);
Result<Values> import_adam(OnnxNodeView& node, Builder& build);
Result<Values> import_momentum(OnnxNodeView& node, Builder& build);
// spatial.cpp
Result<Values> import_affine_grid(OnnxNodeView& node, Builder& build);
Result<Values> import_center_crop_pad(OnnxNodeView& node, Builder& build);
// sampling.cpp
Result<Values> import_grid_sample(OnnxNodeView& node, Builder& build);
Result<Values> import_roi_align(OnnxNodeView& node, Builder& build);
Result<Values> import_deform_conv(OnnxNodeView& node, Builder& build);
Result<Values> import_max_unpool(OnnxNodeView& node, Builder& build);
Result<Values> import_linear_attention(OnnxNodeView& node, Builder& build);
// cache.cpp
Result<Values> import_tensor_scatter(OnnxNodeView& node, Builder& build);
Result<Values> import_causal_conv(OnnxNodeView& node, Builder& build);
// rotary_embedding.cpp
Result<Values> import_rotary_embedding(OnnxNodeView& node, Builder& build);
// attention.cpp
Result<Values> import_attention(OnnxNodeView& node, Builder& build);
// flex_attention.cpp
Result<Values> import_flex_attention(OnnxNodeView& node, Builder& build);
// gradient.cpp
Result<Values> import_gradient(OnnxNodeView& node, Builder& build);
// control.cpp
Result<Values> import_if(OnnxNodeView& node, Builder& build);
Result<Values> import_loop(OnnxNodeView& node, Builder& build);
Result<Values> import_sequence_at(OnnxNodeView& node, Builder& build);
Result<Values> import_concat_from_sequence(OnnxNodeView& node, Builder& build);
Result<Values> import_sequence_map(OnnxNodeView& node, Builder& build);
Result<Values> import_optional(OnnxNodeView& node, Builder& build);
// plugin.cpp
Result<Values> import_plugin(OnnxNodeView& node, Builder& build);

}  // namespace bolide::onnx
