#include "import/onnx/batch_operands.h"

#include "import/onnx/dynamic_batch.h"
#include "ops/all.h"

#include <algorithm>
#include <array>

namespace bolide::onnx {
namespace {

constexpr std::array<std::string_view, 24> kBroadcasting = {
    "Add",   "And",         "BitwiseAnd", "BitwiseOr", "BitwiseXor", "Div", "Equal", "Greater", "GreaterOrEqual",
    "Less",  "LessOrEqual", "MatMul",     "Max",       "Mean",       "Min", "Mod",   "Mul",     "Or",
    "PRelu", "Pow",         "Sub",        "Sum",       "Where",      "Xor"};

/// The entries along an axis of a dense tensor are equal.
bool all_equal(const Tensor& tensor, std::size_t axis) {
  if (bit_width(tensor.dtype()) % 8 != 0 || tensor.dtype() == DataType::kString) return false;
  std::int64_t outer = 1;
  for (std::size_t d = 0; d < axis; ++d) outer *= tensor.dims()[d];
  const std::int64_t count = tensor.dims()[axis];
  if (outer == 0 || count == 0) return false;
  const std::size_t bytes = tensor.bytes() / static_cast<std::size_t>(outer * count);
  for (std::int64_t o = 0; o < outer; ++o) {
    const std::byte* const first = tensor.data() + static_cast<std::size_t>(o * count) * bytes;
    for (std::int64_t i = 1; i < count; ++i) {
      if (!std::equal(first, first + bytes, first + static_cast<std::size_t>(i) * bytes)) return false;
    }
  }
  return true;
}

class Follower {
 public:
  Follower(Graph& graph, std::string_view name, std::int64_t size) : graph_(graph), name_(name), size_(size) {}

  /// Puts the batch into a constant vector of sizes, at `index`.
  void put_into_sizes(ValueId& sizes, std::size_t index) {
    const Tensor* constant = graph_.constant(sizes);
    if (constant == nullptr || constant->dtype() != DataType::kI64 || constant->rank() != 1) return;
    const auto numbers = to_i64(*constant);
    if (!numbers || index >= numbers->size() || (*numbers)[index] != size_) return;
    if (const auto made = vector_with_batch(*numbers, index)) sizes = *made;
  }

  /// Makes the entries along `axis` as many as the batch has.
  void make_follow(ValueId& value, std::size_t axis) {
    const Shape shape = shape_of(value);
    if (axis >= shape.size() || !(shape[axis] == Dim(size_)) || !is_same(value, axis)) return;
    ValueId one = value;
    if (size_ != 1) {
      const auto ints = [&](std::string_view what, std::int64_t number) {
        return graph_.add_constant(strings::join(name_, "/", what), Tensor::of<std::int64_t>(Dims{number}));
      };
      const auto sliced =
          graph_.add(Slice{}, {value, ints("start", 0), ints("end", 1), ints("axis", static_cast<std::int64_t>(axis))},
                     strings::join(name_, "/one"));
      if (!sliced) return;
      one = *sliced;
    }
    const auto sizes = vector_with_batch(Dims(shape.size(), 1), axis);
    if (!sizes) return;
    if (const auto all = graph_.add(Expand{}, {one, *sizes}, strings::join(name_, "/batch"))) value = *all;
  }

  Shape shape_of(ValueId value) const { return value == kNoValue ? Shape() : graph_.value(value).type.shape; }

 private:
  std::optional<ValueId> vector_with_batch(const Dims& numbers, std::size_t index) {
    std::vector<ValueId> parts;
    const auto add = [&](Dims some) {
      if (!some.empty())
        parts.push_back(graph_.add_constant(strings::join(name_, "/sizes"), Tensor::of<std::int64_t>(some)));
    };
    const auto at = numbers.begin() + static_cast<std::ptrdiff_t>(index);
    add(Dims(numbers.begin(), at));
    const auto batch = graph_.add(ShapeOf{0, 1}, {graph_.inputs()[0]}, strings::join(name_, "/batch size"));
    if (!batch) return std::nullopt;
    parts.push_back(*batch);
    add(Dims(at + 1, numbers.end()));
    if (parts.size() == 1) return parts[0];
    const auto joined = graph_.add(Concat{.axis = 0}, parts, strings::join(name_, "/all sizes"));
    return joined ? std::optional(*joined) : std::nullopt;
  }

  /// Whether the entries along the axis are known to be equal.
  bool is_same(ValueId value, std::size_t axis) const {
    if (size_ == 1) return true;
    while (true) {
      if (const Tensor* constant = graph_.constant(value)) return all_equal(*constant, axis);
      const Node* producer = graph_.producer(value);
      if (producer == nullptr || !producer->op.is<Expand>()) {
        return producer != nullptr && producer->op.is<ConstantOfShape>();
      }
      const std::size_t to = shape_of(value).size();
      value = producer->inputs[0];
      const std::size_t missing = to - shape_of(value).size();
      if (axis < missing || shape_of(value)[axis - missing] == Dim(1)) return true;
      axis -= missing;
    }
  }

  Graph& graph_;
  std::string_view name_;
  std::int64_t size_;
};

bool is_batch(const Dim& dim) { return dim.single_name() == std::string(kBatchName); }

/// Operands with numpy's broadcasting; the last `own` axes are the operator's.
void follow_broadcast(Follower& follower, std::vector<ValueId>& inputs, std::size_t own) {
  for (std::size_t back = own + 1; back <= 16; ++back) {
    const auto dim_at = [&](ValueId value) -> std::optional<Dim> {
      const Shape shape = follower.shape_of(value);
      return back <= shape.size() ? std::optional(shape[shape.size() - back]) : std::nullopt;
    };
    const bool any = std::ranges::any_of(inputs, [&](ValueId value) {
      const auto dim = dim_at(value);
      return dim && is_batch(*dim);
    });
    if (!any) continue;
    for (ValueId& value : inputs) {
      const auto dim = dim_at(value);
      if (dim && !(*dim == Dim(1))) follower.make_follow(value, follower.shape_of(value).size() - back);
    }
  }
}

void follow_concat(Follower& follower, std::vector<ValueId>& inputs, std::int64_t axis) {
  const std::size_t rank = inputs.empty() ? 0 : follower.shape_of(inputs[0]).size();
  const auto own = static_cast<std::size_t>(axis < 0 ? axis + static_cast<std::int64_t>(rank) : axis);
  for (std::size_t d = 0; d < rank; ++d) {
    const bool any = d != own && std::ranges::any_of(inputs, [&](ValueId value) {
                       const Shape shape = follower.shape_of(value);
                       return d < shape.size() && is_batch(shape[d]);
                     });
    if (!any) continue;
    for (ValueId& value : inputs) follower.make_follow(value, d);
  }
}

}  // namespace

void follow_batch(Graph& graph, std::string_view op, std::string_view name, std::int64_t size,
                  const std::function<std::int64_t(std::string_view attribute, std::int64_t otherwise)>& integer,
                  std::vector<ValueId>& inputs) {
  if (graph.inputs().empty()) return;
  const Shape first = graph.value(graph.inputs()[0]).type.shape;
  if (first.empty() || !is_batch(first[0]) || inputs.empty() || inputs[0] == kNoValue) return;
  Follower follower(graph, name, size);
  const Shape x = follower.shape_of(inputs[0]);
  const auto leads = [&x](std::size_t axis) { return axis < x.size() && is_batch(x[axis]); };
  const auto has = [&inputs](std::size_t index) { return index < inputs.size() && inputs[index] != kNoValue; };
  if (op == "Resize") {
    if (has(3) && leads(0)) follower.put_into_sizes(inputs[3], 0);
  } else if (op == "AffineGrid") {
    if (has(1) && leads(0)) follower.put_into_sizes(inputs[1], 0);
  } else if (op == "Expand") {
    for (std::size_t axis = 0; has(1) && axis < x.size(); ++axis) {
      const auto count = follower.shape_of(inputs[1]);
      const std::int64_t to = count.size() == 1 ? count[0].constant().value_or(0) : 0;
      if (leads(axis) && to >= static_cast<std::int64_t>(x.size()))
        follower.put_into_sizes(inputs[1], axis + static_cast<std::size_t>(to) - x.size());
    }
  } else if (op == "GridSample") {
    if (has(1) && leads(0)) follower.make_follow(inputs[1], 0);
  } else if (op == "LSTM" || op == "GRU" || op == "RNN") {
    const bool batch_first = integer("layout", 0) == 1;
    for (const std::size_t index : {std::size_t{5}, std::size_t{6}}) {
      if (has(index) && leads(batch_first ? 0 : 1)) follower.make_follow(inputs[index], batch_first ? 0 : 1);
    }
    if (has(4) && leads(batch_first ? 0 : 1)) follower.make_follow(inputs[4], 0);
  } else if (op == "Concat") {
    if (std::ranges::find(inputs, kNoValue) == inputs.end()) follow_concat(follower, inputs, integer("axis", 1));
  } else if (std::ranges::find(kBroadcasting, op) != kBroadcasting.end()) {
    follow_broadcast(follower, inputs, op == "MatMul" ? 2 : 0);
  }
}

}  // namespace bolide::onnx
