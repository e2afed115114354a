#include "runtime/pack_store.h"

#include "base/thread_pool.h"

namespace bolide {

namespace {

/// Gives back the pages of constants that the kernel reads in packed form only.
void release_packed(const ScheduledStep& step, const MappedFile& file) {
  for (std::size_t i = 0; i < step.problem.inputs.size(); ++i) {
    const Tensor* constant = step.problem.inputs[i].constant;
    if (constant == nullptr || !step.tactic->packs_input(step.problem, static_cast<int>(i))) continue;
    const std::span<const std::byte> all = file.bytes();
    const bool inside =
        constant->data() >= all.data() && constant->data() + constant->bytes() <= all.data() + all.size();
    if (inside) file.release({constant->data(), constant->bytes()});
  }
}

}  // namespace

Status PackStore::pack(const Schedule& schedule, const Target& target, const MappedFile* file) {
  const std::lock_guard lock(mutex_);
  struct Job {
    const ScheduledStep* step;
    AlignedBuffer* bytes;
  };
  std::vector<Job> jobs;
  for (const ScheduledStep& step : schedule.steps) {
    if (step.pack_key.empty() || packed_.contains(step.pack_key)) continue;
    TRY(AlignedBuffer bytes, AlignedBuffer::allocate(step.tactic->packed_bytes(step.problem, target)));
    AlignedBuffer& kept = packed_.emplace(step.pack_key, std::move(bytes)).first->second;
    jobs.push_back({&step, &kept});
  }
  std::vector<Status> results(jobs.size());
  ThreadPool::shared().parallel_for(static_cast<std::int64_t>(jobs.size()), target.threads, [&](std::int64_t i, int) {
    const Job& job = jobs[static_cast<std::size_t>(i)];
    results[static_cast<std::size_t>(i)] = job.step->tactic->pack(job.step->problem, target, job.bytes->bytes());
    if (file != nullptr) release_packed(*job.step, *file);
  });
  Status first;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    if (results[i]) continue;
    packed_.erase(jobs[i].step->pack_key);
    if (first) first = std::move(results[i]).within(strings::join("packing weights of '", jobs[i].step->name, "'"));
  }
  return first;
}

const std::byte* PackStore::find(const std::string& key) const {
  const std::lock_guard lock(mutex_);
  const auto found = packed_.find(key);
  return found == packed_.end() ? nullptr : found->second.data();
}

std::int64_t PackStore::bytes() const {
  const std::lock_guard lock(mutex_);
  std::int64_t total = 0;
  for (const auto& [key, buffer] : packed_) total += static_cast<std::int64_t>(buffer.size());
  return total;
}

}  // namespace bolide
