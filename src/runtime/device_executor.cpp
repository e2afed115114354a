#include "runtime/device_executor.h"

#include "base/clock.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace bolide {
namespace {

using Kind = ScheduleBuffer::Kind;

constexpr std::size_t kMostRecordings = 16;  // of different addresses
constexpr std::size_t kMostFaults = 4096;    // steps from there on share the last place
constexpr std::size_t kFaultBytes = kMostFaults * sizeof(KernelFault);
constexpr int kRepeats = 16;  // of a step that is timed alone

std::size_t rounded(std::int64_t bytes) { return (static_cast<std::size_t>(bytes) + 255) / 256 * 256; }

/// Bytes of inputs, then outputs; 0 for inputs that no step reads.
std::vector<std::size_t> port_bytes(const PreparedSchedule& prepared) {
  const StepGraph& graph = prepared.graph();
  std::vector<bool> read(graph.inputs.size(), false);
  for (const ScheduledStep& step : prepared.schedule().steps) {
    for (const Place& place : step.inputs) {
      if (place.buffer == kNone) continue;
      const ScheduleBuffer& buffer = prepared.schedule().buffers[static_cast<std::size_t>(place.buffer)];
      if (buffer.kind == Kind::kInput) read[static_cast<std::size_t>(buffer.index)] = true;
    }
  }
  std::vector<std::size_t> bytes;
  for (const std::vector<int>* values : {&graph.inputs, &graph.outputs}) {
    for (const int value : *values) {
      const auto index = static_cast<std::size_t>(value);
      std::int64_t count = 1;
      for (const std::int64_t size : prepared.schedule().sizes.dims[index]) count *= size;
      bytes.push_back(packed_bytes(graph.values[index].type.dtype, count));
    }
  }
  for (std::size_t i = 0; i < read.size(); ++i) {
    if (!read[i]) bytes[i] = 0;
  }
  return bytes;
}

}  // namespace

void DeviceExecutor::clear(const DeviceBlock& host) { std::memset(host.data(), 0, kFaultBytes); }

DeviceExecutor::Needs DeviceExecutor::needs(const PreparedSchedule& prepared) {
  Needs needs{.device = rounded(prepared.schedule().arena_bytes),
              .host = kFaultBytes + rounded(prepared.schedule().host_arena_bytes)};
  for (const std::size_t bytes : port_bytes(prepared)) {
    needs.device += rounded(static_cast<std::int64_t>(bytes));
    needs.host += rounded(static_cast<std::int64_t>(bytes));
  }
  return needs;
}

DeviceExecutor::DeviceExecutor(std::shared_ptr<const PreparedSchedule> prepared, std::shared_ptr<Device> device,
                               const DeviceWorkspace& workspace, bool side_by_side)
    : steps_(std::move(prepared)), device_(std::move(device)) {
  const Schedule& schedule = steps_.prepared().schedule();
  lanes_used_ = side_by_side ? schedule.lanes : 1;
  arena_ = workspace.device->data();
  host_arena_ = workspace.host->data() + kFaultBytes;
  std::byte* at = arena_ + rounded(schedule.arena_bytes);
  std::byte* host_at = host_arena_ + rounded(schedule.host_arena_bytes);
  io_bytes_ = port_bytes(steps_.prepared());
  for (const std::size_t bytes : io_bytes_) {
    io_device_.push_back(at);
    io_host_.push_back(host_at);
    at += rounded(static_cast<std::int64_t>(bytes));
    host_at += rounded(static_cast<std::int64_t>(bytes));
  }
  recordings_.reserve(kMostRecordings + 1);
  faults_ = reinterpret_cast<KernelFault*>(workspace.host->data());
}

const ScheduledStep* DeviceExecutor::host_step() const {
  const std::vector<ScheduledStep>& steps = prepared().schedule().steps;
  const auto found = std::ranges::find_if(steps, runs_on_host);
  return found == steps.end() ? nullptr : &*found;
}

void DeviceExecutor::place_buffers(std::span<void* const> ports) {
  const Schedule& schedule = prepared().schedule();
  const std::size_t inputs = prepared().graph().inputs.size();
  for (std::size_t b = 0; b < schedule.buffers.size(); ++b) {
    const ScheduleBuffer& buffer = schedule.buffers[b];
    const std::size_t port =
        static_cast<std::size_t>(std::max(buffer.index, 0)) + (buffer.kind == Kind::kOutput ? inputs : std::size_t{0});
    switch (buffer.kind) {
      case Kind::kArena: steps_.place(b, (buffer.on_host ? host_arena_ : arena_) + buffer.arena_offset); break;
      case Kind::kInput:
      case Kind::kOutput:
        steps_.place(b, ports[port] != nullptr ? static_cast<std::byte*>(ports[port]) : io_device_[port]);
        break;
      case Kind::kConstant:
      case Kind::kKnown: break;
    }
  }
}

Status DeviceExecutor::found_wrong() {
  using Fault = KernelFault::Kind;
  const std::vector<ScheduledStep>& steps = prepared().schedule().steps;
  Status first;
  for (std::size_t s = 0; s < std::min(steps.size(), kMostFaults); ++s) {
    const KernelFault fault = std::exchange(faults_[s], {});
    if (fault.kind == Fault::kNothing || !first) continue;
    const std::int64_t size = fault.size;
    first = fault.kind == Fault::kIndex
                ? invalid_argument("index ", fault.value, " is outside [", -size, ",", size, ")")
            : fault.kind == Fault::kPicture ? invalid_argument("a box of picture ", fault.value, "; there are ", size)
                                            : invalid_argument("a length of ", fault.value, " in a sequence of ", size);
    if (s + 1 == kMostFaults && steps.size() > kMostFaults) continue;  // of which step is not known
    first = std::move(first).within(steps[s].problem.op->name()).within(strings::join("step '", steps[s].name, "'"));
  }
  return first;
}

Status DeviceExecutor::launch_step(DeviceStream& stream, std::size_t index) {
  const ScheduledStep& step = prepared().schedule().steps[index];
  const DeviceRange range(device_.get(), step.name);
  KernelBuffers buffers = steps_.buffers_of(index);
  buffers.fault = faults_ + std::min(index, kMostFaults - 1);
  const Operand& moved = step.problem.outputs[0];
  const auto bytes = [&] { return packed_bytes(moved.dtype, moved.count()); };
  switch (step.transfer) {
    case Transfer::kToHost: return stream.download(buffers.outputs[0], buffers.inputs[0], bytes());
    case Transfer::kToDevice: return stream.upload(buffers.outputs[0], buffers.inputs[0], bytes());
    case Transfer::kNot: break;
  }
  return device_kernel(*step.kernel).launch(stream, buffers).within(strings::join("step '", step.name, "'"));
}

Status DeviceExecutor::record_steps(DeviceStream& stream, const Segment& segment) {
  const Schedule& schedule = prepared().schedule();
  if (lanes_used_ <= 1) {
    for (std::size_t s = segment.begin; s < segment.end; ++s) TRY_OK(launch_step(stream, s));
    return {};
  }
  // Lane 0 is the stream itself; the others leave it at the start and come back at the end.
  std::vector<int> last(static_cast<std::size_t>(schedule.lanes), kNone);
  std::vector<bool> awaited(schedule.steps.size(), false);
  for (std::size_t s = segment.begin; s < segment.end; ++s) {
    last[static_cast<std::size_t>(schedule.steps[s].lane)] = static_cast<int>(s);
    for (const int earlier : schedule.steps[s].after) awaited[static_cast<std::size_t>(earlier)] = true;
  }
  for (std::size_t lane = 1; lane < last.size(); ++lane) {
    if (last[lane] != kNone) awaited[static_cast<std::size_t>(last[lane])] = true;
  }
  std::vector<std::unique_ptr<DeviceEvent>> events(schedule.steps.size());
  TRY(const std::unique_ptr<DeviceEvent> start, device_->make_event());
  TRY_OK(stream.record(*start));
  while (lanes_.size() + 1 < last.size()) {
    TRY(auto made, device_->make_stream());
    lanes_.push_back(std::move(made));
  }
  std::vector<bool> begun(last.size(), false);
  begun[0] = true;
  for (std::size_t s = segment.begin; s < segment.end; ++s) {
    const ScheduledStep& step = schedule.steps[s];
    const auto lane = static_cast<std::size_t>(step.lane);
    DeviceStream& on = lane == 0 ? stream : *lanes_[lane - 1];
    if (!begun[lane]) TRY_OK(on.wait_for(*start));
    begun[lane] = true;
    for (const int earlier : step.after) TRY_OK(on.wait_for(*events[static_cast<std::size_t>(earlier)]));
    TRY_OK(launch_step(on, s));
    if (!awaited[s]) continue;
    TRY(events[s], device_->make_event());
    TRY_OK(on.record(*events[s]));
  }
  for (std::size_t lane = 1; lane < last.size(); ++lane) {
    if (last[lane] != kNone) TRY_OK(stream.wait_for(*events[static_cast<std::size_t>(last[lane])]));
  }
  return {};
}

Status DeviceExecutor::record(DeviceStream& stream, Recording& recording) {
  const Schedule& schedule = prepared().schedule();
  const std::size_t inputs = prepared().graph().inputs.size();
  place_buffers(recording.addresses);
  // Segments: the first and the last are the device's, for what is staged.
  recording.segments.push_back({});
  for (std::size_t s = 0; s < schedule.steps.size(); ++s) {
    if (runs_on_host(schedule.steps[s])) {
      recording.segments.push_back({.begin = s, .end = s + 1, .on_host = true});
      recording.segments.push_back({.begin = s + 1, .end = s + 1});
    } else {
      recording.segments.back().end = s + 1;
    }
  }
  for (std::size_t i = 0; i < recording.segments.size(); ++i) {
    Segment& segment = recording.segments[i];
    if (segment.on_host) continue;
    TRY_OK(stream.begin_recording());
    const auto fill = [&]() -> Status {
      if (i == 0) {
        for (std::size_t port = 0; port < inputs; ++port) {
          if (recording.addresses[port] != nullptr) continue;
          TRY_OK(stream.upload(io_device_[port], io_host_[port], io_bytes_[port]));
        }
      }
      TRY_OK(record_steps(stream, segment));
      if (i + 1 == recording.segments.size()) {
        for (std::size_t port = inputs; port < io_bytes_.size(); ++port) {
          if (recording.addresses[port] != nullptr) continue;
          TRY_OK(stream.download(io_host_[port], io_device_[port], io_bytes_[port]));
        }
      }
      return {};
    };
    Status filled = fill();
    auto graph = stream.end_recording();  // also after a failure: the stream must leave the state
    TRY_OK(std::move(filled));
    if (!graph) return std::move(graph).error();
    segment.graph = *std::move(graph);
    recording.nodes += segment.graph->nodes();
  }
  return {};
}

Result<DeviceExecutor::Recording*> DeviceExecutor::recording(DeviceStream& stream, std::span<const DevicePort> inputs,
                                                             std::span<const DevicePort> outputs) {
  const auto port = [&](std::size_t i) { return i < inputs.size() ? inputs[i] : outputs[i - inputs.size()]; };
  for (Recording& known : recordings_) {
    bool same = true;
    for (std::size_t i = 0; i < io_bytes_.size() && same; ++i) {
      same = known.addresses[i] == (port(i).on_device ? port(i).data : nullptr);
    }
    if (same) return &known;
  }
  Recording made;
  for (std::size_t i = 0; i < io_bytes_.size(); ++i) {
    made.addresses.push_back(port(i).on_device ? port(i).data : nullptr);
  }
  TRY_OK(record(stream, made));
  // The device keeps the one that goes until it is over, should it be running.
  if (recordings_.size() >= kMostRecordings) recordings_.erase(recordings_.begin());
  recordings_.push_back(std::move(made));
  return &recordings_.back();
}

Status DeviceExecutor::go(DeviceStream& stream, Recording& recording, const HostScratch& scratch) {
  static const std::string kName = "bolide run";
  const DeviceRange range(device_.get(), kName);
  for (const Segment& segment : recording.segments) {
    if (segment.on_host) {
      place_buffers(recording.addresses);
      TRY_OK(stream.wait());
      TRY_OK(steps_.run(segment.begin, scratch, {}));
    } else if (segment.graph->nodes() > 0) {
      TRY_OK(stream.launch(*segment.graph));
    }
  }
  return {};
}

void DeviceExecutor::stage(std::span<const DevicePort> inputs) const {
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i].on_device && io_bytes_[i] > 0) std::memcpy(io_host_[i], inputs[i].data, io_bytes_[i]);
  }
}

Status DeviceExecutor::deliver(std::span<const DevicePort> outputs) {
  TRY_OK(found_wrong());
  const std::size_t first = io_bytes_.size() - outputs.size();
  for (std::size_t o = 0; o < outputs.size(); ++o) {
    const std::size_t bytes = io_bytes_[first + o];
    if (!outputs[o].on_device && bytes > 0) std::memcpy(outputs[o].data, io_host_[first + o], bytes);
  }
  return {};
}

Status DeviceExecutor::run(DeviceStream& stream, std::span<const DevicePort> inputs,
                           std::span<const DevicePort> outputs, const HostScratch& scratch) {
  TRY_OK(enqueue(stream, stream, inputs, outputs, scratch));
  TRY_OK(stream.wait());
  return deliver(outputs);
}

Status DeviceExecutor::enqueue(DeviceStream& recorder, DeviceStream& stream, std::span<const DevicePort> inputs,
                               std::span<const DevicePort> outputs, const HostScratch& scratch) {
  TRY_OK(device_->alive());  // else the staging memory is gone
  TRY(DeviceExecutor::Recording* const steps, recording(recorder, inputs, outputs));
  ports_ = steps->addresses;
  stage(inputs);
  return go(stream, *steps, scratch);
}

Status DeviceExecutor::repeat_step(DeviceStream& stream, std::size_t index) {
  if (timings_[index] != nullptr) return {};
  TRY_OK(stream.begin_recording());
  Status filled;
  for (int i = 0; i < kRepeats && filled; ++i) filled = launch_step(stream, index);
  auto graph = stream.end_recording();  // also after a failure: the stream must leave the state
  TRY_OK(std::move(filled));
  if (!graph) return std::move(graph).error();
  timings_[index] = *std::move(graph);
  return stream.launch(*timings_[index]);
}

Status DeviceExecutor::profile(DeviceStream& stream, const HostScratch& scratch, StepTimes& times) {
  const Schedule& schedule = prepared().schedule();
  times.us.assign(prepared().step_count(), 0);
  TRY(const std::unique_ptr<DeviceEvent> from, device_->make_event());
  TRY(const std::unique_ptr<DeviceEvent> to, device_->make_event());
  if (timed_ports_ != ports_) timings_.clear();
  timed_ports_ = ports_;
  timings_.resize(schedule.steps.size());
  place_buffers(ports_);
  for (std::size_t s = 0; s < schedule.steps.size(); ++s) {
    double& us = times.us[prepared().number(s)];
    if (runs_on_host(schedule.steps[s])) {
      TRY_OK(stream.wait());
      const double start = monotonic_microseconds();
      TRY_OK(steps_.run(s, scratch, {.times = &times}));
      us += monotonic_microseconds() - start;
      continue;
    }
    TRY_OK(repeat_step(stream, s));
    TRY_OK(stream.record(*from));
    TRY_OK(stream.launch(*timings_[s]));
    TRY_OK(stream.record(*to));
    TRY_OK(to->wait());
    TRY(const double all, device_->microseconds(*from, *to));
    us = all / kRepeats;
  }
  (void)found_wrong();  // the run before has told it
  return {};
}

}  // namespace bolide
