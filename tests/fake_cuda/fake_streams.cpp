// Streams, events and graphs of the fake driver: work is done when it is given, or recorded.
#include "fake_cuda/fake_state.h"

#include <algorithm>
#include <cstring>

using fake::Context;
using fake::current;
using fake::enter;
using fake::Event;
using fake::Graph;
using fake::Node;
using fake::state;
using fake::Stream;

namespace {

/// As CUlaunchConfig begins.
struct LaunchConfig {
  unsigned grid[3];
  unsigned block[3];
  unsigned shared_bytes;
  Stream* stream;
};

/// Does work or records it.
int give(Stream* stream, bool kernel, std::function<int()> work) {
  if (current()->streams.count(stream) == 0) return fake::kInvalidHandle;
  if (stream->capture == nullptr) {
    ++(kernel ? state().counts.kernels : state().counts.copies);
    if (kernel) state().last_device = current()->device;
    return work ? work() : 0;
  }
  stream->capture->nodes.push_back({kernel, std::move(work), stream->last});
  stream->last = {static_cast<int>(stream->capture->nodes.size()) - 1};
  return 0;
}

std::vector<bool> ancestors(const Graph& graph, const std::vector<int>& of) {
  std::vector<bool> in(graph.nodes.size(), false);
  for (const int node : of) in[static_cast<std::size_t>(node)] = true;
  for (std::size_t n = graph.nodes.size(); n-- > 0;) {
    if (!in[n]) continue;
    for (const int before : graph.nodes[n].after) in[static_cast<std::size_t>(before)] = true;
  }
  return in;
}

}  // namespace

extern "C" {

int cuStreamCreate(Stream** stream, unsigned) {
  const std::lock_guard lock(state().mutex);
  if (const int failed = enter("cuStreamCreate", current()); failed != 0) return failed;
  *stream = new Stream{current(), nullptr, false, {}};
  current()->streams.insert(*stream);
  ++state().counts.made;
  return 0;
}
int cuStreamDestroy_v2(Stream* stream) {
  const std::lock_guard lock(state().mutex);
  if (const int failed = enter("cuStreamDestroy_v2", current()); failed != 0) return failed;
  if (current()->streams.erase(stream) == 0) return fake::kInvalidHandle;
  delete stream;
  return 0;
}
int cuStreamSynchronize(Stream* stream) {
  const std::lock_guard lock(state().mutex);
  if (const int failed = enter("cuStreamSynchronize", current()); failed != 0) return failed;
  if (current()->streams.count(stream) == 0) return fake::kInvalidHandle;
  if (stream->capture != nullptr) return fake::kCaptureUnsupported;
  ++state().counts.waits;
  return 0;
}

int cuMemcpyHtoDAsync_v2(unsigned long long to, const void* from, std::size_t bytes, Stream* stream) {
  const std::lock_guard lock(state().mutex);
  if (const int failed = enter("cuMemcpyHtoDAsync_v2", current()); failed != 0) return failed;
  if (!current()->holds(to, bytes)) return fake::kInvalidValue;
  return give(stream, false, [=] {
    std::memcpy(reinterpret_cast<void*>(to), from, bytes);
    return 0;
  });
}
int cuMemcpyDtoHAsync_v2(void* to, unsigned long long from, std::size_t bytes, Stream* stream) {
  const std::lock_guard lock(state().mutex);
  if (const int failed = enter("cuMemcpyDtoHAsync_v2", current()); failed != 0) return failed;
  if (!current()->holds(from, bytes)) return fake::kInvalidValue;
  return give(stream, false, [=] {
    std::memcpy(to, reinterpret_cast<void*>(from), bytes);
    return 0;
  });
}
int cuMemcpyDtoDAsync_v2(unsigned long long to, unsigned long long from, std::size_t bytes, Stream* stream) {
  const std::lock_guard lock(state().mutex);
  if (const int failed = enter("cuMemcpyDtoDAsync_v2", current()); failed != 0) return failed;
  if (!current()->holds(to, bytes) || !current()->holds(from, bytes)) return fake::kInvalidValue;
  return give(stream, false, [=] {
    std::memmove(reinterpret_cast<void*>(to), reinterpret_cast<void*>(from), bytes);
    return 0;
  });
}
int cuMemsetD8Async(unsigned long long to, unsigned char value, std::size_t bytes, Stream* stream) {
  const std::lock_guard lock(state().mutex);
  if (const int failed = enter("cuMemsetD8Async", current()); failed != 0) return failed;
  if (!current()->holds(to, bytes)) return fake::kInvalidValue;
  return give(stream, false, [=] {
    std::memset(reinterpret_cast<void*>(to), value, bytes);
    return 0;
  });
}
int cuLaunchKernelEx(const LaunchConfig* config, fake::Function* function, void** parameters, void**) {
  const std::lock_guard lock(state().mutex);
  if (const int failed = enter("cuLaunchKernelEx", current()); failed != 0) return failed;
  if (function == nullptr || current()->modules.count(function->module) == 0) return fake::kInvalidHandle;
  if (state().on_kernel == nullptr || function->name.rfind(state().kernel_prefix, 0) != 0) {
    return give(config->stream, true, nullptr);
  }
  std::vector<void*> addresses;
  for (int i = 0; i < state().kernel_parameters; ++i) addresses.push_back(*static_cast<void**>(parameters[i]));
  return give(config->stream, true, [addresses, on_kernel = state().on_kernel] {
    on_kernel(addresses.data());
    return 0;
  });
}

int cuStreamBeginCapture_v2(Stream* stream, int) {
  const std::lock_guard lock(state().mutex);
  if (const int failed = enter("cuStreamBeginCapture_v2", current()); failed != 0) return failed;
  if (current()->streams.count(stream) == 0 || stream->capture != nullptr) return fake::kInvalidHandle;
  stream->capture = std::make_shared<Graph>();
  stream->capture->context = current();
  stream->origin = true;
  stream->last.clear();
  return 0;
}
int cuStreamEndCapture(Stream* stream, Graph** graph) {
  const std::lock_guard lock(state().mutex);
  *graph = nullptr;
  if (current() == nullptr || current()->streams.count(stream) == 0) return fake::kInvalidHandle;
  if (stream->capture == nullptr || !stream->origin) return fake::kInvalidValue;
  const std::shared_ptr<Graph> made = stream->capture;
  int result = enter("cuStreamEndCapture", current());
  const std::vector<bool> joined = ancestors(*made, stream->last);
  for (Stream* other : current()->streams) {
    if (other->capture != made) continue;
    for (const int node : other->last) {
      if (!joined[static_cast<std::size_t>(node)] && result == 0) result = fake::kCaptureUnjoined;
    }
    other->capture = nullptr;
    other->origin = false;
    other->last.clear();
  }
  for (Event* event : current()->events) {
    if (event->capture == made) event->capture = nullptr;
  }
  if (result != 0) return result;
  *graph = new Graph(*made);
  current()->graphs.insert(*graph);
  ++state().counts.made;
  return 0;
}
int cuGraphGetNodes(Graph* graph, void*, std::size_t* count) {
  *count = graph->nodes.size();
  return 0;
}
int cuGraphInstantiateWithFlags(Graph** exec, Graph* graph, unsigned long long) {
  const std::lock_guard lock(state().mutex);
  if (const int failed = enter("cuGraphInstantiateWithFlags", current()); failed != 0) return failed;
  if (current()->graphs.count(graph) == 0) return fake::kInvalidHandle;
  *exec = new Graph(*graph);
  current()->execs.insert(*exec);
  ++state().counts.made;
  FakeGraph& last = state().last_graph;
  last = {static_cast<long>(graph->nodes.size()), 0, 0};
  std::vector<long> depth(graph->nodes.size(), 1);
  for (std::size_t n = 0; n < graph->nodes.size(); ++n) {
    last.edges += static_cast<long>(graph->nodes[n].after.size());
    for (const int before : graph->nodes[n].after) {
      depth[n] = std::max(depth[n], depth[static_cast<std::size_t>(before)] + 1);
    }
    last.depth = std::max(last.depth, depth[n]);
  }
  return 0;
}
int cuGraphLaunch(Graph* exec, Stream* stream) {
  if (state().on_launch != nullptr) state().on_launch(state().on_launch_argument);
  const std::lock_guard lock(state().mutex);
  if (const int failed = enter("cuGraphLaunch", current()); failed != 0) return failed;
  if (current()->execs.count(exec) == 0 || current()->streams.count(stream) == 0) return fake::kInvalidHandle;
  ++state().counts.graph_launches;
  for (const Node& node : exec->nodes) {
    if (node.kernel) {
      ++state().counts.graph_kernels;
      state().last_device = current()->device;
    }
    if (node.work) node.work();
  }
  return 0;
}
int cuGraphExecDestroy(Graph* exec) {
  const std::lock_guard lock(state().mutex);
  if (const int failed = enter("cuGraphExecDestroy", current()); failed != 0) return failed;
  if (current()->execs.erase(exec) == 0) return fake::kInvalidHandle;
  delete exec;
  return 0;
}
int cuGraphDestroy(Graph* graph) {
  const std::lock_guard lock(state().mutex);
  if (const int failed = enter("cuGraphDestroy", current()); failed != 0) return failed;
  if (current()->graphs.erase(graph) == 0) return fake::kInvalidHandle;
  delete graph;
  return 0;
}

int cuEventCreate(Event** event, unsigned) {
  const std::lock_guard lock(state().mutex);
  if (const int failed = enter("cuEventCreate", current()); failed != 0) return failed;
  *event = new Event{current(), false, nullptr, {}};
  current()->events.insert(*event);
  ++state().counts.made;
  return 0;
}
int cuEventDestroy_v2(Event* event) {
  const std::lock_guard lock(state().mutex);
  if (const int failed = enter("cuEventDestroy_v2", current()); failed != 0) return failed;
  if (current()->events.erase(event) == 0) return fake::kInvalidHandle;
  delete event;
  return 0;
}
int cuEventRecord(Event* event, Stream* stream) {
  const std::lock_guard lock(state().mutex);
  if (const int failed = enter("cuEventRecord", current()); failed != 0) return failed;
  if (current()->events.count(event) == 0 || current()->streams.count(stream) == 0) return fake::kInvalidHandle;
  event->recorded = true;
  event->capture = stream->capture;
  event->nodes = stream->last;
  return 0;
}
int cuStreamWaitEvent(Stream* stream, Event* event, unsigned) {
  const std::lock_guard lock(state().mutex);
  if (const int failed = enter("cuStreamWaitEvent", current()); failed != 0) return failed;
  if (current()->events.count(event) == 0 || current()->streams.count(stream) == 0) return fake::kInvalidHandle;
  if (event->capture == nullptr) return stream->capture == nullptr ? 0 : fake::kCaptureUnsupported;
  if (stream->capture != nullptr && stream->capture != event->capture) return fake::kCaptureUnsupported;
  stream->capture = event->capture;
  for (const int node : event->nodes) {
    if (std::find(stream->last.begin(), stream->last.end(), node) == stream->last.end()) stream->last.push_back(node);
  }
  return 0;
}
int cuEventSynchronize(Event* event) {
  const std::lock_guard lock(state().mutex);
  if (const int failed = enter("cuEventSynchronize", current()); failed != 0) return failed;
  if (current()->events.count(event) == 0) return fake::kInvalidHandle;
  ++state().counts.waits;
  return 0;
}
int cuEventQuery(Event* event) {
  const std::lock_guard lock(state().mutex);
  if (const int failed = enter("cuEventQuery", current()); failed != 0) return failed;
  return current()->events.count(event) == 0 ? fake::kInvalidHandle : 0;
}
int cuEventElapsedTime(float* milliseconds, Event* from, Event* to) {
  const std::lock_guard lock(state().mutex);
  if (const int failed = enter("cuEventElapsedTime", current()); failed != 0) return failed;
  if (!from->recorded || !to->recorded) return fake::kInvalidHandle;
  *milliseconds = 0.1F;
  return 0;
}
}
