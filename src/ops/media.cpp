#include "ops/media.h"

#include <atomic>

namespace bolide {
namespace {

std::atomic<const MediaFunctions*> current{nullptr};

}  // namespace

void set_media_functions(const MediaFunctions* functions) { current.store(functions); }

Result<const MediaFunctions*> media_for(std::string_view op) {
  const MediaFunctions* functions = current.load();
  if (functions == nullptr) {
    return unsupported(
        op, " needs libraries that this program does not link: link Bolide::media and call bolide::use_media()");
  }
  return functions;
}

}  // namespace bolide
