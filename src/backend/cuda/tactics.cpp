#include "backend/cuda/tactics.h"

#include "backend/cpu/elementwise/work.h"
#include "backend/cpu/movement/tactics.h"
#include "backend/cuda/attention/tactics.h"
#include "backend/cuda/contraction/tactics.h"
#include "backend/cuda/depthwise/tactics.h"
#include "backend/cuda/elements/tactics.h"
#include "backend/cuda/elementwise/tactics.h"
#include "backend/cuda/gather/tactics.h"
#include "backend/cuda/integer/tactics.h"
#include "backend/cuda/library/tactics.h"
#include "backend/cuda/pool/tactics.h"
#include "backend/cuda/recurrent/tactics.h"
#include "backend/cuda/resize/tactics.h"
#include "backend/cuda/rows/tactics.h"
#include "backend/cuda/sizes/tactics.h"
#include "ops/attention.h"
#include "ops/bit_cast.h"
#include "ops/col2im.h"
#include "ops/conv.h"
#include "ops/conv_transpose.h"
#include "ops/deform_conv.h"
#include "ops/determinant.h"
#include "ops/fill.h"
#include "ops/fourier.h"
#include "ops/gather.h"
#include "ops/grid_sample.h"
#include "ops/inverse.h"
#include "ops/layer_normalization.h"
#include "ops/lrn.h"
#include "ops/matmul.h"
#include "ops/non_max_suppression.h"
#include "ops/normalization.h"
#include "ops/order.h"
#include "ops/pad.h"
#include "ops/pool.h"
#include "ops/quantize.h"
#include "ops/recurrent.h"
#include "ops/reduce.h"
#include "ops/resize.h"
#include "ops/reverse_sequence.h"
#include "ops/roi.h"
#include "ops/scatter.h"
#include "ops/shape.h"
#include "ops/softmax.h"
#include "ops/tree_ensemble.h"
#include "ops/trilu.h"

#include <array>

namespace bolide {
namespace {

template <class... T>
bool is_any(const Op& op) {
  return (op.is<T>() || ...);
}

constexpr std::array kFamilies = {
    CudaTacticFamily{"copy", cpu::is_copy, cuda::copy_tactics},
    CudaTacticFamily{"gather", is_any<Gather, GatherElements>, cuda::gather_tactics},
    CudaTacticFamily{"gather positions", is_any<GatherND>, cuda::gather_nd_tactics},
    CudaTacticFamily{"scatter", is_any<ScatterElements, ScatterND>, cuda::scatter_tactics},
    CudaTacticFamily{"pad", is_any<Pad>, cuda::pad_tactics},
    CudaTacticFamily{"fill", is_any<OneHot, Trilu, EyeLike, ConstantOfShape, RangeOp, ReverseSequence, BitCast>,
                     cuda::fill_tactics},
    CudaTacticFamily{"boxes", is_any<RoiAlign, MaxRoiPool, Col2Im>, cuda::box_tactics},
    CudaTacticFamily{"selection of boxes", is_any<NonMaxSuppression>, cuda::box_selection_tactics},
    CudaTacticFamily{"matrices", is_any<Det, Inverse>, cuda::matrix_tactics},
    CudaTacticFamily{"fourier", is_any<DFT, STFT>, cuda::fourier_tactics},
    CudaTacticFamily{"trees", is_any<TreeEnsemble>, cuda::tree_tactics},
    CudaTacticFamily{"deform", is_any<DeformConv>, cuda::deform_tactics},
    CudaTacticFamily{"dynamic quantize", is_any<DynamicQuantizeLinear>, cuda::dynamic_quantize_tactics},
    CudaTacticFamily{"line", is_any<CumSum, CumProd, LpNormalization, Hardmax>, cuda::line_tactics},
    CudaTacticFamily{"topk", is_any<TopK>, cuda::top_k_tactics},
    CudaTacticFamily{"grid sample", is_any<GridSample>, cuda::sample_tactics},
    CudaTacticFamily{"window", is_any<LRN, LpPool, MaxPool>, cuda::window_tactics},
    CudaTacticFamily{"elementwise", cpu::is_elementwise, cuda::chain_tactics},
    CudaTacticFamily{"pool", is_any<MaxPool, AveragePool>, cuda::pool_tactics},
    CudaTacticFamily{"resize", is_any<Resize>, cuda::resize_tactics},
    CudaTacticFamily{"softmax", is_any<Softmax, LogSoftmax>, cuda::softmax_tactics},
    CudaTacticFamily{"normalization",
                     is_any<LayerNormalization, RMSNormalization, InstanceNormalization, GroupNormalization>,
                     cuda::normalization_tactics},
    CudaTacticFamily{"reduce", is_any<Reduce, ArgMax, ArgMin>, cuda::reduce_tactics},
    CudaTacticFamily{"sizes", is_any<ShapeOf, Size>, cuda::size_tactics},
    CudaTacticFamily{"wgmma", is_any<Conv, MatMul>, cuda::hopper_gemm_tactics},
    CudaTacticFamily{"wgmma with parts of k", is_any<Conv, MatMul>, cuda::hopper_split_tactics},
    CudaTacticFamily{"stem", is_any<Conv>, cuda::stem_tactics},
    CudaTacticFamily{"depthwise", is_any<Conv>, cuda::depthwise_tactics},
    CudaTacticFamily{"depthwise bands", is_any<Conv>, cuda::depthwise_band_tactics},
    CudaTacticFamily{"mma", is_any<Conv, MatMul>, cuda::implicit_gemm_tactics},
    CudaTacticFamily{"simt", is_any<Conv, ConvTranspose, MatMul>, cuda::simt_tactics},
    CudaTacticFamily{"integer depthwise", is_any<Conv>, cuda::integer_depthwise_tactics},
    CudaTacticFamily{"integer mma", is_any<Conv, MatMul>, cuda::integer_gemm_tactics},
    CudaTacticFamily{"integer direct", is_any<Conv, ConvTranspose, MatMul>, cuda::integer_direct_tactics},
    CudaTacticFamily{"recurrent", is_any<RNN, GRU, LSTM>, cuda::recurrent_tactics},
    CudaTacticFamily{"attention of Hopper", is_any<Attention>, cuda::hopper_attention_tactics},
    CudaTacticFamily{"attention", is_any<Attention>, cuda::attention_tactics},
    CudaTacticFamily{"cublaslt", is_any<Conv, MatMul>, cuda::cublaslt_tactics},
    CudaTacticFamily{"cudnn", is_any<Conv, MatMul>, cuda::cudnn_tactics},
};

}  // namespace

std::span<const CudaTacticFamily> cuda_tactic_families() { return kFamilies; }

}  // namespace bolide
