#include "ops/scatter.h"

#include "ops/element_lines.h"
#include "ops/elements.h"
#include "ops/expr_apply.h"

#include <algorithm>
#include <complex>

namespace bolide {
namespace {

Status check_types(const OpInfo& info, const InferContext& context, ScatterReduction reduction) {
  TRY_OK(require_indices(info, context));
  if (context.dtype(0) != context.dtype(2)) {
    return invalid_argument(info.name, ": data of ", context.dtype(0), " and updates of ", context.dtype(2));
  }
  const DataType type = context.dtype(0);
  const bool has_order = is_real(type);
  const bool reduces = reduction == ScatterReduction::kReplace || has_order || reduction == ScatterReduction::kAdd ||
                       (reduction == ScatterReduction::kMul && type != DataType::kString);
  if (!reduces) return unsupported(info.name, ": this reduction of ", type, "; real numbers work");
  return ok();
}

template <class T>
void add_or_multiply(bool add, T update, T& out) {
  if constexpr (std::is_same_v<T, std::string>) {
    out += update;
  } else {
    out = add ? out + update : out * update;
  }
}

/// Sums and products of what has no compute type: complex numbers, and strings one after the other.
template <class T>
void update_as(ScatterReduction reduction, const Tensor& updates, std::int64_t from, Tensor& out, std::int64_t to,
               std::int64_t count) {
  const auto* source = reinterpret_cast<const T*>(updates.data()) + from;
  auto* target = reinterpret_cast<T*>(out.data()) + to;
  for (std::int64_t i = 0; i < count; ++i) add_or_multiply(reduction == ScatterReduction::kAdd, source[i], target[i]);
}

/// The types that networks scatter most, without a call for each element. Integers wrap.
template <class T>
void update_plain(ScatterReduction reduction, const Tensor& updates, std::int64_t from, Tensor& out, std::int64_t to,
                  std::int64_t count) {
  const auto* source = reinterpret_cast<const T*>(updates.data()) + from;
  auto* target = reinterpret_cast<T*>(out.data()) + to;
  const auto each = [&](const auto& f) {
    for (std::int64_t i = 0; i < count; ++i) target[i] = f(target[i], source[i]);
  };
  switch (reduction) {
    case ScatterReduction::kMul: return each([](T a, T b) { return apply_one<Fn::kMul, T>(a, b, T()); });
    case ScatterReduction::kMin: return each([](T a, T b) { return apply_one<Fn::kMin, T>(a, b, T()); });
    case ScatterReduction::kMax: return each([](T a, T b) { return apply_one<Fn::kMax, T>(a, b, T()); });
    default: return each([](T a, T b) { return apply_one<Fn::kAdd, T>(a, b, T()); });
  }
}

/// out[to, to+count) updated by updates[from, from+count).
void update(ScatterReduction reduction, const Tensor& updates, std::int64_t from, Tensor& out, std::int64_t to,
            std::int64_t count) {
  if (reduction == ScatterReduction::kReplace) return copy_run(updates, from, out, to, count);
  switch (out.dtype()) {
    case DataType::kString: return update_as<std::string>(reduction, updates, from, out, to, count);
    case DataType::kC64: return update_as<std::complex<float>>(reduction, updates, from, out, to, count);
    case DataType::kC128: return update_as<std::complex<double>>(reduction, updates, from, out, to, count);
    default: break;
  }
  if (out.dtype() == DataType::kF32) return update_plain<float>(reduction, updates, from, out, to, count);
  if (out.dtype() == DataType::kI64) return update_plain<std::int64_t>(reduction, updates, from, out, to, count);
  constexpr std::array<Fn, 5> kFns = {Fn::kAdd, Fn::kAdd, Fn::kMul, Fn::kMin, Fn::kMax};
  const Fn fn = kFns[static_cast<std::size_t>(reduction)];
  with_compute_type(compute_type(out.dtype()), [&](auto zero) {
    using T = decltype(zero);
    for (std::int64_t i = 0; i < count; ++i) {
      store_one<T>(out, to + i, apply<T>(fn, load_one<T>(out, to + i), load_one<T>(updates, from + i)));
    }
  });
}

Result<Tensor> copy_of(const Tensor& data, const EvalContext& context) {
  TRY(Tensor out, allocate_raw(context, data.dtype(), data.dims()));
  copy_all(data, out);
  return out;
}

/// ScatterElements without a reduction on one line: every thread writes a part of it, all that goes there in order.
Result<Tensors> replace_in_line(const Tensor& data, const Tensor& indices, const Tensor& updates,
                                const EvalContext& context) {
  TRY(Tensor out, allocate_raw(context, data.dtype(), data.dims()));
  const std::int64_t size = data.count();
  std::atomic<bool> wrong = size == 0 && indices.count() > 0;
  TRY_OK(with_indices(indices, [&](const auto* given) {
    with_element(out.dtype(), [&](auto zero) {
      using T = decltype(zero);
      const T* const old = reinterpret_cast<const T*>(data.data());
      const T* const from = reinterpret_cast<const T*>(updates.data());
      T* const to = reinterpret_cast<T*>(out.data());
      const std::int64_t part = size / ThreadPool::shared().size() + 1;
      parallel_ranges(size, std::max<std::int64_t>(part, 1 << 16), [&](std::int64_t begin, std::int64_t end) {
        std::copy(old + begin, old + end, to + begin);
        const auto first = static_cast<std::uint64_t>(begin);
        const std::uint64_t length = static_cast<std::uint64_t>(end) - first;
        bool plain = true;  // no index counts from the end, and none is outside
        for (std::int64_t i = 0; i < updates.count(); ++i) {
          const auto place = static_cast<std::uint64_t>(static_cast<std::int64_t>(given[i]));
          plain = plain & (place < static_cast<std::uint64_t>(size));
          if (place - first < length) to[place] = from[i];
        }
        if (plain) return;
        std::copy(old + begin, old + end, to + begin);
        bool outside = false;
        for (std::int64_t i = 0; i < updates.count(); ++i) {
          const std::int64_t place = place_within(given[i], size);
          outside = outside || place < 0;
          if (place >= begin && place < end) to[place] = from[i];
        }
        if (outside) wrong.store(true, std::memory_order_relaxed);
      });
    });
    return ok();
  }));
  if (wrong) TRY_OK(Indices::make(indices, {size}).within("ScatterElements"));
  Tensors result;
  result.push_back(std::move(out));
  return result;
}

}  // namespace

Result<TensorTypes> ScatterElements::infer(const InferContext& context) const {
  TRY_OK(check_types(kInfo, context, reduction));
  TRY_OK(normalize_axis(axis, context.rank(0)).within("ScatterElements"));
  if (context.rank(0) != context.rank(1) || context.rank(1) != context.rank(2)) {
    return invalid_argument("ScatterElements: data ", context.shape(0), ", indices ", context.shape(1), " and updates ",
                            context.shape(2), " differ in rank");
  }
  return TensorTypes{context.type(0)};
}

Result<Tensors> ScatterElements::evaluate(TensorInputs inputs, EvalContext& context) const {
  const Dims& dims = inputs[0]->dims();
  const Dims& places = inputs[1]->dims();
  TRY(const std::size_t at, normalize_axis(axis, inputs[0]->rank()).within("ScatterElements"));
  if (places != inputs[2]->dims() || places.size() != dims.size()) {
    return invalid_argument("ScatterElements: indices ", places, " and updates ", inputs[2]->dims(), " differ");
  }
  for (std::size_t d = 0; d < dims.size(); ++d) {
    if (d != at && places[d] > dims[d]) {
      return invalid_argument("ScatterElements: indices ", places, " reach beyond data ", dims);
    }
  }
  const bool plain = reduction == ScatterReduction::kReplace && bit_width(inputs[0]->dtype()) >= 8;
  if (dims.size() == 1 && plain) return replace_in_line(*inputs[0], *inputs[1], *inputs[2], context);
  TRY(const Indices indices, Indices::make(*inputs[1], {dims[at]}).within("ScatterElements"));
  TRY(Tensor out, copy_of(*inputs[0], context));
  const ElementLines lines(places, dims, at);
  const Tensor& updates = *inputs[2];
  if (bit_width(out.dtype()) < 8) {  // two elements may share a byte
    for (std::int64_t i = 0; i < updates.count(); ++i) {
      update(reduction, updates, i, out, lines.start(i) + indices.at(i) * lines.stride(), 1);
    }
  } else if (reduction != ScatterReduction::kReplace) {
    lines.each([&](std::int64_t i, std::int64_t start) {
      update(reduction, updates, i, out, start + indices.at(i) * lines.stride(), 1);
    });
  } else {
    with_element(out.dtype(), [&](auto zero) {
      using T = decltype(zero);
      const T* const from = reinterpret_cast<const T*>(updates.data());
      T* const to = reinterpret_cast<T*>(out.data());
      lines.each([&](std::int64_t i, std::int64_t start) { to[start + indices.at(i) * lines.stride()] = from[i]; });
    });
  }
  return Tensors{std::move(out)};
}

Result<TensorTypes> ScatterND::infer(const InferContext& context) const {
  TRY_OK(check_types(kInfo, context, reduction));
  const Shape& indices = context.shape(1);
  if (indices.empty()) return invalid_argument("ScatterND: indices without axes");
  const std::int64_t depth = indices.back().constant().value_or(0);
  if (depth < 0 || depth > context.rank(0)) {
    return invalid_argument("ScatterND: positions of ", depth, " numbers in data ", context.shape(0));
  }
  return TensorTypes{context.type(0)};
}

Result<Tensors> ScatterND::evaluate(TensorInputs inputs, EvalContext& context) const {
  const Dims& dims = inputs[0]->dims();
  const Dims& places = inputs[1]->dims();
  if (places.empty() || places.back() < 0 || places.back() > inputs[0]->rank()) {
    return invalid_argument("ScatterND: indices ", places, " into data ", dims);
  }
  const auto depth = static_cast<std::size_t>(places.back());
  Dims wanted(places.begin(), places.end() - 1);
  wanted.insert(wanted.end(), dims.begin() + places.back(), dims.end());
  if (inputs[2]->dims() != wanted) {
    return invalid_argument("ScatterND: updates ", inputs[2]->dims(), ", where ", wanted, " belong");
  }
  const Dims sizes(dims.begin(), dims.begin() + places.back());
  Indices indices;
  if (depth > 0) {
    TRY(indices, Indices::make(*inputs[1], sizes).within("ScatterND"));
  }
  TRY(Tensor out, copy_of(*inputs[0], context));
  const std::int64_t inner = product(dims, depth, dims.size());
  const std::int64_t count = product(places, 0, places.size() - 1);
  // Columns of the slices at once: two updates of one slice stay in order.
  const std::int64_t grain = bit_width(out.dtype()) < 8 ? inner : (1 << 14) / std::max<std::int64_t>(count, 1) + 16;
  parallel_ranges(inner, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = 0; i < count; ++i) {
      std::int64_t at = 0;
      for (std::size_t d = 0; d < depth; ++d) {
        at = at * sizes[d] + indices.at(i * static_cast<std::int64_t>(depth) + static_cast<std::int64_t>(d), d);
      }
      update(reduction, *inputs[2], i * inner + begin, out, at * inner + begin, end - begin);
    }
  });
  return Tensors{std::move(out)};
}

}  // namespace bolide
