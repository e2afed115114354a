#include "base/descriptor.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace bolide {
namespace {

constexpr int kReadFlags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

Error open_error(std::string_view shown, int number) {
  const std::string reason = errno_text(number);
  switch (number) {
    case ENOENT: return not_found(shown, ": ", reason);
    case ENOTDIR:
    case ENAMETOOLONG:
    case ENXIO: return invalid_argument(shown, ": ", reason);
    case ELOOP: return invalid_argument(shown, ": leads through a symbolic link");
    case EXDEV: return invalid_argument(shown, ": leaves its folder");
    default: return bad_file(shown, ": cannot open: ", reason);
  }
}

int retry_open(int folder, const char* path, int flags) {
  int number = -1;
  do {
    number = ::openat(folder, path, flags);
  } while (number < 0 && errno == EINTR);
  return number;
}

int open_in_kernel(int folder, const std::string& relative) {
  struct open_how how {};
  how.flags = kReadFlags;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  long number = -1;
  int attempts = 0;
  do {  // EAGAIN: somebody renamed folders meanwhile
    number = ::syscall(SYS_openat2, folder, relative.c_str(), &how, sizeof(how));
  } while (number < 0 && (errno == EINTR || errno == EAGAIN) && ++attempts < 100);
  return static_cast<int>(number);
}

/// `relative` has no component "..".
int open_by_components(int folder, const std::filesystem::path& relative) {
  Descriptor current;
  int at = folder;
  auto part = relative.begin();
  for (auto next = part; part != relative.end(); part = next) {
    if (++next == relative.end()) return retry_open(at, part->c_str(), kReadFlags | O_NOFOLLOW);
    Descriptor below(retry_open(at, part->c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!below) return -1;
    current = std::move(below);
    at = current.get();
  }
  errno = ENOENT;
  return -1;
}

/// Refuses anything but a regular file, and one with several names when `one_name` is set.
Result<Descriptor> checked(Descriptor file, std::string_view shown, bool one_name) {
  struct stat facts {};
  if (::fstat(file.get(), &facts) != 0) return bad_file(shown, ": ", errno_text(errno));
  if (!S_ISREG(facts.st_mode)) return invalid_argument(shown, ": not a regular file");
  if (one_name && facts.st_nlink > 1) {
    return invalid_argument(shown, ": has ", facts.st_nlink, " hard links, expected 1");
  }
  return Result<Descriptor>(std::move(file));
}

}  // namespace

Descriptor::~Descriptor() { close(); }

bool Descriptor::close() {
  const int number = std::exchange(number_, -1);
  return number < 0 || ::close(number) == 0;
}

std::string errno_text(int number) { return std::generic_category().message(number); }

Result<Descriptor> open_regular(const std::filesystem::path& path) {
  Descriptor file(retry_open(AT_FDCWD, path.c_str(), kReadFlags));
  if (!file) return open_error(path.native(), errno);
  return checked(std::move(file), path.native(), false);
}

Result<Descriptor> open_regular_beneath(const std::filesystem::path& folder, std::string_view relative,
                                        Resolve resolve) {
  const std::string shown = strings::join(folder.native(), "/", relative);
  const std::filesystem::path path{std::string(relative)};
  if (relative.empty()) return invalid_argument(folder.native(), ": the name of a file in it is empty");
  if (relative.find('\0') != std::string_view::npos) return invalid_argument(shown, ": has a zero byte in its name");
  if (path.is_absolute()) return invalid_argument(relative, ": absolute, expected a path below ", folder.native());
  const auto normal = path.lexically_normal();
  if (*normal.begin() == "..") return open_error(shown, EXDEV);

  const Descriptor above(retry_open(AT_FDCWD, folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!above) return open_error(folder.native(), errno);
  Descriptor file;
  bool by_components = resolve == Resolve::kComponents;
  if (!by_components) {
    file = Descriptor(open_in_kernel(above.get(), path.native()));
    // EPERM: sandboxes that do not know the call.
    by_components = !file && (errno == ENOSYS || errno == EPERM);
  }
  if (by_components) file = Descriptor(open_by_components(above.get(), normal));
  if (!file) return open_error(shown, errno);
  return checked(std::move(file), shown, true);
}

}  // namespace bolide
