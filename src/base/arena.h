/// Memory for tensors and scratch: one aligned block that one object owns.
#pragma once

#include <cstddef>
#include <span>

#include "base/error.h"

namespace bolide {

/// A block of bytes whose start is a multiple of 64. Contents are not initialised. Moves, does not copy.
///
/// Blocks of 2 MiB and more are mapped on their own, aligned to 2 MiB, with transparent huge pages asked for.
class AlignedBuffer {
 public:
  static constexpr std::size_t kAlignment = 64;

  /// Zero bytes give an empty buffer. Errors: OutOfMemory with the number of bytes.
  static Result<AlignedBuffer> allocate(std::size_t bytes);

  AlignedBuffer() = default;
  AlignedBuffer(AlignedBuffer&& other) noexcept;
  AlignedBuffer& operator=(AlignedBuffer&& other) noexcept;
  ~AlignedBuffer();

  std::byte* data() { return data_; }
  const std::byte* data() const { return data_; }
  std::size_t size() const { return size_; }
  std::span<std::byte> bytes() { return {data_, size_}; }
  std::span<const std::byte> bytes() const { return {data_, size_}; }

 private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t mapped_ = 0;  // bytes of the mapping; 0 when the block is from the heap
};

}  // namespace bolide
