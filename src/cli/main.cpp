#include "cli/command.h"

#include <bolide/logger.h>
#include <bolide/media.h>

#include <iostream>
#include <set>

namespace bolide::cli {

const std::vector<Command> kCommands = {
    {"check", "Read a model and say whether Bolide can run it, with every problem at once", add_check},
    {"inspect", "Show the nodes of a model or the plan of an engine file; runs nothing", add_inspect},
    {"build", "Optimise a model for this machine and write an engine file", add_build},
    {"run", "Run a model or an engine on files", add_run},
    {"bench", "Time a model or an engine", add_bench},
    {"compare", "Compare the engine's answers with the reference or with stored outputs", add_compare},
    {"doctor", "Say what this machine is and what Bolide found on it", add_doctor},
    {"operators", "List the operators and their attributes", add_operators},
    {"demo", "Read a drawn number with a network of our own, then optimise and time ResNet-50", add_demo},
    {"completion", "Print the bash completion script", add_completion},
};

int report(const Error& error) {
  std::cerr << "bolide: " << name(error.code) << ": " << error.message << '\n';
  return error.code == Code::kUnsupported || error.code == Code::kDevice ? kNotSupported : kFailed;
}

int usage_error(const std::string& message) {
  std::cerr << "bolide: " << message << "\nTry 'bolide --help'.\n";
  return kUsage;
}

namespace {

/// Messages on stderr; a warning stands there once, however often the model is read.
class StderrLogger : public Logger {
 public:
  void log(Severity severity, std::string_view message) override {
    static constexpr const char* kNames[] = {"error", "warn", "info", "debug"};
    if (severity == Severity::kWarn && !warned_.emplace(message).second) return;
    std::cerr << "bolide: " << kNames[static_cast<std::size_t>(severity)] << ": " << message << '\n';
  }

 private:
  std::set<std::string, std::less<>> warned_;
};

}  // namespace
}  // namespace bolide::cli

int main(int argc, char** argv) {
  using namespace bolide::cli;
  bolide::use_media();
  static StderrLogger logger;
  bolide::set_logger(&logger);
  CLI::App app{
      "Bolide optimises a trained network for the machine at hand and runs it.\n"
      "\n"
      "  bolide check model.onnx                      can it run? what is in it?\n"
      "  bolide build model.onnx --output model.engine  optimise, time kernels, write the engine\n"
      "  bolide bench model.engine                    how fast is it?\n"
      "  bolide compare model.onnx                    are the answers right?\n"
      "\n"
      "Exit codes: 0 done; 1 the work failed or a comparison did not hold; 2 the command line was wrong;\n"
      "3 not supported (a model, a device, a precision)."};
  app.set_version_flag("--version", std::string(bolide::version()));
  app.require_subcommand(1);
  std::function<int()> chosen;
  for (const Command& command : kCommands) {
    CLI::App* sub = app.add_subcommand(command.name, command.summary);
    std::function<int()> action = command.add(*sub);
    sub->callback([&chosen, action] { chosen = action; });
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kDone : kUsage;
  }
  return chosen();
}
