#include "ops/reverse_sequence.h"

#include "ops/reference.h"

namespace bolide {

Result<TensorTypes> ReverseSequence::infer(const InferContext& context) const {
  TRY_OK(check_sizes_input(kInfo, context, 1));
  TRY_OK(normalize_axes({batch_axis, time_axis}, context.rank(0)).within("ReverseSequence"));
  return TensorTypes{context.type(0)};
}

Result<Tensors> ReverseSequence::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(Tensors out, raw_outputs_of(*this, inputs, context));
  const Dims& dims = inputs[0]->dims();
  TRY(const std::vector<std::size_t> axes, normalize_axes({batch_axis, time_axis}, inputs[0]->rank()));
  const std::size_t batch = axes[0];
  const std::size_t time = axes[1];
  TRY(const Dims lengths, to_i64(*inputs[1]));
  if (static_cast<std::int64_t>(lengths.size()) != dims[batch]) {
    return invalid_argument("ReverseSequence: ", lengths.size(), " lengths for ", dims[batch], " batches");
  }
  const Dims strides = contiguous_strides(dims);
  for (const std::int64_t length : lengths) {
    if (length < 0 || length > dims[time]) {
      return invalid_argument("ReverseSequence: a length of ", length, " on a time axis of ", dims[time]);
    }
  }
  const auto reverse = [&](std::size_t b) {
    const std::int64_t length = lengths[b];
    const std::int64_t at = static_cast<std::int64_t>(b) * strides[batch];
    Walk walk{dims, at, strides, at, strides};
    walk.dims[batch] = 1;
    walk.dims[time] = dims[time] - length;
    walk.from_at = walk.to_at = at + length * strides[time];
    copy_strided(*inputs[0], out[0], walk);
    walk.dims[time] = length;
    walk.from_at = at + (length - 1) * strides[time];
    walk.from_strides[time] = -strides[time];
    walk.to_at = at;
    copy_strided(*inputs[0], out[0], walk);
  };
  const auto batches = static_cast<std::int64_t>(lengths.size());
  const bool packed = bit_width(out[0].dtype()) < 8;  // two batches may share a byte
  parallel_ranges(
      batches,
      packed ? batches : (1 << 14) / std::max<std::int64_t>(1, out[0].count() / std::max<std::int64_t>(1, batches)),
      [&](std::int64_t b, std::int64_t end) {
        for (; b < end; ++b) reverse(static_cast<std::size_t>(b));
      });
  return out;
}

}  // namespace bolide
