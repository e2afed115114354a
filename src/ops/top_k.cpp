#include "ops/order.h"

#include "ops/axis_lines.h"
#include "ops/elements.h"
#include "ops/ordered.h"
#include "ops/reference.h"

#include <algorithm>
#include <array>
#include <limits>
#include <span>
#include <vector>

namespace bolide {
namespace {

/// An element of a line by its rank: what comes first is less. Equal values stand by rising index.
template <class T>
struct Ranked {
  std::uint64_t key = 0;
  std::int64_t place = 0;
  std::int64_t index() const { return place; }
  bool operator<(const Ranked& other) const { return key != other.key ? key < other.key : place < other.place; }
};
/// Of 32 bits: the index stands in the low half of the key, and one comparison decides.
template <>
struct Ranked<float> {
  std::uint64_t key = 0;
  std::int64_t index() const { return static_cast<std::int64_t>(key & 0xFFFFFFFFU); }
  bool operator<(const Ranked& other) const { return key < other.key; }
};

/// take(index, ranked) for every element of a line, by rising index.
template <class T, class Take>
void rank_line(const Tensor& x, const AxisLines& lines, std::int64_t o, std::int64_t n, bool largest,
               const Take& take) {
  constexpr std::int64_t kPiece = 1024;
  std::array<T, kPiece> values;
  std::array<std::int64_t, kPiece> places;
  for (std::int64_t done = 0; done < lines.size; done += kPiece) {
    const auto count = static_cast<int>(std::min(kPiece, lines.size - done));
    if (lines.inner == 1) {
      load(x, lines.at(o, done, n), count, values.data());
    } else {
      for (int i = 0; i < count; ++i) places[static_cast<std::size_t>(i)] = lines.at(o, done + i, n);
      load_at(x, places.data(), count, values.data());
    }
    for (int i = 0; i < count; ++i) {
      const std::uint64_t rising = ordered(values[static_cast<std::size_t>(i)]);
      const std::uint64_t key = largest ? ~rising : rising;
      if constexpr (std::is_same_v<T, float>) {
        take(done + i, Ranked<T>{key << 32 | static_cast<std::uint64_t>(done + i)});
      } else {
        take(done + i, Ranked<T>{key, done + i});
      }
    }
  }
}

/// The first of a line by rank. Of few among many, what cannot be one of them is passed by.
template <class T>
class FirstRanked {
 public:
  FirstRanked(std::int64_t size, std::int64_t count)
      : few_(count <= size / 16 && 2 * count + 64 < size),
        count_(static_cast<std::size_t>(count)),
        kept_(static_cast<std::size_t>(few_ ? 2 * count + 64 : size)) {}

  /// The first `count` of line (o, n), in order; until the next call.
  std::span<const Ranked<T>> of(const Tensor& x, const AxisLines& lines, std::int64_t o, std::int64_t n, bool largest) {
    if (count_ == 0) return {};
    Ranked<T>* const kept = kept_.data();
    std::size_t used = kept_.size();
    if (few_) {
      used = 0;
      Ranked<T> bound = last();
      rank_line<T>(x, lines, o, n, largest, [&](std::int64_t, const Ranked<T>& ranked) {
        if (!(ranked < bound)) return;
        if (used == kept_.size()) {
          select(used);
          used = count_;
          bound = kept[count_ - 1];
          if (!(ranked < bound)) return;
        }
        kept[used++] = ranked;
      });
    } else {
      rank_line<T>(x, lines, o, n, largest, [kept](std::int64_t i, const Ranked<T>& ranked) { kept[i] = ranked; });
    }
    const auto middle = kept_.begin() + static_cast<std::ptrdiff_t>(count_);
    const auto end = kept_.begin() + static_cast<std::ptrdiff_t>(used);
    if (count_ <= used / 16) {
      std::partial_sort(kept_.begin(), middle, end);
    } else {
      if (used > count_) select(used);
      std::sort(kept_.begin(), middle);
    }
    return std::span(kept_).first(count_);
  }

 private:
  /// After every element.
  static Ranked<T> last() {
    Ranked<T> out;
    out.key = std::numeric_limits<std::uint64_t>::max();
    if constexpr (!std::is_same_v<T, float>) out.place = std::numeric_limits<std::int64_t>::max();
    return out;
  }
  /// The first `count` of the first `used` go to the front, the last of them last.
  void select(std::size_t used) {
    std::nth_element(kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(count_ - 1),
                     kept_.begin() + static_cast<std::ptrdiff_t>(used));
  }

  bool few_;
  std::size_t count_;
  std::vector<Ranked<T>> kept_;
};

}  // namespace

Result<TensorTypes> TopK::infer(const InferContext& context) const {
  TRY_OK(check_real(kInfo, context.dtype(0)));
  TRY_OK(check_sizes_input(kInfo, context, 1));
  TRY(const std::size_t at, normalize_axis(axis, context.rank(0)).within("TopK"));
  if (const auto count = element_count(context.shape(1)).constant(); count && *count != 1) {
    return invalid_argument("TopK: k is ", context.type(1), ", expected one number");
  }
  const auto k = context.contents(1);
  TensorType values = context.type(0);
  const Dim size = values.shape[at];
  values.shape[at] = k && k->size() == 1 ? (*k)[0] : context.fresh_dim("k");
  const auto count = values.shape[at].constant();
  if (count && (*count < 0 || (size.is_constant() && *count > *size.constant()))) {
    return invalid_argument("TopK: k is ", *count, " of a size of ", size);
  }
  TensorType indices{DataType::kI64, values.shape};
  TensorTypes out{std::move(values), std::move(indices)};
  out.resize(std::min<std::size_t>(out.size(), static_cast<std::size_t>(std::max(context.output_count(), 1))));
  return out;
}

Result<Tensors> TopK::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(Tensors out, raw_outputs_of(*this, inputs, context));
  TRY(const std::size_t at, normalize_axis(axis, inputs[0]->rank()));
  const AxisLines lines(inputs[0]->dims(), at);
  const AxisLines taken(out[0].dims(), at);
  if (lines.size > INT64_C(0xFFFFFFFF)) return unsupported("TopK: ", lines.size, " elements along the axis");
  with_compute_type(compute_type(out[0].dtype()), [&](auto zero) {
    using T = decltype(zero);
    const std::int64_t grain = bit_width(out[0].dtype()) < 8 ? lines.outer * lines.inner  // two may share a byte
                                                             : (1 << 11) / std::max<std::int64_t>(1, lines.size);
    parallel_ranges(lines.outer * lines.inner, grain, [&](std::int64_t line, std::int64_t end) {
      FirstRanked<T> first(lines.size, taken.size);
      for (; line < end; ++line) {
        const std::int64_t o = line / lines.inner;
        const std::int64_t n = line % lines.inner;
        const auto order = first.of(*inputs[0], lines, o, n, largest);
        for (std::int64_t i = 0; i < taken.size; ++i) {
          const std::int64_t from = order[static_cast<std::size_t>(i)].index();
          copy_run(*inputs[0], lines.at(o, from, n), out[0], taken.at(o, i, n), 1);
          if (out.size() > 1) out[1].span<std::int64_t>()[static_cast<std::size_t>(taken.at(o, i, n))] = from;
        }
      }
    });
  });
  return out;
}

}  // namespace bolide
