#include "tensor/dim.h"

#include <algorithm>

namespace bolide {
namespace {

std::shared_ptr<const std::vector<TensorType>> held(std::vector<TensorType> types) {
  return std::make_shared<const std::vector<TensorType>>(std::move(types));
}

bool holds_nothing(const TensorType& type) {
  const bool counted = type.dtype == DataType::kSequence || type.dtype == DataType::kOptional;
  return counted && type.rank() == 1 && type.shape[0].is_constant() && *type.shape[0].constant() == 0;
}

Result<TensorType> common(const TensorType& a, const TensorType& b, const std::function<Dim()>& other_size,
                          bool inside) {
  if (a.dtype != b.dtype) return invalid_argument("the values are ", a, " and ", b);
  if (!a.ranked || !b.ranked || a.rank() != b.rank()) {
    if (!inside) return unsupported("the values differ in rank: ", a, " and ", b);
    return TensorType{a.dtype, {}, nullptr, false};
  }
  TensorType out{a.dtype, a.shape};
  for (std::size_t i = 0; i < out.shape.size(); ++i) {
    if (!(a.shape[i] == b.shape[i])) out.shape[i] = other_size();
  }
  if (!is_container(a.dtype)) return out;
  if (a.elements == nullptr || b.elements == nullptr || holds_nothing(a) || holds_nothing(b)) {
    out.elements = a.elements == nullptr || (holds_nothing(a) && b.elements != nullptr) ? b.elements : a.elements;
    if (a.elements != nullptr && b.elements != nullptr && a.element().dtype != b.element().dtype) {
      return invalid_argument("the values are ", a, " and ", b);
    }
    return out;
  }
  std::vector<TensorType> elements;
  for (std::size_t i = 0; i < a.elements->size() && i < b.elements->size(); ++i) {
    TRY(TensorType element, common(a.element(i), b.element(i), other_size, true));
    elements.push_back(std::move(element));
  }
  out.elements = held(std::move(elements));
  return out;
}

}  // namespace

bool TensorType::operator==(const TensorType& other) const {
  if (dtype != other.dtype || shape != other.shape || ranked != other.ranked) return false;
  if (elements == nullptr || other.elements == nullptr) return elements == other.elements;
  return *elements == *other.elements;
}

std::string text(const TensorType& type) {
  std::string out(name(type.dtype));
  out += type.ranked ? text(type.shape) : std::string("[*]");
  if (type.elements == nullptr) return out;
  out += '<';
  for (std::size_t i = 0; i < type.elements->size(); ++i) {
    if (i > 0) out += ',';
    out += text(type.element(i));
  }
  out += '>';
  return out;
}

TensorType sequence_type(TensorType element, Dim size) {
  return {DataType::kSequence, {std::move(size)}, held({std::move(element)})};
}
TensorType optional_type(TensorType element, Dim size) {
  return {DataType::kOptional, {std::move(size)}, held({std::move(element)})};
}
TensorType map_type(TensorType keys, TensorType values) {
  return {DataType::kMap, {Dim(2)}, held({std::move(keys), std::move(values)})};
}

Result<TensorType> common_type(const TensorType& a, const TensorType& b, const std::function<Dim()>& other_size) {
  return common(a, b, other_size, false);
}

bool compatible(const TensorType& a, const TensorType& b) {
  if (a.dtype != b.dtype) return false;
  if (!a.ranked || !b.ranked) return true;
  if (a.rank() != b.rank()) return false;
  for (std::size_t i = 0; i < a.shape.size(); ++i) {
    if (a.shape[i].is_constant() && b.shape[i].is_constant() && !(a.shape[i] == b.shape[i])) return false;
  }
  if (a.elements == nullptr || b.elements == nullptr) return true;
  if (holds_nothing(a) || holds_nothing(b)) return a.element().dtype == b.element().dtype;
  return std::equal(a.elements->begin(), a.elements->end(), b.elements->begin(), b.elements->end(), compatible);
}

}  // namespace bolide
