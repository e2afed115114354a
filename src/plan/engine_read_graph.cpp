#include "plan/engine_read_graph.h"

#include "plan/bytes.h"
#include "plan/check_types.h"
#include "plan/engine_layout.h"

#include <algorithm>

namespace bolide {
namespace {

using namespace engine_layout;

class GraphReader {
 public:
  GraphReader(std::span<const std::byte> bytes, std::span<const std::byte> weights, std::shared_ptr<const void> owner,
              std::uint32_t minor)
      : in_(bytes, "graph section"), weights_(weights), owner_(std::move(owner)), minor_(minor) {}

  Result<std::shared_ptr<const StepGraph>> run() {
    TRY(auto graph, read_graph(1));
    TRY_OK(in_.status(true));
    if (weights_at_ != weights_.size()) {
      return bad_file("the weights section has ", weights_.size(), " bytes, the constants take ", weights_at_);
    }
    TRY_OK(check(*graph));
    TRY_OK(check_types(*graph));
    return graph;
  }

 private:
  Result<std::shared_ptr<const StepGraph>> read_graph(int depth) {
    if (depth > kMaxNesting) return bad_file("graph section: graphs nested more than ", kMaxNesting, " deep");
    auto graph = std::make_shared<StepGraph>();
    graph->name = in_.text();
    for (std::size_t n = in_.count(13); n > 0; --n) {
      TRY(Tensor tensor, read_constant());
      graph->constants.push_back(std::move(tensor));
    }
    for (std::size_t n = in_.count(9); n > 0; --n) {
      TRY(StepGraph::Value value, read_value(*graph));
      graph->values.push_back(std::move(value));
    }
    graph->inputs = read_indices();
    graph->outputs = read_indices();
    for (std::size_t n = in_.count(28); n > 0; --n) {
      TRY(StepGraph::Step step, read_step(depth));
      graph->steps.push_back(std::move(step));
    }
    TRY_OK(in_.status(false));
    return std::shared_ptr<const StepGraph>(std::move(graph));
  }

  Result<DataType> read_dtype() {
    int dtype = in_.u8();
    // Before format 1.2 there were no 6-bit floats in front of the containers.
    if (minor_ < 2 && dtype >= static_cast<int>(DataType::kF6E2M3)) dtype += 2;
    if (dtype > static_cast<int>(DataType::kMap)) return bad_file("graph section: there is no dtype ", dtype);
    return static_cast<DataType>(dtype);
  }

  std::vector<int> read_indices() {
    std::vector<int> out(in_.count(4));
    for (int& index : out) index = static_cast<int>(in_.u32());
    return out;
  }

  Result<Tensor> read_constant() {
    TRY(const DataType dtype, read_dtype());
    if (is_container(dtype)) return bad_file("graph section: a constant is a ", dtype);
    Dims dims(in_.count(8));
    for (std::int64_t& size : dims) size = in_.i64();
    const std::uint64_t bytes = in_.u64();
    TRY_OK(in_.status(false));
    const std::size_t start = align_up(weights_at_);
    if (start > weights_.size() || bytes > weights_.size() - start) {
      return bad_file("a constant ", dtype, dims, " of ", bytes, " bytes lies beyond the weights section of ",
                      weights_.size());
    }
    if (!all_zero(weights_.subspan(weights_at_, start - weights_at_))) {
      return bad_file("the bytes between two constants are not zero");
    }
    weights_at_ = start + bytes;
    const auto count = element_count(dims);
    if (!count) return bad_file("a constant: ", count.error().message);
    const auto elements = weights_.subspan(start, bytes);
    if (dtype == DataType::kString) return read_strings(std::move(dims), *count, elements);
    const auto bits = static_cast<std::uint64_t>(bit_width(dtype));
    if (static_cast<std::uint64_t>(*count) > (bytes + 1) * 8 / bits || packed_bytes(dtype, *count) != bytes) {
      return bad_file("a constant ", dtype, dims, " of ", bytes, " bytes");
    }
    // Code that reads a bool may rely on it.
    if (dtype == DataType::kBool && std::ranges::any_of(elements, [](std::byte b) { return b > std::byte{1}; })) {
      return bad_file("a constant bool", dims, " holds a byte that is neither 0 nor 1");
    }
    return Tensor::borrow(dtype, std::move(dims), elements.data(), owner_);
  }

  static Result<Tensor> read_strings(Dims dims, std::int64_t count, std::span<const std::byte> elements) {
    if (static_cast<std::uint64_t>(count) > elements.size() / 4) {
      return bad_file("a constant string", dims, " in ", elements.size(), " bytes");
    }
    TRY(Tensor tensor, Tensor::allocate(DataType::kString, std::move(dims)));
    ByteReader in(elements, "strings of a constant");
    for (std::string& element : tensor.span<std::string>()) element = in.text();
    TRY_OK(in.status(true));
    return tensor;
  }

  Result<StepGraph::Value> read_value(const StepGraph& graph) {
    StepGraph::Value value;
    value.name = in_.text();
    TRY(value.type.dtype, read_dtype());
    value.constant = static_cast<int>(in_.u32());
    if (value.constant != kNone) {
      if (value.constant < 0 || static_cast<std::size_t>(value.constant) >= graph.constants.size()) {
        return bad_file("value '", value.name, "' refers to constant ", value.constant, " of ", graph.constants.size());
      }
      value.type.shape = to_shape(graph.constants[static_cast<std::size_t>(value.constant)].dims());
      return value;
    }
    TRY(value.type.shape, read_shape());
    if (is_container(value.type.dtype)) TRY_OK(read_elements(value.type, 1));
    TRY_OK(in_.status(false));
    return value;
  }

  Result<Shape> read_shape() {
    Shape shape;
    for (std::size_t n = in_.count(4); n > 0; --n) {
      const std::string_view dim_text = in_.text();
      if (dim_text.size() > kMaxDimText) {
        return bad_file("graph section: a size is written in ", dim_text.size(), " characters");
      }
      auto dim = Dim::parse(dim_text);
      if (!dim) return bad_file("graph section: ", dim.error().message);
      shape.push_back(*std::move(dim));
    }
    return shape;
  }

  /// What a sequence, optional or map holds.
  Status read_elements(TensorType& type, int depth) {
    const std::size_t count = in_.count(6);
    if (count != (type.dtype == DataType::kMap ? 2U : 1U) || type.rank() != 1 || depth > kMaxNesting) {
      return bad_file("graph section: a ", type.dtype, " of rank ", type.rank(), " holds ", count, " types, nested ",
                      depth, " deep");
    }
    std::vector<TensorType> elements(count);
    for (TensorType& element : elements) {
      TRY(element.dtype, read_dtype());
      element.ranked = in_.u8() != 0;
      TRY(element.shape, read_shape());
      if (!element.ranked && !element.shape.empty()) return bad_file("graph section: a type without rank has sizes");
      if (is_container(element.dtype)) TRY_OK(read_elements(element, depth + 1));
    }
    type.elements = std::make_shared<const std::vector<TensorType>>(std::move(elements));
    return {};
  }

  Result<Op> read_op(std::string_view step) {
    const std::string_view op_name = in_.text();
    const std::string_view attributes = in_.text();
    TRY_OK(in_.status(false));
    auto op = parse_op(op_name, attributes);
    if (op) return op;
    const Code code = op.error().code == Code::kNotFound ? Code::kUnsupported : Code::kBadFile;
    return make_error(code, "step '", step, "': ", op.error().message);
  }

  Result<StepGraph::Step> read_step(int depth) {
    const std::string step_name(in_.text());
    TRY(Op op, read_op(step_name));
    StepGraph::Step step{.name = step_name, .op = std::move(op)};
    step.inputs = read_indices();
    step.outputs = read_indices();
    for (std::size_t n = in_.count(4); n > 0; --n) step.members.emplace_back(in_.text());
    for (std::size_t n = in_.count(24); n > 0; --n) {
      TRY(auto body, read_graph(depth + 1));
      step.bodies.push_back(std::move(body));
    }
    return step;
  }

  ByteReader in_;
  std::span<const std::byte> weights_;
  std::size_t weights_at_ = 0;
  std::shared_ptr<const void> owner_;
  std::uint32_t minor_;
};

}  // namespace

Result<std::shared_ptr<const StepGraph>> read_graph_section(std::span<const std::byte> bytes,
                                                            std::span<const std::byte> weights,
                                                            std::shared_ptr<const void> owner, std::uint32_t minor) {
  return GraphReader(bytes, weights, std::move(owner), minor).run();
}

}  // namespace bolide
