#include "backend/cpu/nest.h"

#include <algorithm>
#include <cstdlib>
#include <numeric>

namespace bolide::cpu {

std::int64_t Nest::count() const {
  return std::accumulate(dims.begin(), dims.end(), std::int64_t{1}, std::multiplies<>());
}

void Nest::move_dim(int from, int to) {
  const auto shift = [&](Dims& list) {
    const std::int64_t value = list[static_cast<std::size_t>(from)];
    list.erase(list.begin() + from);
    list.insert(list.begin() + to, value);
  };
  shift(dims);
  for (Dims& list : strides) shift(list);
}

Nest collapse(const Dims& dims, std::span<const Dims> strides) {
  const std::size_t rank = dims.size();
  std::vector<std::size_t> order;
  for (std::size_t d = 0; d < rank; ++d) {
    if (dims[d] != 1) order.push_back(d);
  }
  const auto stride = [&](std::size_t operand, std::size_t dim) -> std::int64_t {
    const Dims& list = strides[operand];
    const std::size_t missing = rank - list.size();
    return dim < missing ? 0 : list[dim - missing];
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return std::llabs(stride(0, a)) > std::llabs(stride(0, b)); });
  Nest nest;
  nest.strides.resize(strides.size());
  for (const std::size_t d : order) {
    bool joins = !nest.dims.empty();
    for (std::size_t o = 0; joins && o < strides.size(); ++o) {
      joins = nest.strides[o].back() == stride(o, d) * dims[d];
    }
    if (joins) {
      nest.dims.back() *= dims[d];
      for (std::size_t o = 0; o < strides.size(); ++o) nest.strides[o].back() = stride(o, d);
    } else {
      nest.dims.push_back(dims[d]);
      for (std::size_t o = 0; o < strides.size(); ++o) nest.strides[o].push_back(stride(o, d));
    }
  }
  if (nest.dims.empty()) {
    nest.dims.push_back(1);
    for (Dims& list : nest.strides) list.push_back(0);
  }
  return nest;
}

Dims broadcast_strides(const Dims& dims, const Dims& strides, const Dims& to) {
  Dims out(to.size(), 0);
  const std::size_t missing = to.size() - dims.size();
  for (std::size_t d = 0; d < dims.size(); ++d) {
    if (dims[d] != 1 || to[d + missing] == 1) out[d + missing] = strides[d];
  }
  return out;
}

Walk::Walk(const Nest& nest, int rank, std::int64_t start) : nest_(nest), rank_(rank) {
  const std::size_t operands = nest.strides.size();
  for (int d = rank - 1; d >= 0; --d) {
    const std::int64_t size = nest.size(d);
    const std::int64_t i = size > 0 ? start % size : 0;
    start = size > 0 ? start / size : 0;
    index_[static_cast<std::size_t>(d)] = i;
    for (std::size_t o = 0; o < operands; ++o) offsets_[o] += i * nest.strides[o][static_cast<std::size_t>(d)];
  }
}

void Walk::next() {
  const std::size_t operands = nest_.strides.size();
  for (int d = rank_ - 1; d >= 0; --d) {
    const std::size_t dim = static_cast<std::size_t>(d);
    if (++index_[dim] < nest_.dims[dim]) {
      for (std::size_t o = 0; o < operands; ++o) offsets_[o] += nest_.strides[o][dim];
      return;
    }
    for (std::size_t o = 0; o < operands; ++o) offsets_[o] -= nest_.strides[o][dim] * (nest_.dims[dim] - 1);
    index_[dim] = 0;
  }
}

}  // namespace bolide::cpu
