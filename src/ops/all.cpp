#include "ops/all.h"

#include <array>

namespace bolide {
namespace {

struct Entry {
  const OpInfo* info;
  Op (*make)();
};
template <Operator T>
constexpr Entry entry() {
  return {&T::kInfo, [] { return Op(T{}); }};
}

// One line per operator, sorted by name.
constexpr std::array kOperators = {
    entry<Abs>(),
    entry<Acos>(),
    entry<Acosh>(),
    entry<Add>(),
    entry<And>(),
    entry<ArgMax>(),
    entry<ArgMin>(),
    entry<Asin>(),
    entry<Asinh>(),
    entry<Atan>(),
    entry<Atanh>(),
    entry<Attention>(),
    entry<AveragePool>(),
    entry<BatchNormalization>(),
    entry<BitCast>(),
    entry<BitShift>(),
    entry<BitwiseAnd>(),
    entry<BitwiseNot>(),
    entry<BitwiseOr>(),
    entry<BitwiseXor>(),
    entry<Cast>(),
    entry<Ceil>(),
    entry<Clip>(),
    entry<Compress>(),
    entry<Concat>(),
    entry<ConcatFromSequence>(),
    entry<ConstantOfShape>(),
    entry<Conv>(),
    entry<ConvTranspose>(),
    entry<Cos>(),
    entry<Cosh>(),
    entry<CumProd>(),
    entry<CumSum>(),
    entry<DFT>(),
    entry<DepthToSpace>(),
    entry<DequantizeLinear>(),
    entry<Det>(),
    entry<Div>(),
    entry<DynamicQuantizeLinear>(),
    entry<Elementwise>(),
    entry<Elu>(),
    entry<Equal>(),
    entry<Erf>(),
    entry<Exp>(),
    entry<Expand>(),
    entry<EyeLike>(),
    entry<Floor>(),
    entry<GRU>(),
    entry<Gather>(),
    entry<GatherElements>(),
    entry<GatherND>(),
    entry<Gelu>(),
    entry<Greater>(),
    entry<GreaterOrEqual>(),
    entry<GroupNormalization>(),
    entry<HardSigmoid>(),
    entry<HardSwish>(),
    entry<Hardmax>(),
    entry<Identity>(),
    entry<If>(),
    entry<InstanceNormalization>(),
    entry<Inverse>(),
    entry<IsInf>(),
    entry<IsNaN>(),
    entry<LRN>(),
    entry<LSTM>(),
    entry<LayerNormalization>(),
    entry<LeakyRelu>(),
    entry<Less>(),
    entry<LessOrEqual>(),
    entry<Log>(),
    entry<LogSoftmax>(),
    entry<Loop>(),
    entry<LpNormalization>(),
    entry<LpPool>(),
    entry<MatMul>(),
    entry<Max>(),
    entry<MaxPool>(),
    entry<MelWeightMatrix>(),
    entry<Min>(),
    entry<Mish>(),
    entry<Mod>(),
    entry<Mul>(),
    entry<Neg>(),
    entry<NonMaxSuppression>(),
    entry<NonZero>(),
    entry<Not>(),
    entry<OneHot>(),
    entry<MakeOptional>(),
    entry<OptionalGetElement>(),
    entry<OptionalHasElement>(),
    entry<Or>(),
    entry<PRelu>(),
    entry<Pad>(),
    entry<Pow>(),
    entry<QuantizeLinear>(),
    entry<RMSNormalization>(),
    entry<RNN>(),
    entry<RangeOp>(),
    entry<Reciprocal>(),
    entry<Reduce>(),
    entry<Relu>(),
    entry<Reshape>(),
    entry<Resize>(),
    entry<ReverseSequence>(),
    entry<Round>(),
    entry<Rsqrt>(),
    entry<STFT>(),
    entry<ScatterElements>(),
    entry<ScatterND>(),
    entry<Selu>(),
    entry<SequenceAt>(),
    entry<SequenceConstruct>(),
    entry<SequenceEmpty>(),
    entry<SequenceErase>(),
    entry<SequenceInsert>(),
    entry<SequenceLength>(),
    entry<SequenceMap>(),
    entry<ShapeOf>(),
    entry<Shrink>(),
    entry<Sigmoid>(),
    entry<Sign>(),
    entry<SignalWindow>(),
    entry<Silu>(),
    entry<Sin>(),
    entry<Sinh>(),
    entry<Size>(),
    entry<Slice>(),
    entry<Softmax>(),
    entry<Softplus>(),
    entry<Softsign>(),
    entry<SpaceToDepth>(),
    entry<Split>(),
    entry<SplitToSequence>(),
    entry<Sqrt>(),
    entry<Squeeze>(),
    entry<Sub>(),
    entry<Tan>(),
    entry<Tanh>(),
    entry<ThresholdedRelu>(),
    entry<Tile>(),
    entry<TopK>(),
    entry<Transpose>(),
    entry<Trilu>(),
    entry<Unique>(),
    entry<Unsqueeze>(),
    entry<Where>(),
    entry<Xor>(),
};

}  // namespace

Result<Op> make_op(std::string_view name) {
  for (const Entry& candidate : kOperators) {
    if (candidate.info->name == name) return candidate.make();
  }
  return not_found("there is no operator '", name.substr(0, 80), "'");
}

std::vector<std::string_view> operator_names() {
  std::vector<std::string_view> out;
  for (const Entry& candidate : kOperators) out.push_back(candidate.info->name);
  return out;
}

}  // namespace bolide
