/// What reference evaluations share: the checks of inference on real tensors, f64 forms, threads.
#pragma once

#include "base/thread_pool.h"
#include "base/time_limit.h"
#include "ops/op.h"
#include "tensor/number.h"

namespace bolide {

/// The input, or null when it is left out or beyond the end.
inline const Tensor* input_at(TensorInputs inputs, int index) {
  return static_cast<std::size_t>(index) < inputs.size() ? inputs[static_cast<std::size_t>(index)] : nullptr;
}

/// Tensors seen as inference sees them, so that evaluate() makes the checks that infer() makes and takes its sizes.
class KnownInputs {
 public:
  explicit KnownInputs(TensorInputs inputs, int outputs = 1);
  KnownInputs(const KnownInputs&) = delete;
  KnownInputs& operator=(const KnownInputs&) = delete;
  const InferContext& context() const { return context_; }

 private:
  std::vector<TensorType> types_;
  std::vector<InferContext::Input> inputs_;
  InferContext context_;
};

/// dtypes and sizes of the results of `op` on these tensors.
struct KnownResult {
  DataType dtype = DataType::kF32;
  Dims dims;
};
Result<std::vector<KnownResult>> known_results(const Result<TensorTypes>& types);
template <class T>
Result<std::vector<KnownResult>> infer_known(const T& op, TensorInputs inputs, const EvalContext& context) {
  return known_results(op.infer(KnownInputs(inputs, context.output_count).context()));
}

/// The elements as f64 (the same memory when they are); exact except for 64-bit integers beyond 2^53.
Result<Tensor> as_f64(const Tensor& tensor);
/// f64 numbers stored as `out`: floats rounded to nearest even, integers also saturated.
Result<Tensor> store_f64(const Tensor& numbers, DataType out);

/// An axis in [-rank, rank) as one in [0, rank). Errors: InvalidArgument naming the operator and both numbers.
Result<int> checked_axis(const OpInfo& info, std::int64_t axis, int rank);
/// Errors: Unsupported unless input 0 is a real float.
Status require_float(const OpInfo& info, const InferContext& context, int index = 0);
/// Errors: InvalidArgument unless all inputs are strings.
Status require_strings(const OpInfo& info, const InferContext& context);
/// Errors: InvalidArgument unless input 1 holds integers.
Status require_indices(const OpInfo& info, const InferContext& context);
/// Errors: InvalidArgument when both sizes are known and differ.
Status require_equal(const OpInfo& info, std::string_view what, const Dim& got, const Dim& want);

/// Product of the sizes in [begin, end).
std::int64_t product(std::span<const std::int64_t> dims, std::size_t begin, std::size_t end);
inline std::int64_t product(std::span<const std::int64_t> dims) { return product(dims, 0, dims.size()); }
/// Steps to the next index in row-major order; false after the last.
bool next_index(std::span<std::int64_t> index, std::span<const std::int64_t> dims);

/// task(begin, end) over ranges of [0, count) on all threads; `grain` is the least count of a range.
void parallel_ranges(std::int64_t count, std::int64_t grain,
                     FunctionRef<void(std::int64_t begin, std::int64_t end)> task);

inline Tensors one(Tensor tensor) {
  Tensors out;
  out.push_back(std::move(tensor));
  return out;
}

}  // namespace bolide
