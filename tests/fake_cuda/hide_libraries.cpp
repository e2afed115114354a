// Preloaded, it keeps a program from opening the shared libraries whose paths contain one of the words of
// HIDE_LIBRARIES (split at ':').
#include <dlfcn.h>

#include <cstdlib>
#include <string>

extern "C" void* dlopen(const char* path, int mode) {
  static auto* const real = reinterpret_cast<void* (*)(const char*, int)>(dlsym(RTLD_NEXT, "dlopen"));
  const char* hidden = std::getenv("HIDE_LIBRARIES");
  std::string rest = hidden != nullptr && path != nullptr ? hidden : "";
  while (!rest.empty()) {
    const std::size_t colon = std::min(rest.find(':'), rest.size());
    if (std::string(path).find(rest.substr(0, colon)) != std::string::npos) {
      return real((std::string(path) + ".hidden").c_str(), mode);  // fails, and dlerror() says so
    }
    rest.erase(0, colon + 1);
  }
  return real(path, mode);
}
