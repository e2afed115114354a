// What comes out of a sequence whose making is known: the value itself, without the sequence.
#include "ops/sequence.h"

#include "import/onnx/rules/all.h"
#include "import/onnx/rules/formula.h"
#include "ops/axis.h"
#include "ops/concat.h"

#include <algorithm>

namespace bolide::onnx {
namespace {

constexpr std::size_t kMostPieces = 1024;
constexpr int kMostEdits = 64;  // of one sequence, one after the other

/// A value of a sequence: `from`, or its part [begin, end) along `axis`, and without that axis where `squeezed`.
struct Piece {
  ValueId from = kNoValue;
  bool is_part = false;
  std::int64_t axis = 0;
  std::int64_t begin = 0;
  std::int64_t end = 0;
  bool squeezed = false;
};
using Pieces = std::optional<std::vector<Piece>>;

std::optional<Dims> known_numbers(const Graph& graph, ValueId id) {
  const Value& value = graph.value(id);
  if (value.constant != nullptr) {
    Result<Dims> numbers = to_i64(*value.constant);
    return numbers ? std::optional(*std::move(numbers)) : std::nullopt;
  }
  return value.contents ? constant_dims(*value.contents) : std::nullopt;
}

/// `position` (from the end when negative) in [0, count]; `otherwise` when it is left out.
std::optional<std::int64_t> place_of(const Graph& graph, ValueId position, std::int64_t count, std::int64_t otherwise) {
  if (position == kNoValue) return otherwise;
  const auto numbers = known_numbers(graph, position);
  if (!numbers || numbers->size() != 1 || (*numbers)[0] < -count || (*numbers)[0] > count) return std::nullopt;
  return (*numbers)[0] < 0 ? (*numbers)[0] + count : (*numbers)[0];
}

Pieces split_pieces(const Graph& graph, const SplitToSequence& split, const Node& node) {
  const Shape& shape = graph.value(node.inputs[0]).type.shape;
  const Result<std::size_t> axis = normalize_axis(split.axis, static_cast<int>(shape.size()));
  const auto size = axis ? shape[*axis].constant() : std::nullopt;
  if (!size) return std::nullopt;
  const ValueId sizes = node.inputs.size() > 1 ? node.inputs[1] : kNoValue;
  std::optional<Dims> lengths = sizes == kNoValue ? Dims{1} : known_numbers(graph, sizes);
  if (!lengths) return std::nullopt;
  if (sizes == kNoValue || graph.value(sizes).type.rank() == 0) {
    const std::int64_t each = lengths->size() == 1 ? (*lengths)[0] : 0;
    if (each < 1 || *size / each >= static_cast<std::int64_t>(kMostPieces)) return std::nullopt;
    lengths->assign(static_cast<std::size_t>((*size + each - 1) / each), each);
  }
  std::vector<Piece> out;
  std::int64_t begin = 0;
  const bool squeezed = sizes == kNoValue && !split.keepdims;
  for (const std::int64_t length : *lengths) {
    if (length < 0 || length > *size || begin > *size || out.size() >= kMostPieces) return std::nullopt;
    const std::int64_t end = std::min(begin + length, *size);
    out.push_back({node.inputs[0], true, static_cast<std::int64_t>(*axis), begin, end, squeezed});
    begin += length;
  }
  const bool fits = sizes != kNoValue && graph.value(sizes).type.rank() == 1 ? begin == *size : begin >= *size;
  return fits ? Pieces(std::move(out)) : std::nullopt;
}

/// The values of a sequence in their order; nothing when some node on the way decides by the data.
Pieces pieces_of(const Graph& graph, ValueId sequence, int edits = 0) {
  if (sequence == kNoValue || graph.value(sequence).producer == kNoNode || edits > kMostEdits) return std::nullopt;
  const Node& node = graph.node(graph.value(sequence).producer);
  const auto position = [&node](std::size_t index) {
    return index < node.inputs.size() ? node.inputs[index] : kNoValue;
  };
  if (node.op.is<SequenceEmpty>()) return std::vector<Piece>();
  if (const auto* split = node.op.as<SplitToSequence>()) return split_pieces(graph, *split, node);
  if (node.op.is<SequenceConstruct>()) {
    if (node.inputs.size() > kMostPieces) return std::nullopt;
    std::vector<Piece> out;
    for (const ValueId input : node.inputs) out.push_back({.from = input});
    return out;
  }
  const bool inserts = node.op.is<SequenceInsert>();
  if (!inserts && !node.op.is<SequenceErase>()) return std::nullopt;
  Pieces out = pieces_of(graph, node.inputs[0], edits + 1);
  if (!out || (!inserts && out->empty())) return std::nullopt;
  const auto count = static_cast<std::int64_t>(out->size());
  const auto at = place_of(graph, position(inserts ? 2 : 1), count, inserts ? count : count - 1);
  if (!at || (!inserts && *at == count)) return std::nullopt;
  if (inserts) {
    out->insert(out->begin() + *at, {.from = node.inputs[1]});
  } else {
    out->erase(out->begin() + *at);
  }
  return out;
}

ValueId made(Formula& f, const Piece& piece) {
  if (!piece.is_part) return piece.from;
  const ValueId part = f.slice(piece.from, piece.axis, piece.begin, piece.end);
  return piece.squeezed ? f.squeeze(part, {piece.axis}) : part;
}

}  // namespace

/// ONNX SequenceAt: of a sequence and a position that are known, the value itself.
Result<Values> import_sequence_at(OnnxNodeView& node, Builder& build) {
  const Pieces pieces = node.input_count() == 2 ? pieces_of(build.graph(), node.in(0)) : std::nullopt;
  if (pieces && node.has_input(1)) {
    const auto count = static_cast<std::int64_t>(pieces->size());
    const auto at = place_of(build.graph(), node.in(1), count, count);
    Formula f(build);
    if (at && *at < count) return f.result({made(f, (*pieces)[static_cast<std::size_t>(*at)])});
  }
  return build.add_node(SequenceAt{}, node.inputs(), node.output_count());
}

/// ONNX ConcatFromSequence: of values that are known, Concat.
Result<Values> import_concat_from_sequence(OnnxNodeView& node, Builder& build) {
  const ConcatFromSequence op{.axis = node.integer("axis", 0), .new_axis = node.flag("new_axis")};
  const Pieces pieces = node.has_input(0) ? pieces_of(build.graph(), node.in(0)) : std::nullopt;
  if (pieces && !pieces->empty()) {
    Formula f(build);
    Values parts;
    for (const Piece& piece : *pieces) parts.push_back(made(f, piece));
    const std::int64_t rank = f.rank(parts[0]) + (op.new_axis ? 1 : 0);
    const Result<std::size_t> axis = normalize_axis(op.axis, static_cast<int>(rank));
    const bool same = std::ranges::all_of(parts, [&](ValueId part) { return f.rank(part) == f.rank(parts[0]); });
    if (axis && same) {
      const auto at = static_cast<std::int64_t>(*axis);
      for (ValueId& part : parts) part = op.new_axis ? f.unsqueeze(part, {at}) : part;
      const ValueId y = f.op(Concat{.axis = at}, parts);
      if (!f.failed()) return f.result({y});
    }
  }
  return build.add_node(op, node.inputs(), node.output_count());
}

}  // namespace bolide::onnx
