#include "base/thread_pool.h"
#include "ops/elements.h"
#include "ops/expr_apply.h"
#include "tensor/raw_memory.h"

#include <algorithm>

namespace bolide {
namespace {

constexpr int kBlock = 1024;  // elements worked on at once; a multiple of 8 for packed types
constexpr std::int64_t kThreadedFrom = INT64_C(1) << 16;  // elements from which threads are worth waking
constexpr std::int64_t kBlocksPerChunk = 16;

template <class T>
constexpr auto kBlockFunctions = block_functions<T>(std::make_index_sequence<kFnCount>());

/// How an input is read under the result's sizes.
struct Reader {
  const Tensor* tensor = nullptr;
  bool one = false;   // a single element for all
  bool flat = false;  // element i of the result reads element i
  Dims strides;       // otherwise: of the result's dims, 0 where broadcast
};

Reader make_reader(const Tensor& tensor, const Dims& out) {
  Reader reader{&tensor, tensor.count() == 1, false, Dims(out.size(), 0)};
  const std::size_t lead = out.size() - tensor.dims().size();
  const Dims own = contiguous_strides(tensor.dims());
  bool same = true;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const bool has = i >= lead && tensor.dims()[i - lead] != 1;
    reader.strides[i] = has ? own[i - lead] : 0;
    same = same && (has || out[i] == 1);
  }
  reader.flat = same;
  return reader;
}

/// index[i] = where element begin + i of the result lies in the input.
void broadcast_index(const Reader& reader, const Dims& out, std::int64_t begin, int count, std::int64_t* index) {
  Dims at(out.size(), 0);
  std::int64_t source = 0;
  for (std::size_t d = out.size(); d-- > 0;) {
    at[d] = begin % out[d];
    begin /= out[d];
    source += at[d] * reader.strides[d];
  }
  for (int i = 0; i < count; ++i) {
    index[i] = source;
    for (std::size_t d = out.size(); d-- > 0;) {
      source += reader.strides[d];
      if (++at[d] < out[d]) break;
      source -= at[d] * reader.strides[d];
      at[d] = 0;
    }
  }
}

template <class T>
T as_compute(double value) {
  if constexpr (std::is_integral_v<T>) {
    return saturated<T>(value);
  } else {
    return static_cast<T>(value);
  }
}

/// Evaluates blocks of one expression; one per thread, since it holds the scratch.
template <class T>
class BlockEvaluator {
 public:
  BlockEvaluator(const Expr& expr, std::span<const Reader> readers, const Dims& dims)
      : expr_(expr), readers_(readers), dims_(dims), index_(kBlock) {
    slots_.resize(readers.size() + expr.steps().size());
    for (auto& slot : slots_) slot.resize(kBlock);
    for (std::size_t i = 0; i < readers.size(); ++i) {
      if (readers[i].one) std::fill(slots_[i].begin(), slots_[i].end(), load_one<T>(*readers[i].tensor, 0));
    }
    for (const Expr::Step& step : expr.steps()) {
      for (const Expr::Arg& arg : step.args) {
        if (arg.kind == Expr::Arg::Kind::kNumber) numbers_.emplace_back(kBlock, as_compute<T>(arg.number));
      }
    }
  }

  void run(std::int64_t begin, int count, Tensor& out) {
    for (std::size_t i = 0; i < readers_.size(); ++i) {
      const Reader& reader = readers_[i];
      if (reader.one) continue;
      if (reader.flat) {
        load(*reader.tensor, begin, count, slots_[i].data());
      } else {
        broadcast_index(reader, dims_, begin, count, index_.data());
        load_at(*reader.tensor, index_.data(), count, slots_[i].data());
      }
    }
    std::size_t number = 0;
    std::size_t result = 0;
    for (std::size_t s = 0; s < expr_.steps().size(); ++s) {
      const Expr::Step& step = expr_.steps()[s];
      std::array<const T*, 3> args{};
      for (std::size_t a = 0; a < 3; ++a) {
        const Expr::Arg& arg = step.args[a];
        const auto at = static_cast<std::size_t>(arg.index);
        if (arg.kind == Expr::Arg::Kind::kNumber) {
          args[a] = numbers_[number++].data();
        } else {
          args[a] = slots_[arg.kind == Expr::Arg::Kind::kInput ? at : readers_.size() + at].data();
        }
      }
      result = readers_.size() + s;
      kBlockFunctions<T>[static_cast<std::size_t>(step.fn)](slots_[result].data(), args[0], args[1], args[2], count);
    }
    store(out, begin, count, slots_[result].data());
  }

 private:
  const Expr& expr_;
  std::span<const Reader> readers_;
  const Dims& dims_;
  std::vector<std::int64_t> index_;
  std::vector<std::vector<T>> slots_;    // the inputs, then the steps
  std::vector<std::vector<T>> numbers_;  // in order of appearance
};

template <class T>
void evaluate_as(const Expr& expr, std::span<const Reader> readers, Tensor& out) {
  const std::int64_t blocks = (out.count() + kBlock - 1) / kBlock;
  const auto run = [&](BlockEvaluator<T>& evaluator, std::int64_t first, std::int64_t end) {
    for (std::int64_t b = first; b < end; ++b) {
      evaluator.run(b * kBlock, static_cast<int>(std::min<std::int64_t>(kBlock, out.count() - b * kBlock)), out);
    }
  };
  if (out.count() < kThreadedFrom) {
    BlockEvaluator<T> evaluator(expr, readers, out.dims());
    return run(evaluator, 0, blocks);
  }
  ThreadPool& pool = ThreadPool::shared();
  const std::int64_t chunks = (blocks + kBlocksPerChunk - 1) / kBlocksPerChunk;
  std::vector<std::unique_ptr<BlockEvaluator<T>>> evaluators(static_cast<std::size_t>(pool.size()));
  pool.parallel_for(chunks, pool.size(), [&](std::int64_t chunk, int worker) {
    auto& evaluator = evaluators[static_cast<std::size_t>(worker)];
    if (!evaluator) evaluator = std::make_unique<BlockEvaluator<T>>(expr, readers, out.dims());
    run(*evaluator, chunk * kBlocksPerChunk, std::min(blocks, (chunk + 1) * kBlocksPerChunk));
  });
}

}  // namespace

template <class T>
T apply(Fn fn, T a, T b, T c) {
  T out{};
  kBlockFunctions<T>[static_cast<std::size_t>(fn)](&out, &a, &b, &c, 1);
  return out;
}
template <class T>
BlockFn<T> block_function(Fn fn) {
  return kBlockFunctions<T>[static_cast<std::size_t>(fn)];
}
template BlockFn<float> block_function(Fn);
template BlockFn<double> block_function(Fn);
template BlockFn<std::int64_t> block_function(Fn);
template BlockFn<std::uint64_t> block_function(Fn);

template float apply(Fn, float, float, float);
template double apply(Fn, double, double, double);
template std::int64_t apply(Fn, std::int64_t, std::int64_t, std::int64_t);
template std::uint64_t apply(Fn, std::uint64_t, std::uint64_t, std::uint64_t);

Result<Tensor> evaluate(const Expr& expr, std::span<const Tensor* const> inputs, DataType compute, DataType out) {
  if (static_cast<std::size_t>(expr.inputs()) != inputs.size()) {
    return invalid_argument("the expression ", expr, " has ", expr.inputs(), " inputs, not ", inputs.size());
  }
  if (!is_real(compute) || !is_real(out)) {
    return unsupported("elementwise arithmetic on ", is_real(compute) ? out : compute, "; real numbers and bool work");
  }
  Dims dims;
  for (const Tensor* input : inputs) {
    if (!is_real(input->dtype())) {
      return unsupported("elementwise arithmetic on ", input->dtype(), "; real numbers and bool work");
    }
    TRY(dims, broadcast(dims, input->dims()));
  }
  TRY(Tensor result, raw_tensor(out, dims));
  if (result.count() == 0) return result;
  std::vector<Reader> readers;
  for (const Tensor* input : inputs) readers.push_back(make_reader(*input, dims));
  with_compute_type(compute_type(compute), [&](auto zero) { evaluate_as<decltype(zero)>(expr, readers, result); });
  return result;
}

}  // namespace bolide
