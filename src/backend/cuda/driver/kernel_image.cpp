#include "backend/cuda/driver/kernel_image.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string_view>
#include <vector>

namespace bolide::cuda {
namespace {

/// Of ELF, 64 bits.
struct FileHeader {
  unsigned char identity[16];
  std::uint16_t type, machine;
  std::uint32_t version;
  std::uint64_t entry, segments, sections;
  std::uint32_t flags;
  std::uint16_t header_bytes, segment_bytes, segment_count, section_bytes, section_count, names;
};
struct Section {
  std::uint32_t name, type;
  std::uint64_t flags, address, offset, bytes;
  std::uint32_t link, info;
  std::uint64_t alignment, entry_bytes;
};
struct Symbol {
  std::uint32_t name;
  unsigned char info, other;
  std::uint16_t section;
  std::uint64_t value, bytes;
};
constexpr std::uint32_t kSymbols = 2;

class Image {
 public:
  explicit Image(std::span<const std::byte> bytes) : bytes_(bytes) {}

  template <class T>
  std::optional<T> at(std::uint64_t offset) const {
    T out;
    if (offset > bytes_.size() || bytes_.size() - offset < sizeof(T)) return std::nullopt;
    std::memcpy(&out, bytes_.data() + offset, sizeof(T));
    return out;
  }
  /// A text that ends in 0; empty where it lies beyond the end.
  std::string_view text(std::uint64_t offset) const {
    if (offset >= bytes_.size()) return {};
    const auto* first = reinterpret_cast<const char*>(bytes_.data()) + offset;
    const std::size_t most = bytes_.size() - static_cast<std::size_t>(offset);
    const void* end = std::memchr(first, 0, most);
    return end == nullptr ? std::string_view()
                          : std::string_view(first, static_cast<std::size_t>(static_cast<const char*>(end) - first));
  }
  std::uint64_t size() const { return bytes_.size(); }

 private:
  std::span<const std::byte> bytes_;
};

struct Sections {
  std::vector<Section> all;
  std::uint64_t names = 0;  ///< offset of their names
};

std::optional<Sections> sections_of(const Image& image) {
  const auto header = image.at<FileHeader>(0);
  constexpr unsigned char kMagic[] = {0x7f, 'E', 'L', 'F', 2, 1};
  if (!header || std::memcmp(header->identity, kMagic, sizeof(kMagic)) != 0) return std::nullopt;
  if (header->section_bytes != sizeof(Section) || header->names >= header->section_count) return std::nullopt;
  Sections out;
  for (std::uint16_t i = 0; i < header->section_count; ++i) {
    if (header->sections > image.size()) return std::nullopt;
    const auto section = image.at<Section>(header->sections + std::uint64_t{i} * sizeof(Section));
    if (!section || section->offset > image.size()) return std::nullopt;
    out.all.push_back(*section);
  }
  out.names = out.all[header->names].offset;
  return out;
}

std::string symbol_name(const Image& image, const Sections& sections, std::uint32_t index) {
  for (const Section& section : sections.all) {
    if (section.type != kSymbols || section.link >= sections.all.size()) continue;
    const auto symbol = image.at<Symbol>(section.offset + std::uint64_t{index} * sizeof(Symbol));
    if (symbol) return std::string(image.text(sections.all[section.link].offset + symbol->name));
  }
  return {};
}

/// Attributes of the section: a form, a number, and for form 4 a length and as many bytes.
void read_attributes(const Image& image, const Sections& sections, const Section& section,
                     std::map<std::string, KernelFacts>& facts) {
  constexpr std::uint8_t kWithBytes = 4;
  constexpr std::uint8_t kFrameBytes = 0x11;
  constexpr std::uint8_t kStackBytes = 0x12;
  constexpr std::uint8_t kRegisters = 0x2f;
  const std::uint64_t end = section.offset + std::min(section.bytes, image.size() - section.offset);
  for (std::uint64_t at = section.offset; at + 4 <= end;) {
    const auto form = *image.at<std::uint8_t>(at);
    const auto number = *image.at<std::uint8_t>(at + 1);
    const auto length = *image.at<std::uint16_t>(at + 2);
    at += 4;
    if (form != kWithBytes) continue;
    const auto symbol = image.at<std::uint32_t>(at);
    const auto value = image.at<std::int32_t>(at + 4);
    at += length;
    if (length != 8 || !symbol || !value || (number != kFrameBytes && number != kStackBytes && number != kRegisters)) {
      continue;
    }
    const std::string name = symbol_name(image, sections, *symbol);
    if (name.empty()) continue;
    KernelFacts& own = facts[name];
    if (number == kRegisters) {
      own.registers = *value;
    } else {
      own.local_bytes = std::max(own.local_bytes, *value);
    }
  }
}

}  // namespace

std::map<std::string, KernelFacts> kernel_facts(std::span<const std::byte> code) {
  const Image image(code);
  std::map<std::string, KernelFacts> facts;
  const auto sections = sections_of(image);
  if (!sections) return facts;
  constexpr std::string_view kShared = ".nv.shared.";
  constexpr std::string_view kReserved = ".nv.shared.reserved.";
  // From 9.0 on the first KiB of a block's shared memory is the system's, which such objects tell by this section.
  std::uint64_t system = 0;
  for (const Section& section : sections->all) {
    if (image.text(sections->names + section.name).starts_with(kReserved)) system = 1024;
  }
  for (const Section& section : sections->all) {
    const std::string_view name = image.text(sections->names + section.name);
    if (name == ".nv.info") read_attributes(image, *sections, section, facts);
    if (!name.starts_with(kShared) || name.starts_with(kReserved) || section.bytes >= (std::uint64_t{1} << 30))
      continue;
    facts[std::string(name.substr(kShared.size()))].shared_bytes =
        static_cast<int>(section.bytes - std::min(section.bytes, system));
  }
  return facts;
}

}  // namespace bolide::cuda
