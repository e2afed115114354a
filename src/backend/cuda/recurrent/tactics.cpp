#include "backend/cuda/recurrent/tactics.h"

#include "backend/cuda/cuda_target.h"
#include "backend/cuda/text/expr_text.h"
#include "backend/cuda/text/kernel_text.h"
#include "ops/recurrent.h"

#include <algorithm>

namespace bolide::cuda {
namespace {

constexpr std::int64_t kRows = 4;  // of the batch, that a warp computes at a time

/// recurrent.cu: Recurrent
struct DeviceRecurrent {
  std::array<const void*, 8> inputs;  // x, w, r, bias, lengths, h, c, peepholes
  std::array<void*, 3> outputs;       // y and the last h and c
  void* from_x;
  std::array<void*, 2> states;
  void* cells;
  void* kept;
  void* fault;
};

enum class Kind : std::uint8_t { kRnn, kGru, kLstm };

struct Layer {
  Kind kind = Kind::kRnn;
  std::int64_t sequence = 1, batch = 1, input = 1, hidden = 1, directions = 1;
  std::string defines;

  std::int64_t width() const { return hidden * (kind == Kind::kLstm ? 4 : kind == Kind::kGru ? 3 : 1); }
  std::int64_t state() const { return directions * batch * hidden; }
  bool two_phases = false;  ///< a GRU whose candidate waits for all resets
  std::size_t workspace() const {
    return static_cast<std::size_t>(directions * sequence * batch * width() + 4 * state()) * sizeof(float);
  }
};

bool has(std::span<const Operand> operands, std::size_t i) { return i < operands.size() && !operands[i].absent; }

/// What the three operators share.
template <class T>
Status take(const T& op, std::span<const std::string_view> functions, Layer& out, bool& batch_first) {
  out.directions = op.direction == RecurrentDirection::kBidirectional ? 2 : 1;
  batch_first = op.layout == 1;
  for (std::size_t i = 0; i < op.activations.size(); ++i) {
    if (op.activations[i] != functions[i % functions.size()]) return unsupported("activation ", op.activations[i]);
  }
  out.defines += strings::join("#define REVERSE ", op.direction == RecurrentDirection::kReverse ? 1 : 0,
                               "\n#define CLIP ", number_text(static_cast<double>(op.clip)), "\n");
  return {};
}

Result<Layer> layer_of(const Problem& problem) {
  static constexpr std::string_view kFunctions[] = {"Sigmoid", "Tanh", "Tanh"};
  const std::span<const std::string_view> functions = kFunctions;
  Layer out;
  bool batch_first = false;
  const auto* lstm = problem.op->as<LSTM>();
  const auto* gru = problem.op->as<GRU>();
  if (lstm != nullptr) {
    out.kind = Kind::kLstm;
    TRY_OK(take(*lstm, functions, out, batch_first));
  } else if (gru != nullptr) {
    out.kind = Kind::kGru;
    out.two_phases = !gru->linear_before_reset;
    TRY_OK(take(*gru, functions.first(2), out, batch_first));
  } else {
    TRY_OK(take(*problem.op->as<RNN>(), functions.last(1), out, batch_first));
  }
  const std::span<const Operand> inputs = problem.inputs;
  const Operand& x = inputs[0];
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!has(inputs, i)) continue;
    if (inputs[i].dtype != (i == 4 ? DataType::kI32 : DataType::kF32))
      return unsupported("input ", i, " of ", inputs[i].dtype);
    const bool whole = (i >= 1 && i <= 4) || i == 7;
    if (whole && !inputs[i].contiguous()) return unsupported("input ", i, " with gaps");
  }
  out.sequence = x.dims[batch_first ? 1 : 0];
  out.batch = x.dims[batch_first ? 0 : 1];
  out.input = x.dims[2];
  out.hidden = inputs[2].dims[2];
  if (out.sequence * out.batch * out.input * out.hidden == 0) return unsupported("no elements");
  const std::int64_t numbers = out.directions * out.sequence * out.batch * out.width();
  if (numbers >= std::int64_t{1} << 30) return unsupported(numbers, " numbers before the steps");
  const auto define = [&](std::string_view name, std::int64_t value) {
    out.defines += strings::join("#define ", name, " ", value, value >= INT64_C(1) << 31 ? "ll\n" : "\n");
  };
  define("KIND", static_cast<std::int64_t>(out.kind));
  define("SEQ", out.sequence);
  define("BATCH", out.batch);
  define("INPUT", out.input);
  define("HIDDEN", out.hidden);
  define("DIRS", out.directions);
  define("LINEAR", gru != nullptr && gru->linear_before_reset ? 1 : 0);
  define("FORGET", lstm != nullptr && lstm->input_forget ? 1 : 0);
  define("HAS_BIAS", has(inputs, 3) ? 1 : 0);
  define("HAS_LENGTHS", has(inputs, 4) ? 1 : 0);
  define("HAS_PEEPHOLES", has(inputs, 7) ? 1 : 0);
  const auto strides = [&](std::string_view name, const Dims& of, std::initializer_list<std::string_view> parts) {
    std::size_t i = 0;
    for (const std::string_view part : parts) {
      out.defines += strings::join("#define ", name, "_", part, " ((int64_t)", of[i++], "ll)\n");
    }
  };
  const std::size_t b = batch_first ? 0 : 1;
  strides("X", {x.strides[1 - b], x.strides[b], x.strides[2]}, {"STEP", "BATCH", "INPUT"});
  const auto state = [&](std::string_view name, const Operand* operand) {
    define(strings::join("HAS_", name), operand != nullptr ? 1 : 0);
    Dims of = {0, 0, 0};
    if (operand != nullptr) of = {operand->strides[1 - b], operand->strides[b], operand->strides[2]};
    strides(name, of, {"DIR", "BATCH", "UNIT"});
  };
  const std::span<const Operand> outputs = problem.outputs;
  state("H", has(inputs, 5) ? &inputs[5] : nullptr);
  state("C", has(inputs, 6) ? &inputs[6] : nullptr);
  state("LAST_H", has(outputs, 1) ? &outputs[1] : nullptr);
  state("LAST_C", has(outputs, 2) ? &outputs[2] : nullptr);
  define("HAS_Y", has(outputs, 0) ? 1 : 0);
  Dims y = {0, 0, 0, 0};
  if (has(outputs, 0)) {
    const Dims& of = outputs[0].strides;
    y = batch_first ? Dims{of[1], of[2], of[0], of[3]} : of;
  }
  strides("Y", y, {"STEP", "DIR", "BATCH", "UNIT"});
  return out;
}

/// Steps as launches of their own, or all in one block for kRows rows.
class RecurrentKernel final : public DeviceKernel {
 public:
  RecurrentKernel(Layer layer, bool one_block, std::size_t inputs, std::size_t outputs)
      : layer_(std::move(layer)), one_block_(one_block), inputs_(inputs), outputs_(outputs) {
    program_ = {"recurrent", strings::join(kernel_text("common"), layer_.defines, kernel_text("recurrent")), {}};
  }
  std::size_t workspace_bytes() const override { return layer_.workspace(); }
  Status load(Device& device) override {
    auto& cuda = static_cast<CudaDevice&>(device);
    TRY(input_, cuda.function(program_, "recurrent_input"));
    TRY(begin_, cuda.function(program_, "recurrent_begin"));
    if (one_block_) {
      TRY(step_, cuda.function(program_, "recurrent_sequence"));
    } else {
      TRY(step_, cuda.function(program_, "recurrent_step"));
      if (layer_.two_phases) {
        TRY(candidate_, cuda.function(program_, "recurrent_candidate"));
      }
    }
    return {};
  }
  Status launch(DeviceStream& stream, const KernelBuffers& buffers) const override {
    auto& cuda = static_cast<CudaStream&>(stream);
    const Layer& l = layer_;
    DeviceRecurrent args = {};
    for (std::size_t i = 0; i < inputs_; ++i) args.inputs[i] = buffers.inputs[i];
    for (std::size_t i = 0; i < outputs_; ++i) args.outputs[i] = buffers.outputs[i];
    auto* const numbers = reinterpret_cast<float*>(buffers.workspace);
    float* const states = numbers + l.directions * l.sequence * l.batch * l.width();
    args.from_x = numbers;
    args.states = {states, states + l.state()};
    args.cells = states + 2 * l.state();
    args.kept = states + 3 * l.state();
    args.fault = buffers.fault;
    const auto tiles = [](std::int64_t size, std::int64_t tile) {
      return static_cast<unsigned>((size + tile - 1) / tile);
    };
    const auto directions = static_cast<unsigned>(l.directions);
    TRY_OK(cuda::launch(
        cuda, input_,
        {.grid = {tiles(l.width(), 64), tiles(l.sequence * l.batch, 64), directions}, .block = {256, 1, 1}}, args));
    TRY_OK(cuda::launch(cuda, begin_, {.grid = {tiles(l.state(), 256), 1, 1}, .block = {256, 1, 1}}, args));
    const unsigned rows = tiles(l.batch, kRows);
    if (one_block_) return cuda::launch(cuda, step_, {.grid = {1, rows, directions}, .block = {512, 1, 1}}, args);
    const Launch how = {.grid = {tiles(l.hidden, 8), rows, directions}, .block = {256, 1, 1}};
    for (int step = 0; step < static_cast<int>(l.sequence); ++step) {
      TRY_OK(cuda::launch(cuda, step_, how, args, step));
      if (l.two_phases) TRY_OK(cuda::launch(cuda, candidate_, how, args, step));
    }
    return {};
  }

 private:
  Layer layer_;
  bool one_block_;
  std::size_t inputs_;  // how many the problem has
  std::size_t outputs_;
  Program program_;
  Function input_, begin_, step_, candidate_;
};

/// Needs     f32, the default activations
/// Numerics  sums in f32
class RecurrentTactic final : public Tactic {
 public:
  constexpr RecurrentTactic(std::string_view name, bool one_block) : Tactic(name, 1), one_block_(one_block) {}

  Verdict accepts(const Problem& problem, const Target&) const override {
    const auto layer = layer_of(problem);
    if (!layer) return reject(layer.error().message);
    if (!one_block_ && layer->sequence > 4096) return reject(layer->sequence, " steps; at most 4096");
    if ((layer->batch + kRows - 1) / kRows > 65535) return reject("a batch of ", layer->batch);
    return accept();
  }
  double estimate_us(const Problem& problem, const Target& target) const override {
    const Layer layer = *layer_of(problem);
    const CudaTarget& cuda = cuda_target(target);
    const double product = 2.0 * static_cast<double>(layer.sequence * layer.batch * layer.input * layer.width());
    const double once = estimate_cuda_us(cuda, 0, product, 5e6) + 4;
    // Each group of rows reads all of r in each step, from the L2 cache.
    const double weights = 4.0 * static_cast<double>(layer.width() * layer.hidden);
    const auto groups = static_cast<double>((layer.batch + kRows - 1) / kRows * layer.directions);
    const double steps = static_cast<double>(layer.sequence) * (layer.two_phases ? 2 : 1);
    if (!one_block_) return once + steps * (2.5 + weights * groups / 3e6);
    const double waves = std::max(1.0, groups / cuda.facts.multiprocessors);
    return once + steps * waves * (1.2 + weights / (layer.two_phases ? 2 : 1) / 60e3);
  }
  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target&) const override {
    TRY(Layer layer, layer_of(problem));
    return std::unique_ptr<Kernel>(
        std::make_unique<RecurrentKernel>(std::move(layer), one_block_, problem.inputs.size(), problem.outputs.size()));
  }

 private:
  bool one_block_;
};

constexpr RecurrentTactic kBlock("cuda.recurrent.block", true);
constexpr RecurrentTactic kSteps("cuda.recurrent.steps", false);

}  // namespace

std::span<const Tactic* const> recurrent_tactics() {
  static constexpr std::array<const Tactic*, 2> kAll = {&kBlock, &kSteps};
  return kAll;
}

}  // namespace bolide::cuda
