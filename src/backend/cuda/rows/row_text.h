/// Kernels over rows: each row is read by threads that share it, reduced to a few numbers, and perhaps written again.
#pragma once

#include "backend/cuda/text/nest_text.h"
#include "backend/cuda/text/text_kernel.h"

namespace bolide::cuda {

/// An operand of a row kernel; the first is what is read and reduced.
struct RowOperand {
  std::string name;
  DataType dtype = DataType::kF32;
  Dims strides;  ///< over the dims of the work, 0 where it does not vary
  bool written = false;
  AddressArg address;
};

/// Writes kernel text for one width of element groups. `x` in bodies is an element of the first operand as `number`.
class RowText {
 public:
  /// `reduced[d]`: dim d is part of a row; the others count the rows. Errors: Unsupported for dtypes without a C type.
  static Result<RowText> make(const Dims& dims, const std::vector<bool>& reduced, std::vector<RowOperand> operands,
                              std::string_view number = "float");

  std::int64_t rows() const { return rows_.count(); }
  std::int64_t row_size() const { return columns_.count(); }
  /// Operand `index` as an element of the row: "Load<float>::from(group_scale.at[e])". In the bodies of each_store
  /// only.
  std::string element(int index) const;

  /// Statements for each element of the row.
  std::string each(std::string_view body) const;
  /// Writes operand `index` within the row: `body` are statements that set `value`.
  std::string each_store(int index, std::string_view body) const;
  /// Stores once a row, by one thread.
  std::string store_once(int index, std::string_view value) const;
  int width() const { return width_; }
  /// "all_lanes<Sum, 32, false>(value)"
  std::string all(std::string_view operation, std::string_view value) const;

  /// The launch of a kernel whose body is what `body` makes of a text of each width.
  template <class Body>
  Result<TextLaunch> launch(std::string_view name, const Body& body) {
    TextLaunch out{.program = {.name = std::string(name), .text = prefix()}};
    for (const RowOperand& operand : operands_) out.args.push_back(operand.address);
    for (int width = widest_;; width = 1) {
      set_width(width);
      TRY_OK(append(out, strings::join(name, "_", width), body(*this)));
      if (width == 1) break;
    }
    return out;
  }

 private:
  static std::string prefix();
  void set_width(int width);
  Status append(TextLaunch& out, const std::string& function, const std::string& body) const;
  std::string loop(std::string_view body) const;
  /// Whether an operand that is read is read in groups.
  bool grouped(std::size_t operand) const {
    return width_ > 1 && !operands_[operand].written && columns_.strides[operand].back() == 1;
  }

  std::vector<RowOperand> operands_;
  std::string number_;
  NestText rows_;
  NestText columns_;
  int widest_ = 1;
  int bytes_ = 4;  // of the widest element
  int width_ = 1;
  bool by_columns_ = false;
  int lanes_ = 1;
  std::int64_t groups_ = 1;      // of `width_` elements in a row
  std::int64_t iterations_ = 1;  // of a thread
  bool kept_ = false;            // the row stays in registers
};

}  // namespace bolide::cuda
