/// One implementation able to run a family of problems: it accepts or says why not, packs weights once, and runs
/// ranges.
#pragma once

#include "backend/device.h"
#include "backend/problem.h"

#include <memory>
#include <span>
#include <string>

namespace bolide {

/// The facts of a device that decide what runs on it. Backends derive their own.
struct Target {
  std::string backend;      ///< "cpu", "cuda"
  std::string fingerprint;  ///< everything that can change a timing: model, ISA in use, cache sizes, library versions
  int threads = 1;
};

/// Accept, or reject with a reason in words.
struct Verdict {
  bool accepted = true;
  std::string reason;
};
inline Verdict accept() { return {}; }
template <class... Args>
Verdict reject(const Args&... args) {
  return {false, strings::join(args...)};
}

/// Half-open.
struct Range {
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

/// How the work of one phase may be cut: `rows` (batch x output rows, flattened) times `channels` (output channels or
/// another second axis). Chunk borders are multiples of the grains. Any cut gives the same bits.
struct Grid {
  std::int64_t rows = 1;
  std::int64_t channels = 1;
  std::int64_t row_grain = 1;
  std::int64_t channel_grain = 1;
};

/// What the kernel of a device found wrong in the data of its step: a value beyond what it counts. In memory that
/// both sides see; the device writes it, the host looks when the run is over.
struct KernelFault {
  /// kIndex: outside of [-size, size). kPicture: outside of [0, size). kLength: outside of [0, size].
  enum class Kind : std::int64_t { kNothing, kIndex, kPicture, kLength };
  Kind kind = Kind::kNothing;
  std::int64_t value = 0;
  std::int64_t size = 0;
};

/// Addresses for one run: element 0 of each operand of the problem (null where absent or packed away). All on the
/// device for kernels of a device with memory of its own.
struct KernelBuffers {
  const void* const* inputs = nullptr;
  void* const* outputs = nullptr;
  const std::byte* packed = nullptr;  ///< what pack() wrote, 64-byte aligned
  std::byte* workspace = nullptr;     ///< shared by all threads of the step, 64-byte aligned
  std::byte* scratch = nullptr;       ///< this thread's own, 64-byte aligned; host kernels only
  KernelFault* fault = nullptr;       ///< device kernels only; null: nobody asks
};

/// A tactic bound to one problem: immutable once it is loaded, shared by contexts and threads. Either a HostKernel or a
/// DeviceKernel.
class Kernel {
 public:
  virtual ~Kernel() = default;
  Kernel(const Kernel&) = delete;
  Kernel& operator=(const Kernel&) = delete;

  virtual bool on_device() const = 0;
  virtual std::size_t workspace_bytes() const { return 0; }

 protected:
  Kernel() = default;
};

/// Runs ranges on the threads of the host.
class HostKernel : public Kernel {
 public:
  bool on_device() const final { return false; }
  /// Phases run one after the other with a barrier between (e.g. pack an operand, then multiply).
  virtual int phases() const { return 1; }
  virtual Grid grid(int phase) const = 0;
  virtual std::size_t scratch_bytes() const { return 0; }
  /// Does the part of `phase` in rows x channels. Allocates nothing (the reference tactic excepted). Any thread.
  /// Errors: InvalidArgument when values in the data are wrong (an index out of range).
  virtual Status run(int phase, const KernelBuffers& buffers, Range rows, Range channels) const = 0;
};

/// Gives work to a device with memory of its own.
class DeviceKernel : public Kernel {
 public:
  bool on_device() const final { return true; }
  /// Compiles and loads what it launches. Before the first launch; several kernels may load at once, each on one
  /// thread. Errors: what the compiler or the driver says.
  virtual Status load(Device& device) = 0;
  /// Appends the work to the stream. Allocates nothing and waits for nothing, so that a stream can record it.
  virtual Status launch(DeviceStream& stream, const KernelBuffers& buffers) const = 0;
};
inline const HostKernel& host_kernel(const Kernel& kernel) { return static_cast<const HostKernel&>(kernel); }
inline const DeviceKernel& device_kernel(const Kernel& kernel) { return static_cast<const DeviceKernel&>(kernel); }

/// One implementation. The name is an identity: it goes into the timing cache and the engine file together with the
/// revision, which is raised when the numbers or the packed form may change. Stateless; any thread.
class Tactic {
 public:
  constexpr Tactic(std::string_view name, int revision) : name_(name), revision_(revision) {}
  Tactic(const Tactic&) = delete;
  Tactic& operator=(const Tactic&) = delete;

  std::string_view name() const { return name_; }
  /// Of a library's tactic: the version of the library, 0 where there is none.
  virtual int revision() const { return revision_; }

  virtual Verdict accepts(const Problem& problem, const Target& target) const = 0;
  /// Expected time in microseconds with target.threads threads; ranks candidates, the clock decides. Called only for
  /// accepted problems.
  virtual double estimate_us(const Problem& problem, const Target& target) const = 0;
  /// Bytes that pack() writes; 0 when nothing is packed.
  virtual std::size_t packed_bytes(const Problem&, const Target&) const { return 0; }
  /// Rearranges constant operands once, at load. Must depend on the constants, the operator and the tactic only (not on
  /// batch or image size), so that one packed form serves every shape; `pack_key` names any further dependence.
  virtual Status pack(const Problem&, const Target&, std::span<std::byte>) const { return {}; }
  virtual std::string pack_key(const Problem&, const Target&) const { return {}; }
  /// Which inputs are not read at run time because pack() took them in.
  virtual bool packs_input(const Problem&, int) const { return false; }
  virtual Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target& target) const = 0;
  /// True for the slow obvious form that reports must show.
  virtual bool is_reference() const { return false; }
  /// True for kernels of a library: timed for the chosen layouts only, and never chosen without a time.
  virtual bool is_library() const { return false; }

 protected:
  ~Tactic() = default;

 private:
  std::string_view name_;
  int revision_;
};

}  // namespace bolide
