#include "runtime/prepared_schedule.h"

#include "base/arena.h"
#include "base/thread_pool.h"

#include <cstring>

namespace bolide {
namespace {

/// Compiles and loads the kernels of the device's steps, several at once.
Status load_kernels(const Schedule& schedule, Device& device) {
  std::vector<const ScheduledStep*> steps;
  for (const ScheduledStep& step : schedule.steps) {
    if (step.kernel != nullptr && step.kernel->on_device()) steps.push_back(&step);
  }
  const int threads = ThreadPool::usable_threads();
  ThreadPool::shared().ensure(threads);
  std::vector<Status> results(steps.size());
  ThreadPool::shared().parallel_for(static_cast<std::int64_t>(steps.size()), threads, [&](std::int64_t i, int) {
    Kernel& kernel = *steps[static_cast<std::size_t>(i)]->kernel;
    results[static_cast<std::size_t>(i)] = static_cast<DeviceKernel&>(kernel).load(device);
  });
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (!results[i]) {
      return std::move(results[i]).within(strings::join("step '", steps[i]->name, "', ", steps[i]->tactic->name()));
    }
  }
  return {};
}

}  // namespace

Status PreparedSchedule::upload_known(Device& device) {
  constexpr std::size_t kStep = 256;
  std::vector<std::pair<std::size_t, std::size_t>> parts;  // buffer, offset
  std::size_t total = 0;
  for (std::size_t b = 0; b < schedule_.buffers.size(); ++b) {
    const ScheduleBuffer& buffer = schedule_.buffers[b];
    if (buffer.kind != ScheduleBuffer::Kind::kKnown || buffer.on_host) continue;
    parts.emplace_back(b, total);
    total += (static_cast<std::size_t>(buffer.bytes) + kStep - 1) / kStep * kStep;
  }
  if (total == 0) return {};
  TRY(known_, device.allocate(total).within("values that follow from the sizes"));
  TRY(AlignedBuffer staging, AlignedBuffer::allocate(total));
  for (const auto& [b, offset] : parts) {
    const Tensor& known = *schedule_.sizes.value(schedule_.buffers[b].index);
    if (known.bytes() > 0) std::memcpy(staging.data() + offset, known.data(), known.bytes());
    bases_[b] = known_->data() + offset;
  }
  TRY(const std::unique_ptr<DeviceStream> stream, device.make_stream());
  TRY_OK(stream->upload(known_->data(), staging.data(), total));
  return stream->wait();
}

Status PreparedSchedule::prepare_bodies(PackStore& packs, DeviceStore& store, const Backend& host) {
  bodies_.resize(schedule_.steps.size());
  for (std::size_t s = 0; s < schedule_.steps.size(); ++s) {
    ScheduledStep& step = schedule_.steps[s];
    numbers_.push_back(step_count_++);
    for (std::size_t b = 0; b < step.bodies.size(); ++b) {
      const auto& body = graph_->steps[static_cast<std::size_t>(step.step)].bodies[b];
      // A body's steps are numbered from 0 again: keep their packed constants apart.
      for (ScheduledStep& inner : step.bodies[b]->steps) {
        if (!inner.pack_key.empty()) inner.pack_key = strings::join(step.step, '/', b, '/', inner.pack_key);
      }
      TRY(auto made, make(body, std::move(*step.bodies[b]), packs, store, host));
      step_count_ += made->step_count();
      bodies_[s].push_back(std::move(made));
    }
  }
  return {};
}

Result<std::shared_ptr<const PreparedSchedule>> PreparedSchedule::make(std::shared_ptr<const StepGraph> graph,
                                                                       Schedule schedule, PackStore& packs,
                                                                       DeviceStore& store, const Backend& backend) {
  const bool own_memory = backend.has_own_memory();
  if (!own_memory) {
    TRY_OK(packs.pack(schedule, backend.target(), graph->file.get()));
  } else if (const std::shared_ptr<Device> device = backend.device()) {
    TRY_OK(load_kernels(schedule, *device));
    TRY_OK(store.add(*graph, schedule, backend.target(), *device));
  }
  auto prepared = std::shared_ptr<PreparedSchedule>(new PreparedSchedule());
  prepared->graph_ = std::move(graph);
  prepared->schedule_ = std::move(schedule);
  for (const ScheduledStep& step : prepared->schedule_.steps) {
    const std::byte* packed = nullptr;
    if (!step.pack_key.empty()) packed = own_memory ? store.find_packed(step.pack_key) : packs.find(step.pack_key);
    prepared->packed_.push_back(packed);
  }
  for (const ScheduleBuffer& buffer : prepared->schedule_.buffers) {
    const std::byte* base = nullptr;
    if (buffer.kind == ScheduleBuffer::Kind::kConstant) {
      const bool there = own_memory && !buffer.on_host;
      base = there ? store.find_constant(buffer.index)
                   : prepared->graph_->constants[static_cast<std::size_t>(buffer.index)].data();
    } else if (buffer.kind == ScheduleBuffer::Kind::kKnown) {
      base = prepared->schedule_.sizes.value(buffer.index)->data();
    }
    prepared->bases_.push_back(base);
  }
  if (own_memory && backend.device() != nullptr) TRY_OK(prepared->upload_known(*backend.device()));
  TRY_OK(prepared->prepare_bodies(packs, store, backend.host() != nullptr ? *backend.host() : backend));
  return std::shared_ptr<const PreparedSchedule>(std::move(prepared));
}

std::size_t PreparedSchedule::body_number(std::size_t step, std::size_t body) const {
  std::size_t number = numbers_[step] + 1;
  for (std::size_t b = 0; b < body; ++b) number += bodies_[step][b]->step_count();
  return number;
}

}  // namespace bolide
