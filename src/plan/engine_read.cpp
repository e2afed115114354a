#include "plan/bytes.h"
#include "plan/check_types.h"
#include "plan/engine_layout.h"

#include "base/arena.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace bolide {
namespace {

using namespace engine_layout;

struct Section {
  SectionKind kind;
  std::span<const std::byte> bytes;
};

bool all_zero(std::span<const std::byte> bytes) {
  return std::ranges::all_of(bytes, [](std::byte b) { return b == std::byte{0}; });
}

/// The header's versions and the sections, their digests checked.
Result<std::vector<Section>> read_sections(std::span<const std::byte> file, EngineFile& engine) {
  if (file.size() < kHeaderBytes || std::memcmp(file.data(), kMagic.data(), kMagic.size()) != 0) {
    return bad_file("not an engine file: it does not start as one");
  }
  ByteReader header(file.subspan(kMagic.size(), kHeaderBytes - kMagic.size()), "header");
  engine.major = header.u32();
  engine.minor = header.u32();
  if (engine.major != EngineFile::kMajor) {
    return unsupported("the engine file is of format ", engine.major, ".", engine.minor, ", this build reads ",
                       EngineFile::kMajor, ".x: build the engine again");
  }
  const std::size_t sections = header.u32();
  const std::uint32_t zero = header.u32();
  const std::uint64_t length = header.u64();
  const Digest table_digest = header.digest();
  if (length != file.size()) return bad_file("the engine file has ", file.size(), " bytes, its header says ", length);
  if (sections > kMaxSections || kHeaderBytes + sections * kEntryBytes > file.size()) {
    return bad_file("the table of ", sections, " sections does not fit the file of ", file.size(), " bytes");
  }
  const auto table_bytes = file.subspan(kHeaderBytes, sections * kEntryBytes);
  const std::array<std::span<const std::byte>, 2> covered = {file.first(kDigestAt), table_bytes};
  if (digest(covered) != table_digest) return bad_file("the header or the section table is damaged: wrong digest");
  if (zero != 0 || !all_zero(file.subspan(kDigestAt + 16, kHeaderBytes - kDigestAt - 16))) {
    return bad_file("the header's unused bytes are not zero");
  }
  std::vector<Section> out;
  ByteReader table(table_bytes, "section table");
  std::size_t end = kHeaderBytes + table_bytes.size();
  for (std::size_t i = 0; i < sections; ++i) {
    const std::uint32_t kind = table.u32();
    const std::uint32_t unused = table.u32();
    const std::uint64_t offset = table.u64();
    const std::uint64_t bytes = table.u64();
    const Digest expected = table.digest();
    const std::size_t start = align_up(end);
    if (unused != 0 || offset != start || start > file.size() || bytes > file.size() - start) {
      return bad_file("section ", i, " of kind ", kind, " lies at ", offset, " with ", bytes,
                      " bytes; it must start at ", start, " and end within the file of ", file.size());
    }
    if (!all_zero(file.subspan(end, start - end))) return bad_file("the bytes before section ", i, " are not zero");
    end = start + bytes;
    const auto part = file.subspan(start, bytes);
    if (digest(part) != expected) return bad_file("section ", i, " of kind ", kind, " is damaged: wrong digest");
    if (kind >= 1 && kind <= static_cast<std::uint32_t>(SectionKind::kDevice)) {
      out.push_back({static_cast<SectionKind>(kind), part});
    } else if (engine.minor <= EngineFile::kMinor) {
      return bad_file("section ", i, " is of kind ", kind, ", which format ", engine.major, ".", engine.minor,
                      " does not have");
    }
  }
  if (end != file.size()) return bad_file(file.size() - end, " bytes stand behind the last section");
  return out;
}

/// The only section of a kind.
Result<std::span<const std::byte>> the_section(std::span<const Section> sections, SectionKind kind,
                                               std::string_view name) {
  const Section* found = nullptr;
  for (const Section& section : sections) {
    if (section.kind != kind) continue;
    if (found != nullptr) return bad_file("there are two ", name, " sections");
    found = &section;
  }
  if (found == nullptr) return bad_file("there is no ", name, " section");
  return found->bytes;
}

class GraphReader {
 public:
  GraphReader(std::span<const std::byte> bytes, std::span<const std::byte> weights, std::shared_ptr<const void> owner,
              std::uint32_t minor)
      : in_(bytes, "graph section"), weights_(weights), owner_(std::move(owner)), minor_(minor) {}

  Result<std::shared_ptr<const StepGraph>> run() {
    TRY(auto graph, read_graph(1));
    TRY_OK(in_.status(true));
    if (weights_at_ != weights_.size()) {
      return bad_file("the weights section has ", weights_.size(), " bytes, the constants take ", weights_at_);
    }
    TRY_OK(check(*graph));
    TRY_OK(check_types(*graph));
    return graph;
  }

 private:
  Result<std::shared_ptr<const StepGraph>> read_graph(int depth) {
    if (depth > kMaxNesting) return bad_file("graph section: graphs nested more than ", kMaxNesting, " deep");
    auto graph = std::make_shared<StepGraph>();
    graph->name = in_.text();
    for (std::size_t n = in_.count(13); n > 0; --n) {
      TRY(Tensor tensor, read_constant());
      graph->constants.push_back(std::move(tensor));
    }
    for (std::size_t n = in_.count(9); n > 0; --n) {
      TRY(StepGraph::Value value, read_value(*graph));
      graph->values.push_back(std::move(value));
    }
    graph->inputs = read_indices();
    graph->outputs = read_indices();
    for (std::size_t n = in_.count(28); n > 0; --n) {
      TRY(StepGraph::Step step, read_step(depth));
      graph->steps.push_back(std::move(step));
    }
    TRY_OK(in_.status(false));
    return std::shared_ptr<const StepGraph>(std::move(graph));
  }

  Result<DataType> read_dtype() {
    int dtype = in_.u8();
    // Before format 1.2 there were no 6-bit floats in front of the containers.
    if (minor_ < 2 && dtype >= static_cast<int>(DataType::kF6E2M3)) dtype += 2;
    if (dtype > static_cast<int>(DataType::kMap)) return bad_file("graph section: there is no dtype ", dtype);
    return static_cast<DataType>(dtype);
  }

  std::vector<int> read_indices() {
    std::vector<int> out(in_.count(4));
    for (int& index : out) index = static_cast<int>(in_.u32());
    return out;
  }

  Result<Tensor> read_constant() {
    TRY(const DataType dtype, read_dtype());
    if (is_container(dtype)) return bad_file("graph section: a constant is a ", dtype);
    Dims dims(in_.count(8));
    for (std::int64_t& size : dims) size = in_.i64();
    const std::uint64_t bytes = in_.u64();
    TRY_OK(in_.status(false));
    const std::size_t start = align_up(weights_at_);
    if (start > weights_.size() || bytes > weights_.size() - start) {
      return bad_file("a constant ", dtype, dims, " of ", bytes, " bytes lies beyond the weights section of ",
                      weights_.size());
    }
    if (!all_zero(weights_.subspan(weights_at_, start - weights_at_))) {
      return bad_file("the bytes between two constants are not zero");
    }
    weights_at_ = start + bytes;
    const auto count = element_count(dims);
    if (!count) return bad_file("a constant: ", count.error().message);
    const auto elements = weights_.subspan(start, bytes);
    if (dtype == DataType::kString) return read_strings(std::move(dims), *count, elements);
    const auto bits = static_cast<std::uint64_t>(bit_width(dtype));
    if (static_cast<std::uint64_t>(*count) > (bytes + 1) * 8 / bits || packed_bytes(dtype, *count) != bytes) {
      return bad_file("a constant ", dtype, dims, " of ", bytes, " bytes");
    }
    // Code that reads a bool may rely on it.
    if (dtype == DataType::kBool && std::ranges::any_of(elements, [](std::byte b) { return b > std::byte{1}; })) {
      return bad_file("a constant bool", dims, " holds a byte that is neither 0 nor 1");
    }
    return Tensor::borrow(dtype, std::move(dims), elements.data(), owner_);
  }

  static Result<Tensor> read_strings(Dims dims, std::int64_t count, std::span<const std::byte> elements) {
    if (static_cast<std::uint64_t>(count) > elements.size() / 4) {
      return bad_file("a constant string", dims, " in ", elements.size(), " bytes");
    }
    TRY(Tensor tensor, Tensor::allocate(DataType::kString, std::move(dims)));
    ByteReader in(elements, "strings of a constant");
    for (std::string& element : tensor.span<std::string>()) element = in.text();
    TRY_OK(in.status(true));
    return tensor;
  }

  Result<StepGraph::Value> read_value(const StepGraph& graph) {
    StepGraph::Value value;
    value.name = in_.text();
    TRY(value.type.dtype, read_dtype());
    value.constant = static_cast<int>(in_.u32());
    if (value.constant != kNone) {
      if (value.constant < 0 || static_cast<std::size_t>(value.constant) >= graph.constants.size()) {
        return bad_file("value '", value.name, "' refers to constant ", value.constant, " of ", graph.constants.size());
      }
      value.type.shape = to_shape(graph.constants[static_cast<std::size_t>(value.constant)].dims());
      return value;
    }
    TRY(value.type.shape, read_shape());
    if (is_container(value.type.dtype)) TRY_OK(read_elements(value.type, 1));
    TRY_OK(in_.status(false));
    return value;
  }

  Result<Shape> read_shape() {
    Shape shape;
    for (std::size_t n = in_.count(4); n > 0; --n) {
      const std::string_view dim_text = in_.text();
      if (dim_text.size() > kMaxDimText) {
        return bad_file("graph section: a size is written in ", dim_text.size(), " characters");
      }
      auto dim = Dim::parse(dim_text);
      if (!dim) return bad_file("graph section: ", dim.error().message);
      shape.push_back(*std::move(dim));
    }
    return shape;
  }

  /// What a sequence, optional or map holds.
  Status read_elements(TensorType& type, int depth) {
    const std::size_t count = in_.count(6);
    if (count != (type.dtype == DataType::kMap ? 2U : 1U) || type.rank() != 1 || depth > kMaxNesting) {
      return bad_file("graph section: a ", type.dtype, " of rank ", type.rank(), " holds ", count, " types, nested ",
                      depth, " deep");
    }
    std::vector<TensorType> elements(count);
    for (TensorType& element : elements) {
      TRY(element.dtype, read_dtype());
      element.ranked = in_.u8() != 0;
      TRY(element.shape, read_shape());
      if (!element.ranked && !element.shape.empty()) return bad_file("graph section: a type without rank has sizes");
      if (is_container(element.dtype)) TRY_OK(read_elements(element, depth + 1));
    }
    type.elements = std::make_shared<const std::vector<TensorType>>(std::move(elements));
    return {};
  }

  Result<Op> read_op(std::string_view step) {
    const std::string_view op_name = in_.text();
    const std::string_view attributes = in_.text();
    TRY_OK(in_.status(false));
    auto op = parse_op(op_name, attributes);
    if (op) return op;
    const Code code = op.error().code == Code::kNotFound ? Code::kUnsupported : Code::kBadFile;
    return make_error(code, "step '", step, "': ", op.error().message);
  }

  Result<StepGraph::Step> read_step(int depth) {
    const std::string step_name(in_.text());
    TRY(Op op, read_op(step_name));
    StepGraph::Step step{.name = step_name, .op = std::move(op)};
    step.inputs = read_indices();
    step.outputs = read_indices();
    for (std::size_t n = in_.count(4); n > 0; --n) step.members.emplace_back(in_.text());
    for (std::size_t n = in_.count(24); n > 0; --n) {
      TRY(auto body, read_graph(depth + 1));
      step.bodies.push_back(std::move(body));
    }
    return step;
  }

  ByteReader in_;
  std::span<const std::byte> weights_;
  std::size_t weights_at_ = 0;
  std::shared_ptr<const void> owner_;
  std::uint32_t minor_;
};

Order read_order(ByteReader& in) {
  Order order(in.u8());
  std::array<bool, 256> seen{};
  for (int& dim : order) {
    dim = in.u8();
    if (static_cast<std::size_t>(dim) >= order.size() || seen[static_cast<std::size_t>(dim)]) {
      in.fail("an order of dims that is no permutation");
      return {};
    }
    seen[static_cast<std::size_t>(dim)] = true;
  }
  return order;
}

double read_us(ByteReader& in) {
  const double us = in.f64();
  if (!std::isfinite(us) || us < 0) in.fail("a time that is no number of microseconds");
  return us;
}

bool read_bool(ByteReader& in) {
  const std::uint8_t value = in.u8();
  if (value > 1) in.fail("a flag that is neither 0 nor 1");
  return value == 1;
}

StoredStep read_stored_step(ByteReader& in) {
  StoredStep step;
  step.tactic = in.text();
  step.revision = static_cast<int>(in.u32());
  step.us = read_us(in);
  step.measured = read_bool(in);
  for (std::size_t n = in.count(1); n > 0; --n) {
    step.reformats.emplace_back();
    if (read_bool(in)) step.reformats.back() = read_order(in);
  }
  return step;
}

StoredVariant read_shape(ByteReader& in) {
  StoredVariant shape;
  for (std::size_t n = in.count(4); n > 0; --n) {
    Dims dims(in.count(8));
    for (std::int64_t& size : dims) size = in.i64();
    shape.inputs.push_back(std::move(dims));
  }
  for (std::size_t n = in.count(1); n > 0 && !in.failed(); --n) shape.orders.push_back(read_order(in));
  for (std::size_t n = in.count(21); n > 0 && !in.failed(); --n) shape.steps.push_back(read_stored_step(in));
  shape.total_us = read_us(in);
  return shape;
}

Result<DeviceVariant> read_device(std::span<const std::byte> bytes) {
  ByteReader in(bytes, "device section");
  DeviceVariant device;
  device.backend = in.text();
  device.fingerprint = in.text();
  const std::uint32_t threads = in.u32();
  if (threads < 1 || threads > 65536) in.fail(strings::join(threads, " threads"));
  device.threads = static_cast<int>(threads);
  device.arena_bytes = in.i64();
  if (device.arena_bytes < 0) in.fail("a negative arena");
  for (std::size_t n = in.count(20); n > 0 && !in.failed(); --n) device.shapes.push_back(read_shape(in));
  for (std::size_t n = in.count(8); n > 0 && !in.failed(); --n) {
    const std::string problem(in.text());
    for (std::size_t tactics = in.count(12); tactics > 0 && !in.failed(); --tactics) {
      const std::string tactic(in.text());
      const double us = read_us(in);
      if (!in.failed()) device.costs.insert(problem, tactic, us);
    }
  }
  TRY_OK(in.status(true));
  return device;
}

Status read_info(std::span<const std::byte> bytes, EngineFile& engine) {
  ByteReader in(bytes, "info section");
  engine.producer = in.text();
  engine.model = in.digest();
  engine.model_info = in.text();
  for (std::size_t n = in.count(8); n > 0 && !in.failed(); --n) {
    std::string key(in.text());
    engine.metadata[std::move(key)] = in.text();
  }
  // A newer minor version may have appended fields.
  return in.status(engine.minor <= EngineFile::kMinor);
}

}  // namespace

Result<EngineFile> read_engine(std::span<const std::byte> bytes, std::shared_ptr<const void> owner) {
  if (reinterpret_cast<std::uintptr_t>(bytes.data()) % kAlignment != 0) {
    TRY(AlignedBuffer buffer, AlignedBuffer::allocate(bytes.size()));
    std::ranges::copy(bytes, buffer.data());
    auto copy = std::make_shared<AlignedBuffer>(std::move(buffer));
    bytes = std::as_const(*copy).bytes();
    owner = std::move(copy);
  }
  EngineFile engine;
  TRY(const std::vector<Section> sections, read_sections(bytes, engine));
  TRY(const auto info, the_section(sections, SectionKind::kInfo, "info"));
  TRY_OK(read_info(info, engine));
  TRY(const auto graph, the_section(sections, SectionKind::kGraph, "graph"));
  TRY(const auto weights, the_section(sections, SectionKind::kWeights, "weights"));
  TRY(engine.graph, GraphReader(graph, weights, std::move(owner), engine.minor).run());
  for (const Section& section : sections) {
    if (section.kind != SectionKind::kDevice) continue;
    TRY(DeviceVariant device, read_device(section.bytes));
    engine.variants.push_back(std::move(device));
  }
  return engine;
}

Result<EngineFile> read_engine(const std::shared_ptr<const MappedFile>& file) {
  TRY(EngineFile engine, read_engine(file->bytes(), file));
  auto graph = std::make_shared<StepGraph>(*engine.graph);
  graph->file = file;
  engine.graph = std::move(graph);
  // Checking the digests read everything once; what is needed will be read again.
  file->release(file->bytes());
  return engine;
}

}  // namespace bolide
