#include "plan/bytes.h"
#include "plan/engine_layout.h"
#include "plan/engine_read_graph.h"

#include "base/arena.h"

#include <algorithm>
#include <cmath>

namespace bolide {
namespace {

using namespace engine_layout;

struct Section {
  SectionKind kind;
  std::span<const std::byte> bytes;
};

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
  TRY(engine.graph, read_graph_section(graph, weights, std::move(owner), engine.minor));
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
