#include "ops/fourier.h"

#include "ops/axis.h"
#include "ops/fft.h"
#include "ops/reference.h"

#include <algorithm>

namespace bolide {
namespace {

using Complex = std::complex<double>;

/// One integer of input `index`; nothing when it is left out or not known.
Result<std::optional<Dim>> integer(const OpInfo& info, const InferContext& context, int index) {
  if (!context.has(index)) return std::optional<Dim>();
  if (!is_integer(context.dtype(index)) || context.rank(index) > 1) {
    return invalid_argument(info.name, ": input ", index, " is ", context.type(index), ", not one integer");
  }
  const auto known = context.contents(index);
  if (known && known->size() != 1) {
    return invalid_argument(info.name, ": input ", index, " has ", known->size(), " numbers, not one");
  }
  return known ? std::optional<Dim>((*known)[0]) : std::nullopt;
}

Status check_signal(const OpInfo& info, const InferContext& context) {
  TRY_OK(require_float(info, context));
  if (context.rank(0) < 2)
    return invalid_argument(info.name, ": ", context.shape(0), " is no signal of rank 2 or more");
  const auto parts = context.shape(0).back().constant();
  if (parts && *parts != 1 && *parts != 2) {
    return invalid_argument(info.name, ": the last axis of ", context.shape(0), " is neither 1 (real) nor 2 (complex)");
  }
  return ok();
}

Status check_positive(const OpInfo& info, std::string_view what, const Dim& value) {
  if (value.constant() && *value.constant() <= 0) return invalid_argument(info.name, ": ", what, " is ", value);
  return ok();
}

constexpr std::int64_t kLongest = INT64_C(1) << 22;

Status check_length(const OpInfo& info, std::int64_t length) {
  if (length > kLongest) return unsupported(info.name, ": a transform of ", length, " elements, more than ", kLongest);
  return ok();
}

/// Lines of [outer, size, inner, parts].
struct Signal {
  const double* data;
  std::int64_t size;
  std::int64_t inner;
  std::int64_t parts;
  Complex at(std::int64_t outer, std::int64_t i, std::int64_t n) const {
    const double* x = data + ((outer * size + i) * inner + n) * parts;
    return {x[0], parts == 2 ? x[1] : 0.0};
  }
};

/// The elements that a one-sided spectrum leaves out: those of a real signal.
void complete(std::span<Complex> line) {
  for (std::size_t k = line.size() / 2 + 1; k < line.size(); ++k) line[k] = std::conj(line[line.size() - k]);
}

}  // namespace

Result<TensorTypes> DFT::infer(const InferContext& context) const {
  TRY_OK(check_signal(kInfo, context));
  const int rank = context.rank(0);
  TensorType y = context.type(0);
  if (onesided && !inverse && y.shape.back() == Dim(2)) {
    return invalid_argument("DFT: one-sided transforms are of real signals, and the input is ", y);
  }
  y.shape.back() = inverse && onesided ? 1 : 2;
  TRY(const auto length, integer(kInfo, context, 1));
  TRY(const auto given, integer(kInfo, context, 2));
  if (context.has(2) && !(given && given->is_constant())) {
    for (int d = 0; d + 1 < rank; ++d) y.shape[static_cast<std::size_t>(d)] = context.fresh_dim("dft");
    return TensorTypes{std::move(y)};
  }
  TRY(const std::size_t at, normalize_axis(given ? *given->constant() : axis, rank).within("DFT"));
  if (static_cast<int>(at) == rank - 1) return invalid_argument("DFT: the last axis holds real and imaginary parts");
  Dim& size = y.shape[at];
  if (inverse && onesided) size = Dim(2) * (size - 1);
  if (context.has(1)) size = length ? *length : context.fresh_dim("dft");
  TRY_OK(check_positive(kInfo, "the length", size));
  // A size that only the data decide gets a name of its own: no other name can be told from it.
  const bool computed = context.has(1) && !length;
  if (onesided && !inverse && !computed) size = size.floor_div(2) + 1;
  return TensorTypes{std::move(y)};
}

Result<Tensors> DFT::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(const auto results, infer_known(*this, inputs, context));
  TRY(const Tensor x, as_f64(*inputs[0]));
  TRY(Tensor y, context.allocate(DataType::kF64, results[0].dims));
  std::int64_t chosen = axis;
  if (const Tensor* given = input_at(inputs, 2)) {
    TRY(const Dims values, to_i64(*given));
    chosen = values[0];
  }
  TRY(const std::size_t at, normalize_axis(chosen, x.rank()));
  const std::int64_t size = x.dims()[at];
  const std::int64_t bins = y.dims()[at];
  std::int64_t length = bins;
  if (onesided && !inverse) length = size;
  if (const Tensor* given = input_at(inputs, 1); given != nullptr && onesided && !inverse) {
    TRY(const Dims values, to_i64(*given));
    length = values[0];
  }
  TRY_OK(check_length(kInfo, length));
  const std::int64_t inner = product(x.dims(), at + 1, x.dims().size() - 1);
  const std::int64_t parts = y.dims().back();
  const Signal signal{x.span<double>().data(), size, inner, x.dims().back()};
  const std::int64_t used = std::min(size, inverse && onesided ? length / 2 + 1 : length);
  const Fourier fourier(static_cast<std::size_t>(length), inverse);
  double* to = y.span<double>().data();
  parallel_ranges(product(x.dims(), 0, at) * inner, 1, [&](std::int64_t begin, std::int64_t end) {
    std::vector<Complex> line;
    for (std::int64_t l = begin; l < end; ++l) {
      line.assign(static_cast<std::size_t>(length), Complex());
      for (std::int64_t i = 0; i < used; ++i) line[static_cast<std::size_t>(i)] = signal.at(l / inner, i, l % inner);
      if (inverse && onesided) complete(line);
      fourier.run(line);
      for (std::int64_t k = 0; k < bins; ++k) {
        double* out = to + (((l / inner) * bins + k) * inner + l % inner) * parts;
        out[0] = line[static_cast<std::size_t>(k)].real();
        if (parts == 2) out[1] = line[static_cast<std::size_t>(k)].imag();
      }
    }
  });
  TRY(Tensor out, store_f64(y, results[0].dtype));
  return one(std::move(out));
}

Result<TensorTypes> STFT::infer(const InferContext& context) const {
  TRY_OK(check_signal(kInfo, context));
  const Shape& x = context.shape(0);
  if (x.size() != 3) return invalid_argument("STFT: the signal is ", x, ", not [batch,samples,1 or 2]");
  if (onesided && x[2] == Dim(2)) return invalid_argument("STFT: one-sided transforms are of real signals, not ", x);
  TRY(const auto step, integer(kInfo, context, 1));
  TRY(const auto given, integer(kInfo, context, 3));
  Dim length = x[1];
  if (context.has(2)) {
    if (context.rank(2) != 1) return invalid_argument("STFT: the window is ", context.type(2), ", not of rank 1");
    length = context.shape(2)[0];
  }
  if (context.has(3)) {
    const Dim said = given ? *given : context.fresh_dim("frame");
    if (context.has(2)) TRY_OK(require_equal(kInfo, "the length of the window", length, said));
    if (!context.has(2) || said.is_constant()) length = said;
  }
  TRY_OK(check_positive(kInfo, "the length of a frame", length));
  if (step) TRY_OK(check_positive(kInfo, "the step", *step));
  // Sizes that only the data decide get names of their own: the length cannot be told from them.
  const bool computed = context.has(3) && !given && !context.has(2);
  const bool countable = step && step->is_constant() && !computed;
  const Dim frames = countable ? (x[1] - length).floor_div(*step) + 1 : context.fresh_dim("frames");
  if (frames.constant() && *frames.constant() < 0) {
    return invalid_argument("STFT: frames of ", length, " in a signal of ", x[1], " samples");
  }
  Dim bins = onesided && !computed ? length.floor_div(2) + 1 : length;
  return TensorTypes{{context.dtype(0), {x[0], frames, std::move(bins), Dim(2)}}};
}

Result<Tensors> STFT::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(const auto results, infer_known(*this, inputs, context));
  TRY(const Tensor x, as_f64(*inputs[0]));
  TRY(Tensor y, context.allocate(DataType::kF64, results[0].dims));
  TRY(const Dims step, to_i64(*inputs[1]));
  std::int64_t length = x.dims()[1];
  std::vector<double> window;
  if (const Tensor* given = input_at(inputs, 2)) {
    TRY(window, to_f64(*given));
    length = given->count();
  } else if (const Tensor* said = input_at(inputs, 3)) {
    TRY(const Dims values, to_i64(*said));
    length = values[0];
  }
  if (y.count() == 0) {
    TRY(Tensor none, context.allocate(results[0].dtype, results[0].dims));
    return one(std::move(none));
  }
  TRY_OK(check_length(kInfo, length));
  const std::int64_t frames = y.dims()[1];
  const std::int64_t bins = y.dims()[2];
  const Signal signal{x.span<double>().data(), x.dims()[1], 1, x.dims()[2]};
  const Fourier fourier(static_cast<std::size_t>(length), false);
  double* to = y.span<double>().data();
  parallel_ranges(y.dims()[0] * frames, 1, [&](std::int64_t begin, std::int64_t end) {
    std::vector<Complex> line(static_cast<std::size_t>(length));
    for (std::int64_t f = begin; f < end; ++f) {
      for (std::size_t i = 0; i < line.size(); ++i) {
        line[i] = signal.at(f / frames, f % frames * step[0] + static_cast<std::int64_t>(i), 0);
        if (!window.empty()) line[i] *= window[i];
      }
      fourier.run(line);
      for (std::int64_t k = 0; k < bins; ++k) {
        to[(f * bins + k) * 2] = line[static_cast<std::size_t>(k)].real();
        to[(f * bins + k) * 2 + 1] = line[static_cast<std::size_t>(k)].imag();
      }
    }
  });
  TRY(Tensor out, store_f64(y, results[0].dtype));
  return one(std::move(out));
}

}  // namespace bolide
