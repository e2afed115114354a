#include "fake_cuda/fake_state.h"

#include <cstdlib>

namespace fake {

std::map<std::string, std::string> settings(const char* variable) {
  std::map<std::string, std::string> out;
  const char* value = std::getenv(variable);
  std::string rest = value != nullptr ? value : "";
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    const std::string one = rest.substr(0, comma);
    if (const std::size_t equals = one.find('='); equals != std::string::npos) {
      out[one.substr(0, equals)] = one.substr(equals + 1);
    }
    rest.erase(0, comma + 1);
  }
  return out;
}

long number(const std::map<std::string, std::string>& from, const char* key, long otherwise) {
  const auto found = from.find(key);
  return found == from.end() ? otherwise : std::strtol(found->second.c_str(), nullptr, 10);
}

void Context::clear() {
  for (const auto& [at, bytes] : blocks) std::free(reinterpret_cast<void*>(at));
  for (const auto& [at, bytes] : host_blocks) std::free(reinterpret_cast<void*>(at));
  for (Stream* stream : streams) delete stream;
  for (Event* event : events) delete event;
  for (Graph* graph : graphs) delete graph;
  for (Graph* exec : execs) delete exec;
  for (Module* module : modules) delete module;
  blocks.clear();
  host_blocks.clear();
  streams.clear();
  events.clear();
  graphs.clear();
  execs.clear();
  modules.clear();
  functions.clear();
  used = 0;
  lost = 0;
}

bool Context::holds(std::uintptr_t at, std::size_t bytes) const {
  auto block = blocks.upper_bound(at);
  if (block == blocks.begin()) return false;
  --block;
  return at + bytes <= block->first + block->second;
}

State& state() {
  static State* const all = [] {
    auto* made = new State;
    made->settings = settings("FAKE_CUDA");
    for (long i = 0; i < number(made->settings, "devices", 1); ++i) {
      made->devices.push_back(std::make_unique<Context>());
      made->devices.back()->device = static_cast<int>(i);
    }
    return made;
  }();
  return *all;
}

Context*& current() {
  thread_local Context* context = nullptr;
  return context;
}

int enter(const char* name, Context* context) {
  State& all = state();
  ++all.calls;
  if (all.fail_in > 0 && (all.fail_name.empty() || all.fail_name == name) && --all.fail_in == 0) {
    if (all.fail_sticky && context != nullptr) context->lost = all.fail_with;
    return all.fail_with;
  }
  if (context == nullptr || context->users == 0) return kInvalidContext;
  return context->lost;
}

}  // namespace fake

using fake::state;

extern "C" {

FakeCounts fake_counts() {
  const std::lock_guard lock(state().mutex);
  FakeCounts counts = state().counts;
  for (const auto& context : state().devices) {
    counts.contexts += context->users > 0 ? 1 : 0;
    counts.blocks += static_cast<long>(context->blocks.size());
    for (const auto& [at, bytes] : context->blocks) counts.block_bytes += static_cast<long>(bytes);
    counts.host_blocks += static_cast<long>(context->host_blocks.size());
    counts.streams += static_cast<long>(context->streams.size());
    counts.events += static_cast<long>(context->events.size());
    counts.graphs += static_cast<long>(context->graphs.size());
    counts.execs += static_cast<long>(context->execs.size());
    counts.modules += static_cast<long>(context->modules.size());
  }
  return counts;
}

void fake_fail(const char* name, long nth, int result, bool sticky) {
  const std::lock_guard lock(state().mutex);
  state().fail_name = name;
  state().fail_in = nth;
  state().fail_with = result;
  state().fail_sticky = sticky;
}

void fake_fail_any(long nth, int result, bool sticky) { fake_fail("", nth, result, sticky); }

bool fake_clear() {
  const std::lock_guard lock(state().mutex);
  const bool waiting = state().fail_in > 0;
  state().fail_in = 0;
  return waiting;
}

long fake_calls() {
  const std::lock_guard lock(state().mutex);
  return state().calls;
}

void fake_refuse_contexts(int result) {
  const std::lock_guard lock(state().mutex);
  state().refuse_contexts = result;
}

void fake_on_launch(void (*function)(void*), void* argument) {
  const std::lock_guard lock(state().mutex);
  state().on_launch = function;
  state().on_launch_argument = argument;
}

void fake_on_kernel(const char* prefix, int count, void (*function)(void* const*)) {
  const std::lock_guard lock(state().mutex);
  state().kernel_prefix = prefix;
  state().kernel_parameters = count;
  state().on_kernel = function;
}

FakeGraph fake_last_graph() {
  const std::lock_guard lock(state().mutex);
  return state().last_graph;
}

int fake_last_device() {
  const std::lock_guard lock(state().mutex);
  return state().last_device;
}
}
