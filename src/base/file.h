/// Files from outside and files we write.
#pragma once

#include "base/error.h"

#include <filesystem>
#include <memory>
#include <span>

namespace bolide {

/// A regular file mapped read-only for as long as the object lives. Moves, does not copy.
class MappedFile {
 public:
  /// Errors: NotFound (with the path), InvalidArgument when it is not a regular file, BadFile when it cannot be mapped.
  static Result<std::shared_ptr<const MappedFile>> open(const std::filesystem::path& path);
  /// Opens `relative` below `folder` and nowhere else: absolute paths, `..` that leaves the folder, symbolic links in
  /// any component, hard links (link count above 1) and non-regular files are refused with InvalidArgument.
  static Result<std::shared_ptr<const MappedFile>> open_beneath(const std::filesystem::path& folder,
                                                                std::string_view relative);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return bytes_; }
  /// Tells the kernel that the pages of `part` (which lies in bytes()) are not needed again soon.
  void release(std::span<const std::byte> part) const;

 private:
  explicit MappedFile(std::span<const std::byte> bytes) : bytes_(bytes) {}
  static Result<std::shared_ptr<const MappedFile>> map(int descriptor, const std::string& shown);
  std::span<const std::byte> bytes_;
};

/// Writes all or nothing: temporary file beside `path`, fsync, rename, fsync of the folder. An old file stays as it was
/// on any error (disk full, no permission), and no temporary file is left.
Status write_file(const std::filesystem::path& path, std::span<const std::byte> bytes);
/// The same from several pieces, written one after the other.
Status write_file(const std::filesystem::path& path, std::span<const std::span<const std::byte>> pieces);
Result<std::string> read_text(const std::filesystem::path& path);

}  // namespace bolide
