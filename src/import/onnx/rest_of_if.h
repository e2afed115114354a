/// An If whose branches give results of different ranks or dtypes, which no one value holds: all that depends on it
/// goes into both of its branches, where the results have types of their own.
///
///     c -> If { A; B } -> y;  y, x -> F -> z      =>      c, x -> If { A; F; B; F } -> z
#pragma once

#include "import/onnx/model.h"

#include <optional>
#include <set>
#include <span>

namespace bolide::onnx {

/// The nodes of a list that wait until the others are imported: an If, and what depends on it.
class RestOfIf {
 public:
  RestOfIf(std::span<const OnnxNode> nodes, std::size_t index) : nodes_(nodes), index_(index) { take(index); }

  std::size_t index() const { return index_; }
  /// Whether a node reads what waits, and waits therefore.
  bool holds(const OnnxNode& node) const;
  /// Nodes come in the order of their dependencies.
  void take(std::size_t index);
  /// The If, then the others.
  const std::vector<std::size_t>& nodes() const { return taken_; }
  /// The If with the others in both branches; its results are those of `wanted` that the branches make. Nothing when
  /// none are wanted, when nothing but the If waits, or when names of a branch and of the others are the same.
  std::optional<OnnxNode> joined(std::span<const std::string_view> wanted) const;

 private:
  bool join(OnnxGraph& branch, std::span<const std::string_view> results) const;

  std::span<const OnnxNode> nodes_;
  std::size_t index_;
  std::vector<std::size_t> taken_;
  std::set<std::string_view> made_;  // by what waits
};

/// `if size == 1 then Squeeze(x) else x`, which exporters write for squeeze(x, axis) of a size they do not know. Its
/// two results differ in rank.
bool is_conditional_squeeze(const OnnxGraph& then_branch, const OnnxGraph& else_branch);

}  // namespace bolide::onnx
