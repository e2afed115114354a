#include "backend/cuda/text/text_kernel.h"

namespace bolide::cuda {

Status TextKernel::load(Device& device) {
  functions_.clear();
  for (const TextLaunch& launch : launches_) {
    std::vector<Function> functions;
    for (const TextForm& form : launch.forms) {
      TRY(const Function function,
          static_cast<CudaDevice&>(device).function(launch.program, form.function, form.launch.shared_bytes));
      functions.push_back(function);
    }
    functions_.push_back(std::move(functions));
  }
  return {};
}

Status TextKernel::launch(DeviceStream& stream, const KernelBuffers& buffers) const {
  auto& cuda_stream = static_cast<CudaStream&>(stream);
  for (std::size_t l = 0; l < launches_.size(); ++l) {
    const TextLaunch& launch = launches_[l];
    std::array<const std::byte*, 64> addresses{};
    std::array<void*, 64> parameters{};
    std::uintptr_t all = 0;
    for (std::size_t a = 0; a < launch.args.size(); ++a) {
      const AddressArg& arg = launch.args[a];
      const std::byte* base = nullptr;
      switch (arg.kind) {
        case AddressArg::Kind::kInput: base = static_cast<const std::byte*>(buffers.inputs[arg.index]); break;
        case AddressArg::Kind::kOutput: base = static_cast<const std::byte*>(buffers.outputs[arg.index]); break;
        case AddressArg::Kind::kPacked: base = buffers.packed; break;
        case AddressArg::Kind::kWorkspace: base = buffers.workspace; break;
        case AddressArg::Kind::kFault: base = reinterpret_cast<const std::byte*>(buffers.fault); break;
      }
      addresses[a] = base + arg.offset;
      parameters[a] = &addresses[a];
      if (arg.kind != AddressArg::Kind::kFault) all |= reinterpret_cast<std::uintptr_t>(addresses[a]);
    }
    std::size_t form = 0;
    while (form + 1 < launch.forms.size() && all % launch.forms[form].alignment != 0) ++form;
    if (all % launch.forms[form].alignment != 0) {
      return internal_error("kernel '", launch.program.name, "' got an address that is not a multiple of ",
                            launch.forms[form].alignment);
    }
    TRY_OK(cuda_stream.launch(functions_[l][form], launch.forms[form].launch, parameters.data()));
  }
  return {};
}

}  // namespace bolide::cuda
