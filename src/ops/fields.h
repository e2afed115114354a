/// An attribute struct lists its fields once, in kFields; printing, parsing, hashing, comparing and serialising follow.
///
///     struct LeakyRelu {
///       float alpha = 0.01F;
///       static constexpr auto kFields = std::tuple{field("alpha", &LeakyRelu::alpha)};
///     };
///
/// An enumeration used as a field provides its spellings, in order of its values, by a function found by ADL:
///     constexpr std::array<std::string_view, 2> enum_names(PadMode) { return {"constant", "reflect"}; }
#pragma once

#include "ops/expr.h"

#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

namespace bolide {

/// Visits the fields of a struct in order; may change them.
class FieldVisitor {
 public:
  virtual ~FieldVisitor() = default;
  virtual void on(std::string_view name, bool& value) = 0;
  virtual void on(std::string_view name, std::int64_t& value) = 0;
  virtual void on(std::string_view name, float& value) = 0;
  virtual void on(std::string_view name, std::string& value) = 0;
  virtual void on(std::string_view name, std::vector<std::int64_t>& value) = 0;
  virtual void on(std::string_view name, std::vector<float>& value) = 0;
  virtual void on(std::string_view name, std::vector<std::string>& value) = 0;
  virtual void on(std::string_view name, DataType& value) = 0;
  virtual void on(std::string_view name, Expr& value) = 0;
  virtual void on(std::string_view name, Tensor& value) = 0;
  virtual void on_enum(std::string_view name, int& value, std::span<const std::string_view> names) = 0;

 protected:
  FieldVisitor() = default;
  FieldVisitor(const FieldVisitor&) = default;
  FieldVisitor& operator=(const FieldVisitor&) = default;
};

template <class T, class M>
struct Field {
  std::string_view name;
  M T::*member;
};
template <class T, class M>
constexpr Field<T, M> field(std::string_view name, M T::*member) {
  return {name, member};
}

template <class M>
void visit_field(FieldVisitor& visitor, std::string_view name, M& value) {
  if constexpr (std::is_enum_v<M> && !std::is_same_v<M, DataType>) {
    static constexpr auto kNames = enum_names(M{});
    int index = static_cast<int>(value);
    visitor.on_enum(name, index, kNames);
    value = static_cast<M>(index);
  } else {
    visitor.on(name, value);
  }
}

template <class T>
void visit_fields(FieldVisitor& visitor, T& object) {
  std::apply([&](const auto&... f) { (visit_field(visitor, f.name, object.*(f.member)), ...); }, T::kFields);
}

template <class T>
bool fields_equal(const T& a, const T& b) {
  return std::apply([&](const auto&... f) { return ((a.*(f.member) == b.*(f.member)) && ...); }, T::kFields);
}

}  // namespace bolide
