// An NVRTC that makes no code: what it gives names the architecture and a digest of the text.
#include "fake_cuda/fake_state.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

namespace {

struct Program {
  std::string text;
  std::string code;
  std::string log;
};

long setting(const char* key, long otherwise) { return fake::number(fake::settings("FAKE_NVRTC"), key, otherwise); }

std::vector<int> known() {
  const auto all = fake::settings("FAKE_NVRTC");
  const auto found = all.find("archs");
  std::string rest = found == all.end() ? "75:80:86:89:90:100:120" : found->second;
  std::vector<int> out;
  while (!rest.empty()) {
    const std::size_t colon = std::min(rest.find(':'), rest.size());
    out.push_back(std::atoi(rest.substr(0, colon).c_str()));
    rest.erase(0, colon + 1);
  }
  return out;
}

}  // namespace

extern "C" {

const char* nvrtcGetErrorString(int result) {
  return result == 6 ? "NVRTC_ERROR_COMPILATION" : "the fake NVRTC says no";
}
int nvrtcVersion(int* major, int* minor) {
  *major = static_cast<int>(setting("major", 13));
  *minor = static_cast<int>(setting("minor", 999));
  return 0;
}
int nvrtcGetNumSupportedArchs(int* count) {
  *count = static_cast<int>(known().size());
  return 0;
}
int nvrtcGetSupportedArchs(int* to) {
  const std::vector<int> all = known();
  std::copy(all.begin(), all.end(), to);
  return 0;
}
int nvrtcCreateProgram(Program** program, const char* text, const char*, int, const char* const*, const char* const*) {
  *program = new Program{text, "", ""};
  return 0;
}
int nvrtcDestroyProgram(Program** program) {
  delete *program;
  *program = nullptr;
  return 0;
}
int nvrtcCompileProgram(Program* program, int count, const char* const* options) {
  std::this_thread::sleep_for(std::chrono::milliseconds(setting("delay_ms", 0)));
  const std::vector<int> all = known();
  for (int i = 0; i < count; ++i) {
    int arch = 0;
    const bool cubin = std::sscanf(options[i], "--gpu-architecture=sm_%d", &arch) == 1;
    if (!cubin && std::sscanf(options[i], "--gpu-architecture=compute_%d", &arch) != 1) continue;
    if (std::find(all.begin(), all.end(), arch) == all.end()) {
      program->log = "nvrtc: error: invalid value for --gpu-architecture";
      return 5;
    }
    program->code = std::string("fake ") + (cubin ? "cubin " : "ptx ") + std::to_string(arch) + " " +
                    std::to_string(std::hash<std::string>()(program->text));
    return 0;
  }
  return 5;
}
int nvrtcGetCUBINSize(Program* program, std::size_t* size) {
  *size = program->code.size() + 1;
  return 0;
}
int nvrtcGetCUBIN(Program* program, char* to) {
  std::memcpy(to, program->code.c_str(), program->code.size() + 1);
  return 0;
}
int nvrtcGetPTXSize(Program* program, std::size_t* size) { return nvrtcGetCUBINSize(program, size); }
int nvrtcGetPTX(Program* program, char* to) { return nvrtcGetCUBIN(program, to); }
int nvrtcGetProgramLogSize(Program* program, std::size_t* size) {
  *size = program->log.size() + 1;
  return 0;
}
int nvrtcGetProgramLog(Program* program, char* to) {
  std::memcpy(to, program->log.c_str(), program->log.size() + 1);
  return 0;
}
}
