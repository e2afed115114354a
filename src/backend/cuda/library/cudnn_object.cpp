#include "backend/cuda/library/cudnn_object.h"

namespace bolide::cuda {

Result<CudnnObject> CudnnObject::make(const CudnnApi& api, CudnnKind kind) {
  CudnnDescriptor handle = nullptr;
  TRY_OK(api.check(api.create_descriptor(kind, &handle),
                   strings::join("cudnnBackendCreateDescriptor(", static_cast<int>(kind), ")")));
  return CudnnObject(api, handle);
}

Status CudnnObject::set(CudnnAttribute attribute, CudnnElement type, std::int64_t count, const void* values) {
  const CudnnStatus status = api_->set(handle_, attribute, type, count, values);
  if (status == 0) return {};
  return api_->check(status, strings::join("cudnnBackendSetAttribute(", static_cast<int>(attribute), ")"));
}

Result<std::int64_t> CudnnObject::get(CudnnAttribute attribute, CudnnElement type, std::int64_t room, void* to) const {
  std::int64_t count = 0;
  const CudnnStatus status = api_->get(handle_, attribute, type, room, &count, to);
  if (status != 0)
    return api_->check(status, strings::join("cudnnBackendGetAttribute(", static_cast<int>(attribute), ")")).error();
  return room > 0 ? std::min(count, room) : count;
}

Status CudnnObject::finalize(std::string_view what) {
  const CudnnStatus status = api_->finalize(handle_);
  if (status == 0) return {};
  return api_->check(status, strings::join("cudnnBackendFinalize of ", what));
}

}  // namespace bolide::cuda
