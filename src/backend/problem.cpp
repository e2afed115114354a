#include "backend/problem.h"

namespace bolide {

namespace {

/// "f32[1,64,56,56]/[200704,1,3584,64]"; the strides are left out when the operand is contiguous.
void append_operand(std::string& out, const Operand& operand) {
  if (operand.absent) {
    out += '-';
    return;
  }
  strings::append(out, operand.dtype);
  strings::append(out, operand.dims);
  if (!operand.contiguous()) {
    out += '/';
    strings::append(out, operand.strides);
  }
  if (operand.constant != nullptr) out += '!';
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
  for (const Operand& input : inputs) {
    out += ' ';
    append_operand(out, input);
  }
  out += " ->";
  for (const Operand& output : outputs) {
    out += ' ';
    append_operand(out, output);
  }
  strings::append(out, " threads=");
  strings::append(out, threads);
  return out;
}

}  // namespace bolide
