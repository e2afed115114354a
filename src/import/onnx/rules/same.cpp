#include "import/onnx/rules/same.h"

#include "import/onnx/rules/all.h"

#include <algorithm>
#include <array>

namespace bolide::onnx {
namespace {

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

class AttributeReader : public FieldVisitor {
 public:
  explicit AttributeReader(OnnxNodeView& node) : node_(node) {}
  std::vector<Error> errors;

  void on(std::string_view name, bool& value) override { value = node_.flag(name, value); }
  void on(std::string_view name, std::int64_t& value) override { value = node_.integer(name, value); }
  void on(std::string_view name, float& value) override { value = node_.number(name, value); }
  void on(std::string_view name, std::string& value) override { value = node_.text(name, value); }
  void on(std::string_view name, std::vector<std::int64_t>& value) override { value = node_.integers(name, value); }
  void on(std::string_view name, std::vector<float>& value) override { value = node_.numbers(name, value); }
  void on(std::string_view name, std::vector<std::string>& value) override {
    if (node_.has(name)) value = node_.texts(name);
  }
  void on(std::string_view name, DataType& value) override {
    const Result<DataType> type = node_.data_type(name, value);
    if (type) {
      value = *type;
    } else {
      errors.push_back(type.error());
    }
  }
  void on(std::string_view, Expr&) override {}
  void on(std::string_view name, Tensor& value) override {
    if (!node_.has(name)) return;
    Result<Tensor> tensor = node_.tensor(name);
    if (tensor) {
      value = *std::move(tensor);
    } else {
      errors.push_back(tensor.error());
    }
  }
  void on_enum(std::string_view name, int& value, std::span<const std::string_view> names) override {
    if (!node_.has(name)) return;
    const std::string text = lower(node_.text(name, names[static_cast<std::size_t>(value)]));
    const auto found =
        std::find_if(names.begin(), names.end(), [&](std::string_view one) { return lower(std::string(one)) == text; });
    if (found != names.end()) {
      value = static_cast<int>(found - names.begin());
      return;
    }
    std::string known;
    for (const std::string_view one : names) known += strings::join(known.empty() ? "" : ", ", one);
    errors.push_back(invalid_argument("attribute '", name, "' is '", text, "', which is none of ", known));
  }

 private:
  OnnxNodeView& node_;
};

}  // namespace

Op with_attributes(const Op& op, OnnxNodeView& node) {
  AttributeReader reader(node);
  Op out = op.visited(reader);
  for (Error& error : reader.errors) node.add_error(std::move(error));
  return out;
}

Status check_numbers(const Op& op, const OnnxNodeView& node) {
  constexpr std::array<std::string_view, 6> kOfBool = {"And", "Equal", "Not", "Or", "Where", "Xor"};
  if (!op.expression() || std::ranges::find(kOfBool, op.name()) != kOfBool.end()) return ok();
  for (std::size_t i = 0; i < node.input_count(); ++i) {
    if (!node.has_input(i) || node.dtype(i) != DataType::kBool) continue;
    return invalid_argument(op.name(), ": input ", i, " is ", node.type(i), ", expected numbers");
  }
  return ok();
}

Result<Values> import_same(OnnxNodeView& node, Builder& build) {
  const Result<Op> op = make_op(node.op_type());
  if (!op) return unsupported("the operator is not implemented yet");
  TRY_OK(check_numbers(*op, node));
  node.ignore("consumed_inputs");  // of operator set 1, an optimization hint
  return build.add_node(with_attributes(*op, node), node.inputs(), std::max<std::size_t>(node.output_count(), 1));
}

}  // namespace bolide::onnx
