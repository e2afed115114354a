/// Kernel text and the machine code that NVRTC makes of it, remembered on disk.
#pragma once

#include "backend/cuda/driver/nvrtc_api.h"
#include "base/hash.h"

#include <filesystem>

namespace bolide::cuda {

/// What a compilation depends on. The text includes no header: what it needs stands in it.
struct Program {
  std::string name;  ///< for messages: "softmax"
  std::string text;
  std::vector<std::string> options;  ///< "-DTILE=64"
};

/// What code is made for.
struct CodeTarget {
  int capability = 0;       ///< 90 is 9.0
  bool translated = false;  ///< as PTX, which the driver of a newer card translates
  /// Use instructions of this very capability (sm_90a): all from 9.0 on.
  bool own() const { return capability >= 90 && !translated; }
  std::string arch() const { return strings::join("sm_", capability, own() ? "a" : ""); }
};

/// The newest compute capability that NVRTC makes code for and that a card of `capability` runs. Errors: Unsupported
/// when it knows newer ones only.
Result<int> newest_known(const NvrtcApi& api, int capability);

/// Machine code (or PTX, where NVRTC is older than the card) as the driver loads it.
using CodePtr = std::shared_ptr<const std::vector<std::byte>>;

/// A folder of compiled programs named by what they depend on: text, options, target and compiler version. Many
/// processes may use one at a time; a damaged entry counts as absent. Beyond `max_bytes` the entries that were used
/// longest ago (to the hour) go, and so does what killed processes left. Any thread.
class KernelCache {
 public:
  explicit KernelCache(std::filesystem::path folder, std::int64_t max_bytes = std::int64_t{512} << 20)
      : folder_(std::move(folder)), max_bytes_(max_bytes) {}
  /// The code under the key; null when it is absent or damaged.
  CodePtr find(const Digest& key) const;
  /// Errors: what the file system says; the caller goes on without.
  Status store(const Digest& key, std::span<const std::byte> code) const;
  const std::filesystem::path& folder() const { return folder_; }

 private:
  void trim() const;
  std::filesystem::path folder_;
  std::int64_t max_bytes_;
};

/// Compiles without a GPU. Any thread, several at once. Errors: Internal with NVRTC's log when the text is wrong;
/// Unsupported when NVRTC does not know the capability.
Result<CodePtr> compile(const Program& program, const CodeTarget& target);
/// The same through a cache (null: none).
Result<CodePtr> compile_cached(const Program& program, const CodeTarget& target, const KernelCache* cache);
/// What the cache has of it; null where it has nothing, or NVRTC is not there.
CodePtr find_compiled(const Program& program, const CodeTarget& target, const KernelCache& cache);

}  // namespace bolide::cuda
