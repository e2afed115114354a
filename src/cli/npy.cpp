#include "cli/npy.h"

#include <bolide/io.h>

#include <fmt/format.h>
#include <zip.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>

namespace bolide::cli {
namespace {

struct Kind {
  std::string_view descr;
  DataType type;
};
constexpr std::array kKinds = {
    Kind{"<f4", DataType::kF32}, Kind{"<f8", DataType::kF64},   Kind{"<f2", DataType::kF16},
    Kind{"<i8", DataType::kI64}, Kind{"<i4", DataType::kI32},   Kind{"<i2", DataType::kI16},
    Kind{"|i1", DataType::kI8},  Kind{"<u8", DataType::kU64},   Kind{"<u4", DataType::kU32},
    Kind{"<u2", DataType::kU16}, Kind{"|u1", DataType::kU8},    Kind{"|b1", DataType::kBool},
    Kind{"<c8", DataType::kC64}, Kind{"<c16", DataType::kC128},
};

Error bad(const std::string& shown, std::string_view why) {
  return Error{Code::kBadFile, fmt::format("{}: {}", shown, why)};
}

/// The text after 'key': in the header dictionary.
std::string_view entry(std::string_view header, std::string_view key) {
  const std::string quoted = fmt::format("'{}':", key);
  const std::size_t at = header.find(quoted);
  if (at == std::string_view::npos) return {};
  header.remove_prefix(at + quoted.size());
  header.remove_prefix(std::min(header.find_first_not_of(' '), header.size()));
  return header;
}

Result<Dims> parse_shape(std::string_view text, const std::string& shown) {
  Dims dims;
  if (text.empty() || text.front() != '(') return bad(shown, "the header has no shape");
  text.remove_prefix(1);
  for (;;) {
    text.remove_prefix(std::min(text.find_first_not_of(" ,"), text.size()));
    if (text.empty()) return bad(shown, "the shape does not end");
    if (text.front() == ')') return dims;
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || value < 0 || dims.size() >= 64) return bad(shown, "the shape is malformed");
    dims.push_back(value);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  }
}

Result<std::string> read_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{Code::kNotFound, fmt::format("{}: cannot be opened", path.string())};
  return std::string(std::istreambuf_iterator<char>(file), {});
}

}  // namespace

Result<HostTensor> from_npy(std::string_view bytes, const std::string& shown) {
  if (bytes.size() < 10 || bytes.substr(0, 6) != "\x93NUMPY") return bad(shown, "is no .npy file");
  const bool long_header = bytes[6] != 1;
  const std::size_t prefix = long_header ? 12 : 10;
  if (bytes.size() < prefix) return bad(shown, "is cut short");
  std::size_t length = 0;
  for (std::size_t i = prefix; i-- > 8;) length = length << 8 | static_cast<unsigned char>(bytes[i]);
  if (length > bytes.size() - prefix) return bad(shown, "is cut short");
  const std::string_view header = bytes.substr(prefix, length);
  if (entry(header, "fortran_order").substr(0, 4) == "True") {
    return Error{Code::kUnsupported,
                 fmt::format("{}: is in Fortran order; save it with numpy.ascontiguousarray", shown)};
  }
  const std::string_view descr = entry(header, "descr");
  const Kind* kind = nullptr;
  for (const Kind& candidate : kKinds) {
    if (descr.substr(0, candidate.descr.size() + 2) == fmt::format("'{}'", candidate.descr)) kind = &candidate;
  }
  if (kind == nullptr) {
    return Error{Code::kUnsupported, fmt::format("{}: dtype {} is not read; little-endian numbers and bool are", shown,
                                                 descr.substr(0, 8))};
  }
  Result<Dims> dims = parse_shape(entry(header, "shape"), shown);
  if (!dims) return std::move(dims).error();
  // Sizes are checked against the bytes that are there before anything is allocated.
  std::uint64_t bytes_needed = static_cast<std::uint64_t>(bit_width(kind->type)) / 8;
  const std::string_view data = bytes.substr(prefix + length);
  if (std::ranges::find(*dims, 0) != dims->end()) bytes_needed = 0;
  for (const std::int64_t size : *dims) {
    if (size != 0 && bytes_needed > data.size() / static_cast<std::uint64_t>(size))
      return bad(shown, "holds fewer elements than its shape says");
    bytes_needed *= static_cast<std::uint64_t>(size);
  }
  Result<HostTensor> tensor = HostTensor::make(kind->type, *std::move(dims));
  if (tensor && tensor->bytes() > 0) std::memcpy(tensor->data(), data.data(), tensor->bytes());
  return tensor;
}

Result<HostTensor> read_npy(const std::filesystem::path& path) {
  Result<std::string> bytes = read_bytes(path);
  if (!bytes) return std::move(bytes).error();
  return from_npy(*bytes, path.string());
}

Result<HostTensor> read_npz(const std::filesystem::path& path, const std::string& name) {
  int code = 0;
  const std::unique_ptr<zip_t, decltype(&zip_discard)> archive(zip_open(path.c_str(), ZIP_RDONLY, &code), &zip_discard);
  if (!archive) {
    return Error{code == ZIP_ER_NOENT ? Code::kNotFound : Code::kBadFile,
                 fmt::format("{}: is no .npz archive", path.string())};
  }
  const zip_int64_t entries = zip_get_num_entries(archive.get(), 0);
  zip_int64_t index = zip_name_locate(archive.get(), (name + ".npy").c_str(), 0);
  if (index < 0 && entries == 1) index = 0;
  if (index < 0) {
    return Error{Code::kNotFound, fmt::format("{}: holds {} arrays, none is named '{}'", path.string(), entries, name)};
  }
  zip_stat_t stat;
  if (zip_stat_index(archive.get(), static_cast<zip_uint64_t>(index), 0, &stat) != 0 ||
      (stat.valid & ZIP_STAT_SIZE) == 0) {
    return bad(path.string(), "an entry has no size");
  }
  const std::unique_ptr<zip_file_t, decltype(&zip_fclose)> file(
      zip_fopen_index(archive.get(), static_cast<zip_uint64_t>(index), 0), &zip_fclose);
  if (!file) return bad(path.string(), "an entry cannot be opened");
  // The size in the directory may lie: grow with what is really there.
  std::string bytes;
  std::array<char, 1 << 16> block{};
  while (bytes.size() < stat.size) {
    const zip_int64_t got = zip_fread(file.get(), block.data(), block.size());
    if (got <= 0) return bad(path.string(), "an entry is cut short");
    bytes.append(block.data(), static_cast<std::size_t>(got));
  }
  return from_npy(bytes, path.string());
}

Result<std::string> to_npy(const HostTensor& tensor) {
  const Kind* kind = nullptr;
  for (const Kind& candidate : kKinds) {
    if (candidate.type == tensor.dtype()) kind = &candidate;
  }
  if (kind == nullptr) {
    return Error{Code::kUnsupported,
                 fmt::format("NumPy has no name for {}; write a .pb file instead", name(tensor.dtype()))};
  }
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': (", kind->descr);
  for (const std::int64_t size : tensor.dims()) header += fmt::format("{},", size);
  header += "), }";
  header.append(63 - (10 + header.size()) % 64, ' ');
  header += '\n';
  std::string bytes = "\x93NUMPY";
  bytes += {'\x01', '\x00', static_cast<char>(header.size() & 0xFF), static_cast<char>(header.size() >> 8)};
  bytes += header;
  if (tensor.bytes() > 0) bytes.append(static_cast<const char*>(tensor.data()), tensor.bytes());
  return bytes;
}

Status write_npy(const std::filesystem::path& path, const HostTensor& tensor) {
  Result<std::string> bytes = to_npy(tensor);
  if (!bytes) return std::move(bytes).error();
  return write_whole_file(path, *bytes);
}

}  // namespace bolide::cli
