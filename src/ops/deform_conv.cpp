#include "ops/deform_conv.h"

#include "ops/movement.h"
#include "ops/reference.h"
#include "ops/sampling.h"

namespace bolide {

Result<TensorTypes> DeformConv::infer(const InferContext& context) const {
  TRY_OK(require_float(kInfo, context));
  for (int i = 1; i < context.input_count(); ++i) {
    const int rank = i == 3 ? 1 : context.rank(0);
    if (context.has(i) && (context.dtype(i) != context.dtype(0) || context.rank(i) != rank)) {
      return invalid_argument("DeformConv: input ", i, " is ", context.type(i), " and x ", context.type(0));
    }
  }
  const Shape& x = context.shape(0);
  const Shape& w = context.shape(1);
  const auto kernel = constant_dims(w.size() < 3 ? Shape{} : Shape(w.begin() + 2, w.end()));
  if (x.size() < 3 || !kernel) return invalid_argument("DeformConv: x ", x, " and w ", w, " with a kernel to be known");
  if (groups < 1 || offset_groups < 1 || groups > (1 << 20) || offset_groups > (1 << 20)) {
    return invalid_argument("DeformConv: ", groups, " groups and ", offset_groups, " offset groups");
  }
  TRY(const Shape spatial, window_sizes(kInfo.name, window(), *kernel, std::span(x).subspan(2)));
  TRY(const std::int64_t taps, element_count(*kernel));
  const auto rank = static_cast<std::int64_t>(spatial.size());
  TRY_OK(require_equal(kInfo, "channels of x", x[1], w[1] * groups));
  TRY_OK(require_equal(kInfo, "channels of offset", context.shape(2)[1], Dim(offset_groups * rank) * taps));
  for (const auto& [count, many] : {std::pair(x[1], offset_groups), std::pair(w[0], groups)}) {
    if (count.constant() && *count.constant() % many != 0) {
      return invalid_argument("DeformConv: ", count, " channels in ", many, " groups");
    }
  }
  if (context.has(3)) TRY_OK(require_equal(kInfo, "length of bias", context.shape(3)[0], w[0]));
  if (context.has(4)) TRY_OK(require_equal(kInfo, "channels of mask", context.shape(4)[1], Dim(offset_groups) * taps));
  for (const int i : {2, 4}) {
    if (!context.has(i)) continue;
    TRY_OK(require_equal(kInfo, "batch of offset and mask", context.shape(i)[0], x[0]));
    for (std::size_t d = 0; d < spatial.size(); ++d) {
      TRY_OK(require_equal(kInfo, "size of offset and mask", context.shape(i)[2 + d], spatial[d]));
    }
  }
  Shape out = {x[0], w[0]};
  out.insert(out.end(), spatial.begin(), spatial.end());
  return TensorTypes{{context.dtype(0), std::move(out)}};
}

Result<Tensors> DeformConv::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(const auto results, infer_known(*this, inputs, context));
  const Dims& dims = inputs[0]->dims();
  const std::size_t rank = dims.size() - 2;
  const Dims kernel(inputs[1]->dims().begin() + 2, inputs[1]->dims().end());
  TRY(const auto axes, window_axes(kInfo.name, window(), kernel, std::span(dims).subspan(2)));
  Tensor numbers[5];
  for (int i = 0; i < 5; ++i) {
    if (input_at(inputs, i) == nullptr) continue;
    TRY(numbers[i], as_f64(*inputs[static_cast<std::size_t>(i)]));
  }
  TRY(Tensor y, context.allocate(DataType::kF64, results[0].dims));
  const Dims& out_dims = results[0].dims;
  const std::int64_t points = product(out_dims, 2, out_dims.size());
  const std::int64_t taps = product(kernel);
  const std::int64_t channels = dims[1];
  const std::int64_t of_group = channels / groups;
  const std::int64_t of_offset = channels / offset_groups;
  const std::int64_t outputs_of_group = out_dims[1] / groups;
  const Dims strides_of_x = contiguous_strides(dims);
  const auto inner = std::span<const std::int64_t>(strides_of_x).subspan(2);
  const double* w = numbers[1].span<double>().data();
  parallel_ranges(dims[0] * points, 1, [&](std::int64_t begin, std::int64_t end) {
    std::vector<double> column(static_cast<std::size_t>(channels * taps));
    std::vector<AxisTaps> at(rank);
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t n = i / points;
      const std::int64_t point = i % points;
      for (std::int64_t tap = 0; tap < taps * offset_groups; ++tap) {
        std::int64_t rest_point = point;
        std::int64_t rest_tap = tap % taps;
        for (std::size_t d = rank; d-- > 0;) {
          const WindowAxis& axis = axes[d];
          const std::int64_t place = (n * offset_groups * taps + tap) * static_cast<std::int64_t>(rank);
          const double moved =
              numbers[2]
                  .span<double>()[static_cast<std::size_t>((place + static_cast<std::int64_t>(d)) * points + point)];
          const std::int64_t fixed =
              rest_point % axis.out * axis.stride - axis.before + rest_tap % axis.kernel * axis.dilation;
          at[d] = linear_taps(static_cast<double>(fixed) + moved, axis.in);
          rest_point /= axis.out;
          rest_tap /= axis.kernel;
        }
        double share = 1;
        if (numbers[4].count() > 0) {
          share =
              numbers[4].span<double>()[static_cast<std::size_t>((n * offset_groups * taps + tap) * points + point)];
        }
        for (std::int64_t c = tap / taps * of_offset; c < (tap / taps + 1) * of_offset; ++c) {
          const double* plane = numbers[0].span<double>().data() + n * strides_of_x[0] + c * strides_of_x[1];
          column[static_cast<std::size_t>(c * taps + tap % taps)] = share * sample(plane, at, inner);
        }
      }
      for (std::int64_t o = 0; o < out_dims[1]; ++o) {
        double sum = numbers[3].count() > 0 ? numbers[3].span<double>()[static_cast<std::size_t>(o)] : 0;
        const double* from = column.data() + o / outputs_of_group * of_group * taps;
        for (std::int64_t k = 0; k < of_group * taps; ++k) sum += w[o * of_group * taps + k] * from[k];
        y.span<double>()[static_cast<std::size_t>((n * out_dims[1] + o) * points + point)] = sum;
      }
    }
  });
  TRY(Tensor stored, store_f64(y, results[0].dtype));
  return one(std::move(stored));
}

}  // namespace bolide
