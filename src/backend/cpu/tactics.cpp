#include "backend/cpu/tactics.h"

#include "backend/cpu/attention/tactics.h"
#include "backend/cpu/conv/tactics.h"
#include "backend/cpu/deconv/tactics.h"
#include "backend/cpu/deform/tactics.h"
#include "backend/cpu/depthwise/tactics.h"
#include "backend/cpu/elementwise/tactics.h"
#include "backend/cpu/elementwise/work.h"
#include "backend/cpu/matmul/tactics.h"
#include "backend/cpu/movement/tactics.h"
#include "backend/cpu/plugin/tactics.h"
#include "backend/cpu/pool/tactics.h"
#include "backend/cpu/quantize/tactics.h"
#include "backend/cpu/recurrent/tactics.h"
#include "backend/cpu/resize/tactics.h"
#include "backend/cpu/rows/tactics.h"
#include "backend/cpu/trees/tactics.h"
#include "ops/attention.h"
#include "ops/conv_transpose.h"
#include "ops/deform_conv.h"
#include "ops/gather.h"
#include "ops/layer_normalization.h"
#include "ops/normalization.h"
#include "ops/plugin_op.h"
#include "ops/pool.h"
#include "ops/quantize.h"
#include "ops/recurrent.h"
#include "ops/reduce.h"
#include "ops/resize.h"
#include "ops/shape.h"
#include "ops/softmax.h"
#include "ops/tree_ensemble.h"

namespace bolide {

namespace {

template <class T>
bool is(const Op& op) {
  return op.is<T>();
}

template <class A, class B>
bool is_either(const Op& op) {
  return op.is<A>() || op.is<B>();
}

bool is_recurrent(const Op& op) { return is<LSTM>(op) || is_either<GRU, RNN>(op); }

constexpr std::array kFamilies = {
    TacticFamily{"depthwise", is<Conv>, cpu::depthwise_tactics},  // before conv: it declines all but its own
    TacticFamily{"conv", is<Conv>, conv_tactics},
    TacticFamily{"deconv", is<ConvTranspose>, cpu::deconv_tactics},
    TacticFamily{"deform", is<DeformConv>, cpu::deform_tactics},
    TacticFamily{"matmul", is<MatMul>, matmul_tactics},
    TacticFamily{"attention", is<Attention>, cpu::attention_tactics},
    TacticFamily{"copy", cpu::is_copy, cpu::copy_tactics},
    TacticFamily{"gather", is<Gather>, cpu::gather_tactics},
    TacticFamily{"sizes", is_either<ShapeOf, Size>, cpu::sizes_tactics},
    TacticFamily{"recurrent", is_recurrent, cpu::recurrent_tactics},
    TacticFamily{"elementwise", cpu::is_elementwise, cpu::elementwise_tactics},
    TacticFamily{"dynamic quantize", is<DynamicQuantizeLinear>, cpu::dynamic_quantize_tactics},
    TacticFamily{"pool", is_either<MaxPool, AveragePool>, cpu::pool_tactics},
    TacticFamily{"resize", is<Resize>, cpu::resize_tactics},
    TacticFamily{"softmax", is_either<Softmax, LogSoftmax>, cpu::softmax_tactics},
    TacticFamily{"layer norm", is_either<LayerNormalization, RMSNormalization>, cpu::layer_norm_tactics},
    TacticFamily{"channel norm", is_either<InstanceNormalization, GroupNormalization>, cpu::channel_norm_tactics},
    TacticFamily{"reduce", is<Reduce>, cpu::reduce_tactics},
    TacticFamily{"plugin", is<PluginOp>, cpu::plugin_tactics},
    TacticFamily{"trees", is<TreeEnsemble>, cpu::tree_tactics},
};

}  // namespace

std::span<const TacticFamily> cpu_tactic_families() { return kFamilies; }

}  // namespace bolide
