/// Where operators find decoders of pictures and regular expressions, which this library does not link.
#pragma once

#include "base/error.h"

#include <bolide/media.h>

namespace bolide {

/// What set_media_functions was given last. Errors: Unsupported naming `op`, when there is nothing.
Result<const MediaFunctions*> media_for(std::string_view op);

}  // namespace bolide
