/// Opening files without being led elsewhere: descriptors for file.cpp and nobody else.
#pragma once

#include <filesystem>
#include <string_view>

#include "base/error.h"

namespace bolide {

/// Owns one file descriptor.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor();

  int get() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }
  /// Closes now. False with errno set when the system reports a late write error.
  bool close();

 private:
  int number_ = -1;
};

/// "No such file or directory" for an errno value. From any thread.
std::string errno_text(int number);

/// Opens for reading, following links, never waiting for the other end of a FIFO. Errors: NotFound; InvalidArgument
/// when it is not a regular file; BadFile for other reasons.
Result<Descriptor> open_regular(const std::filesystem::path& path);

/// How open_regular_beneath resolves a path: the kernel in one step, or we, folder by folder (for old kernels).
enum class Resolve : std::uint8_t { kKernel, kComponents };

/// The rules of MappedFile::open_beneath. kKernel falls back to kComponents where the kernel cannot.
Result<Descriptor> open_regular_beneath(const std::filesystem::path& folder, std::string_view relative,
                                        Resolve resolve = Resolve::kKernel);

}  // namespace bolide
