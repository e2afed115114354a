#include <bolide/network.h>

#include "backend/cuda/tactics.h"
#include "ops/op.h"

#include <algorithm>

namespace bolide {
namespace {

/// Writes down the name and kind of every field.
class FieldNames final : public FieldVisitor {
 public:
  std::vector<std::string> names;
  void on(std::string_view name, bool&) override { add(name, "true|false"); }
  void on(std::string_view name, std::int64_t&) override { add(name, "integer"); }
  void on(std::string_view name, float&) override { add(name, "number"); }
  void on(std::string_view name, std::string&) override { add(name, "text"); }
  void on(std::string_view name, std::vector<std::int64_t>&) override { add(name, "integers"); }
  void on(std::string_view name, std::vector<float>&) override { add(name, "numbers"); }
  void on(std::string_view name, std::vector<std::string>&) override { add(name, "texts"); }
  void on(std::string_view name, DataType&) override { add(name, "dtype"); }
  void on(std::string_view name, Expr&) override { add(name, "expression"); }
  void on(std::string_view name, Tensor&) override { add(name, "tensor"); }
  void on_enum(std::string_view name, int&, std::span<const std::string_view> values) override {
    std::string kinds;
    for (const std::string_view value : values) kinds += strings::join(kinds.empty() ? "" : "|", value);
    add(name, kinds);
  }

 private:
  void add(std::string_view name, std::string_view kind) { names.push_back(strings::join(name, ' ', kind)); }
};

bool has_cuda_kernels(const Op& op) {
  const auto families = cuda_tactic_families();
  return std::any_of(families.begin(), families.end(),
                     [&](const CudaTacticFamily& family) { return family.covers(op); });
}

}  // namespace

std::vector<OperatorInfo> operator_list() {
  std::vector<OperatorInfo> list;
  for (const std::string_view name : operator_names()) {
    const Result<Op> op = make_op(name);
    if (!op) continue;
    FieldNames fields;
    (void)op->visited(fields);
    list.push_back({std::string(name), op->info().min_inputs, op->info().max_inputs, std::move(fields.names),
                    has_cuda_kernels(*op)});
  }
  return list;
}

}  // namespace bolide
