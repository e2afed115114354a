// The ONNX backend tests, by reference and by engine. Exit status 1 when a case fails, 77 when there is no suite.
//
//     onnx_backend_test [--suites FOLDER]... [--scratch FOLDER] [--filter TEXT]... [--mode reference|engine]
//                       [--threads N] [--verbose] [--known FILE] [--page FILE] [--write]
//
// A suite is a folder with *.tar.gz to unpack under the scratch folder, or with the cases themselves. Without filter
// and mode, the failures must be those of the file of known ones, and the page must say what the run says.
#include "coverage.h"

#include "base/log.h"

#include <bolide/media.h>

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
  std::vector<fs::path> suites;
  fs::path scratch = fs::temp_directory_path() / "bolide_onnx_backend";
  std::vector<std::string> filters;  ///< parts of names, any of them
  Modes modes;
  unsigned threads = std::max(1U, std::thread::hardware_concurrency());
  bool verbose = false;
  fs::path known;  ///< empty: no failure is agreed
  fs::path page;   ///< empty: none is looked at
  bool write = false;
  bool whole() const { return filters.empty() && modes.reference && modes.engine; }
};

int usage() {
  std::fputs(
      "usage: onnx_backend_test [--suites FOLDER] [--scratch FOLDER] [--filter TEXT]... [--mode reference|engine]\n"
      "                         [--threads N] [--verbose] [--known FILE] [--page FILE] [--write]\n",
      stderr);
  return 2;
}

bool parse(int argc, char** argv, Arguments& out) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view flag = argv[i];
    if (flag == "--verbose" || flag == "--write") {
      (flag == "--write" ? out.write : out.verbose) = true;
      continue;
    }
    if (++i == argc) return false;
    const std::string value = argv[i];
    if (flag == "--suites") {
      out.suites.emplace_back(value);
    } else if (flag == "--scratch") {
      out.scratch = value;
    } else if (flag == "--filter") {
      out.filters.push_back(value);
    } else if (flag == "--threads") {
      out.threads = static_cast<unsigned>(std::max(1, std::atoi(value.c_str())));
    } else if (flag == "--known") {
      out.known = value;
    } else if (flag == "--page") {
      out.page = value;
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

/// The cases of a suite, named after its folder.
Result<std::vector<Case>> cases_of(const fs::path& suite, const fs::path& scratch) {
  const fs::path name = suite.filename() == "data" ? suite.parent_path().filename() : suite.filename();
  std::vector<Case> cases = find_cases(suite);
  for (Case& test : cases) test.name = strings::join(name.string(), "/", test.name);
  if (cases.empty()) {
    TRY_OK(unpack(suite, scratch));
    cases = find_cases(scratch);
  }
  if (cases.empty()) return not_found("there is no case in ", suite.string());
  return cases;
}

/// What differs from what is known and written; nothing when all is as it should be.
Status judge(const Arguments& arguments, std::span<const Case> cases, std::span<const Outcome> outcomes) {
  std::map<std::string, std::string> known;
  if (!arguments.known.empty()) {
    TRY(known, read_known_failures(arguments.known));
  }
  Coverage coverage;
  std::size_t surprises = 0;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    coverage.add(cases[i], outcomes[i].passed());
    if (outcomes[i].passed() == !known.contains(cases[i].name)) continue;
    ++surprises;
    if (outcomes[i].passed()) std::printf("%s passes now: take it from the known failures\n", cases[i].name.c_str());
  }
  if (arguments.whole() && !arguments.page.empty()) {
    TRY_OK(update_page(arguments.page, coverage.text(known), arguments.write));
  }
  if (surprises > 0) return invalid_argument(surprises, " cases are not as known");
  return ok();
}

int run(Arguments arguments) {
  if (arguments.suites.empty()) arguments.suites.emplace_back("../shared/onnx_backend");
  const char* ci = std::getenv("CI");
  const bool must = ci != nullptr && std::string_view(ci) == "true";
  std::vector<Case> cases;
  for (const fs::path& suite : arguments.suites) {
    Result<std::vector<Case>> found = cases_of(suite, arguments.scratch);
    if (!found) {
      std::fprintf(stderr, "%s\n", found.error().message.c_str());
      if (must) return 1;
      arguments.page.clear();  // it speaks of all suites
      continue;
    }
    for (Case& test : *found) {
      if (wanted(arguments, test)) cases.push_back(std::move(test));
    }
  }
  if (cases.empty()) return 77;
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
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const Outcome& outcome = outcomes[i];
    passed[0] += outcome.reference.empty() ? 1 : 0;
    passed[1] += outcome.engine.empty() ? 1 : 0;
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
  const Status judged = judge(arguments, cases, outcomes);
  if (!judged) std::printf("%s\n", judged.error().message.c_str());
  return judged ? 0 : 1;
}

}  // namespace
}  // namespace bolide::conformance

int main(int argc, char** argv) {
  bolide::conformance::Arguments arguments;
  if (!bolide::conformance::parse(argc, argv, arguments)) return bolide::conformance::usage();
  bolide::set_log_level(bolide::LogLevel::kError);
  bolide::use_media();
  for (const int signal : {SIGSEGV, SIGFPE, SIGABRT, SIGBUS}) std::signal(signal, bolide::conformance::on_crash);
  return bolide::conformance::run(arguments);
}
