#include <bolide/types.h>

#include <array>

namespace bolide {
namespace {

struct Facts {
  std::string_view name;
  int bits;
  char kind;  // f float, i signed, u unsigned, o other, v values
};

constexpr std::array<Facts, kDataTypeCount + 3> kFacts = {{
    {"f64", 64, 'f'},
    {"f32", 32, 'f'},
    {"f16", 16, 'f'},
    {"bf16", 16, 'f'},
    {"f8e4m3fn", 8, 'f'},
    {"f8e4m3fnuz", 8, 'f'},
    {"f8e5m2", 8, 'f'},
    {"f8e5m2fnuz", 8, 'f'},
    {"f8e8m0", 8, 'f'},
    {"f4e2m1", 4, 'f'},
    {"i64", 64, 'i'},
    {"i32", 32, 'i'},
    {"i16", 16, 'i'},
    {"i8", 8, 'i'},
    {"i4", 4, 'i'},
    {"i2", 2, 'i'},
    {"u64", 64, 'u'},
    {"u32", 32, 'u'},
    {"u16", 16, 'u'},
    {"u8", 8, 'u'},
    {"u4", 4, 'u'},
    {"u2", 2, 'u'},
    {"bool", 8, 'o'},
    {"string", 8 * sizeof(std::string), 'o'},
    {"c64", 64, 'o'},
    {"c128", 128, 'o'},
    {"f6e2m3", 6, 'f'},
    {"f6e3m2", 6, 'f'},
    {"sequence", 8 * 80, 'v'},
    {"optional", 8 * 80, 'v'},
    {"map", 8 * 80, 'v'},
}};

const Facts& facts(DataType type) { return kFacts.at(static_cast<std::size_t>(type)); }

}  // namespace

std::string_view name(DataType type) { return facts(type).name; }

std::optional<DataType> parse_data_type(std::string_view text) {
  for (std::size_t i = 0; i < kFacts.size(); ++i) {
    if (kFacts.at(i).name == text) return static_cast<DataType>(i);
  }
  return std::nullopt;
}

int bit_width(DataType type) { return facts(type).bits; }
bool is_float(DataType type) { return facts(type).kind == 'f'; }
bool is_container(DataType type) { return facts(type).kind == 'v'; }
bool is_integer(DataType type) { return facts(type).kind == 'i' || facts(type).kind == 'u'; }

}  // namespace bolide
