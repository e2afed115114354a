/// Kernels whose sizes stand in their text: what they take at run time is addresses only.
#pragma once

#include "backend/cuda/driver/cuda_device.h"
#include "backend/tactic.h"

namespace bolide::cuda {

/// An address that a launch passes.
struct AddressArg {
  /// kFault: `Fault* fault` of chain.cu, which may be null.
  enum class Kind : std::uint8_t { kInput, kOutput, kPacked, kWorkspace, kFault };
  Kind kind = Kind::kInput;
  int index = 0;            ///< of the problem's inputs or outputs
  std::int64_t offset = 0;  ///< bytes
};

/// One way to launch: the first whose alignment all addresses have is taken.
struct TextForm {
  std::string function;
  Launch launch;
  std::size_t alignment = 1;  ///< of every address, in bytes
};

struct TextLaunch {
  Program program;
  std::vector<TextForm> forms;  ///< widest first
  std::vector<AddressArg> args;
};

/// Launches one after the other. At most 64 addresses each.
class TextKernel final : public DeviceKernel {
 public:
  explicit TextKernel(std::vector<TextLaunch> launches, std::size_t workspace = 0)
      : launches_(std::move(launches)), workspace_(workspace) {}
  std::size_t workspace_bytes() const override { return workspace_; }
  Status load(Device& device) override;
  Status launch(DeviceStream& stream, const KernelBuffers& buffers) const override;
  std::span<const TextLaunch> launches() const { return launches_; }

 private:
  std::vector<TextLaunch> launches_;
  std::vector<std::vector<Function>> functions_;  // by launch and form
  std::size_t workspace_;
};

}  // namespace bolide::cuda
