#include "ops/elements.h"
#include "ops/reference.h"
#include "ops/select.h"

#include <complex>

namespace bolide {
namespace {

template <class T>
Dims positions_of_other(const Tensor& x, const T& zero) {
  Dims out;
  const auto* data = reinterpret_cast<const T*>(x.data());
  for (std::int64_t i = 0; i < x.count(); ++i) {
    if (data[i] != zero) out.push_back(i);
  }
  return out;
}

/// A string is zero when it is empty.
Dims positions_of_nonzero(const Tensor& x) {
  if (x.dtype() == DataType::kString) return positions_of_other<std::string>(x, "");
  if (x.dtype() == DataType::kC64) return positions_of_other<std::complex<float>>(x, 0);
  if (x.dtype() == DataType::kC128) return positions_of_other<std::complex<double>>(x, 0);
  Dims out;
  constexpr std::int64_t kBlock = 4096;
  const std::int64_t blocks = (x.count() + kBlock - 1) / kBlock;
  std::vector<Dims> found(static_cast<std::size_t>(blocks));
  parallel_ranges(blocks, 4, [&](std::int64_t block, std::int64_t end) {
    with_compute_type(compute_type(x.dtype()), [&](auto zero) {
      std::vector<decltype(zero)> values(kBlock);
      std::array<std::int64_t, kBlock> places;
      for (; block < end; ++block) {
        const std::int64_t begin = block * kBlock;
        const auto count = static_cast<int>(std::min(kBlock, x.count() - begin));
        load(x, begin, count, values.data());
        std::size_t n = 0;
        for (int i = 0; i < count; ++i) {
          places[n] = begin + i;  // without a branch: kept when the next one does not overwrite it
          n += values[static_cast<std::size_t>(i)] != 0 ? 1 : 0;
        }
        found[static_cast<std::size_t>(block)].assign(places.begin(), places.begin() + static_cast<std::ptrdiff_t>(n));
      }
    });
  });
  std::size_t total = 0;
  for (const Dims& part : found) total += part.size();
  out.reserve(total);
  for (const Dims& part : found) out.insert(out.end(), part.begin(), part.end());
  return out;
}

}  // namespace

Result<TensorTypes> NonZero::infer(const InferContext& context) const {
  return TensorTypes{{DataType::kI64, {context.rank(0), context.fresh_dim("nonzero")}}};
}

Result<Tensors> NonZero::evaluate(TensorInputs inputs, EvalContext& context) const {
  const Tensor& x = *inputs[0];
  const Dims found = positions_of_nonzero(x);
  const auto count = static_cast<std::int64_t>(found.size());
  TRY(Tensor out, allocate_raw(context, DataType::kI64, {x.rank(), count}).within("NonZero"));
  const Dims strides = contiguous_strides(x.dims());
  const auto to = out.span<std::int64_t>();
  parallel_ranges(count, 1 << 12, [&](std::int64_t begin, std::int64_t end) {
    Dims index(strides.size(), 0);  // of position `at`
    std::int64_t at = 0;
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t position = found[static_cast<std::size_t>(i)];
      if (i > begin && !index.empty() && position - at < x.dims().back() - index.back()) {
        index.back() += position - at;  // in the same row
      } else {
        for (std::size_t d = 0; d < strides.size(); ++d) index[d] = position / strides[d] % x.dims()[d];
      }
      at = position;
      for (std::size_t d = 0; d < strides.size(); ++d) to[d * found.size() + static_cast<std::size_t>(i)] = index[d];
    }
  });
  return Tensors{std::move(out)};
}

}  // namespace bolide
