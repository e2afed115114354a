#include "backend/cuda/library/cudnn_device.h"

#include "base/log.h"

namespace bolide::cuda {

Result<CudnnDevice*> CudnnDevice::of(CudaDevice& device) {
  TRY(CudaDevice::Attachment* const attachment,
      device.attachment("cudnn", [](CudaDevice& owner) -> Result<std::unique_ptr<CudaDevice::Attachment>> {
        TRY(const CudnnApi* api, cudnn_api());
        auto made = std::unique_ptr<CudnnDevice>(new CudnnDevice(*api, owner));
        TRY_OK(api->check(api->create(&made->handle_), "cudnnCreate"));
        return std::unique_ptr<CudaDevice::Attachment>(std::move(made));
      }));
  return static_cast<CudnnDevice*>(attachment);
}

CudnnDevice::~CudnnDevice() {
  recent_.clear();
  choices_.reset();
  if (handle_ != nullptr) api_.destroy(handle_);
}

Digest CudnnDevice::cache_key(const std::string& name) const {
  const DeviceFacts& facts = device_.facts();
  return digest(strings::join("cudnn plan|", api_.version, "|", facts.name, "|", facts.capability, "|",
                              facts.multiprocessors, "|", name));
}

Result<CudnnPlan> CudnnDevice::make(const CudnnConv& conv, const std::string& key, std::size_t index) {
  const KernelCache* const cache = device_.cache();
  const Digest place = cache_key(strings::join(index, " of ", key));
  if (cache != nullptr) {
    if (const CodePtr kept = cache->find(place)) {
      if (auto plan = CudnnPlan::restore(api_, handle_, *kept)) return plan;
    }
  }
  if (asked_ != key || !choices_) {
    asked_ = key;
    choices_.reset();
    TRY(choices_, CudnnChoices::make(api_, handle_, conv));
  }
  TRY(CudnnPlan plan, choices_->plan(handle_, index));
  constexpr std::size_t kMostWorkspace = std::size_t{64} << 20;
  if (plan.workspace > kMostWorkspace)
    return unsupported("a workspace of ", plan.workspace, " bytes; at most ", kMostWorkspace, " are given");
  if (cache != nullptr) {
    const auto text = plan.text();
    const Status stored = text ? cache->store(place, *text) : Status(text.error());
    if (!stored) log(LogLevel::kDebug, "cudnn: a plan is not kept: ", stored.error().message);
  }
  return plan;
}

Result<std::shared_ptr<const CudnnPlan>> CudnnDevice::plan(const CudnnConv& conv, const std::string& key,
                                                           std::size_t index) {
  constexpr std::size_t kMostRecent = 16;
  constexpr std::size_t kMostKnown = 4096;
  const std::string name = strings::join(index, " of ", key);
  const std::lock_guard lock(mutex_);
  if (const auto known = refused_.find(name); known != refused_.end()) return known->second;
  if (const auto known = plans_.find(name); known != plans_.end()) {
    if (auto plan = known->second.lock()) return plan;
  }
  auto made = make(conv, key, index);
  if (!made) {
    if (made.error().code == Code::kUnsupported && refused_.size() < kMostKnown) refused_.emplace(name, made.error());
    return std::move(made).error();
  }
  std::shared_ptr<const CudnnPlan> plan = std::make_shared<CudnnPlan>(*std::move(made));
  if (plans_.size() >= kMostKnown) std::erase_if(plans_, [](const auto& known) { return known.second.expired(); });
  plans_[name] = plan;
  recent_.push_back(plan);
  if (recent_.size() > kMostRecent) recent_.pop_front();
  return plan;
}

Status CudnnDevice::run(const CudnnPlan& plan, StreamHandle stream, std::span<const std::int64_t> ids,
                        std::span<void* const> addresses, void* workspace) {
  const std::lock_guard lock(mutex_);
  TRY(CudnnObject pack, CudnnObject::make(api_, CudnnKind::kVariantPack));
  TRY_OK(pack.set(CudnnAttribute::kPackIds, CudnnElement::kInt64, ids));
  TRY_OK(pack.set(CudnnAttribute::kPackPointers, CudnnElement::kPointer, addresses));
  TRY_OK(pack.set_one(CudnnAttribute::kPackWorkspace, CudnnElement::kPointer, workspace));
  TRY_OK(pack.finalize("the addresses of a run"));
  TRY_OK(api_.check(api_.set_stream(handle_, stream), "cudnnSetStream"));
  return api_.check(api_.execute(handle_, plan.plan.handle(), pack.handle()), "cudnnBackendExecute");
}

}  // namespace bolide::cuda
