#include "ops/retype.h"

namespace bolide {
namespace {

/// Replaces FP32 wherever an attribute names it.
class Renamer final : public FieldVisitor {
 public:
  explicit Renamer(DataType to) : to_(to) {}
  void on(std::string_view, DataType& value) override {
    if (value == DataType::kF32) value = to_;
  }
  void on(std::string_view, bool&) override {}
  void on(std::string_view, std::int64_t&) override {}
  void on(std::string_view, float&) override {}
  void on(std::string_view, std::string&) override {}
  void on(std::string_view, std::vector<std::int64_t>&) override {}
  void on(std::string_view, std::vector<float>&) override {}
  void on(std::string_view, std::vector<std::string>&) override {}
  void on(std::string_view, Expr&) override {}
  void on(std::string_view, Tensor&) override {}
  void on_enum(std::string_view, int&, std::span<const std::string_view>) override {}

 private:
  DataType to_;
};

}  // namespace

Op with_float_type(const Op& op, DataType to) {
  Renamer renamer(to);
  return op.visited(renamer);
}

}  // namespace bolide
