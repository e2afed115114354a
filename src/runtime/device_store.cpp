#include "runtime/device_store.h"

#include "base/arena.h"
#include "base/thread_pool.h"

#include <algorithm>
#include <cstring>

namespace bolide {
namespace {

constexpr std::size_t kAlignment = 256;
std::size_t rounded(std::size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

/// By buffer: whether a step of the device reads it while running, packed constants aside.
std::vector<bool> read_on_device(const Schedule& schedule) {
  std::vector<bool> read(schedule.buffers.size(), false);
  for (const ScheduledStep& step : schedule.steps) {
    for (std::size_t i = 0; i < step.inputs.size(); ++i) {
      if (step.inputs[i].buffer == kNone) continue;
      if (!step.pack_key.empty() && step.tactic->packs_input(step.problem, static_cast<int>(i))) continue;
      read[static_cast<std::size_t>(step.inputs[i].buffer)] = true;
    }
  }
  return read;
}

}  // namespace

Status DeviceStore::add(const StepGraph& graph, const Schedule& schedule, const Target& target, Device& device) {
  const std::lock_guard lock(mutex_);
  struct Part {
    const ScheduledStep* step = nullptr;  // packed constants of it; null: a constant as it is
    int constant = kNone;
    std::size_t offset = 0;
    std::size_t bytes = 0;
  };
  std::vector<Part> parts;
  std::map<std::string, std::size_t> packs;
  std::size_t total = 0;
  const auto add_part = [&](Part part) {
    part.offset = total;
    total += rounded(part.bytes);
    parts.push_back(part);
  };
  for (const ScheduledStep& step : schedule.steps) {
    if (step.pack_key.empty() || packed_.contains(step.pack_key)) continue;
    if (step.kernel == nullptr || !step.kernel->on_device()) continue;
    if (!packs.try_emplace(step.pack_key, parts.size()).second) continue;
    add_part({.step = &step, .bytes = step.tactic->packed_bytes(step.problem, target)});
  }
  const std::vector<bool> read = read_on_device(schedule);
  for (std::size_t b = 0; b < schedule.buffers.size(); ++b) {
    const ScheduleBuffer& buffer = schedule.buffers[b];
    if (!read[b] || buffer.kind != ScheduleBuffer::Kind::kConstant || buffer.on_host) continue;
    if (constants_.contains(buffer.index)) continue;
    add_part({.constant = buffer.index, .bytes = graph.constants[static_cast<std::size_t>(buffer.index)].bytes()});
  }
  if (parts.empty()) return {};
  auto allocated = device.allocate(total).within("weights");
  if (!allocated) {
    const Part& largest = *std::ranges::max_element(parts, {}, &Part::bytes);
    Error error = std::move(allocated).error();
    error.message +=
        strings::join("; the largest ", largest.step != nullptr ? "is that of step '" : "is a constant of ",
                      largest.step != nullptr ? largest.step->name : "", largest.step != nullptr ? "' with " : "",
                      largest.bytes, " bytes");
    return error;
  }
  std::unique_ptr<DeviceBlock> block = *std::move(allocated);
  TRY(AlignedBuffer staging, AlignedBuffer::allocate(total));
  std::vector<Status> results(parts.size());
  ThreadPool::shared().parallel_for(
      static_cast<std::int64_t>(parts.size()), ThreadPool::usable_threads(), [&](std::int64_t i, int) {
        const Part& part = parts[static_cast<std::size_t>(i)];
        std::byte* to = staging.data() + part.offset;
        if (part.step != nullptr) {
          results[static_cast<std::size_t>(i)] = part.step->tactic->pack(part.step->problem, target, {to, part.bytes});
        } else if (part.bytes > 0) {
          std::memcpy(to, graph.constants[static_cast<std::size_t>(part.constant)].data(), part.bytes);
        }
      });
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (!results[i]) {
      return std::move(results[i]).within(strings::join("packing weights of '", parts[i].step->name, "'"));
    }
  }
  TRY(const std::unique_ptr<DeviceStream> stream, device.make_stream());
  TRY_OK(stream->upload(block->data(), staging.data(), total));
  TRY_OK(stream->wait());
  for (const Part& part : parts) {
    std::byte* at = block->data() + part.offset;
    if (part.step != nullptr) {
      packed_[part.step->pack_key] = at;
    } else {
      constants_[part.constant] = at;
    }
  }
  blocks_.push_back(std::move(block));
  return {};
}

std::byte* DeviceStore::find_packed(const std::string& key) const {
  const std::lock_guard lock(mutex_);
  const auto found = packed_.find(key);
  return found == packed_.end() ? nullptr : found->second;
}

std::byte* DeviceStore::find_constant(int index) const {
  const std::lock_guard lock(mutex_);
  const auto found = constants_.find(index);
  return found == constants_.end() ? nullptr : found->second;
}

std::int64_t DeviceStore::bytes() const {
  const std::lock_guard lock(mutex_);
  std::int64_t total = 0;
  for (const auto& block : blocks_) total += static_cast<std::int64_t>(block->size());
  return total;
}

}  // namespace bolide
