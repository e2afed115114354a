/// Shapes as tests write them.
#pragma once

#include "tensor/dim.h"

#include <initializer_list>

namespace bolide {

/// shape({"batch", "3", "height/2"})
inline Shape shape(std::initializer_list<const char*> dims) {
  Shape out;
  for (const char* dim : dims) out.push_back(*Dim::parse(dim));
  return out;
}

}  // namespace bolide
