/// A command: its options, and a function that runs it. Commands see the public headers only, so each is also an
/// example.
#pragma once

#include <bolide/bolide.h>
#include <bolide/io.h>

#include <CLI/CLI.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace bolide::cli {

/// Exit codes of the program.
enum Exit : int { kDone = 0, kFailed = 1, kUsage = 2, kNotSupported = 3 };

/// Adds the command to the program; the callback's result is the exit code.
struct Command {
  const char* name;
  const char* summary;
  std::function<int()> (*add)(CLI::App& app);
};
extern const std::vector<Command> kCommands;

std::function<int()> add_bench(CLI::App& app);
std::function<int()> add_build(CLI::App& app);
std::function<int()> add_check(CLI::App& app);
std::function<int()> add_compare(CLI::App& app);
std::function<int()> add_completion(CLI::App& app);
std::function<int()> add_demo(CLI::App& app);
std::function<int()> add_doctor(CLI::App& app);
std::function<int()> add_inspect(CLI::App& app);
std::function<int()> add_operators(CLI::App& app);
std::function<int()> add_run(CLI::App& app);

/// Prints the error to stderr as `bolide: <kind>: <message>` and gives the exit code for it.
int report(const Error& error);
/// A mistake in the values of options: exit code 2.
int usage_error(const std::string& message);

}  // namespace bolide::cli
