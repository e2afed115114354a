#include "ops/recurrent_cell.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace bolide {
namespace {

struct Function {
  std::string_view name;
  bool has_alpha = false;
  bool has_beta = false;
  double alpha = 0;
  double beta = 0;
};
enum Id {
  kAffine,
  kElu,
  kHardSigmoid,
  kLeakyRelu,
  kRelu,
  kScaledTanh,
  kSigmoid,
  kSoftplus,
  kSoftsign,
  kTanh,
  kThresholded
};
constexpr std::array<Function, 11> kFunctions = {{
    {"Affine", true, true, 1, 0},
    {"Elu", true, false, 1, 0},
    {"HardSigmoid", true, true, 0.2, 0.5},
    {"LeakyRelu", true, false, 0.01, 0},
    {"Relu"},
    {"ScaledTanh", true, true, 1, 1},
    {"Sigmoid"},
    {"Softplus"},
    {"Softsign"},
    {"Tanh"},
    {"ThresholdedRelu", true, false, 1, 0},
}};

/// y = m v for m [rows, columns].
void multiply(const double* m, std::int64_t rows, std::int64_t columns, const double* v, double* y) {
  for (std::int64_t i = 0; i < rows; ++i) {
    double sum = 0;
    for (std::int64_t j = 0; j < columns; ++j) sum += m[i * columns + j] * v[j];
    y[i] = sum;
  }
}

}  // namespace

Result<CellFunction> CellFunction::make(std::string_view name, std::span<const float>& alpha,
                                        std::span<const float>& beta, double clip) {
  const auto same = [](char a, char b) { return (a | 32) == (b | 32); };
  for (std::size_t i = 0; i < kFunctions.size(); ++i) {
    const Function& f = kFunctions[i];
    if (!std::ranges::equal(f.name, name, same)) continue;
    CellFunction out;
    out.id_ = static_cast<int>(i);
    out.alpha_ = f.alpha;
    out.beta_ = f.beta;
    out.clip_ = clip;
    if (f.has_alpha && !alpha.empty()) {
      out.alpha_ = double{alpha.front()};
      alpha = alpha.subspan(1);
    }
    if (f.has_beta && !beta.empty()) {
      out.beta_ = double{beta.front()};
      beta = beta.subspan(1);
    }
    return out;
  }
  return unsupported("there is no recurrent activation '", name.substr(0, 40), "'");
}

double CellFunction::operator()(double x) const {
  if (clip_ > 0) x = std::clamp(x, -clip_, clip_);
  switch (id_) {
    case kAffine: return alpha_ * x + beta_;
    case kElu: return x >= 0 ? x : alpha_ * std::expm1(x);
    case kHardSigmoid: return std::clamp(alpha_ * x + beta_, 0.0, 1.0);
    case kLeakyRelu: return x >= 0 ? x : alpha_ * x;
    case kRelu: return std::max(x, 0.0);
    case kScaledTanh: return alpha_ * std::tanh(beta_ * x);
    case kSigmoid: return 1 / (1 + std::exp(-x));
    case kSoftplus: return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x));
    case kSoftsign: return x / (1 + std::abs(x));
    case kThresholded: return x > alpha_ ? x : 0;
    default: return std::tanh(x);
  }
}

void Cell::step(const double* from_x, double* h, double* c) const {
  std::vector<double> from_h(static_cast<std::size_t>(gates_of(kind) * hidden));
  multiply(recurrence, gates_of(kind) * hidden, hidden, h, from_h.data());
  switch (kind) {
    case CellKind::kRnn: return step_rnn(from_x, from_h.data(), h);
    case CellKind::kGru: return step_gru(from_x, from_h.data(), h);
    case CellKind::kLstm: return step_lstm(from_x, from_h.data(), h, c);
  }
}

void Cell::step_rnn(const double* x, const double* r, double* h) const {
  for (std::size_t i = 0; i < static_cast<std::size_t>(hidden); ++i) {
    h[i] = functions[0](x[i] + r[i] + w_bias[i] + r_bias[i]);
  }
}

void Cell::step_gru(const double* x, const double* r, double* h) const {
  const auto size = static_cast<std::size_t>(hidden);
  std::vector<double> candidate(size);
  const auto gate = [&](std::size_t i) { return functions[0](x[i] + r[i] + w_bias[i] + r_bias[i]); };
  if (linear_before_reset) {
    for (std::size_t i = 0; i < size; ++i) {
      const std::size_t at = 2 * size + i;
      candidate[i] = gate(size + i) * (r[at] + r_bias[at]);
    }
  } else {
    std::vector<double> kept(size);
    for (std::size_t i = 0; i < size; ++i) kept[i] = gate(size + i) * h[i];
    multiply(recurrence + 2 * hidden * hidden, hidden, hidden, kept.data(), candidate.data());
    for (std::size_t i = 0; i < size; ++i) candidate[i] += r_bias[2 * size + i];
  }
  for (std::size_t i = 0; i < size; ++i) {
    const double next = functions[1](x[2 * size + i] + candidate[i] + w_bias[2 * size + i]);
    const double z = gate(i);
    h[i] = (1 - z) * next + z * h[i];
  }
}

void Cell::step_lstm(const double* x, const double* r, double* h, double* c) const {
  const auto size = static_cast<std::size_t>(hidden);
  const auto sum = [&](std::size_t i) { return x[i] + r[i] + w_bias[i] + r_bias[i]; };
  for (std::size_t i = 0; i < size; ++i) {
    const double in = functions[0](sum(i) + peepholes[i] * c[i]);
    const double forget = input_forget ? 1 - in : functions[0](sum(2 * size + i) + peepholes[2 * size + i] * c[i]);
    c[i] = forget * c[i] + in * functions[1](sum(3 * size + i));
    const double out = functions[0](sum(size + i) + peepholes[size + i] * c[i]);
    h[i] = out * functions[2](c[i]);
  }
}

}  // namespace bolide
