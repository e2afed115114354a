/// A descriptor of cuDNN that destroys itself.
#pragma once

#include "backend/cuda/library/cudnn_api.h"

#include <span>
#include <vector>

namespace bolide::cuda {

class CudnnObject {
 public:
  static Result<CudnnObject> make(const CudnnApi& api, CudnnKind kind);
  CudnnObject(CudnnObject&& other) noexcept : api_(other.api_), handle_(std::exchange(other.handle_, nullptr)) {}
  CudnnObject& operator=(CudnnObject&& other) noexcept {
    std::swap(api_, other.api_);
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~CudnnObject() {
    if (handle_ != nullptr) api_->destroy_descriptor(handle_);
  }

  CudnnDescriptor handle() const { return handle_; }
  /// `values` in number and kind as the attribute wants them.
  template <class T>
  Status set(CudnnAttribute attribute, CudnnElement type, std::span<const T> values) {
    return set(attribute, type, static_cast<std::int64_t>(values.size()), values.data());
  }
  template <class T>
  Status set_one(CudnnAttribute attribute, CudnnElement type, const T& value) {
    return set(attribute, type, 1, &value);
  }
  Status set(CudnnAttribute attribute, const CudnnObject& value) {
    return set(attribute, CudnnElement::kDescriptor, 1, &value.handle_);
  }
  /// How many elements were written; at most `room`.
  Result<std::int64_t> get(CudnnAttribute attribute, CudnnElement type, std::int64_t room, void* to) const;
  /// Errors: Unsupported where cuDNN cannot do what is described.
  Status finalize(std::string_view what);

 private:
  CudnnObject(const CudnnApi& api, CudnnDescriptor handle) : api_(&api), handle_(handle) {}
  Status set(CudnnAttribute attribute, CudnnElement type, std::int64_t count, const void* values);

  const CudnnApi* api_;
  CudnnDescriptor handle_;
};

}  // namespace bolide::cuda
