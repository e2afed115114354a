/// What an operator derives from its attributes, made at the first evaluation and kept for the next ones.
#pragma once

#include "base/error.h"

#include <memory>
#include <mutex>

namespace bolide {

/// A member of an operator beside its fields. A copy starts empty, because its fields may be changed. Any thread.
template <class T>
class Kept {
 public:
  Kept() = default;
  Kept(const Kept&) {}
  Kept& operator=(const Kept&) {
    const std::lock_guard lock(guard_);
    value_.reset();
    return *this;
  }
  ~Kept() = default;

  /// What `make` gave the first time that it succeeded. Errors: those of `make`.
  template <class F>
  Result<std::shared_ptr<const T>> get(const F& make) const {
    const std::lock_guard lock(guard_);
    if (value_ == nullptr) {
      TRY(T made, make());
      value_ = std::make_shared<const T>(std::move(made));
    }
    return value_;
  }

 private:
  mutable std::mutex guard_;
  mutable std::shared_ptr<const T> value_;
};

}  // namespace bolide
