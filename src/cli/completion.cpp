#include "cli/command.h"

#include <iostream>

namespace bolide::cli {
namespace {

/// Bash completion written from the program's own options, so that it cannot fall behind them.
int completion() {
  std::string commands;
  std::string cases;
  for (const Command& command : kCommands) {
    commands += (commands.empty() ? "" : " ") + std::string(command.name);
    CLI::App app;
    (void)command.add(app);
    std::string flags;
    for (const CLI::Option* option : app.get_options()) {
      for (const std::string& flag : option->get_lnames()) flags += (flags.empty() ? "--" : " --") + flag;
    }
    cases += "    " + std::string(command.name) + ") words=\"" + flags + "\" ;;\n";
  }
  std::cout << "# bash completion of bolide; use it with: source <(bolide completion)\n"
               "_bolide() {\n"
               "  local word=\"${COMP_WORDS[COMP_CWORD]}\" words=\"\"\n"
               "  if [[ $COMP_CWORD -eq 1 ]]; then\n"
               "    COMPREPLY=($(compgen -W \""
            << commands
            << " --help --version\" -- \"$word\"))\n"
               "    return\n"
               "  fi\n"
               "  case \"${COMP_WORDS[1]}\" in\n"
            << cases
            << "  esac\n"
               "  if [[ $word == -* ]]; then\n"
               "    COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
               "  else\n"
               "    COMPREPLY=($(compgen -f -- \"$word\"))\n"
               "  fi\n"
               "}\n"
               "complete -o filenames -F _bolide bolide\n";
  return kDone;
}

}  // namespace

std::function<int()> add_completion(CLI::App&) {
  return [] { return completion(); };
}

}  // namespace bolide::cli
