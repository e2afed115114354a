/// A CUDA driver without a GPU, for tests: device memory is the host's, kernels are counted and do nothing (but for
/// fake_on_kernel), and every call can be made to fail. It is a libcuda.so.1 that BOLIDE_CUDA_PATH leads to; beside it
/// stands a libnvrtc.so.13 that makes no code.
///
/// What it is comes from the variable FAKE_CUDA, read when the driver is first called: `key=value` split at commas.
/// devices=1, capability=90, memory_mib=1024, version=13000, name=Fake GPU, multiprocessors=132, init=0 (what cuInit
/// gives).
/// FAKE_NVRTC the same: major=13, minor=999 (so that its code is not taken for that of a real one), archs=75:80:90
/// (split at colons), delay_ms=0 (of a compilation).
///
/// It is strict: a handle that is not alive, a range outside of one allocation, a context that is not the resource's
/// own give errors, where a real driver may let them pass.
#pragma once

#include <cstddef>

extern "C" {

/// What is alive, and calls so far.
struct FakeCounts {
  long contexts;  ///< primary contexts that someone holds
  long blocks;
  long block_bytes;
  long host_blocks;
  long streams;
  long events;
  long graphs;
  long execs;
  long modules;
  // Calls.
  long allocations;  ///< cuMemAlloc and cuMemHostAlloc
  long made;         ///< streams, events, graphs, modules
  long graph_launches;
  long kernels;        ///< launched outside of graphs
  long copies;         ///< done outside of graphs
  long waits;          ///< cuStreamSynchronize and cuEventSynchronize
  long graph_kernels;  ///< done by graph launches
};
FakeCounts fake_counts();

/// The `nth` next call (1: the very next) of the driver's function `name` gives `result`; with `sticky`, from then on
/// all calls that need the device's context do, until nobody holds it any more or it is reset. One at a time.
void fake_fail(const char* name, long nth, int result, bool sticky);
/// Takes it back; true when it has not come yet.
bool fake_clear();
/// Calls of functions that can fail so far, of all names.
long fake_calls();
/// The `nth` next call of any function that can fail gives `result`.
void fake_fail_any(long nth, int result, bool sticky);

/// From now on nobody gets a context, but this error (0: they do).
void fake_refuse_contexts(int result);

/// Called with `argument` whenever a graph is launched, before it is; null: nothing is called.
void fake_on_launch(void (*function)(void*), void* argument);

/// Kernels whose names begin with `prefix` do something: whenever one runs, `function` gets its first `count`
/// parameters, which are addresses. One at a time; null: they do nothing, as all others.
void fake_on_kernel(const char* prefix, int count, void (*function)(void* const*));

/// Of the graph that was instantiated last: nodes, edges, and the longest chain.
struct FakeGraph {
  long nodes;
  long edges;
  long depth;
};
FakeGraph fake_last_graph();

/// The ordinal of the device on which the last kernel was launched, in a graph or not; -1 before.
int fake_last_device();
}
