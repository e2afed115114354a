#include "backend/cuda/driver/library.h"

#include "base/environment.h"

#include <dlfcn.h>
#include <link.h>

#include <algorithm>
#include <filesystem>

namespace bolide::cuda {
namespace {

namespace fs = std::filesystem;

/// Entries of `folder` whose name starts with `prefix`, last name first; nothing when it cannot be read.
std::vector<fs::path> entries(const fs::path& folder, std::string_view prefix) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (it->path().filename().string().rfind(prefix, 0) == 0) found.push_back(it->path());
  }
  std::sort(found.rbegin(), found.rend());
  return found;
}

/// The file that a library was opened from; empty when the loader does not tell.
std::string file_of(void* handle) {
  const link_map* map = nullptr;
  return dlinfo(handle, RTLD_DI_LINKMAP, &map) == 0 && map != nullptr ? map->l_name : "";
}

void add_wheels(const fs::path& python_lib, std::vector<std::string>& folders) {
  for (const fs::path& python : entries(python_lib, "python3")) {
    for (const char* packages : {"site-packages", "dist-packages"}) {
      for (const fs::path& package : entries(python / packages / "nvidia", "")) {
        folders.push_back((package / "lib").string());
      }
    }
  }
}

}  // namespace

SearchFolders search_folders() {
  SearchFolders folders;
  if (const auto own = environment::cuda_path()) {
    std::size_t begin = 0;
    while (begin <= own->size()) {
      const std::size_t end = std::min(own->find(':', begin), own->size());
      const std::string folder = own->substr(begin, end - begin);
      if (!folder.empty()) {
        for (const char* below : {"", "/lib64", "/lib"}) folders.before.push_back(folder + below);
      }
      begin = end + 1;
    }
  }
  folders.after.emplace_back("/usr/local/cuda/lib64");
  for (const fs::path& toolkit : entries("/usr/local", "cuda-")) folders.after.push_back((toolkit / "lib64").string());
  folders.after.emplace_back("/opt/cuda/lib64");
  if (const auto venv = environment::virtual_env()) add_wheels(*venv / "lib", folders.after);
  if (const auto home = environment::home_folder()) add_wheels(*home / ".local/lib", folders.after);
  add_wheels("/usr/local/lib", folders.after);
  add_wheels("/usr/lib", folders.after);
  return folders;
}

Result<Library> Library::open(std::string_view what, std::span<const std::string_view> names,
                              std::vector<Attempt>& attempts) {
  const std::size_t first = attempts.size();
  const auto attempt = [&](const std::string& path) -> std::optional<Library> {
    void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) {
      const char* reason = dlerror();
      attempts.push_back({path, reason != nullptr ? reason : "cannot be opened", ""});
      return std::nullopt;
    }
    attempts.push_back({path, "", file_of(handle)});
    Library library;
    library.handle_ = handle;
    library.path_ = path;
    return library;
  };
  const auto in_folders = [&](const std::vector<std::string>& folders) -> std::optional<Library> {
    for (const std::string& folder : folders) {
      for (const std::string_view name : names) {
        const fs::path path = fs::path(folder) / name;
        std::error_code error;
        if (!fs::exists(path, error)) continue;
        if (auto library = attempt(path.string())) return library;
      }
    }
    return std::nullopt;
  };
  const SearchFolders folders = search_folders();
  if (auto library = in_folders(folders.before)) return *std::move(library);
  for (const std::string_view name : names) {
    if (auto library = attempt(std::string(name))) return *std::move(library);
  }
  if (auto library = in_folders(folders.after)) return *std::move(library);
  std::string tried;
  for (std::size_t i = first; i < attempts.size(); ++i) {
    strings::append(tried, strings::join(tried.empty() ? "" : "; ", attempts[i].reason));
  }
  return not_found(what,
                   " was not found (BOLIDE_CUDA_PATH, the loader's path, toolkit folders, Python packages): ", tried);
}

void* Library::find(const char* symbol) const { return dlsym(handle_, symbol); }

}  // namespace bolide::cuda
