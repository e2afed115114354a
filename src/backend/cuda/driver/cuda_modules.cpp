// Kernels of a device: compiled, loaded, kept while something uses them.
#include "backend/cuda/driver/cuda_device.h"
#include "backend/cuda/driver/kernel_image.h"

#include <algorithm>

namespace bolide::cuda {

Result<Function> CudaDevice::recorded_function(Loaded& loaded, const Program& program, const std::string& name) {
  if (loaded.code == nullptr && compiles_) {
    TRY(loaded.code, compile_cached(program, code_target(), cache_.get()));
  }
  if (loaded.code == nullptr && cache_ != nullptr) loaded.code = find_compiled(program, code_target(), *cache_);
  const auto [known, fresh] = loaded.recorded.try_emplace(name);
  RecordedFunction& recorded = known->second;
  if (fresh) {
    recorded.name = strings::join(program.name, ".", name);
    const auto facts = loaded.code != nullptr ? kernel_facts(*loaded.code) : std::map<std::string, KernelFacts>();
    if (const auto own = facts.find(name); own != facts.end()) {
      recorded.registers = own->second.registers;
      recorded.local_bytes = own->second.local_bytes;
      recorded.shared_bytes = own->second.shared_bytes;
    }
  }
  return Function{.handle = reinterpret_cast<FunctionHandle>(&recorded),
                  .registers = std::max(recorded.registers, 0),
                  .local_bytes = std::max(recorded.local_bytes, 0),
                  .shared_bytes = recorded.shared_bytes,
                  .max_threads = 1024};
}

std::vector<std::pair<std::string, Function>> CudaDevice::functions() {
  const std::lock_guard lock(mutex_);
  std::vector<std::pair<std::string, Function>> out;
  for (const auto& [key, loaded] : modules_) {
    for (const auto& [name, function] : loaded->functions) {
      out.emplace_back(strings::join(loaded->program, ".", name), function);
    }
  }
  return out;
}

void CudaDevice::sweep_modules() {
  if (api_ != nullptr && !recording_ && !lost_) {
    const Current current(*this);
    std::erase_if(modules_, [&](const auto& entry) {
      const std::shared_ptr<Loaded>& loaded = entry.second;
      if (loaded.use_count() > 1) return false;
      if (loaded->module != nullptr) api_->module_unload(loaded->module);
      return true;
    });
  }
  sweep_at_ = modules_.size() + kMostUnused;
}

Result<Function> CudaDevice::function(const Program& program, const std::string& name, std::size_t dynamic_shared) {
  std::string all;
  for (const std::string& option : program.options) strings::append(all, strings::join(option, "|"));
  all += program.text;
  std::shared_ptr<Loaded> loaded;
  {
    const std::lock_guard lock(mutex_);
    if (modules_.size() >= sweep_at_) sweep_modules();
    auto& entry = modules_[digest(all)];
    if (entry == nullptr) entry = std::make_shared<Loaded>();
    loaded = entry;
  }
  const std::lock_guard lock(loaded->mutex);
  loaded->program = program.name;
  if (recording_) return recorded_function(*loaded, program, name);
  if (api_ == nullptr) {
    if (loaded->code == nullptr) {
      TRY(loaded->code, compile(program, code_target()));
    }
    Function& function = loaded->functions[name];
    const auto facts = kernel_facts(*loaded->code);
    if (const auto own = facts.find(name); own != facts.end()) {
      function.registers = own->second.registers;
      function.local_bytes = own->second.local_bytes;
      function.shared_bytes = own->second.shared_bytes;
    }
    return function;
  }
  TRY_OK(alive());
  const Current current(*this);
  if (loaded->module == nullptr) {
    TRY(const CodePtr code, compile_cached(program, code_target(), cache_.get()));
    TRY_OK(check(api_->module_load(&loaded->module, code->data(), 0, nullptr, nullptr), "cuModuleLoadDataEx")
               .within(strings::join("kernel '", program.name, "'")));
  }
  Function& function = loaded->functions[name];
  if (function.handle == nullptr) {
    FunctionHandle handle = nullptr;
    TRY_OK(check(api_->module_function(&handle, loaded->module, name.c_str()), "cuModuleGetFunction")
               .within(strings::join("kernel '", program.name, "', function '", name, "'")));
    api_->function_get(&function.registers, kFunctionRegisters, handle);
    api_->function_get(&function.local_bytes, kFunctionLocalBytes, handle);
    api_->function_get(&function.shared_bytes, kFunctionSharedBytes, handle);
    api_->function_get(&function.max_threads, kFunctionMaxThreads, handle);
    function.handle = handle;
  }
  constexpr std::size_t kWithoutAsking = 48 << 10;
  if (dynamic_shared + static_cast<std::size_t>(function.shared_bytes) > kWithoutAsking) {
    int allowed = 0;
    api_->function_get(&allowed, kFunctionMaxDynamicShared, function.handle);
    if (static_cast<std::size_t>(allowed) < dynamic_shared) {
      TRY_OK(check(api_->function_set(function.handle, kFunctionMaxDynamicShared, static_cast<int>(dynamic_shared)),
                   strings::join("cuFuncSetAttribute of '", name, "' to ", dynamic_shared, " bytes of shared memory")));
    }
  }
  Function kept = function;
  kept.module = loaded;
  return kept;
}

}  // namespace bolide::cuda
