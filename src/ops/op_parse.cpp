#include "ops/op.h"
#include "ops/op_text.h"
#include "tensor/number.h"

#include <algorithm>
#include <charconv>

namespace bolide {
namespace {

/// The text of one attribute value, read from the front.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }
  bool take(char c) {
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  Status expect(char c) {
    if (take(c)) return ok();
    return invalid_argument("'", c, "' expected at '", rest_.substr(0, 20), "'");
  }
  /// Characters up to one of `stops`.
  std::string_view word(std::string_view stops) {
    const std::string_view out = rest_.substr(0, rest_.find_first_of(stops));
    rest_.remove_prefix(out.size());
    return out;
  }
  Result<std::string> quoted() {
    TRY_OK(expect('"'));
    std::string out;
    while (!rest_.empty() && rest_[0] != '"') {
      char c = rest_[0];
      rest_.remove_prefix(1);
      if (c == '\\') {
        if (rest_.empty()) break;
        c = rest_[0];
        rest_.remove_prefix(1);
        if (c == 'x') {
          unsigned byte = 0;
          const std::string_view digits = rest_.substr(0, 2);
          const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
          if (error != std::errc() || end != digits.data() + 2) return invalid_argument("bad escape '\\x", digits, "'");
          rest_.remove_prefix(2);
          c = static_cast<char>(byte);
        }
      }
      out += c;
    }
    TRY_OK(expect('"'));
    return out;
  }
  template <class T>
  Result<T> number() {
    const std::string_view digits = word(",]} ");
    T value{};
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || end != digits.data() + digits.size()) {
      return invalid_argument("'", digits.substr(0, 40), "' is not a number of this kind");
    }
    return value;
  }
  /// Items between brackets.
  template <class T, class Read>
  Result<std::vector<T>> list(char open, char close, Read read) {
    TRY_OK(expect(open));
    std::vector<T> out;
    if (take(close)) return out;
    do {
      TRY(T item, read());
      out.push_back(std::move(item));
    } while (take(','));
    TRY_OK(expect(close));
    return out;
  }
  template <class T>
  Result<std::vector<T>> numbers(char open, char close) {
    return list<T>(open, close, [this] { return number<T>(); });
  }

 private:
  std::string_view rest_;
};

template <class T>
Result<Tensor> listed_tensor(Cursor& cursor, Dims dims) {
  TRY(const std::int64_t count, element_count(dims));
  std::vector<T> values;
  if constexpr (std::is_same_v<T, std::string>) {
    TRY(values, cursor.list<T>('{', '}', [&cursor] { return cursor.quoted(); }));
  } else {
    TRY(values, cursor.numbers<T>('{', '}'));
  }
  if (count != static_cast<std::int64_t>(values.size())) {
    return invalid_argument("a tensor ", dims, " lists ", values.size(), " elements");
  }
  return Tensor::of<T>(values, std::move(dims));
}

Result<Tensor> parse_tensor(Cursor& cursor) {
  const std::string_view word = cursor.word("[");
  const auto type = parse_data_type(word);
  if (!type) return invalid_argument("there is no dtype '", word.substr(0, 40), "'");
  TRY(Dims dims, cursor.numbers<std::int64_t>('[', ']'));
  if (*type == DataType::kString) return listed_tensor<std::string>(cursor, std::move(dims));
  if (*type == DataType::kU64) return listed_tensor<std::uint64_t>(cursor, std::move(dims));
  if (*type == DataType::kF32) return listed_tensor<float>(cursor, std::move(dims));
  if (*type == DataType::kC64 || *type == DataType::kC128) {
    Dims parts = dims;
    parts.push_back(2);
    if (*type == DataType::kC64) {
      TRY(Tensor pairs, listed_tensor<float>(cursor, std::move(parts)));
      return Tensor::borrow(*type, std::move(dims), pairs.data(), pairs.owner());
    }
    TRY(Tensor pairs, listed_tensor<double>(cursor, std::move(parts)));
    return Tensor::borrow(*type, std::move(dims), pairs.data(), pairs.owner());
  }
  if (is_float(*type)) {
    TRY(Tensor wide, listed_tensor<double>(cursor, std::move(dims)));
    return cast(wide, *type);
  }
  TRY(Tensor wide, listed_tensor<std::int64_t>(cursor, std::move(dims)));
  return cast(wide, *type);
}

/// Overwrites the fields that the text names.
class Reader : public FieldVisitor {
 public:
  struct Item {
    std::string_view name;
    std::string_view value;
    bool used = false;
  };
  std::vector<Item> items;
  std::optional<Error> error;

  void on(std::string_view name, bool& value) override {
    read(name, value, [](Cursor& cursor) -> Result<bool> {
      const std::string_view word = cursor.word(" ");
      if (word != "true" && word != "false") return invalid_argument("'", word, "' is neither true nor false");
      return word == "true";
    });
  }
  void on(std::string_view name, std::int64_t& value) override {
    read(name, value, [](Cursor& cursor) { return cursor.number<std::int64_t>(); });
  }
  void on(std::string_view name, float& value) override {
    read(name, value, [](Cursor& cursor) { return cursor.number<float>(); });
  }
  void on(std::string_view name, std::string& value) override {
    read(name, value, [](Cursor& cursor) { return cursor.quoted(); });
  }
  void on(std::string_view name, std::vector<std::int64_t>& value) override {
    read(name, value, [](Cursor& cursor) { return cursor.numbers<std::int64_t>('[', ']'); });
  }
  void on(std::string_view name, std::vector<float>& value) override {
    read(name, value, [](Cursor& cursor) { return cursor.numbers<float>('[', ']'); });
  }
  void on(std::string_view name, std::vector<std::string>& value) override {
    read(name, value,
         [](Cursor& cursor) { return cursor.list<std::string>('[', ']', [&cursor] { return cursor.quoted(); }); });
  }
  void on(std::string_view name, DataType& value) override {
    read(name, value, [](Cursor& cursor) -> Result<DataType> {
      const std::string_view word = cursor.word(" ");
      const auto type = parse_data_type(word);
      if (!type) return invalid_argument("there is no dtype '", word, "'");
      return *type;
    });
  }
  void on(std::string_view name, Expr& value) override {
    read(name, value, [](Cursor& cursor) -> Result<Expr> {
      TRY(const std::string quoted, cursor.quoted());
      return Expr::parse(quoted, inputs_named(quoted));
    });
  }
  void on(std::string_view name, Tensor& value) override {
    read(name, value, [](Cursor& cursor) { return parse_tensor(cursor); });
  }
  void on_enum(std::string_view name, int& value, std::span<const std::string_view> names) override {
    read(name, value, [names](Cursor& cursor) -> Result<int> {
      const std::string_view word = cursor.word(" ");
      const auto found = std::find(names.begin(), names.end(), word);
      if (found == names.end()) return invalid_argument("'", word, "' is none of its values");
      return static_cast<int>(found - names.begin());
    });
  }

 private:
  /// Inputs that the text of an expression speaks of: one more than the largest.
  static int inputs_named(std::string_view text) {
    int most = 0;
    for (std::size_t i = 0; i + 1 < text.size(); ++i) {
      if (text[i] != 'x' || (i > 0 && text[i - 1] != '(' && text[i - 1] != ',')) continue;
      int index = 0;
      const auto end = text.data() + text.size();
      if (std::from_chars(text.data() + i + 1, end, index).ec == std::errc() && index < 1 << 20) {
        most = std::max(most, index);
      }
    }
    return most + 1;
  }

  template <class T, class Read>
  void read(std::string_view name, T& value, Read read_one) {
    for (Item& item : items) {
      if (item.name != name || error) continue;
      item.used = true;
      Cursor cursor(item.value);
      Result<T> got = read_one(cursor);
      if (got && cursor.at_end()) {
        value = *std::move(got);
      } else {
        error = got ? invalid_argument(name, "=", item.value.substr(0, 80), ": more than a value")
                    : make_error(got.error().code, name, ": ", got.error().message);
      }
    }
  }
};

/// Splits ` a=1 b="x y"` at the spaces outside quotes.
Result<std::vector<Reader::Item>> split(std::string_view text) {
  std::vector<Reader::Item> out;
  while (true) {
    while (!text.empty() && text[0] == ' ') text.remove_prefix(1);
    if (text.empty()) return out;
    const std::size_t equals = text.find_first_of("= ");
    if (equals == std::string_view::npos || text[equals] != '=' || equals == 0) {
      return invalid_argument("'", text.substr(0, 40), "' is not name=value");
    }
    Reader::Item item{text.substr(0, equals), {}, false};
    text.remove_prefix(equals + 1);
    std::size_t end = 0;
    for (bool quoted = false; end < text.size() && (quoted || text[end] != ' '); ++end) {
      if (text[end] == '"') quoted = !quoted;
      if (quoted && text[end] == '\\') ++end;
    }
    item.value = text.substr(0, end);
    for (const Reader::Item& other : out) {
      if (other.name == item.name) return invalid_argument("attribute '", item.name, "' stands twice");
    }
    text.remove_prefix(item.value.size());
    out.push_back(item);
  }
}

}  // namespace

Result<std::string> parse_quoted(std::string_view text) {
  Cursor cursor(text);
  TRY(std::string out, cursor.quoted());
  if (!cursor.at_end()) return invalid_argument("more than a quoted text: '", text.substr(0, 80), "'");
  return out;
}

Result<Tensor> parse_tensor(std::string_view text) {
  Cursor cursor(text);
  TRY(Tensor out, parse_tensor(cursor));
  if (!cursor.at_end()) return invalid_argument("more than a tensor: '", text.substr(0, 80), "'");
  return out;
}

Result<Op> parse_op(std::string_view name, std::string_view attributes) {
  TRY(const Op op, make_op(name));
  Reader reader;
  TRY(reader.items, split(attributes).within(name));
  Op out = op.visited(reader);
  if (reader.error) return make_error(reader.error->code, name, ": ", reader.error->message);
  for (const Reader::Item& item : reader.items) {
    if (!item.used) return not_found(name, ": there is no attribute '", item.name, "'");
  }
  return out;
}

}  // namespace bolide
