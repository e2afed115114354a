/// Sizes as expressions over named dims: `batch`, `2*height/4`, `ceil(width/2)`.
///
///     Dim h("height");
///     Dim out = (h + 2 * 1 - 3).floor_div(2) + 1;
///     text(out)                      -> "(height+1)/2"
///     out.evaluate({{"height", 224}}) -> 112
///
/// Every Dim is kept in one canonical form (a sum of integer multiples of products of atoms, an atom being a name or a
/// floor division, minimum or maximum of canonical forms), so that equal texts mean equal sizes. A name stands for a
/// size >= 0. Numbers beyond 2^62 and forms beyond a size limit saturate to `Dim::kTooLarge`, which stays itself under
/// all further arithmetic and which every consumer refuses. Simplifying assumes that divisors are not zero.
#pragma once

#include "base/error.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace bolide {

using DimBindings = std::map<std::string, std::int64_t, std::less<>>;

class Dim {
 public:
  static constexpr std::int64_t kTooLarge = INT64_C(1) << 62;

  Dim(std::int64_t value = 0);  // NOLINT(google-explicit-constructor): numbers are sizes
  explicit Dim(
      std::string_view name);  ///< a named dim; `name` is an identifier and may hold '.', '_', '/', '-' and ':'
  /// Reads what `text()` writes: + - * / (floor), ceil(a/b), min(a,b), max(a,b), parentheses, names, integers.
  static Result<Dim> parse(std::string_view text);

  bool is_constant() const { return sum_ == nullptr; }
  /// The number, when there is no name in it.
  std::optional<std::int64_t> constant() const;
  /// The name, when the expression is exactly one name.
  std::optional<std::string> single_name() const;
  /// All names in the expression, sorted, each once.
  std::vector<std::string> names() const;

  friend Dim operator+(const Dim& a, const Dim& b);
  friend Dim operator-(const Dim& a, const Dim& b);
  friend Dim operator*(const Dim& a, const Dim& b);
  Dim floor_div(const Dim& b) const;  ///< rounds towards minus infinity; b must not be the constant 0
  Dim ceil_div(const Dim& b) const;
  static Dim min(const Dim& a, const Dim& b);
  static Dim max(const Dim& a, const Dim& b);
  /// a / b when b divides a for every value of the names; nothing otherwise.
  static std::optional<Dim> exact_div(const Dim& a, const Dim& b);

  bool operator==(const Dim& other) const;

  /// The size under `bindings`. Errors: NotFound for an unbound name; InvalidArgument for division by zero or overflow.
  Result<std::int64_t> evaluate(const DimBindings& bindings) const;
  /// Names replaced by expressions.
  Dim substitute(const std::map<std::string, Dim, std::less<>>& replacements) const;
  /// Finds the value of the only unbound name so that the expression equals `value`.
  /// Nothing when it has no unbound name or is not linear in it. Errors: InvalidArgument when no integer solves it.
  Result<std::optional<std::pair<std::string, std::int64_t>>> solve(std::int64_t value, const DimBindings& bound) const;

  struct Sum;  ///< the canonical form, for src/tensor only: dim_form.h
  struct Access;

 private:
  std::int64_t value_ = 0;          // used when sum_ is null
  std::shared_ptr<const Sum> sum_;  // never holds a plain constant
};

std::string text(const Dim& dim);

/// Sizes of a tensor, outermost first.
using Shape = std::vector<Dim>;

std::string text(const Shape& shape);  ///< "[batch,3,224,224]"
Shape to_shape(std::span<const std::int64_t> dims);
/// The sizes, when no name is left in them.
std::optional<Dims> constant_dims(const Shape& shape);
Dim element_count(const Shape& shape);
Result<Dims> evaluate(const Shape& shape, const DimBindings& bindings);

inline void append(std::string& out, const Dim& dim) { out += text(dim); }
inline void append(std::string& out, const Shape& shape) { out += text(shape); }

/// What the compiler knows of a value: element type and sizes.
///
/// Sequences, optionals and maps have rank 1, and say in `elements` what they hold: a sequence one type for its [n]
/// values, an optional one type for its [0] or [1] value, a map the types of its two elements, keys and values.
struct TensorType {
  DataType dtype = DataType::kF32;
  Shape shape;
  std::shared_ptr<const std::vector<TensorType>> elements = nullptr;  ///< null for tensors
  bool ranked = true;  ///< false only for tensors inside of containers that differ in rank; the shape is empty then

  int rank() const { return static_cast<int>(shape.size()); }
  /// The type of what the container holds; for a map, of the keys (0) and the values (1).
  const TensorType& element(std::size_t index = 0) const { return (*elements)[index]; }
  bool operator==(const TensorType& other) const;
};
/// "f32[batch,3,224,224]"; "sequence[n]<f32[2,k]>", "map[2]<string[k],f32[k]>"; "f32[*]" for tensors of any rank.
std::string text(const TensorType& type);

/// Types of values that hold others; `size` is how many they hold.
TensorType sequence_type(TensorType element, Dim size);
TensorType optional_type(TensorType element, Dim size);
TensorType map_type(TensorType keys, TensorType values);

/// The narrowest type of which both are, sizes that differ being `other_size()`, ranks that differ unknown (inside of
/// containers only). Containers that hold nothing take the other's element type. Errors: InvalidArgument for other
/// dtypes; Unsupported for tensors of other ranks that are in no container.
Result<TensorType> common_type(const TensorType& a, const TensorType& b, const std::function<Dim()>& other_size);
/// Whether one value may have both types: equal dtypes, ranks and known sizes, inside of containers as well.
bool compatible(const TensorType& a, const TensorType& b);
inline void append(std::string& out, const TensorType& type) { out += text(type); }

}  // namespace bolide
