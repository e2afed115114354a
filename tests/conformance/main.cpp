// The ONNX backend tests, by reference and by engine. Exit status 1 when a case fails, 77 when there is no suite.
//
//     onnx_backend_test --suites FOLDER --scratch FOLDER [--filter TEXT]... [--mode reference|engine] [--threads N]
//                       [--verbose]
#include "run_case.h"

#include "base/log.h"

#include <unistd.h>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

namespace bolide::conformance {
namespace {

namespace fs = std::filesystem;

struct Arguments {
  fs::path suites = "../shared/onnx_backend";
  fs::path scratch = fs::temp_directory_path() / "bolide_onnx_backend";
  std::vector<std::string> filters;  ///< parts of names, any of them
  Modes modes;
  unsigned threads = std::max(1U, std::thread::hardware_concurrency());
  bool verbose = false;
};

int usage() {
  std::fputs(
      "usage: onnx_backend_test [--suites FOLDER] [--scratch FOLDER] [--filter TEXT]... [--mode reference|engine]\n"
      "                         [--threads N] [--verbose]\n",
      stderr);
  return 2;
}

bool parse(int argc, char** argv, Arguments& out) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view flag = argv[i];
    if (flag == "--verbose") {
      out.verbose = true;
      continue;
    }
    if (++i == argc) return false;
    const std::string value = argv[i];
    if (flag == "--suites") {
      out.suites = value;
    } else if (flag == "--scratch") {
      out.scratch = value;
    } else if (flag == "--filter") {
      out.filters.push_back(value);
    } else if (flag == "--threads") {
      out.threads = static_cast<unsigned>(std::max(1, std::atoi(value.c_str())));
    } else if (flag == "--mode" && (value == "reference" || value == "engine")) {
      out.modes = {.reference = value == "reference", .engine = value == "engine"};
    } else {
      return false;
    }
  }
  return true;
}

thread_local const char* running = "nothing";

/// Says which case a crash is in.
void on_crash(int signal) {
  const char* parts[] = {"crash in ", running, "\n"};
  for (const char* part : parts) {
    if (write(STDERR_FILENO, part, std::strlen(part)) < 0) break;
  }
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

bool wanted(const Arguments& arguments, const Case& test) {
  if (arguments.filters.empty()) return true;
  for (const std::string& filter : arguments.filters) {
    if (test.name.find(filter) != std::string::npos) return true;
  }
  return false;
}

int run(const Arguments& arguments) {
  if (const Status unpacked = unpack(arguments.suites, arguments.scratch); !unpacked) {
    std::fprintf(stderr, "%s\n", unpacked.error().message.c_str());
    const char* ci = std::getenv("CI");
    return ci != nullptr && std::string_view(ci) == "true" ? 1 : 77;
  }
  std::vector<Case> cases;
  for (Case& test : find_cases(arguments.scratch)) {
    if (wanted(arguments, test)) cases.push_back(std::move(test));
  }
  std::vector<Outcome> outcomes(cases.size());
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < cases.size(); i = next++) {
      running = cases[i].name.c_str();
      outcomes[i] = run_case(cases[i], arguments.modes);
    }
  };
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < arguments.threads; ++t) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();

  std::size_t passed[2] = {};
  std::size_t both = 0;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const Outcome& outcome = outcomes[i];
    passed[0] += outcome.reference.empty() ? 1 : 0;
    passed[1] += outcome.engine.empty() ? 1 : 0;
    both += outcome.passed() ? 1 : 0;
    if (outcome.passed() && arguments.verbose) std::printf("ok   %s\n", cases[i].name.c_str());
    if (outcome.reference == outcome.engine && !outcome.passed()) {
      std::printf("FAIL %s: %s\n", cases[i].name.c_str(), outcome.reference.c_str());
      continue;
    }
    if (!outcome.reference.empty()) {
      std::printf("FAIL %s (reference): %s\n", cases[i].name.c_str(), outcome.reference.c_str());
    }
    if (!outcome.engine.empty()) std::printf("FAIL %s (engine): %s\n", cases[i].name.c_str(), outcome.engine.c_str());
  }
  if (arguments.modes.reference) std::printf("reference: %zu of %zu pass\n", passed[0], cases.size());
  if (arguments.modes.engine) std::printf("engine: %zu of %zu pass\n", passed[1], cases.size());
  return both == cases.size() && !cases.empty() ? 0 : 1;
}

}  // namespace
}  // namespace bolide::conformance

int main(int argc, char** argv) {
  bolide::conformance::Arguments arguments;
  if (!bolide::conformance::parse(argc, argv, arguments)) return bolide::conformance::usage();
  bolide::set_log_level(bolide::LogLevel::kError);
  for (const int signal : {SIGSEGV, SIGFPE, SIGABRT, SIGBUS}) std::signal(signal, bolide::conformance::on_crash);
  return bolide::conformance::run(arguments);
}
