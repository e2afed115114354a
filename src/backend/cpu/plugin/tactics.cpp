#include "backend/cpu/plugin/tactics.h"

#include "ops/plugin_call.h"

namespace bolide::cpu {
namespace {

constexpr std::size_t kMost = 16;  // inputs, and outputs

/// The operands of a problem at the addresses of one run.
class Tensors {
 public:
  template <class Address>
  Tensors(const std::vector<Operand>& operands, const Address* addresses) : count_(operands.size()) {
    for (std::size_t i = 0; i < count_; ++i) {
      const Operand& operand = operands[i];
      if (operand.absent) {
        all_.at(i) = plugin_tensor(nullptr);
        continue;
      }
      const void* data =
          addresses[i] != nullptr || operand.constant == nullptr ? addresses[i] : operand.constant->data();
      all_.at(i) = {static_cast<std::int32_t>(operand.dtype), operand.rank(), operand.dims.data(),
                    const_cast<void*>(data), packed_bytes(operand.dtype, operand.count())};
    }
  }
  std::span<bolide_plugin_tensor> all() { return std::span(all_).first(count_); }

 private:
  std::size_t count_;
  std::array<bolide_plugin_tensor, kMost> all_{};
};

class PluginKernel final : public HostKernel {
 public:
  PluginKernel(const Problem& problem, Op op, const PluginOperator& plugin, PluginAttributes attributes)
      : problem_(problem), op_(std::move(op)), plugin_(plugin), attributes_(std::move(attributes)) {}

  Grid grid(int) const override { return {}; }
  Status run(int, const KernelBuffers& buffers, Range rows, Range channels) const override {
    if (rows.begin >= rows.end || channels.begin >= channels.end) return ok();
    Tensors inputs(problem_.inputs, buffers.inputs);
    Tensors outputs(problem_.outputs, buffers.outputs);
    PluginCall call(attributes_.all(), inputs.all(), outputs.all());
    return call.run(plugin_.functions->fast, plugin_.name);
  }

 private:
  Problem problem_;
  Op op_;  // the attributes point into it
  const PluginOperator& plugin_;
  PluginAttributes attributes_;
};

class PluginTactic final : public Tactic {
 public:
  constexpr PluginTactic() : Tactic("cpu.plugin", 1) {}

  Verdict accepts(const Problem& problem, const Target&) const override {
    const Result<const PluginOperator*> found = problem.op->as<PluginOp>()->find();
    if (!found) return reject(found.error().message);
    if ((*found)->functions->fast == nullptr) return reject("the plugin has no fast form of it");
    if (problem.inputs.size() > kMost || problem.outputs.size() > kMost)
      return reject("more than ", kMost, " operands");
    for (const std::vector<Operand>* operands : {&problem.inputs, &problem.outputs}) {
      for (const Operand& operand : *operands) {
        if (!operand.absent && !operand.contiguous()) return reject("operands must be contiguous");
      }
    }
    return accept();
  }
  double estimate_us(const Problem& problem, const Target&) const override {
    double elements = 0;
    for (const Operand& operand : problem.inputs) elements += static_cast<double>(operand.count());
    for (const Operand& operand : problem.outputs) elements += static_cast<double>(operand.count());
    return 1 + elements / 1000;
  }
  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target&) const override {
    Op op = *problem.op;
    TRY(const PluginOperator* found, op.as<PluginOp>()->find());
    TRY(PluginAttributes attributes, PluginAttributes::of(*op.as<PluginOp>()));
    return std::unique_ptr<Kernel>(new PluginKernel(problem, std::move(op), *found, std::move(attributes)));
  }
};

constexpr PluginTactic kTactic;

}  // namespace

std::span<const Tactic* const> plugin_tactics() {
  static constexpr std::array<const Tactic*, 1> kTactics = {&kTactic};
  return kTactics;
}

}  // namespace bolide::cpu
