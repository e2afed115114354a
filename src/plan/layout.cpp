#include "plan/layout.h"

#include "ops/all.h"

#include <algorithm>
#include <numeric>

namespace bolide {

Order row_major(int rank) {
  Order order(static_cast<std::size_t>(rank));
  std::iota(order.begin(), order.end(), 0);
  return order;
}

Order channels_last(int rank) {
  Order order = row_major(rank);
  if (rank >= 3) std::rotate(order.begin() + 1, order.begin() + 2, order.end());
  return order;
}

Dims dense_strides(std::span<const std::int64_t> dims, const Order& order) {
  Dims strides(dims.size());
  std::int64_t stride = 1;
  for (std::size_t i = order.size(); i-- > 0;) {
    const auto dim = static_cast<std::size_t>(order[i]);
    strides[dim] = stride;
    stride *= std::max<std::int64_t>(dims[dim], 1);
  }
  return strides;
}

std::int64_t extent(std::span<const std::int64_t> dims, std::span<const std::int64_t> strides) {
  std::int64_t last = 0;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] == 0) return 0;
    last += (dims[i] - 1) * strides[i];
  }
  return last + 1;
}

bool same_strides(std::span<const std::int64_t> dims, std::span<const std::int64_t> a,
                  std::span<const std::int64_t> b) {
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] > 1 && a[i] != b[i]) return false;
  }
  return true;
}

std::optional<Dims> reshaped_strides(std::span<const std::int64_t> from, std::span<const std::int64_t> strides,
                                     std::span<const std::int64_t> to) {
  Dims result(to.size(), 0);
  if (std::find(from.begin(), from.end(), 0) != from.end())
    return dense_strides(to, row_major(static_cast<int>(to.size())));
  // Cut both shapes into the shortest groups of equal product; within a group the input must be uniformly strided.
  std::size_t f = 0;
  std::size_t t = 0;
  while (f < from.size() || t < to.size()) {
    const std::size_t f_begin = f;
    const std::size_t t_begin = t;
    std::int64_t from_product = f < from.size() ? from[f++] : 1;
    std::int64_t to_product = t < to.size() ? to[t++] : 1;
    while (from_product != to_product) {
      if (from_product < to_product) {
        if (f >= from.size()) return std::nullopt;
        from_product *= from[f++];
      } else {
        if (t >= to.size()) return std::nullopt;
        to_product *= to[t++];
      }
    }
    std::int64_t inner = 0;  // stride of the innermost element of the group
    std::int64_t reach = 0;  // stride that the next outer dim must have
    bool any = false;
    for (std::size_t i = f; i-- > f_begin;) {
      if (from[i] == 1) continue;
      if (!any) {
        inner = strides[i];
        any = true;
      } else if (strides[i] != reach) {
        return std::nullopt;
      }
      reach = strides[i] * from[i];
    }
    std::int64_t stride = any ? inner : 1;
    for (std::size_t i = t; i-- > t_begin;) {
      result[i] = stride;
      stride *= to[i];
    }
  }
  return result;
}

namespace {

std::optional<View> view_of_slice(std::span<const Operand> operands, const Dims& output) {
  const Operand& x = operands[0];
  const auto integers = [&](std::size_t i) -> std::optional<Dims> {
    if (i >= operands.size() || operands[i].absent) return std::nullopt;
    if (operands[i].constant == nullptr) return std::nullopt;
    auto values = to_i64(*operands[i].constant);
    if (!values) return std::nullopt;
    return *std::move(values);
  };
  const auto present = [&](std::size_t i) { return i < operands.size() && !operands[i].absent; };
  const auto starts = integers(1);
  const auto axes = integers(3);
  const auto steps = integers(4);
  if (!starts || (present(3) && !axes) || (present(4) && !steps)) return std::nullopt;
  View view{0, x.strides};
  for (std::size_t i = 0; i < starts->size(); ++i) {
    std::int64_t axis = axes ? (*axes)[i] : static_cast<std::int64_t>(i);
    if (axis < 0) axis += x.rank();
    const auto d = static_cast<std::size_t>(axis);
    const std::int64_t step = steps ? (*steps)[i] : 1;
    if (step < 1 || output[d] == 0) return std::nullopt;
    std::int64_t start = (*starts)[i];
    if (start < 0) start += x.dims[d];
    start = std::clamp<std::int64_t>(start, 0, x.dims[d]);
    view.offset += start * x.strides[d];
    view.strides[d] = x.strides[d] * step;
  }
  return view;
}

std::optional<View> view_of_expand(const Operand& x, const Dims& output) {
  View view{0, Dims(output.size(), 0)};
  const std::size_t added = output.size() - x.dims.size();
  for (std::size_t i = 0; i < x.dims.size(); ++i) {
    if (x.dims[i] == output[added + i]) {
      view.strides[added + i] = x.strides[i];
    } else if (x.dims[i] != 1) {
      return std::nullopt;
    }
  }
  return view;
}

std::optional<View> strided_view(const Op& op, std::span<const Operand> operands, int index, const Dims& output) {
  const Operand& x = operands[0];
  if (const auto* transpose = op.as<Transpose>()) {
    const auto order = transpose->order(x.rank());
    if (!order) return std::nullopt;
    View view;
    for (const std::size_t from : *order) view.strides.push_back(x.strides[from]);
    return view;
  }
  if (op.is<Slice>()) return view_of_slice(operands, output);
  if (op.name() == "Expand") return output.size() < x.dims.size() ? std::nullopt : view_of_expand(x, output);
  if (const auto* split = op.as<Split>()) {
    const auto axis = static_cast<std::size_t>(split->axis < 0 ? split->axis + x.rank() : split->axis);
    if (static_cast<std::size_t>(index) >= split->sizes.size()) return std::nullopt;  // sizes are computed
    View view{0, x.strides};
    for (int i = 0; i < index; ++i) view.offset += split->sizes[static_cast<std::size_t>(i)] * x.strides[axis];
    return view;
  }
  auto strides = reshaped_strides(x.dims, x.strides, output);
  if (!strides) return std::nullopt;
  return View{0, *std::move(strides)};
}

}  // namespace

std::optional<View> view_of(const Op& op, std::span<const Operand> operands, int index, const Dims& output) {
  if (!op.info().view || operands.empty()) return std::nullopt;
  std::optional<View> view = strided_view(op, operands, index, output);
  // Elements that share a byte have no strides: theirs are views only where nothing moves.
  const bool shares_bytes = bit_width(operands[0].dtype) < 8;
  if (view && shares_bytes && (view->offset != 0 || !same_strides(output, view->strides, contiguous_strides(output))))
    return std::nullopt;
  return view;
}

}  // namespace bolide
