#include "backend/problem.h"

#include "ops/cast.h"
#include "ops/fused_elementwise.h"

#include <algorithm>

namespace bolide {

namespace {

/// "f32[1,64,56,56]/[200704,1,3584,64]"; the strides are left out when the operand is contiguous or `flat`.
void append_operand(std::string& out, const Operand& operand, bool flat) {
  if (operand.absent) {
    out += '-';
    return;
  }
  strings::append(out, operand.dtype);
  strings::append(out, operand.dims);
  if (!flat && !operand.contiguous()) {
    out += '/';
    strings::append(out, operand.strides);
  }
  if (operand.constant != nullptr) out += '!';
}

/// Every element of every operand once, all in the same order.
bool same_dense_order(const Problem& problem) {
  if (problem.outputs.size() != 1 || problem.outputs[0].absent) return false;
  const Operand& out = problem.outputs[0];
  for (const Operand& input : problem.inputs) {
    if (input.absent || input.dims != out.dims) return false;
    for (std::size_t d = 0; d < out.dims.size(); ++d) {
      if (out.dims[d] != 1 && input.strides[d] != out.strides[d]) return false;
    }
  }
  std::int64_t last = 0;
  std::vector<std::int64_t> strides;
  for (std::size_t d = 0; d < out.dims.size(); ++d) {
    if (out.dims[d] < 2) continue;
    last += (out.dims[d] - 1) * out.strides[d];
    strides.push_back(out.strides[d]);
  }
  std::sort(strides.begin(), strides.end());
  const bool distinct = std::adjacent_find(strides.begin(), strides.end()) == strides.end();
  return distinct && !strides.empty() && strides.front() == 1 && last + 1 == out.count();
}

/// An elementwise operator that walks flat memory: a time is the same for every order.
bool flat(const Problem& problem) {
  if (problem.outputs.empty() || problem.outputs[0].absent || problem.outputs[0].contiguous()) return false;
  return same_dense_order(problem) &&
         (problem.op->is<Elementwise>() || problem.op->is<Cast>() || problem.op->expression().has_value());
}

}  // namespace

std::int64_t Operand::count() const {
  std::int64_t out = 1;
  for (const std::int64_t d : dims) out *= d;
  return out;
}

bool Operand::contiguous() const {
  std::int64_t expected = 1;
  for (std::size_t d = dims.size(); d-- > 0;) {
    if (dims[d] != 1 && strides[d] != expected) return false;
    expected *= dims[d];
  }
  return true;
}

std::string Problem::key() const {
  std::string out = text(*op);
  const bool any_order = flat(*this);
  for (const Operand& input : inputs) {
    out += ' ';
    append_operand(out, input, any_order);
  }
  out += " ->";
  for (const Operand& output : outputs) {
    out += ' ';
    append_operand(out, output, any_order);
  }
  strings::append(out, " threads=");
  strings::append(out, threads);
  return out;
}

}  // namespace bolide
