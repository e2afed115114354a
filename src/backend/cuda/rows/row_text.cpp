#include "backend/cuda/rows/row_text.h"

#include "backend/cuda/text/expr_text.h"
#include "backend/cuda/text/kernel_text.h"

#include <algorithm>

namespace bolide::cuda {

Result<RowText> RowText::make(const Dims& dims, const std::vector<bool>& reduced, std::vector<RowOperand> operands,
                              std::string_view number) {
  RowText out;
  Dims row_dims;
  Dims column_dims;
  std::vector<Dims> row_strides(operands.size());
  std::vector<Dims> column_strides(operands.size());
  for (std::size_t d = 0; d < dims.size(); ++d) {
    (reduced[d] ? column_dims : row_dims).push_back(dims[d]);
    for (std::size_t o = 0; o < operands.size(); ++o) {
      (reduced[d] ? column_strides : row_strides)[o].push_back(operands[o].strides[d]);
    }
  }
  for (const RowOperand& operand : operands) {
    if (c_type(operand.dtype).empty()) return unsupported("operands of ", operand.dtype);
  }
  out.rows_ = NestText::make(row_dims, row_strides);
  out.columns_ = NestText::make(column_dims, column_strides);
  if (out.rows_.count() == 0 || out.columns_.count() == 0) return unsupported("no elements");
  out.by_columns_ = out.columns_.count() > 1 && out.columns_.strides[0].back() != 1 &&
                    out.rows_.strides[0].back() == 1 && out.rows_.dims.back() >= 16;
  out.bytes_ = 1;
  for (const RowOperand& operand : operands) out.bytes_ = std::max(out.bytes_, bit_width(operand.dtype) / 8);
  out.operands_ = std::move(operands);
  out.number_ = number;
  if (!out.by_columns_) {
    // The rows must begin where a group may begin, too.
    out.widest_ = out.columns_.width(out.bytes_);
    for (std::size_t o = 0; o < out.operands_.size(); ++o) {
      if (out.columns_.strides[o].back() == 0) continue;
      for (const std::int64_t stride : out.rows_.strides[o]) {
        while (out.rows_.count() > 1 && stride % out.widest_ != 0) out.widest_ /= 2;
      }
    }
  }
  out.set_width(out.widest_);
  return out;
}

std::string RowText::prefix() { return joined_text({"chain", "rows"}); }

void RowText::set_width(int width) {
  width_ = width;
  groups_ = columns_.count() / width;
  const auto power = [](std::int64_t least) {
    int out = 1;
    while (out < least) out *= 2;
    return out;
  };
  if (by_columns_) {
    lanes_ = std::min(power(groups_), groups_ > 512 && rows_.count() < 8192 ? 32 : 8);
  } else {
    lanes_ = std::min(power(groups_), 32);
    if (groups_ > 256 || (groups_ >= 128 && rows_.count() < 1024)) lanes_ = 256;
  }
  iterations_ = (groups_ + lanes_ - 1) / lanes_;
  kept_ = iterations_ * width_ <= 32;
}

std::string RowText::element(int index) const {
  const auto o = static_cast<std::size_t>(index);
  if (grouped(o)) return strings::join("Load<", number_, ">::from(group_", operands_[o].name, ".at[e])");
  return strings::join("Load<", number_, ">::from(", operands_[o].name, "[row_at[", index, "] + at[", index, "]])");
}

std::string RowText::loop(std::string_view body) const {
  if (kept_) {
    return strings::join("#pragma unroll\n  for (int k = 0; k < ", iterations_, "; ++k) {\n    const int g = k * ",
                         lanes_, " + lane;\n    if (on && g < ", groups_, ") {\n", body, "    }\n  }\n");
  }
  return strings::join("  for (int64_t g = lane; on && g < ", groups_, "; g += ", lanes_, ") {\n", body, "  }\n");
}

std::string RowText::each(std::string_view body) const {
  std::string inside;
  if (!kept_) {
    inside =
        strings::join("      int64_t at[", operands_.size(), "]; column_at_", width_, "(g, at);\n      const Group<",
                      c_type(operands_[0].dtype), ", ", width_, "> group = *(const Group<", c_type(operands_[0].dtype),
                      ", ", width_, ">*)(", operands_[0].name, " + row_at[0] + at[0]);\n");
  }
  strings::append(
      inside, strings::join("#pragma unroll\n      for (int e = 0; e < ", width_, "; ++e) { const ", number_, " x = ",
                            kept_ ? strings::join("kept[k * ", width_, " + e]")
                                  : strings::join("Load<", number_, ">::from(group.at[e])"),
                            "; ", body, " }\n"));
  return loop(inside);
}

std::string RowText::each_store(int index, std::string_view body) const {
  const RowOperand& to = operands_[static_cast<std::size_t>(index)];
  const std::string_view type = c_type(to.dtype);
  std::string inside = strings::join("      int64_t at[", operands_.size(), "]; column_at_", width_,
                                     "(g, at);\n      Group<", type, ", ", width_, "> to;\n");
  if (!kept_) {
    strings::append(inside, strings::join("      const Group<", c_type(operands_[0].dtype), ", ", width_,
                                          "> group = *(const Group<", c_type(operands_[0].dtype), ", ", width_, ">*)(",
                                          operands_[0].name, " + row_at[0] + at[0]);\n"));
  }
  for (std::size_t o = 1; o < operands_.size(); ++o) {
    if (!grouped(o)) continue;
    const std::string group = strings::join("Group<", c_type(operands_[o].dtype), ", ", width_, ">");
    strings::append(inside, strings::join("      const ", group, " group_", operands_[o].name, " = *(const ", group,
                                          "*)(", operands_[o].name, " + row_at[", o, "] + at[", o, "]);\n"));
  }
  strings::append(
      inside, strings::join("#pragma unroll\n      for (int e = 0; e < ", width_, "; ++e) { const ", number_, " x = ",
                            kept_ ? strings::join("kept[k * ", width_, " + e]")
                                  : strings::join("Load<", number_, ">::from(group.at[e])"),
                            "; ", number_, " value; ", body, " to.at[e] = Store<", type, ">::from(value); }\n"));
  strings::append(inside, strings::join("      *(Group<", type, ", ", width_, ">*)(", to.name, " + row_at[", index,
                                        "] + at[", index, "]) = to;\n"));
  return loop(inside);
}

std::string RowText::store_once(int index, std::string_view value) const {
  const RowOperand& to = operands_[static_cast<std::size_t>(index)];
  return strings::join("  if (on && lane == 0) ", to.name, "[row_at[", index, "]] = Store<", c_type(to.dtype),
                       ">::from(", value, ");\n");
}

std::string RowText::all(std::string_view operation, std::string_view value) const {
  return strings::join("all_lanes<", operation, ", ", lanes_, ", ", by_columns_ ? "true" : "false", ">(", value, ")");
}

Status RowText::append(TextLaunch& out, const std::string& function, const std::string& body) const {
  const int threads = by_columns_ ? 32 * lanes_ : 256;
  const int per_block = by_columns_ ? 32 : 256 / lanes_;
  const std::int64_t blocks = (rows_.count() + per_block - 1) / per_block;
  if (blocks >= INT64_C(1) << 31) return unsupported(rows_.count(), " rows in one launch");
  std::string& text = out.program.text;
  text += rows_.function(strings::join("row_at_", width_), 1);
  text += columns_.function(strings::join("column_at_", width_), width_);
  strings::append(text, strings::join("extern \"C\" __global__ void ROW_BOUNDS(", threads, ") ", function, "("));
  for (std::size_t o = 0; o < operands_.size(); ++o) {
    const RowOperand& operand = operands_[o];
    strings::append(text, strings::join(o == 0 ? "" : ", ", operand.written ? "" : "const ", c_type(operand.dtype),
                                        "* __restrict__ ", operand.name));
  }
  strings::append(
      text,
      strings::join(") {\n  const int lane = threadIdx.x ", by_columns_ ? ">> 5" : strings::join("% ", lanes_),
                    ";\n  const int64_t row = (int64_t)blockIdx.x * ", per_block, " + threadIdx.x ",
                    by_columns_ ? "% 32" : strings::join("/ ", lanes_), ";\n  const bool on = row < ", rows_.count(),
                    ";\n  int64_t row_at[", operands_.size(), "];\n  row_at_", width_, "(on ? row : 0, row_at);\n"));
  if (kept_) {
    const std::string_view type = c_type(operands_[0].dtype);
    strings::append(text, strings::join("  ", number_, " kept[", iterations_ * width_, "];\n"));
    text += loop(strings::join("      int64_t at[", operands_.size(), "]; column_at_", width_,
                               "(g, at);\n      const Group<", type, ", ", width_, "> group = *(const Group<", type,
                               ", ", width_, ">*)(", operands_[0].name,
                               " + row_at[0] + at[0]);\n#pragma unroll\n      for (int e = 0; e < ", width_,
                               "; ++e) kept[k * ", width_, " + e] = Load<", number_, ">::from(group.at[e]);\n"));
  }
  text += body;
  text += "}\n";
  out.forms.push_back(
      {.function = function,
       .launch = {.grid = {static_cast<unsigned>(blocks), 1, 1}, .block = {static_cast<unsigned>(threads), 1, 1}},
       .alignment = static_cast<std::size_t>(width_ > 1 ? width_ * bytes_ : 1)});
  return {};
}

}  // namespace bolide::cuda
