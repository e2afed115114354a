#include "backend/reference/reference.h"

#include "ops/result_places.h"

#include <cstring>
#include <functional>

namespace bolide {

void copy_strided(std::span<const std::int64_t> dims, const std::byte* from, std::span<const std::int64_t> from_strides,
                  std::byte* to, std::span<const std::int64_t> to_strides, std::int64_t bytes) {
  if (dims.empty()) {
    std::memcpy(to, from, static_cast<std::size_t>(bytes));
    return;
  }
  for (std::int64_t i = 0; i < dims[0]; ++i) {
    copy_strided(dims.subspan(1), from + i * from_strides[0] * bytes, from_strides.subspan(1),
                 to + i * to_strides[0] * bytes, to_strides.subspan(1), bytes);
  }
}

namespace {

bool dense_only(const Operand& operand) { return bit_width(operand.dtype) < 8 || operand.dtype == DataType::kString; }

class ReferenceKernel final : public HostKernel {
 public:
  explicit ReferenceKernel(const Problem& problem) : problem_(problem), op_(*problem.op) {}

  Grid grid(int) const override { return {}; }

  Status run(int, const KernelBuffers& buffers, Range rows, Range channels) const override {
    if (rows.begin >= rows.end || channels.begin >= channels.end) return ok();
    std::vector<Tensor> dense;
    dense.reserve(problem_.inputs.size());
    std::vector<const Tensor*> inputs;
    for (std::size_t i = 0; i < problem_.inputs.size(); ++i) {
      if (problem_.inputs[i].absent) {
        inputs.push_back(nullptr);
        continue;
      }
      TRY(Tensor tensor, read(problem_.inputs[i], buffers.inputs[i]));
      dense.push_back(std::move(tensor));
      inputs.push_back(&dense.back());
    }
    std::vector<ResultPlace> places;
    for (std::size_t o = 0; o < problem_.outputs.size(); ++o) {
      if (receives(o, buffers)) {
        const Operand& output = problem_.outputs[o];
        places.push_back({output.dtype, output.dims, static_cast<std::byte*>(buffers.outputs[o])});
      }
    }
    const ResultPlaces waiting(places);
    EvalContext context;
    context.output_count = static_cast<int>(problem_.outputs.size());
    TRY(Tensors results, op_.evaluate(inputs, context));
    TRY_OK(untangle(results, buffers));
    for (std::size_t o = 0; o < problem_.outputs.size(); ++o) {
      if (problem_.outputs[o].absent || buffers.outputs[o] == nullptr) continue;
      if (o >= results.size()) return internal_error(op_.name(), ": output ", o, " was not made");
      TRY_OK(write(results[o], problem_.outputs[o], static_cast<std::byte*>(buffers.outputs[o])));
    }
    return ok();
  }

 private:
  /// The evaluation may write output `o` where it goes.
  bool receives(std::size_t o, const KernelBuffers& buffers) const {
    const Operand& output = problem_.outputs[o];
    return !output.absent && buffers.outputs[o] != nullptr && !dense_only(output) && !is_container(output.dtype) &&
           output.contiguous() && output.count() > 0;
  }
  /// A result that lies where another goes gets memory of its own.
  Status untangle(Tensors& results, const KernelBuffers& buffers) const {
    for (std::size_t r = 0; r < results.size(); ++r) {
      for (std::size_t o = 0; o < problem_.outputs.size(); ++o) {
        if (o == r || !receives(o, buffers) || results[r].bytes() == 0) continue;
        const auto* const begin = static_cast<const std::byte*>(buffers.outputs[o]);
        const std::size_t bytes = packed_bytes(problem_.outputs[o].dtype, problem_.outputs[o].count());
        if (std::less<>()(results[r].data(), begin) || !std::less<>()(results[r].data(), begin + bytes)) continue;
        TRY(Tensor own, Tensor::allocate(results[r].dtype(), results[r].dims()));
        std::memcpy(own.data(), results[r].data(), own.bytes());
        results[r] = std::move(own);
      }
    }
    return ok();
  }
  static Result<Tensor> read(const Operand& operand, const void* data) {
    if (operand.constant != nullptr && data == nullptr) return *operand.constant;
    if (operand.contiguous()) return Tensor::borrow(operand.dtype, operand.dims, data, nullptr);
    TRY(Tensor out, Tensor::allocate(operand.dtype, operand.dims));
    if (out.count() == 0) return out;  // there may be no memory to point into
    copy_strided(operand.dims, static_cast<const std::byte*>(data), operand.strides, out.data(),
                 contiguous_strides(operand.dims), bit_width(operand.dtype) / 8);
    return out;
  }
  Status write(const Tensor& result, const Operand& operand, std::byte* to) const {
    if (result.dtype() != operand.dtype || result.dims() != operand.dims) {
      return invalid_argument(op_.name(), ": the result is ", result.dtype(), result.dims(), ", the output holds ",
                              operand.dtype, operand.dims);
    }
    if (operand.dtype == DataType::kString) {
      std::copy_n(reinterpret_cast<const std::string*>(result.data()), result.count(),
                  reinterpret_cast<std::string*>(to));
    } else if (operand.contiguous()) {
      if (result.bytes() > 0 && result.data() != to) std::memcpy(to, result.data(), result.bytes());
    } else {
      copy_strided(operand.dims, result.data(), contiguous_strides(operand.dims), to, operand.strides,
                   bit_width(operand.dtype) / 8);
    }
    return ok();
  }

  Problem problem_;
  Op op_;
};

class ReferenceTactic final : public Tactic {
 public:
  constexpr ReferenceTactic() : Tactic("reference", 1) {}

  Verdict accepts(const Problem& problem, const Target&) const override {
    const std::string_view name = problem.op->name();
    if (name == "If" || name == "Loop" || name == "Scan" || name == "SequenceMap") return reject("needs subgraphs");
    for (const std::vector<Operand>* operands : {&problem.inputs, &problem.outputs}) {
      for (const Operand& operand : *operands) {
        if (!operand.absent && dense_only(operand) && !operand.contiguous()) {
          return reject(operand.dtype, " operands must be contiguous");
        }
      }
    }
    return accept();
  }
  double estimate_us(const Problem& problem, const Target&) const override {
    double elements = 0;
    for (const Operand& operand : problem.inputs) elements += static_cast<double>(operand.count());
    for (const Operand& operand : problem.outputs) elements += static_cast<double>(operand.count());
    return 1000.0 + elements;  // far behind any other
  }
  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target&) const override {
    return std::unique_ptr<Kernel>(new ReferenceKernel(problem));
  }
  bool is_reference() const override { return true; }
};

constexpr ReferenceTactic kTactic;

}  // namespace

const Tactic& reference_tactic() { return kTactic; }

}  // namespace bolide
