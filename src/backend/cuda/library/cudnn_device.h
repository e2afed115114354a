/// cuDNN on one device: its handle, and the plans that were made.
#pragma once

#include "backend/cuda/library/cudnn_choices.h"
#include "base/hash.h"

#include <deque>
#include <map>

namespace bolide::cuda {

/// cuDNN on one device. Any thread.
class CudnnDevice final : public CudaDevice::Attachment {
 public:
  /// The one of a device, made on first use. Errors: as cudnn_api(); what cudnnCreate says.
  static Result<CudnnDevice*> of(CudaDevice& device);
  ~CudnnDevice() override;

  /// Plan number `index` of those that cuDNN proposes for a problem of that key: one that is in use, one that the cache
  /// on disk has, or a new one. Errors: Unsupported where there is none, remembered.
  Result<std::shared_ptr<const CudnnPlan>> plan(const CudnnConv& conv, const std::string& key, std::size_t index);
  /// Appends the plan's work to the stream.
  Status run(const CudnnPlan& plan, StreamHandle stream, std::span<const std::int64_t> ids,
             std::span<void* const> addresses, void* workspace);

 private:
  CudnnDevice(const CudnnApi& api, const CudaDevice& device) : api_(api), device_(device) {}
  Result<CudnnPlan> make(const CudnnConv& conv, const std::string& key, std::size_t index);
  Digest cache_key(const std::string& name) const;

  const CudnnApi& api_;
  const CudaDevice& device_;
  CudnnHandle handle_ = nullptr;
  std::mutex mutex_;  // a handle takes one thread at a time
  std::map<std::string, std::weak_ptr<const CudnnPlan>> plans_;
  std::deque<std::shared_ptr<const CudnnPlan>> recent_;  // made ready by one thread, soon bound again by another
  std::map<std::string, Error> refused_;
  std::string asked_;  // the key of:
  std::optional<CudnnChoices> choices_;
};

}  // namespace bolide::cuda
