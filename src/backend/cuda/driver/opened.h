/// A library that a process opens once.
#pragma once

#include "backend/cuda/driver/library.h"

namespace bolide::cuda {

/// What came of opening it: its calls, or the error that every later question gets.
template <class Api>
struct Opened {
  explicit Opened(Result<Api> (*open)(std::vector<Attempt>& attempts)) : result(open(attempts)) {}

  std::vector<Attempt> attempts;
  Result<Api> result;

  Result<const Api*> api() const {
    if (!result) return result.error();
    return &*result;
  }
};

/// What `open` gave when it was first asked for in this process. Any thread. Lives as long as the process: static
/// destructors of users may still need it.
template <auto open>
const auto& opened() {
  static const auto* const once = new Opened(open);
  return *once;
}

}  // namespace bolide::cuda
