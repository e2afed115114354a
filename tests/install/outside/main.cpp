// A program of somebody else: it sees the installed headers and the shared library, and nothing of the source tree.
#include <bolide/bolide.h>

#include <iostream>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  auto engine = bolide::compile(argv[1]);
  if (!engine) {
    std::cerr << engine.error().message << '\n';
    return 1;
  }
  std::cout << "compiled " << argv[1] << '\n';
  return 0;
}
