// Reads the input as the text of a graph; what is read must print to a text that reads and prints the same.
#include <cstdlib>

#include "ir/text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto graph = bolide::parse_graph({reinterpret_cast<const char*>(data), size});
  if (!graph) return 0;
  const bolide::PrintOptions options{.max_constant_elements = INT64_C(1) << 40};
  const std::string once = print(*graph, options);
  const auto again = bolide::parse_graph(once);
  if (!again || print(*again, options) != once) std::abort();
  return 0;
}
