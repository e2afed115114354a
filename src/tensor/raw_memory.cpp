#include "tensor/raw_memory.h"

#include <array>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <utility>

namespace bolide {
namespace {

constexpr std::size_t kAlignment = 64;

/// Blocks that were freed not long ago. A network that runs again and again asks for the same sizes; what the system
/// gives instead costs a page fault every 4 KiB. Of exactly the size that is asked for. Any thread.
class SpareBlocks {
 public:
  /// Never destroyed: tensors may outlive every static object.
  static SpareBlocks& shared() {
    static SpareBlocks* const blocks = new SpareBlocks();
    return *blocks;
  }
  /// Null when there is none of that size.
  void* take(std::size_t bytes) {
    if (!kept(bytes)) return nullptr;
    const std::lock_guard lock(guard_);
    for (Block& block : blocks_) {
      if (block.bytes == bytes) {
        block.bytes = 0;
        return std::exchange(block.data, nullptr);
      }
    }
    return nullptr;
  }
  /// Keeps the block in place of the one that has been here longest, or frees it.
  void give(void* data, std::size_t bytes) {
    if (kept(bytes)) {
      const std::lock_guard lock(guard_);
      Block& block = blocks_[next_];
      next_ = (next_ + 1) % blocks_.size();
      std::swap(block.data, data);
      block.bytes = bytes;
    }
    std::free(data);
  }

 private:
  struct Block {
    void* data = nullptr;
    std::size_t bytes = 0;
  };
  static bool kept(std::size_t bytes) { return bytes >= 128 << 10 && bytes <= 4 << 20; }

  std::mutex guard_;
  std::array<Block, 8> blocks_;  // at most 32 MiB
  std::size_t next_ = 0;
};

}  // namespace

std::shared_ptr<const void> allocate_bytes(std::size_t bytes, bool zero, std::byte*& start) {
  if (bytes > SIZE_MAX - kAlignment) return nullptr;
  const std::size_t size = bytes + kAlignment;
  void* raw = SpareBlocks::shared().take(size);
  if (raw == nullptr) {
    raw = zero ? std::calloc(size, 1) : std::malloc(size);  // a page costs nothing until it is written
  } else if (zero) {
    std::memset(raw, 0, size);
  }
  if (raw == nullptr) return nullptr;
  std::shared_ptr<const void> owner(raw,
                                    [size](const void* p) { SpareBlocks::shared().give(const_cast<void*>(p), size); });
  std::size_t space = size;
  start = static_cast<std::byte*>(std::align(kAlignment, bytes, raw, space));
  return owner;
}

Result<Tensor> raw_tensor(DataType type, Dims dims) {
  TRY(const std::int64_t count, element_count(dims));
  const bool plain = type != DataType::kString && !is_container(type) && bit_width(type) >= 8;  // no bits between
  if (!plain || count > INT64_C(1) << 40) return Tensor::allocate(type, std::move(dims));
  std::byte* start = nullptr;
  const std::size_t bytes = packed_bytes(type, count);
  std::shared_ptr<const void> owner = allocate_bytes(bytes, /*zero=*/false, start);
  if (!owner) return out_of_memory("no memory for ", bytes, " bytes of ", type, dims);
  return Tensor::borrow(type, std::move(dims), start, std::move(owner));
}

}  // namespace bolide
