#include "passes/pipeline.h"

#include <cmath>

namespace bolide {

std::string fusions_text(const PassReport& report) {
  std::string out;
  for (const PassReport::Fusion& fusion : report.fusions) {
    strings::append(out, strings::join(fusion.pass, ": ", fusion.op, " '", fusion.node, "' does "));
    for (std::size_t i = 0; i < fusion.members.size(); ++i) {
      if (i > 0) out += i + 1 < fusion.members.size() ? ", " : " and ";
      out += fusion.members[i];
    }
    out += '\n';
  }
  return out;
}

std::string passes_text(const PassReport& report) {
  std::string out;
  for (const PassReport::Entry& entry : report.passes) {
    if (entry.rewrites == 0) continue;
    const double milliseconds = std::round(entry.milliseconds * 10) / 10;
    strings::append(out, strings::join(entry.pass, ": ", entry.rewrites, entry.rewrites == 1 ? " rewrite" : " rewrites",
                                       " in ", milliseconds, " ms\n"));
  }
  return out;
}

}  // namespace bolide
