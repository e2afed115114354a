#include "base/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>

#include "base/descriptor.h"

namespace bolide {
namespace {

constexpr std::size_t kLargestText = std::size_t{1} << 30;
constexpr std::size_t kLargestWrite = std::size_t{1} << 30;  // the kernel takes at most about 2 GiB a call

Error write_error(const std::filesystem::path& path, std::string_view what, int number) {
  const std::string message = strings::join(path.native(), ": cannot ", what, ": ", errno_text(number));
  switch (number) {
    case ENOENT: return not_found(message);
    case ENOSPC:
    case EDQUOT:
    case ENOMEM: return out_of_memory(message);
    default: return invalid_argument(message);
  }
}

/// Writes all of `bytes`. False with errno set on failure.
bool write_all(int file, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), std::min(bytes.size(), kLargestWrite));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      if (written == 0) errno = EIO;
      return false;
    }
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return true;
}

/// A file in `folder` that disappears unless it is renamed.
class Temporary {
 public:
  explicit Temporary(int folder) : folder_(folder) {
    static std::atomic<unsigned> counter{0};
    for (int attempt = 0; attempt < 100; ++attempt) {
      name_ = strings::join(".bolide-", ::getpid(), "-", counter.fetch_add(1), ".tmp");
      file_ = Descriptor(::openat(folder, name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
      if (file_ || (errno != EEXIST && errno != EINTR)) break;
    }
    exists_ = static_cast<bool>(file_);
  }
  ~Temporary() {
    if (exists_) ::unlinkat(folder_, name_.c_str(), 0);
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;

  Descriptor& file() { return file_; }
  bool rename(const char* to) {
    if (::renameat(folder_, name_.c_str(), folder_, to) != 0) return false;
    exists_ = false;
    return true;
  }

 private:
  int folder_;
  std::string name_;
  Descriptor file_;
  bool exists_ = false;
};

}  // namespace

Result<std::shared_ptr<const MappedFile>> MappedFile::map(int descriptor, const std::string& shown) {
  struct stat facts {};
  if (::fstat(descriptor, &facts) != 0) return bad_file(shown, ": ", errno_text(errno));
  std::span<const std::byte> bytes;
  if (facts.st_size > 0) {
    const auto size = static_cast<std::size_t>(facts.st_size);
    void* const start = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (start == MAP_FAILED) return bad_file(shown, ": cannot map ", size, " bytes: ", errno_text(errno));
    bytes = {static_cast<const std::byte*>(start), size};
  }
  return std::shared_ptr<const MappedFile>(new MappedFile(bytes));
}

Result<std::shared_ptr<const MappedFile>> MappedFile::open(const std::filesystem::path& path) {
  TRY(const Descriptor file, open_regular(path));
  return map(file.get(), path.native());
}

Result<std::shared_ptr<const MappedFile>> MappedFile::open_beneath(const std::filesystem::path& folder,
                                                                   std::string_view relative) {
  TRY(const Descriptor file, open_regular_beneath(folder, relative));
  return map(file.get(), strings::join(folder.native(), "/", relative));
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

void MappedFile::release(std::span<const std::byte> part) const {
  static const auto kPage = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  if (part.empty()) return;
  // Only whole pages: the neighbours of the part may be in use.
  const auto first = static_cast<std::size_t>(part.data() - bytes_.data());
  const std::size_t end = first + part.size();
  const std::size_t from = (first + kPage - 1) / kPage * kPage;
  const std::size_t to = end == bytes_.size() ? end : end / kPage * kPage;
  if (from < to) ::madvise(const_cast<std::byte*>(bytes_.data()) + from, to - from, MADV_DONTNEED);
}

Status write_file(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  return write_file(path, std::span(&bytes, 1));
}

Status write_file(const std::filesystem::path& path, std::span<const std::span<const std::byte>> pieces) {
  const std::filesystem::path name = path.filename();
  if (name.empty()) return invalid_argument("\"", path.native(), "\": not the name of a file");
  const std::filesystem::path above = path.has_parent_path() ? path.parent_path() : ".";
  const Descriptor folder(::open(above.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return write_error(path, strings::join("open the folder ", above.native()), errno);

  Temporary temporary(folder.get());
  if (!temporary.file()) return write_error(path, "create a file beside it", errno);
  for (const auto piece : pieces) {
    if (!write_all(temporary.file().get(), piece)) return write_error(path, "write", errno);
  }
  if (::fsync(temporary.file().get()) != 0) return write_error(path, "write to disk", errno);
  if (!temporary.file().close()) return write_error(path, "close", errno);
  if (!temporary.rename(name.c_str())) return write_error(path, "replace", errno);
  // Makes the new name durable; the file itself is complete either way, so a file system without this is no error.
  ::fsync(folder.get());
  return ok();
}

Result<std::string> read_text(const std::filesystem::path& path) {
  TRY(const Descriptor file, open_regular(path));
  std::string out;  // grows as it reads: files of /proc and /sys do not know their size
  std::array<char, 16384> block{};
  while (true) {
    const ssize_t got = ::read(file.get(), block.data(), block.size());
    if (got == 0) return out;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return bad_file(path.native(), ": cannot read: ", errno_text(errno));
    out.append(block.data(), static_cast<std::size_t>(got));
    if (out.size() > kLargestText) return bad_file(path.native(), ": text of more than ", kLargestText, " bytes");
  }
}

}  // namespace bolide
