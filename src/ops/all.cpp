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
    entry<Identity>(),
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
