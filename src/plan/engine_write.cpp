#include "plan/engine_layout.h"

#include "plan/bytes.h"

namespace bolide {
namespace {

using namespace engine_layout;

constexpr std::array<std::byte, kAlignment> kZeros{};

/// A file under construction: pieces in order, some owned here, some the tensors' own.
struct Pieces {
  std::vector<std::vector<std::byte>> owned;
  std::vector<std::span<const std::byte>> all;
  std::size_t size = 0;

  void borrow(std::span<const std::byte> piece) {
    all.push_back(piece);
    size += piece.size();
  }
  void add(std::vector<std::byte> piece) {
    owned.push_back(std::move(piece));
    borrow(owned.back());
  }
  void align() { borrow(std::span(kZeros).first(align_up(size) - size)); }
};

std::vector<std::byte> string_elements(const Tensor& tensor) {
  ByteWriter out;
  for (const std::string& element : tensor.span<std::string>()) out.text(element);
  return std::move(out).take();
}

void write_type(const TensorType& type, ByteWriter& out) {
  out.u8(static_cast<std::uint8_t>(type.dtype));
  out.u8(type.ranked ? 1 : 0);
  out.count(type.shape.size());
  for (const Dim& dim : type.shape) out.text(text(dim));
  if (!is_container(type.dtype)) return;
  out.count(type.elements ? type.elements->size() : 0);
  for (std::size_t i = 0; type.elements && i < type.elements->size(); ++i) write_type(type.element(i), out);
}

/// Writes the graph's description; its constants' elements go to `weights`, each at a multiple of 64.
Status write_graph(const StepGraph& graph, int depth, ByteWriter& out, Pieces& weights) {
  if (depth > kMaxNesting)
    return invalid_argument("graph '", graph.name, "' is nested more than ", kMaxNesting, " deep");
  const auto indices = [&](std::span<const int> values) {
    out.count(values.size());
    for (const int value : values) out.u32(static_cast<std::uint32_t>(value));
  };
  out.text(graph.name);
  out.count(graph.constants.size());
  for (const Tensor& tensor : graph.constants) {
    if (is_container(tensor.dtype())) return internal_error("a constant of graph '", graph.name, "' is no tensor");
    out.u8(static_cast<std::uint8_t>(tensor.dtype()));
    out.count(tensor.dims().size());
    for (const std::int64_t size : tensor.dims()) out.i64(size);
    weights.align();
    if (tensor.dtype() == DataType::kString) {
      std::vector<std::byte> elements = string_elements(tensor);
      out.u64(elements.size());
      weights.add(std::move(elements));
    } else {
      out.u64(tensor.bytes());
      weights.borrow({tensor.data(), tensor.bytes()});
    }
  }
  out.count(graph.values.size());
  for (const StepGraph::Value& value : graph.values) {
    out.text(value.name);
    out.u8(static_cast<std::uint8_t>(value.type.dtype));
    out.u32(static_cast<std::uint32_t>(value.constant));
    if (value.constant != kNone) continue;  // the constant gives the sizes
    out.count(value.type.shape.size());
    for (const Dim& dim : value.type.shape) out.text(text(dim));
    if (!is_container(value.type.dtype)) continue;
    out.count(value.type.elements ? value.type.elements->size() : 0);
    for (std::size_t i = 0; value.type.elements && i < value.type.elements->size(); ++i) {
      write_type(value.type.element(i), out);
    }
  }
  indices(graph.inputs);
  indices(graph.outputs);
  out.count(graph.steps.size());
  for (const StepGraph::Step& step : graph.steps) {
    out.text(step.name);
    out.text(step.op.name());
    out.text(attributes_text(step.op));
    indices(step.inputs);
    indices(step.outputs);
    out.count(step.members.size());
    for (const std::string& member : step.members) out.text(member);
    out.count(step.bodies.size());
    for (const auto& body : step.bodies) TRY_OK(write_graph(*body, depth + 1, out, weights));
  }
  return {};
}

void write_order(const Order& order, ByteWriter& out) {
  out.u8(static_cast<std::uint8_t>(order.size()));
  for (const int dim : order) out.u8(static_cast<std::uint8_t>(dim));
}

void write_shape(const StoredVariant& shape, ByteWriter& out) {
  out.count(shape.inputs.size());
  for (const Dims& dims : shape.inputs) {
    out.count(dims.size());
    for (const std::int64_t size : dims) out.i64(size);
  }
  out.count(shape.orders.size());
  for (const Order& order : shape.orders) write_order(order, out);
  out.count(shape.steps.size());
  for (const StoredStep& step : shape.steps) {
    out.text(step.tactic);
    out.u32(static_cast<std::uint32_t>(step.revision));
    out.f64(step.us);
    out.u8(step.measured ? 1 : 0);
    out.count(step.reformats.size());
    for (const auto& order : step.reformats) {
      out.u8(order ? 1 : 0);
      if (order) write_order(*order, out);
    }
  }
  out.f64(shape.total_us);
}

std::vector<std::byte> device_section(const DeviceVariant& device) {
  ByteWriter out;
  out.text(device.backend);
  out.text(device.fingerprint);
  out.u32(static_cast<std::uint32_t>(device.threads));
  out.i64(device.arena_bytes);
  out.count(device.shapes.size());
  for (const StoredVariant& shape : device.shapes) write_shape(shape, out);
  out.count(device.costs.entries().size());
  for (const auto& [problem, tactics] : device.costs.entries()) {
    out.text(problem);
    out.count(tactics.size());
    for (const auto& [tactic, us] : tactics) {
      out.text(tactic);
      out.f64(us);
    }
  }
  return std::move(out).take();
}

std::vector<std::byte> info_section(const EngineFile& engine) {
  ByteWriter out;
  out.text(engine.producer);
  out.digest(engine.model);
  out.text(engine.model_info);
  out.count(engine.metadata.size());
  for (const auto& [key, value] : engine.metadata) {
    out.text(key);
    out.text(value);
  }
  return std::move(out).take();
}

struct Section {
  SectionKind kind;
  Pieces pieces;
};

Result<Pieces> build(const EngineFile& engine) {
  if (engine.graph == nullptr) return invalid_argument("an engine file needs a step graph");
  std::vector<Section> sections;
  const auto add = [&](SectionKind kind, std::vector<std::byte> bytes) {
    sections.push_back({kind, {}});
    sections.back().pieces.add(std::move(bytes));
  };
  add(SectionKind::kInfo, info_section(engine));
  ByteWriter graph;
  Pieces weights;
  TRY_OK(write_graph(*engine.graph, 1, graph, weights));
  add(SectionKind::kGraph, std::move(graph).take());
  for (const DeviceVariant& device : engine.variants) add(SectionKind::kDevice, device_section(device));
  sections.push_back({SectionKind::kWeights, std::move(weights)});
  if (sections.size() > kMaxSections)
    return invalid_argument("an engine file holds at most ", kMaxSections, " sections");

  std::size_t offset = kHeaderBytes + sections.size() * kEntryBytes;
  ByteWriter table;
  for (const Section& section : sections) {
    offset = align_up(offset);
    table.u32(static_cast<std::uint32_t>(section.kind));
    table.u32(0);
    table.u64(offset);
    table.u64(section.pieces.size);
    table.digest(digest(section.pieces.all));
    offset += section.pieces.size;
  }
  ByteWriter header;
  header.raw(kMagic.data(), kMagic.size());
  header.u32(EngineFile::kMajor);
  header.u32(EngineFile::kMinor);
  header.count(sections.size());
  header.u32(0);
  header.u64(offset);
  const std::array<std::span<const std::byte>, 2> covered = {header.bytes(), table.bytes()};
  header.digest(digest(covered));
  header.raw(kZeros.data(), kHeaderBytes - header.bytes().size());

  Pieces file;
  file.add(std::move(header).take());
  file.add(std::move(table).take());
  for (Section& section : sections) {
    file.align();
    for (const auto piece : section.pieces.all) file.borrow(piece);
    for (auto& bytes : section.pieces.owned) file.owned.push_back(std::move(bytes));  // moved, not copied: spans stay
  }
  return file;
}

}  // namespace

Status write_engine(const std::filesystem::path& path, const EngineFile& engine) {
  TRY(const Pieces file, build(engine));
  return write_file(path, file.all);
}

Result<std::vector<std::byte>> engine_bytes(const EngineFile& engine) {
  TRY(const Pieces file, build(engine));
  std::vector<std::byte> out;
  out.reserve(file.size);
  for (const auto piece : file.all) out.insert(out.end(), piece.begin(), piece.end());
  return out;
}

StoredVariant store_variant(const Variant& variant) {
  StoredVariant out{.inputs = variant.inputs, .orders = variant.choice.orders, .total_us = variant.choice.total_us};
  for (const StepChoice& step : variant.choice.steps) {
    StoredStep stored{.reformats = step.reformats, .us = step.us, .measured = step.measured};
    if (step.tactic != nullptr) {
      stored.tactic = step.tactic->name();
      stored.revision = step.tactic->revision();
    }
    out.steps.push_back(std::move(stored));
  }
  return out;
}

}  // namespace bolide
