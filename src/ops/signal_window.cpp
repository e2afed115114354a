#include "ops/signal_window.h"

#include "ops/elements.h"
#include "ops/movement.h"
#include "tensor/number.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

namespace bolide {
namespace {

Result<double> one_number(const OpInfo& info, TensorInputs inputs, std::size_t index) {
  if (inputs[index]->count() != 1) {
    return invalid_argument(info.name, ": input ", index, " is ", inputs[index]->type(), ", not one number");
  }
  return scalar_f64(*inputs[index]);
}

/// The one integer of input `index` as a size, or a fresh one.
Result<Dim> size_of(const OpInfo& info, const InferContext& context, int index, std::string_view hint) {
  TRY_OK(check_sizes_input(info, context, index));
  const auto known = context.contents(index);
  if (!known) return context.fresh_dim(hint);
  if (known->size() != 1 || ((*known)[0].constant() && *(*known)[0].constant() < 0)) {
    return invalid_argument(info.name, ": input ", index, " is not one size");
  }
  return (*known)[0];
}

double window_at(WindowKind kind, double turn) {
  const double angle = 2 * std::numbers::pi * turn;
  switch (kind) {
    case WindowKind::kHann: return 0.5 - 0.5 * std::cos(angle);
    case WindowKind::kHamming: return 25.0 / 46.0 - 21.0 / 46.0 * std::cos(angle);
    case WindowKind::kBlackman: break;
  }
  return 0.42 - 0.5 * std::cos(angle) + 0.08 * std::cos(2 * angle);
}

Status check_result(const OpInfo& info, DataType dtype) {
  if (is_real(dtype) && dtype != DataType::kBool) return ok();
  return unsupported(info.name, " of ", dtype, "; real numbers work");
}

}  // namespace

Result<TensorTypes> SignalWindow::infer(const InferContext& context) const {
  TRY_OK(check_result(kInfo, dtype));
  TRY(const Dim size, size_of(kInfo, context, 0, "window"));
  return TensorTypes{{dtype, {size}}};
}

Result<Tensors> SignalWindow::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(const Tensors checked, outputs_of(*this, inputs, context));
  TRY(Tensor out, context.allocate(DataType::kF64, checked[0].dims()).within("SignalWindow"));
  const auto values = out.span<double>();
  const double turn = static_cast<double>(values.size()) - (periodic ? 0 : 1);
  for (std::size_t n = 0; n < values.size(); ++n) {
    values[n] = turn > 0 ? window_at(kind, static_cast<double>(n) / turn) : 1.0;
  }
  TRY(out, cast(out, dtype));
  return Tensors{std::move(out)};
}

Result<TensorTypes> MelWeightMatrix::infer(const InferContext& context) const {
  TRY_OK(check_result(kInfo, dtype));
  TRY(const Dim bands, size_of(kInfo, context, 0, "bands"));
  // A size that only the data decide gets a name of its own: the length cannot be told from it.
  TRY(const Dim length, size_of(kInfo, context, 1, "bins"));
  const Dim bins = context.contents(1) ? length.floor_div(2) + 1 : length;
  for (int i = 3; i < 5; ++i) {
    if (!is_float(context.dtype(i))) return invalid_argument("MelWeightMatrix: input ", i, " is ", context.type(i));
  }
  return TensorTypes{{dtype, {bins, bands}}};
}

Result<Tensors> MelWeightMatrix::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(Tensors out, outputs_of(*this, inputs, context));
  const std::int64_t bins = out[0].dims()[0];
  const std::int64_t bands = out[0].dims()[1];
  TRY(const double length, one_number(kInfo, inputs, 1));
  TRY(const double rate, one_number(kInfo, inputs, 2));
  TRY(const double lower, one_number(kInfo, inputs, 3));
  TRY(const double upper, one_number(kInfo, inputs, 4));
  const double low = 2595 * std::log10(1 + lower / 700);
  const double step = (2595 * std::log10(1 + upper / 700) - low) / static_cast<double>(bands + 2);
  const auto corner = [&](std::int64_t i) {
    const double hertz = 700 * (std::pow(10.0, (low + static_cast<double>(i) * step) / 2595) - 1);
    return std::floor((length + 1) * hertz / rate);
  };
  const auto is_bin = [bins](double bin) { return bin >= 0 && bin < static_cast<double>(bins); };
  double left = 0;
  double middle = corner(0);
  double right = corner(1);
  for (std::int64_t band = 0; band < bands; ++band) {
    left = std::exchange(middle, std::exchange(right, corner(band + 2)));
    if (!is_bin(left) || !is_bin(middle) || !(right >= middle) || right > static_cast<double>(bins) || left > middle) {
      return invalid_argument("MelWeightMatrix: band ", band, " has its corners at the bins ", left, ", ", middle,
                              " and ", right, " of a spectrum of ", bins);
    }
    const auto put = [&](double bin, double weight) {  // an integer holds no weight but 0 and 1
      const double value = is_float(dtype) ? weight : std::trunc(weight);
      store_one(out[0], static_cast<std::int64_t>(bin) * bands + band, value);
    };
    for (double bin = left; bin < middle; ++bin) put(bin, (bin - left) / (middle - left));
    for (double bin = middle; bin < right; ++bin) put(bin, (right - bin) / (right - middle));
    put(middle, 1);
  }
  return out;
}

}  // namespace bolide
