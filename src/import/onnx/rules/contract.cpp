#include "import/onnx/rules/contract.h"

#include "ops/arithmetic.h"
#include "ops/concat.h"
#include "ops/matmul.h"
#include "ops/reduce.h"
#include "ops/reshape.h"
#include "ops/shape.h"
#include "ops/transpose.h"

#include <algorithm>

namespace bolide::onnx {
namespace {

using EinsumLabels = std::vector<EinsumLabel>;

bool has(const EinsumLabels& labels, EinsumLabel label) {
  return std::find(labels.begin(), labels.end(), label) != labels.end();
}

EinsumLabels joined(const EinsumLabels& a, const EinsumLabels& b, const EinsumLabels& c = {}) {
  EinsumLabels out = a;
  out.insert(out.end(), b.begin(), b.end());
  out.insert(out.end(), c.begin(), c.end());
  return out;
}

/// Some axes of a value: one size of a reshaped one.
struct Group {
  ValueId value;
  std::size_t begin;
  std::size_t end;
};

/// The product of the sizes of a group, i64 [1].
Result<ValueId> group_size(Builder& build, const Group& group) {
  const Shape& shape = build.type(group.value).shape;
  Dim size = 1;
  for (std::size_t d = group.begin; d < group.end; ++d) size = size * shape[d];
  if (size.is_constant()) return build.integers("size", Dims{*size.constant()});
  ValueId out = kNoValue;
  for (std::size_t d = group.begin; d < group.end; ++d) {
    const auto axis = static_cast<std::int64_t>(d);
    TRY(const ValueId one, build.add(ShapeOf{.start = axis, .end = axis + 1}, {group.value}));
    if (out == kNoValue) {
      out = one;
    } else {
      TRY(out, build.add(Mul{}, {out, one}));
    }
  }
  return out;
}

Result<ValueId> reshaped(Builder& build, ValueId x, const std::vector<Group>& groups) {
  Values sizes;
  for (const Group& group : groups) {
    TRY(const ValueId size, group_size(build, group));
    sizes.push_back(size);
  }
  ValueId all = kNoValue;
  if (sizes.empty()) {
    all = build.integers("sizes", Dims{});
  } else {
    TRY(all, build.add(Concat{.axis = 0}, sizes));
  }
  return build.add(Reshape{.allowzero = true}, {x, all});
}

/// [batch..., rows..., columns...] as [batch..., rows, columns], rows and columns being products.
Result<ValueId> as_matrices(Builder& build, ValueId x, std::size_t batch, std::size_t rows, std::size_t columns) {
  if (rows == 1 && columns == 1) return x;
  std::vector<Group> groups;
  for (std::size_t d = 0; d < batch; ++d) groups.push_back({x, d, d + 1});
  groups.push_back({x, batch, batch + rows});
  groups.push_back({x, batch + rows, batch + rows + columns});
  return reshaped(build, x, groups);
}

/// Elementwise, of a [shared..., own a...] and b [shared..., own b...].
Result<Labelled> multiplied(Builder& build, const Labelled& a, const Labelled& b, const EinsumLabels& own_a,
                            const EinsumLabels& own_b) {
  ValueId left = a.value;
  if (!own_b.empty()) {
    Dims axes;
    for (std::size_t i = 0; i < own_b.size(); ++i) axes.push_back(static_cast<std::int64_t>(a.labels.size() + i));
    TRY(left, build.add(Unsqueeze{.axes = axes}, {left}));
  }
  ValueId right = b.value;
  if (!own_a.empty()) {
    Dims axes;
    for (std::size_t i = 0; i < own_a.size(); ++i) {
      axes.push_back(static_cast<std::int64_t>(b.labels.size() - own_b.size() + i));
    }
    TRY(right, build.add(Unsqueeze{.axes = axes}, {right}));
  }
  TRY(const ValueId y, build.add(Mul{}, {left, right}));
  return Labelled{y, joined(a.labels, own_b)};
}

}  // namespace

Result<Labelled> sum_out(Builder& build, Labelled x, const EinsumLabels& needed) {
  Reduce sum{.keepdims = false};
  EinsumLabels kept;
  for (std::size_t d = 0; d < x.labels.size(); ++d) {
    if (has(needed, x.labels[d])) {
      kept.push_back(x.labels[d]);
    } else {
      sum.axes.push_back(static_cast<std::int64_t>(d));
    }
  }
  if (sum.axes.empty()) return x;
  TRY(const ValueId y, build.add(sum, {x.value}));
  return Labelled{y, std::move(kept)};
}

Result<Labelled> arranged(Builder& build, const Labelled& x, const EinsumLabels& order) {
  if (x.labels == order) return x;
  Transpose transpose;
  for (const EinsumLabel label : order) {
    transpose.perm.push_back(std::find(x.labels.begin(), x.labels.end(), label) - x.labels.begin());
  }
  TRY(const ValueId y, build.add(transpose, {x.value}));
  return Labelled{y, order};
}

Result<Labelled> contract(Builder& build, Labelled a, Labelled b, const EinsumLabels& needed) {
  TRY(a, sum_out(build, std::move(a), joined(needed, b.labels)));
  TRY(b, sum_out(build, std::move(b), joined(needed, a.labels)));
  EinsumLabels batch;
  EinsumLabels rows;
  EinsumLabels inner;
  EinsumLabels columns;
  for (const EinsumLabel label : a.labels) {
    // An ellipsis broadcasts, which inner axes of a product do not.
    const bool summed = !has(needed, label) && label < kEllipsis;
    (!has(b.labels, label) ? rows : summed ? inner : batch).push_back(label);
  }
  for (const EinsumLabel label : b.labels) {
    if (!has(a.labels, label)) columns.push_back(label);
  }
  TRY(a, arranged(build, a, joined(batch, rows, inner)));
  if (inner.empty()) {
    TRY(b, arranged(build, b, joined(batch, columns)));
    TRY(Labelled y, multiplied(build, a, b, rows, columns));
    return sum_out(build, std::move(y), needed);
  }
  TRY(b, arranged(build, b, joined(batch, inner, columns)));
  TRY(const ValueId left, as_matrices(build, a.value, batch.size(), rows.size(), inner.size()));
  TRY(const ValueId right, as_matrices(build, b.value, batch.size(), inner.size(), columns.size()));
  TRY(ValueId y, build.add(MatMul{.out = build.type(a.value).dtype}, {left, right}));
  if (rows.size() != 1 || columns.size() != 1) {
    std::vector<Group> groups;
    for (std::size_t d = 0; d < batch.size(); ++d) groups.push_back({y, d, d + 1});
    for (std::size_t d = 0; d < rows.size(); ++d) groups.push_back({a.value, batch.size() + d, batch.size() + d + 1});
    const std::size_t first = batch.size() + inner.size();
    for (std::size_t d = 0; d < columns.size(); ++d) groups.push_back({b.value, first + d, first + d + 1});
    TRY(y, reshaped(build, y, groups));
  }
  return sum_out(build, {y, joined(batch, rows, columns)}, needed);
}

}  // namespace bolide::onnx
