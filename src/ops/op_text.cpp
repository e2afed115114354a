#include "ops/op_text.h"

#include "ops/op.h"

#include <algorithm>

namespace bolide {

void append_quoted(std::string& out, std::string_view value) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      out += "\\x";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

namespace {

/// "a,b,c" between the brackets.
template <class Items, class Append>
void append_list(std::string& out, char open, const Items& items, char close, Append append_one) {
  out += open;
  bool first = true;
  for (const auto& item : items) {
    if (!first) out += ',';
    first = false;
    append_one(item);
  }
  out += close;
}

/// Complex numbers are listed as their two parts each.
Tensor as_listed(const Tensor& tensor) {
  const bool wide = tensor.dtype() == DataType::kC128;
  if (!wide && tensor.dtype() != DataType::kC64) return tensor;
  return Tensor::borrow(wide ? DataType::kF64 : DataType::kF32, {tensor.count() * 2}, tensor.data(), tensor.owner());
}

}  // namespace

void append_tensor(std::string& out, const Tensor& tensor) {
  out += name(tensor.dtype());
  strings::append(out, tensor.dims());
  const Tensor listed = as_listed(tensor);
  const auto number = [&out](auto value) { strings::append(out, value); };
  if (listed.dtype() == DataType::kString) {
    append_list(out, '{', listed.span<std::string>(), '}', [&out](const std::string& s) { append_quoted(out, s); });
  } else if (listed.dtype() == DataType::kU64) {
    append_list(out, '{', listed.span<std::uint64_t>(), '}', number);
  } else if (listed.dtype() == DataType::kF32) {
    append_list(out, '{', listed.span<float>(), '}', number);
  } else if (is_float(listed.dtype())) {
    const auto values = to_f64(listed);
    append_list(out, '{', values ? *values : std::vector<double>(), '}', number);
  } else {
    const auto values = to_i64(listed);
    append_list(out, '{', values ? *values : Dims(), '}', number);
  }
}

namespace {

/// Collects the fields as (name, text).
class Writer : public FieldVisitor {
 public:
  std::vector<std::pair<std::string_view, std::string>> fields;

  void on(std::string_view name, bool& value) override { plain(name, value); }
  void on(std::string_view name, std::int64_t& value) override { plain(name, value); }
  void on(std::string_view name, float& value) override { plain(name, value); }
  void on(std::string_view name, DataType& value) override { plain(name, value); }
  void on(std::string_view name, std::vector<std::int64_t>& value) override { plain(name, value); }
  void on(std::string_view name, std::string& value) override { append_quoted(add(name), value); }
  void on(std::string_view name, std::vector<float>& value) override {
    std::string& out = add(name);
    append_list(out, '[', value, ']', [&out](float item) { strings::append(out, item); });
  }
  void on(std::string_view name, std::vector<std::string>& value) override {
    std::string& out = add(name);
    append_list(out, '[', value, ']', [&out](const std::string& item) { append_quoted(out, item); });
  }
  void on(std::string_view name, Expr& value) override { append_quoted(add(name), text(value)); }
  void on(std::string_view name, Tensor& value) override { append_tensor(add(name), value); }
  void on_enum(std::string_view name, int& value, std::span<const std::string_view> names) override {
    plain(name, names[static_cast<std::size_t>(value)]);
  }

 private:
  std::string& add(std::string_view name) { return fields.emplace_back(name, std::string()).second; }
  template <class T>
  void plain(std::string_view name, const T& value) {
    strings::append(add(name), value);
  }
};

std::vector<std::pair<std::string_view, std::string>> fields_of(const Op& op) {
  Writer writer;
  (void)op.visited(writer);
  return std::move(writer.fields);
}

}  // namespace

std::string attributes_text(const Op& op) {
  const auto fields = fields_of(op);
  const auto plain = make_op(op.name());
  const auto defaults = plain ? fields_of(*plain) : decltype(fields){};
  std::string out;
  for (const auto& field : fields) {
    if (std::find(defaults.begin(), defaults.end(), field) != defaults.end()) continue;
    out += ' ';
    out += field.first;
    out += '=';
    out += field.second;
  }
  return out;
}

std::string text(const Op& op) { return std::string(op.name()) + attributes_text(op); }

}  // namespace bolide
