#include "cases.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>

namespace bolide::conformance {

namespace fs = std::filesystem;

Status unpack(const fs::path& archives, const fs::path& scratch) {
  std::error_code error;
  bool found = false;
  for (const auto& entry : fs::directory_iterator(archives, error)) {
    const std::string file = entry.path().filename().string();
    if (!file.ends_with(".tar.gz")) continue;
    found = true;
    const fs::path folder = scratch / file.substr(0, file.size() - 7);
    const fs::path mark = folder / ".complete";
    if (fs::exists(mark)) continue;
    fs::create_directories(folder, error);
    const std::string command = strings::join("tar -xzf '", entry.path().string(), "' -C '", folder.string(), "'");
    if (std::system(command.c_str()) != 0) return bad_file("'", command, "' failed");
    std::ofstream(mark) << "unpacked\n";
  }
  if (!found) return not_found("there is no *.tar.gz in ", archives.string());
  return ok();
}

std::vector<Case> find_cases(const fs::path& root) {
  std::vector<Case> cases;
  std::error_code error;
  for (const auto& entry : fs::recursive_directory_iterator(root, error)) {
    if (entry.path().filename() != "model.onnx") continue;
    const fs::path folder = entry.path().parent_path();
    cases.push_back({fs::relative(folder, root).string(), folder});
  }
  std::ranges::sort(cases, {}, &Case::name);
  return cases;
}

}  // namespace bolide::conformance
