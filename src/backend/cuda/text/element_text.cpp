#include "backend/cuda/text/element_text.h"

#include "backend/cuda/cuda_target.h"
#include "backend/cuda/text/kernel_text.h"

#include <algorithm>

namespace bolide::cuda {
namespace {

constexpr int kThreads = 256;

}  // namespace

std::string offset_text(const Dims& strides, std::string_view prefix) {
  std::string out;
  for (std::size_t d = 0; d < strides.size(); ++d) {
    if (strides[d] == 0) continue;
    strings::append(out, strings::join(out.empty() ? "" : " + ", prefix, d, " * ", strides[d], "ll"));
  }
  return out.empty() ? "0" : out;
}

Result<std::string_view> move_type(DataType dtype) {
  const int bits = bit_width(dtype);
  if (dtype == DataType::kString || bits < 8 || bits > 64) return unsupported("elements of ", dtype);
  return bits == 8    ? std::string_view("uint8_t")
         : bits == 16 ? std::string_view("uint16_t")
         : bits == 32 ? std::string_view("uint32_t")
                      : std::string_view("uint64_t");
}

Result<Arithmetic> number_arithmetic(DataType dtype) {
  if (c_type(dtype).empty()) return unsupported("numbers of ", dtype);
  if (dtype == DataType::kF64) return Arithmetic::kF64;
  return is_float(dtype) ? Arithmetic::kF32 : Arithmetic::kI64;
}

ElementText::ElementText(std::string_view name, const Dims& dims, const Dims& strides) : name_(name) {
  std::vector<std::size_t> order;
  for (std::size_t d = 0; d < dims.size(); ++d) {
    count_ *= dims[d];
    order.push_back(d);
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return strides[a] < strides[b]; });
  const std::string_view type = count_ < INT64_C(1) << 31 ? "uint32_t" : "uint64_t";
  indices_ = strings::join("  ", type, " rest = (", type, ")thread;\n");
  for (const std::size_t d : order) {
    if (dims[d] == 1) {
      strings::append(indices_, strings::join("  const int64_t p", d, " = 0;\n"));
    } else {
      strings::append(indices_, strings::join("  const int64_t p", d, " = (int64_t)(rest % ", dims[d],
                                              "u);\n  rest /= ", dims[d], "u;\n"));
    }
  }
}

ElementText& ElementText::pointer(std::string_view name, AddressArg address, std::string_view type) {
  const std::string_view constant = address.kind == AddressArg::Kind::kInput ? "const " : "";
  strings::append(parameters_, strings::join(parameters_.empty() ? "" : ", ", constant, type, "* __restrict__ ", name));
  args_.push_back(address);
  return *this;
}

Result<TextLaunch> ElementText::finish(std::string_view body, std::string_view before,
                                       std::vector<std::string> options) const {
  if (count_ == 0) return unsupported("no elements");
  const std::int64_t blocks = (count_ + kThreads - 1) / kThreads;
  if (blocks >= INT64_C(1) << 31) return unsupported(count_, " elements in one launch");
  TextLaunch out;
  out.program.name = name_;
  out.program.options = std::move(options);
  out.program.text =
      strings::join(joined_text({"chain"}), before, "extern \"C\" __global__ void BLOCK_OF(", kThreads, ") ", name_,
                    "(", parameters_, ") {\n  const int64_t thread = (int64_t)blockIdx.x * ", kThreads,
                    " + threadIdx.x;\n  if (thread >= ", count_, "ll) return;\n", indices_, body, "}\n");
  out.args = args_;
  out.forms.push_back(
      {.function = name_,
       .launch = {.grid = {static_cast<unsigned>(blocks), 1, 1}, .block = {static_cast<unsigned>(kThreads), 1, 1}}});
  return out;
}

Verdict TextTactic::accepts(const Problem& problem, const Target&) const {
  const auto work = make_(problem);
  return work ? accept() : reject(work.error().message);
}

double TextTactic::estimate_us(const Problem& problem, const Target& target) const {
  const auto work = make_(problem);
  const CudaTarget& cuda = cuda_target(target);
  if (!work) return 1e6;
  double bytes = work->bytes;
  for (const Operand& operand : problem.outputs) {
    if (!operand.absent) bytes += static_cast<double>(bolide::packed_bytes(operand.dtype, operand.count()));
  }
  // A thread's steps wait for memory: far from what the arithmetic could do.
  return estimate_cuda_us(cuda, 2 * bytes, work->operations, cuda.facts.multiprocessors * 2e4) +
         2.0 * static_cast<double>(work->launches.size() - 1);
}

Result<std::unique_ptr<Kernel>> TextTactic::bind(const Problem& problem, const Target&) const {
  TRY(TextWork work, make_(problem));
  return std::unique_ptr<Kernel>(std::make_unique<TextKernel>(std::move(work.launches), work.workspace));
}

}  // namespace bolide::cuda
