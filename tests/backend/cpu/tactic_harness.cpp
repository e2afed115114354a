#include "backend/cpu/tactic_harness.h"

#include "backend/reference/reference.h"
#include "base/arena.h"
#include "tensor/number.h"

#include <algorithm>
#include <cmath>
#include <random>

namespace bolide::test {

namespace {

constexpr std::byte kPoison{0xCD};

std::int64_t size_of(DataType type) { return bit_width(type) / 8; }

double draw(const Layout& layout, std::mt19937& random) {
  const bool is_unsigned = layout.dtype == DataType::kU8 || layout.dtype == DataType::kBool;
  if (layout.dtype == DataType::kBool) return static_cast<double>(random() % 2);
  if (layout.fill == Fill::kFullRange && layout.dtype == DataType::kU8) return static_cast<double>(random() % 256);
  if (layout.fill == Fill::kFullRange && layout.dtype == DataType::kI8)
    return static_cast<double>(random() % 256) - 128;
  if (layout.fill == Fill::kNormal && is_float(layout.dtype)) return std::normal_distribution<double>()(random);
  return static_cast<double>(random() % 7) - (is_unsigned ? 0 : 3);
}

/// Every element, once for each address.
void for_each_offset(const Dims& dims, const Dims& strides, const std::function<void(std::int64_t)>& visit) {
  Dims index(dims.size(), 0);
  for (const std::int64_t d : dims) {
    if (d == 0) return;
  }
  for (;;) {
    std::int64_t at = 0;
    for (std::size_t d = 0; d < dims.size(); ++d) at += index[d] * strides[d];
    visit(at);
    std::size_t d = dims.size();
    while (d > 0 && ++index[d - 1] == dims[d - 1]) index[--d] = 0;
    if (d == 0) return;
  }
}

CaseInput make_input(const Layout& layout, std::mt19937& random) {
  CaseInput out;
  out.operand.dtype = layout.dtype;
  out.operand.dims = layout.dims;
  out.operand.strides = strides_of(layout);
  out.operand.absent = layout.absent;
  if (layout.absent) return out;
  const std::int64_t bytes = size_of(layout.dtype);
  const std::int64_t span = span_of(layout);
  out.bytes.assign(static_cast<std::size_t>((layout.offset + span) * bytes), std::byte{0xFF});
  std::byte* base = out.bytes.data() + layout.offset * bytes;
  for_each_offset(layout.dims, out.operand.strides, [&](std::int64_t at) {
    Tensor value = *cast(Tensor::scalar(draw(layout, random)), layout.dtype);
    std::copy_n(value.data(), bytes, base + at * bytes);
  });
  out.dense = *Tensor::allocate(layout.dtype, layout.dims);
  if (out.dense.count() > 0) {
    copy_strided(layout.dims, base, out.operand.strides, out.dense.data(), contiguous_strides(layout.dims), bytes);
  }
  out.data = base;
  return out;
}

/// Every byte that belongs to no element is still poisoned.
void expect_poison_around(CaseOutput& output, const std::string& where) {
  std::vector<std::byte> copy = output.bytes;
  const std::int64_t bytes = size_of(output.operand.dtype);
  std::byte* data = copy.data() + output.first_byte();
  for_each_offset(output.operand.dims, output.operand.strides,
                  [&](std::int64_t at) { std::fill_n(data + at * bytes, bytes, kPoison); });
  const auto bad = std::find_if(copy.begin(), copy.end(), [](std::byte b) { return b != kPoison; });
  EXPECT_EQ(bad, copy.end()) << where << ": wrote outside the output, at byte "
                             << (bad - copy.begin()) - output.first_byte();
}

void expect_equal(const Tensor& got, const Tensor& want, const Tensor* bound, double rounding, double absolute,
                  const std::string& where) {
  const std::vector<double> a = *to_f64(got);
  const std::vector<double> b = *to_f64(want);
  std::vector<double> limits;
  if (bound != nullptr) limits = *to_f64(*bound);
  for (std::size_t i = 0; i < b.size(); ++i) {
    const double limit = absolute + (bound != nullptr ? rounding * std::ldexp(limits[i], -24) : 0.0);
    const bool same = a[i] == b[i] || std::abs(a[i] - b[i]) <= limit || (std::isnan(a[i]) && std::isnan(b[i]));
    if (!same) {
      ADD_FAILURE() << where << ": element " << i << " is " << a[i] << ", expected " << b[i] << " (allowed " << limit
                    << ")";
      return;
    }
  }
}

/// Poisoned memory whose size is exact, so that a sanitizer sees what is beyond.
struct Block {
  explicit Block(std::size_t bytes) : buffer(*AlignedBuffer::allocate(bytes + AlignedBuffer::kAlignment)) {
    std::fill_n(buffer.data(), buffer.size(), std::byte{0xFF});
    size = bytes;
  }
  std::byte* data() { return buffer.data(); }
  bool intact() const {
    return std::all_of(buffer.data() + size, buffer.data() + buffer.size(),
                       [](std::byte b) { return b == std::byte{0xFF}; });
  }
  AlignedBuffer buffer;
  std::size_t size = 0;
};

std::vector<Range> cut(std::int64_t total, std::int64_t grain, int parts) {
  std::vector<Range> out;
  const std::int64_t units = (total + grain - 1) / grain;
  for (int p = 0; p < parts; ++p) {
    const std::int64_t begin = units * p / parts * grain;
    const std::int64_t end = std::min(total, units * (p + 1) / parts * grain);
    if (begin < end) out.push_back({begin, end});
  }
  return out;
}

/// Cuts: whole, every grain by itself, three uneven parts.
void run_tactic(const Tactic& tactic, const CpuTarget& target, const Case& test, PreparedCase& prepared,
                const std::string& where) {
  const Problem& problem = prepared.problem;
  Block packed(tactic.packed_bytes(problem, target));
  const Status status = tactic.pack(problem, target, {packed.data(), packed.size});
  ASSERT_TRUE(status) << where << ": " << status.error().message;
  EXPECT_TRUE(packed.intact()) << where << ": pack() wrote beyond its bytes";
  Result<std::unique_ptr<Kernel>> kernel = tactic.bind(problem, target);
  ASSERT_TRUE(kernel) << where << ": " << kernel.error().message;

  std::vector<const void*> inputs;
  for (std::size_t i = 0; i < prepared.inputs.size(); ++i) {
    inputs.push_back(tactic.packs_input(problem, static_cast<int>(i)) ? nullptr : prepared.inputs[i].data);
  }
  for (const int parts : {1, 1 << 20, 3}) {
    std::vector<void*> outputs;
    for (CaseOutput& output : prepared.outputs) {
      output.poison();
      outputs.push_back(output.data());
    }
    Block workspace((*kernel)->workspace_bytes());
    Block scratch(host_kernel(**kernel).scratch_bytes());
    const KernelBuffers buffers{inputs.data(), outputs.data(), packed.data(), workspace.data(), scratch.data()};
    const std::string cut_where = strings::join(where, ", cut ", parts);
    for (int phase = 0; phase < host_kernel(**kernel).phases(); ++phase) {
      const Grid grid = host_kernel(**kernel).grid(phase);
      const auto limited = [parts](std::int64_t units) {
        return static_cast<int>(std::min<std::int64_t>(units, parts));
      };
      std::vector<Range> rows =
          cut(grid.rows, grid.row_grain, limited((grid.rows + grid.row_grain - 1) / grid.row_grain));
      const std::vector<Range> channels = cut(grid.channels, grid.channel_grain,
                                              limited((grid.channels + grid.channel_grain - 1) / grid.channel_grain));
      std::reverse(rows.begin(), rows.end());
      for (const Range& r : rows) {
        for (const Range& c : channels) {
          const Status ran = host_kernel(**kernel).run(phase, buffers, r, c);
          ASSERT_TRUE(ran) << cut_where << ": " << ran.error().message;
        }
      }
    }
    EXPECT_TRUE(workspace.intact()) << cut_where << ": wrote beyond the workspace";
    EXPECT_TRUE(scratch.intact()) << cut_where << ": wrote beyond the scratch";
    expect_results(test, prepared, cut_where);
    if (::testing::Test::HasFailure()) return;
  }
}

Tensors evaluate_on(const Case& test, const std::vector<CaseInput>& inputs, bool absolute) {
  std::vector<Tensor> tensors;
  for (const CaseInput& input : inputs) {
    Tensor tensor = input.dense;
    if (absolute && is_float(tensor.dtype())) {
      tensor = *cast(input.dense, DataType::kF32);
      Tensor positive = *Tensor::allocate(DataType::kF32, tensor.dims());
      for (std::size_t i = 0; i < positive.span<float>().size(); ++i)
        positive.span<float>()[i] = std::abs(std::as_const(tensor).span<float>()[i]);
      tensor = *cast(positive, input.dense.dtype());
    }
    tensors.push_back(std::move(tensor));
  }
  std::vector<const Tensor*> pointers;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    pointers.push_back(inputs[i].operand.absent ? nullptr : &tensors[i]);
  }
  EvalContext context;
  context.output_count = static_cast<int>(std::max<std::size_t>(1, test.outputs.size()));
  Result<Tensors> results = test.op.evaluate(pointers, context);
  EXPECT_TRUE(results) << (results ? "" : results.error().message);
  return results ? *std::move(results) : Tensors();
}

}  // namespace

Dims strides_of(const Layout& layout) {
  const std::size_t rank = layout.dims.size();
  std::vector<std::size_t> order;  // innermost first
  for (std::size_t d = rank; d-- > 0;) order.push_back(d);
  if (layout.order == Order::kChannelsLast && rank > 2) {
    order.erase(std::find(order.begin(), order.end(), std::size_t{1}));
    order.insert(order.begin(), 1);
  }
  Dims strides(rank, 0);
  std::int64_t step = 1;
  bool innermost = true;
  for (const std::size_t d : order) {
    if (std::count(layout.repeated.begin(), layout.repeated.end(), static_cast<int>(d)) > 0) continue;
    strides[d] = step;
    step *= layout.dims[d];
    if (innermost) step += layout.gap;
    innermost = false;
  }
  return strides;
}

std::int64_t span_of(const Layout& layout) {
  const Dims strides = strides_of(layout);
  std::int64_t last = 0;
  for (std::size_t d = 0; d < layout.dims.size(); ++d) {
    if (layout.dims[d] == 0) return 0;
    last += (layout.dims[d] - 1) * strides[d];
  }
  return last + 1;
}

std::vector<Isa> isa_levels() {
  std::vector<Isa> out;
  for (int i = 0; i <= static_cast<int>(hardware_isa()); ++i) out.push_back(static_cast<Isa>(i));
  return out;
}

void CaseOutput::poison() {
  bytes.assign(static_cast<std::size_t>((span + 2 * kGuard) * size_of(operand.dtype)), kPoison);
}

void expect_results(const Case& test, PreparedCase& prepared, const std::string& where) {
  for (std::size_t o = 0; o < prepared.outputs.size(); ++o) {
    CaseOutput& output = prepared.outputs[o];
    Tensor got = *Tensor::allocate(output.operand.dtype, output.operand.dims);
    if (got.count() > 0) {
      copy_strided(output.operand.dims, output.data(), output.operand.strides, got.data(),
                   contiguous_strides(output.operand.dims), size_of(output.operand.dtype));
    }
    expect_equal(got, prepared.want[o], test.rounding > 0 ? &prepared.bounds[o] : nullptr, test.rounding, test.absolute,
                 where);
    expect_poison_around(output, where);
  }
}

PreparedCase prepare_case(const Case& test) {
  std::mt19937 random(7);
  PreparedCase prepared;
  for (const Layout& layout : test.inputs) prepared.inputs.push_back(make_input(layout, random));
  for (CaseInput& input : prepared.inputs) prepared.problem.inputs.push_back(input.operand);
  for (std::size_t i = 0; i < test.inputs.size(); ++i) {
    if (test.inputs[i].constant) prepared.problem.inputs[i].constant = &prepared.inputs[i].dense;
  }
  prepared.want = evaluate_on(test, prepared.inputs, false);
  if (test.rounding > 0) prepared.bounds = evaluate_on(test, prepared.inputs, true);
  for (std::size_t o = 0; o < prepared.want.size(); ++o) {
    Layout layout = o < test.outputs.size() ? test.outputs[o] : Layout{};
    layout.dims = prepared.want[o].dims();
    layout.dtype = prepared.want[o].dtype();
    CaseOutput output;
    output.operand.dtype = layout.dtype;
    output.operand.dims = layout.dims;
    output.operand.strides = strides_of(layout);
    output.span = span_of(layout);
    prepared.problem.outputs.push_back(output.operand);
    prepared.outputs.push_back(std::move(output));
  }
  prepared.problem.op = &test.op;
  prepared.problem.threads = test.threads;
  return prepared;
}

std::vector<std::string> run_case(const Case& test) {
  PreparedCase prepared = prepare_case(test);
  std::vector<std::string> ran;
  for (const Isa isa : isa_levels()) {
    ran.clear();
    const CpuBackend backend(make_cpu_target(isa, test.threads));
    for (const Tactic* tactic : backend.tactics(test.op)) {
      const std::string where = strings::join(tactic->name(), " on ", name(isa), ", ", prepared.problem.key());
      if (!tactic->accepts(prepared.problem, backend.target()).accepted) continue;
      EXPECT_GT(tactic->estimate_us(prepared.problem, backend.target()), 0.0) << where;
      EXPECT_EQ(backend.find_tactic(tactic->name()), tactic);
      run_tactic(*tactic, backend.target(), test, prepared, where);
      ran.emplace_back(tactic->name());
      if (::testing::Test::HasFailure()) return ran;
    }
  }
  return ran;
}

void expect_tactic(const Case& test, std::string_view name) {
  const std::vector<std::string> ran = run_case(test);
  EXPECT_NE(std::find(ran.begin(), ran.end(), name), ran.end()) << name << " did not accept " << text(test.op);
}

}  // namespace bolide::test
