/// One step of a recurrent layer on one batch row, in double. For recurrent.cpp only.
#pragma once

#include "ops/op.h"

#include <string>
#include <vector>

namespace bolide {

enum class CellKind : std::uint8_t { kRnn, kGru, kLstm };
constexpr std::int64_t gates_of(CellKind kind) { return kind == CellKind::kRnn ? 1 : kind == CellKind::kGru ? 3 : 4; }
constexpr std::size_t activations_of(CellKind kind) {
  return kind == CellKind::kRnn ? 1 : kind == CellKind::kGru ? 2 : 3;
}

/// A named function with its parameters and the bound on its argument.
class CellFunction {
 public:
  /// Takes alpha and beta from the front of the lists where the function has them. Errors: Unsupported for another
  /// name.
  static Result<CellFunction> make(std::string_view name, std::span<const float>& alpha, std::span<const float>& beta,
                                   double clip);
  double operator()(double x) const;

 private:
  int id_ = 0;
  double alpha_ = 0;
  double beta_ = 0;
  double clip_ = 0;
};

/// What the rows of one direction share.
struct Cell {
  CellKind kind = CellKind::kRnn;
  bool linear_before_reset = false;
  bool input_forget = false;
  std::int64_t hidden = 0;
  std::vector<CellFunction> functions;
  const double* recurrence = nullptr;  ///< r of this direction, [gates * hidden, hidden]
  std::vector<double> w_bias;          ///< gates * hidden
  std::vector<double> r_bias;          ///< gates * hidden
  std::vector<double> peepholes;       ///< 3 * hidden

  /// h and c become the next state; `from_x` = W x without bias, gates * hidden numbers.
  void step(const double* from_x, double* h, double* c) const;

 private:
  void step_rnn(const double* x, const double* r, double* h) const;
  void step_gru(const double* x, const double* r, double* h) const;
  void step_lstm(const double* x, const double* r, double* h, double* c) const;
};

}  // namespace bolide
