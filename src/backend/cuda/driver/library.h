/// Finding NVIDIA's libraries while the program runs: nothing of CUDA is needed to build or to start.
#pragma once

#include "base/error.h"

#include <memory>
#include <optional>
#include <vector>

namespace bolide::cuda {

/// One place that was tried for a library, and what came of it.
struct Attempt {
  std::string place;   ///< what was given to the loader
  std::string reason;  ///< empty: opened
  std::string file;    ///< what the loader opened
};

/// A shared library that stays open until the process ends (drivers do not survive being closed).
class Library {
 public:
  /// Tries each of `names` in: the folders of BOLIDE_CUDA_PATH (split at ':'; each folder, its lib64 and lib), the
  /// loader's own path, toolkit folders (/usr/local/cuda, /usr/local/cuda-*, newest first, /opt/cuda), Python wheels'
  /// nvidia/*/lib. All attempts are appended to `attempts`. Errors: NotFound naming what was tried.
  static Result<Library> open(std::string_view what, std::span<const std::string_view> names,
                              std::vector<Attempt>& attempts);

  const std::string& path() const { return path_; }
  /// The address of a function; null when the library has none of that name.
  void* find(const char* symbol) const;

 private:
  void* handle_ = nullptr;
  std::string path_;
};

/// Takes functions out of a library and notes the names of those that it lacks.
class Calls {
 public:
  explicit Calls(const Library& library) : library_(library) {}

  /// Sets `to`, a pointer to a function; to null where the library has none of that name.
  template <class Function>
  void find(Function*& to, const char* name) {
    find_optional(to, name);
    if (to == nullptr) strings::append(missing_, strings::join(missing_.empty() ? "" : ", ", name));
  }
  /// The same of a function that need not be there: its name is not noted.
  template <class Function>
  void find_optional(Function*& to, const char* name) const {
    to = reinterpret_cast<Function*>(library_.find(name));
  }
  /// "name, name" of those that find() did not find; empty when all are there.
  const std::string& missing() const { return missing_; }

 private:
  const Library& library_;
  std::string missing_;
};

/// The folders that are searched before and after the loader's own path.
struct SearchFolders {
  std::vector<std::string> before;
  std::vector<std::string> after;
};
SearchFolders search_folders();

}  // namespace bolide::cuda
