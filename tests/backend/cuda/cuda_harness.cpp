#include "backend/cuda/cuda_harness.h"

#include "backend/reference/reference.h"
#include "base/thread_pool.h"
#include "ops/retype.h"
#include "tensor/number.h"

#include <algorithm>
#include <cmath>
#include <random>

namespace bolide::test {
namespace {

constexpr std::size_t kGuard = 256;
constexpr std::uint8_t kPoison = 0xCD;

Dims strides_of(const CudaOperand& operand) {
  Dims strides(operand.dims.size());
  std::vector<std::size_t> order;
  for (std::size_t d = 0; d < strides.size(); ++d) order.push_back(d);
  if (operand.channels_last && order.size() >= 3) std::rotate(order.begin() + 1, order.begin() + 2, order.end());
  std::int64_t stride = 1;
  for (std::size_t i = order.size(); i-- > 0;) {
    strides[order[i]] = stride;
    stride *= std::max<std::int64_t>(operand.dims[order[i]], 1);
    if (i + 1 == order.size()) stride += operand.gap;
  }
  return strides;
}

std::int64_t span_of(const Dims& dims, const Dims& strides) {
  std::int64_t last = 0;
  for (std::size_t d = 0; d < dims.size(); ++d) {
    if (dims[d] == 0) return 0;
    last += (dims[d] - 1) * strides[d];
  }
  return last + 1;
}

/// The operands of a case as tensors and as a problem.
struct Made {
  Problem problem;
  Tensors dense;
  std::vector<const Tensor*> inputs;
  Tensors want;
};

Result<Made> make(const CudaCase& test) {
  Made made;
  made.problem.op = &test.op;
  made.dense.reserve(test.inputs.size());
  std::mt19937 random(7);
  for (const CudaOperand& operand : test.inputs) {
    if (operand.absent) {
      made.inputs.push_back(nullptr);
      made.problem.inputs.push_back({.absent = true});
      continue;
    }
    Tensor tensor = operand.value;
    if (tensor.count() == 0 || tensor.dims() != operand.dims) {
      TRY(Tensor drawn, Tensor::allocate(DataType::kF64, operand.dims));
      std::uniform_real_distribution<double> uniform(operand.low, operand.high);
      for (double& value : drawn.span<double>()) {
        value = uniform(random);
        if (is_integer(operand.dtype)) value = std::floor(value);
        if (operand.dtype == DataType::kBool) value = value > (operand.low + operand.high) / 2 ? 1 : 0;
      }
      TRY(tensor, cast(drawn, operand.dtype));
    }
    made.dense.push_back(std::move(tensor));
    made.inputs.push_back(&made.dense.back());
    made.problem.inputs.push_back({.dtype = operand.dtype,
                                   .dims = operand.dims,
                                   .strides = strides_of(operand),
                                   .constant = operand.constant ? &made.dense.back() : nullptr});
  }
  EvalContext context{.output_count = test.outputs_wanted};
  TRY(made.want, test.op.evaluate(made.inputs, context));
  for (int o = 0; o < test.outputs_wanted; ++o) {
    const Tensor& want = made.want[static_cast<std::size_t>(o)];
    CudaOperand layout;
    if (static_cast<std::size_t>(o) < test.outputs.size()) layout = test.outputs[static_cast<std::size_t>(o)];
    layout.dims = want.dims();
    made.problem.outputs.push_back({.dtype = want.dtype(), .dims = want.dims(), .strides = strides_of(layout)});
  }
  return made;
}

std::vector<const Tactic*> accepting(const CudaBackend& backend, const Problem& problem) {
  std::vector<const Tactic*> out;
  for (const Tactic* tactic : backend.tactics(*problem.op)) {
    if (!tactic->is_reference() && tactic->accepts(problem, backend.target()).accepted) out.push_back(tactic);
  }
  return out;
}

std::string where(const CudaCase& test, const Tactic& tactic) {
  return strings::join(test.name, ", ", tactic.name(), ", ", text(test.op));
}

class OnDevice {
 public:
  OnDevice(cuda::CudaDevice& device, DeviceStream& stream) : device_(device), stream_(stream) {}

  Result<void*> input(const Tensor& dense, const Operand& operand) {
    const std::int64_t bytes = bit_width(operand.dtype) / 8;
    const auto span = static_cast<std::size_t>(span_of(operand.dims, operand.strides) * bytes);
    std::vector<std::byte> host(span, std::byte{0xFF});
    if (dense.count() > 0) {
      copy_strided(operand.dims, dense.data(), contiguous_strides(operand.dims), host.data(), operand.strides, bytes);
    }
    TRY(auto block, device_.allocate(span + kGuard));
    TRY_OK(stream_.fill(block->data(), 0xFF, block->size()));
    TRY_OK(stream_.upload(block->data(), host.data(), span));
    TRY_OK(stream_.wait());
    blocks_.push_back(std::move(block));
    return static_cast<void*>(blocks_.back()->data());
  }
  Result<DeviceBlock*> output(const Operand& operand) {
    const auto span = static_cast<std::size_t>(span_of(operand.dims, operand.strides) * (bit_width(operand.dtype) / 8));
    TRY(auto block, device_.allocate(span + 2 * kGuard));
    blocks_.push_back(std::move(block));
    return blocks_.back().get();
  }
  Result<std::byte*> block(std::size_t bytes) {
    if (bytes == 0) return static_cast<std::byte*>(nullptr);
    TRY(auto made, device_.allocate(bytes));
    TRY_OK(stream_.fill(made->data(), 0xFF, made->size()));
    blocks_.push_back(std::move(made));
    return blocks_.back()->data();
  }

 private:
  cuda::CudaDevice& device_;
  DeviceStream& stream_;
  std::vector<std::unique_ptr<DeviceBlock>> blocks_;
};

void compare(const std::vector<std::byte>& bytes, const Operand& operand, const Tensor& want, double tolerance,
             const std::string& at) {
  Tensor got = *Tensor::allocate(operand.dtype, operand.dims);
  const std::int64_t size = bit_width(operand.dtype) / 8;
  const std::byte* first = bytes.data() + kGuard;
  if (got.count() > 0) {
    copy_strided(operand.dims, first, operand.strides, got.data(), contiguous_strides(operand.dims), size);
  }
  const std::vector<double> a = *to_f64(got);
  const std::vector<double> b = *to_f64(want);
  double largest = 0;
  for (const double value : b) largest = std::isfinite(value) ? std::max(largest, std::abs(value)) : largest;
  for (std::size_t i = 0; i < b.size(); ++i) {
    const double limit = is_float(operand.dtype) ? tolerance * (largest + 1) : 0;
    if (a[i] == b[i] || std::abs(a[i] - b[i]) <= limit || (std::isnan(a[i]) && std::isnan(b[i]))) continue;
    ADD_FAILURE() << at << ": element " << i << " of " << b.size() << " is " << a[i] << ", expected " << b[i]
                  << " (allowed " << limit << ")";
    return;
  }
  // Guards and gaps are as they were.
  std::vector<bool> owned(bytes.size(), false);
  Dims index(operand.dims.size(), 0);
  for (std::int64_t n = 0; n < got.count(); ++n) {
    std::int64_t offset = 0;
    for (std::size_t d = 0; d < index.size(); ++d) offset += index[d] * operand.strides[d];
    for (std::int64_t k = 0; k < size; ++k) owned[kGuard + static_cast<std::size_t>(offset * size + k)] = true;
    for (std::size_t d = index.size(); d-- > 0;) {
      if (++index[d] < operand.dims[d]) break;
      index[d] = 0;
    }
  }
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (owned[i] || bytes[i] == std::byte{kPoison}) continue;
    ADD_FAILURE() << at << ": wrote outside the output, at byte " << static_cast<std::ptrdiff_t>(i - kGuard);
    return;
  }
}

Status run(const CudaCase& test, const Tactic& tactic, const Made& made, const CudaTarget& target,
           cuda::CudaDevice& device) {
  const std::string at = where(test, tactic);
  TRY(const auto stream, device.make_stream());
  OnDevice memory(device, *stream);
  TRY(std::unique_ptr<Kernel> kernel, tactic.bind(made.problem, target));
  TRY_OK(static_cast<DeviceKernel&>(*kernel).load(device));
  std::vector<std::byte> packed(tactic.packed_bytes(made.problem, target));
  TRY_OK(tactic.pack(made.problem, target, packed));
  TRY(std::byte* const packed_at, memory.block(packed.size()));
  TRY_OK(stream->upload(packed_at, packed.data(), packed.size()));
  TRY_OK(stream->wait());
  TRY(std::byte* const workspace, memory.block(kernel->workspace_bytes()));
  std::vector<const void*> inputs;
  std::vector<void*> outputs;
  std::vector<DeviceBlock*> blocks;
  for (std::size_t i = 0; i < made.inputs.size(); ++i) {
    if (made.inputs[i] == nullptr || tactic.packs_input(made.problem, static_cast<int>(i))) {
      inputs.push_back(nullptr);
      continue;
    }
    TRY(void* const data, memory.input(*made.inputs[i], made.problem.inputs[i]));
    inputs.push_back(data);
  }
  for (const Operand& operand : made.problem.outputs) {
    TRY(DeviceBlock* const block, memory.output(operand));
    TRY_OK(stream->fill(block->data(), kPoison, block->size()));
    blocks.push_back(block);
    outputs.push_back(block->data() + kGuard);
  }
  const KernelBuffers buffers{
      .inputs = inputs.data(), .outputs = outputs.data(), .packed = packed_at, .workspace = workspace};
  // Twice: what is left in the workspace must not matter.
  for (int round = 0; round < 2; ++round) TRY_OK(device_kernel(*kernel).launch(*stream, buffers));
  TRY_OK(stream->wait());
  for (std::size_t o = 0; o < blocks.size(); ++o) {
    std::vector<std::byte> bytes(blocks[o]->size());
    TRY_OK(stream->download(bytes.data(), blocks[o]->data(), bytes.size()));
    TRY_OK(stream->wait());
    compare(bytes, made.problem.outputs[o], made.want[o], test.tolerance, at);
  }
  return {};
}

}  // namespace

CudaCase with_dtype(CudaCase test, DataType dtype) {
  test.op = with_float_type(test.op, dtype);
  for (CudaOperand& operand : test.inputs) {
    if (operand.dtype == DataType::kF32 && operand.value.count() == 0) operand.dtype = dtype;
  }
  if (dtype == DataType::kF16) test.tolerance = std::max(test.tolerance, 2e-3);
  if (dtype == DataType::kBF16) test.tolerance = std::max(test.tolerance, 1.6e-2);
  strings::append(test.name, strings::join(" ", dtype));
  return test;
}

namespace {

void load_all(std::span<const CudaCase> cases, const CudaTarget& target, cuda::CudaDevice& device) {
  const CudaBackend backend(target);
  struct Job {
    std::string where;
    std::unique_ptr<Kernel> kernel;
    Status status;
  };
  std::vector<Job> jobs;
  std::vector<Made> keep;
  keep.reserve(cases.size());
  for (const CudaCase& test : cases) {
    auto made = make(test);
    ASSERT_TRUE(made) << test.name << ": " << made.error().message;
    keep.push_back(*std::move(made));
    const auto tactics = accepting(backend, keep.back().problem);
    EXPECT_FALSE(tactics.empty()) << test.name << ": no tactic for sm_" << target.facts.capability;
    for (const Tactic* tactic : tactics) {
      auto kernel = tactic->bind(keep.back().problem, backend.target());
      ASSERT_TRUE(kernel) << where(test, *tactic) << ": " << kernel.error().message;
      jobs.push_back({where(test, *tactic), *std::move(kernel), {}});
    }
  }
  const int threads = ThreadPool::usable_threads();
  ThreadPool::shared().ensure(threads);
  ThreadPool::shared().parallel_for(static_cast<std::int64_t>(jobs.size()), threads, [&](std::int64_t i, int) {
    Job& job = jobs[static_cast<std::size_t>(i)];
    job.status = static_cast<DeviceKernel&>(*job.kernel).load(device);
  });
  for (const Job& job : jobs) {
    EXPECT_TRUE(job.status) << job.where << " for sm_" << target.facts.capability << ": " << job.status.error().message;
  }
  for (const auto& [name, function] : device.functions()) {
    EXPECT_EQ(function.local_bytes, 0) << name << " for sm_" << target.facts.capability << " keeps "
                                       << function.local_bytes << " bytes a thread in slow memory";
    EXPECT_GT(function.registers, 0) << name;
  }
}

}  // namespace

void expect_compiles(std::span<const CudaCase> cases, int capability) {
  auto target = make_cuda_target(capability, false);
  ASSERT_TRUE(target) << target.error().message;
  auto device = cuda::CudaDevice::for_compiling(capability);
  ASSERT_TRUE(device) << device.error().message;
  load_all(cases, *target, **device);
}

void expect_compiles(std::span<const CudaCase> cases, const std::shared_ptr<cuda::CudaDevice>& device) {
  load_all(cases, make_cuda_target(device, false), *device);
}

void expect_agrees(const CudaCase& test, const std::shared_ptr<cuda::CudaDevice>& device) {
  const CudaBackend backend(make_cuda_target(device, false));
  auto made = make(test);
  ASSERT_TRUE(made) << test.name << ": " << made.error().message;
  const auto tactics = accepting(backend, made->problem);
  EXPECT_FALSE(tactics.empty()) << test.name << ": no tactic on this device";
  for (const Tactic* tactic : tactics) {
    const Status ran = run(test, *tactic, *made, static_cast<const CudaTarget&>(backend.target()), *device);
    EXPECT_TRUE(ran) << where(test, *tactic) << ": " << (ran ? "" : ran.error().message);
  }
}

}  // namespace bolide::test
