/// An operator: attributes, type inference and reference evaluation behind one value type.
///
/// Operators are plain structs that satisfy the `Operator` concept; `Op` erases their type. They know tensors, not
/// graphs, so that the runtime links them without the compiler. docs/recipes/add-an-operator.md walks through one.
#pragma once

#include "ops/fields.h"

#include <functional>
#include <memory>
#include <optional>
#include <span>

namespace bolide {

using TensorTypes = std::vector<TensorType>;
using Tensors = std::vector<Tensor>;

/// Facts about an operator that passes ask for.
struct OpInfo {
  std::string_view name;
  int min_inputs = 1;
  int max_inputs = 1;       ///< -1: any number
  int outputs = 1;          ///< the most it can have (-1: any number); trailing ones may be left out
  bool pure = true;         ///< same inputs, same outputs; may be folded, merged and removed
  bool view = false;        ///< moves no number: outputs are elements of the inputs in another arrangement
  bool containers = false;  ///< takes sequences, optionals and maps; the others see tensors only
};

/// What is known at compile time when output types are derived. Optional inputs that are left out read as absent.
class InferContext {
 public:
  struct Input {
    const TensorType* type = nullptr;            ///< null: left out
    const Tensor* constant = nullptr;            ///< the value, when it is known
    const std::vector<Dim>* contents = nullptr;  ///< an integer or bool tensor of rank 0 or 1 as sizes, when known
  };

  explicit InferContext(std::span<const Input> inputs, int outputs = 1) : inputs_(inputs), outputs_(outputs) {}

  int input_count() const { return static_cast<int>(inputs_.size()); }
  int output_count() const { return outputs_; }
  bool has(int index) const {
    return index < input_count() && inputs_[static_cast<std::size_t>(index)].type != nullptr;
  }
  const TensorType& type(int index) const { return *inputs_[static_cast<std::size_t>(index)].type; }
  const Shape& shape(int index) const { return type(index).shape; }
  DataType dtype(int index) const { return type(index).dtype; }
  int rank(int index) const { return type(index).rank(); }
  /// The constant, or null when it is not one or left out.
  const Tensor* constant(int index) const {
    return has(index) ? inputs_[static_cast<std::size_t>(index)].constant : nullptr;
  }
  /// Contents of integers or bool (0 or 1) as sizes, from a constant of at most 4096 elements or from shape
  /// arithmetic; nothing when unknown. Numbers that no Dim holds become the nearest it does (2^62, 1 - 2^62).
  std::optional<std::vector<Dim>> contents(int index) const;

  /// A name for a size that only the data decide, unique within the graph.
  std::function<Dim(std::string_view hint)> fresh_dim = [](std::string_view hint) { return Dim(hint); };
  /// Output types of the node's subgraph `index`.
  std::function<Result<TensorTypes>(int index)> subgraph_types;

 private:
  std::span<const Input> inputs_;
  int outputs_;
};

/// What a reference evaluation may use.
struct EvalContext {
  int output_count = 1;
  /// Runs the node's subgraph `index` on the given inputs.
  std::function<Result<Tensors>(int index, std::span<const Tensor> inputs)> run_subgraph;
  /// Output types of the node's subgraph `index`.
  std::function<Result<TensorTypes>(int index)> subgraph_types;
  /// Seed of the random operators that carry none of their own.
  std::uint64_t seed = 0;
  /// Largest tensor an evaluation may make, in bytes; constant folding sets it low.
  std::int64_t max_bytes = INT64_C(1) << 46;

  /// Errors: OutOfMemory beyond max_bytes, with the numbers; InvalidArgument for impossible sizes.
  Status check(DataType dtype, const Dims& dims) const;
  /// Zero-filled, after check().
  Result<Tensor> allocate(DataType dtype, Dims dims) const;
};

/// Inputs of an evaluation; null where an optional one is left out.
using TensorInputs = std::span<const Tensor* const>;

template <class T>
concept Operator = requires(const T& op, const InferContext& infer, EvalContext& eval, TensorInputs inputs) {
  { T::kInfo } -> std::convertible_to<const OpInfo&>;
  T::kFields;
  { op.infer(infer) } -> std::same_as<Result<TensorTypes>>;
  { op.evaluate(inputs, eval) } -> std::same_as<Result<Tensors>>;
};
// Optional members:
//   std::optional<Expr> expression() const
//       the operator is elementwise over its broadcast inputs, with this meaning on floats
//   std::optional<std::vector<Dim>> contents(const InferContext&) const
//       integer contents of output 0 as sizes (shape arithmetic)

class Op {
 public:
  template <Operator T>
  Op(T op) : model_(std::make_shared<Model<T>>(std::move(op))) {}  // NOLINT(google-explicit-constructor)

  const OpInfo& info() const { return model_->info(); }
  std::string_view name() const { return info().name; }
  template <class T>
  const T* as() const {
    return is<T>() ? static_cast<const T*>(model_->get()) : nullptr;
  }
  template <class T>
  bool is() const {
    return &model_->info() == &T::kInfo;
  }

  /// Types of the outputs. Errors: InvalidArgument for a count of inputs or outputs that kInfo excludes (operators need
  /// not check it), and what the operator says.
  Result<TensorTypes> infer(const InferContext& context) const;
  /// The outputs for inputs that `infer` accepts. Checks the count of inputs as `infer` does.
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
  std::optional<Expr> expression() const { return model_->expression(); }
  std::optional<std::vector<Dim>> contents(const InferContext& context) const { return model_->contents(context); }

  /// Visits a copy of the attributes; the result is the operator with what the visitor wrote.
  Op visited(FieldVisitor& visitor) const { return model_->visited(visitor); }
  bool operator==(const Op& other) const { return &info() == &other.info() && model_->equal(*other.model_); }

 private:
  struct Base {
    virtual ~Base() = default;
    virtual const OpInfo& info() const = 0;
    virtual const void* get() const = 0;
    virtual Result<TensorTypes> infer(const InferContext& context) const = 0;
    virtual Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const = 0;
    virtual std::optional<Expr> expression() const = 0;
    virtual std::optional<std::vector<Dim>> contents(const InferContext& context) const = 0;
    virtual Op visited(FieldVisitor& visitor) const = 0;
    virtual bool equal(const Base& other) const = 0;
  };
  template <class T>
  struct Model final : Base {
    explicit Model(T op) : value(std::move(op)) {}
    const OpInfo& info() const override { return T::kInfo; }
    const void* get() const override { return &value; }
    Result<TensorTypes> infer(const InferContext& context) const override { return value.infer(context); }
    Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const override {
      return value.evaluate(inputs, context);
    }
    std::optional<Expr> expression() const override {
      if constexpr (requires { value.expression(); }) {
        return value.expression();
      } else {
        return std::nullopt;
      }
    }
    std::optional<std::vector<Dim>> contents(const InferContext& context) const override {
      if constexpr (requires { value.contents(context); }) {
        return value.contents(context);
      } else {
        return (void)context, std::nullopt;
      }
    }
    Op visited(FieldVisitor& visitor) const override {
      T copy = value;
      visit_fields(visitor, copy);
      return Op(std::move(copy));
    }
    bool equal(const Base& other) const override {
      return fields_equal(value, static_cast<const Model<T>&>(other).value);
    }
    T value;
  };
  std::shared_ptr<const Base> model_;
};

/// Name and attributes as text: `Conv strides=[2,2] pads=[1,1,1,1]`. Fields at their default are left out. Tensors are
/// written in full as `f32[2]{1,2}`, expressions and strings in double quotes.
std::string text(const Op& op);
/// Only the attributes: ` strides=[2,2] pads=[1,1,1,1]`, with a leading space each.
std::string attributes_text(const Op& op);
/// Reads what attributes_text writes. Errors: NotFound for an unknown operator or attribute; InvalidArgument for bad
/// text.
Result<Op> parse_op(std::string_view name, std::string_view attributes);

/// The operator of that name with default attributes. Errors: NotFound.
Result<Op> make_op(std::string_view name);
/// The names of all operators, in the order of the list in all.cpp.
std::vector<std::string_view> operator_names();

}  // namespace bolide
