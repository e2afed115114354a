/// What the fake driver knows; all under one lock.
#pragma once

#include "fake_cuda/fake_cuda.h"

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace fake {

enum Result : int {
  kSuccess = 0,
  kInvalidValue = 1,
  kOutOfMemory = 2,
  kNotInitialized = 3,
  kNoDevice = 100,
  kInvalidDevice = 101,
  kInvalidImage = 200,
  kInvalidContext = 201,
  kNoBinary = 209,
  kInvalidHandle = 400,
  kNotFound = 500,
  kNotReady = 600,
  kIllegalAddress = 700,
  kCaptureUnsupported = 900,
  kCaptureUnjoined = 904,
};

/// `key=value,key=value` of an environment variable.
std::map<std::string, std::string> settings(const char* variable);
long number(const std::map<std::string, std::string>& from, const char* key, long otherwise);

struct Context;
struct Module {
  Context* context = nullptr;
};
struct Function {
  Module* module = nullptr;
  std::string name;
};
struct Node {
  bool kernel = false;
  std::function<int()> work;  // null: nothing to do
  std::vector<int> after;
};
struct Graph {
  Context* context = nullptr;
  std::vector<Node> nodes;
};
struct Stream {
  Context* context = nullptr;
  std::shared_ptr<Graph> capture;  // being recorded
  bool origin = false;
  std::vector<int> last;  // nodes that the next comes after
};
struct Event {
  Context* context = nullptr;
  bool recorded = false;
  std::shared_ptr<Graph> capture;
  std::vector<int> nodes;
};

/// A primary context: what it holds goes when nobody holds it.
struct Context {
  int device = 0;
  long users = 0;
  int lost = 0;  // the error that all calls give
  std::map<std::uintptr_t, std::size_t> blocks;
  std::map<std::uintptr_t, std::size_t> host_blocks;
  std::set<Stream*> streams;
  std::set<Event*> events;
  std::set<Graph*> graphs;
  std::set<Graph*> execs;
  std::set<Module*> modules;
  std::vector<std::unique_ptr<Function>> functions;
  std::size_t used = 0;

  ~Context() { clear(); }
  void clear();
  /// Whether the bytes lie in one block.
  bool holds(std::uintptr_t at, std::size_t bytes) const;
};

struct State {
  std::mutex mutex;
  std::map<std::string, std::string> settings;
  std::vector<std::unique_ptr<Context>> devices;
  FakeCounts counts{};
  FakeGraph last_graph{};
  int last_device = -1;
  long calls = 0;
  std::string fail_name;  // empty: any
  long fail_in = 0;       // 0: nothing is to fail
  int fail_with = 0;
  bool fail_sticky = false;
  int refuse_contexts = 0;
  void (*on_launch)(void*) = nullptr;
  void* on_launch_argument = nullptr;
  std::string kernel_prefix;
  int kernel_parameters = 0;
  void (*on_kernel)(void* const*) = nullptr;
};
State& state();

/// The context of the calling thread.
Context*& current();
/// Counts the call and says whether it fails: by injection, or because the context is lost.
int enter(const char* name, Context* context);

}  // namespace fake
