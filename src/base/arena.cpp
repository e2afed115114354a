#include "base/arena.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>
#include <limits>

namespace bolide {
namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;
constexpr std::size_t kMost = static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max()) - 2 * kHugePage;

std::size_t round_up(std::size_t value, std::size_t step) { return (value + step - 1) / step * step; }

/// `bytes` (a multiple of kHugePage) of fresh pages, aligned to kHugePage; nullptr when there is no room.
std::byte* map_pages(std::size_t bytes) {
  const std::size_t whole = bytes + kHugePage;  // room to align inside, trimmed below
  void* start = ::mmap(nullptr, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (start == MAP_FAILED) return nullptr;
  auto* const from = static_cast<std::byte*>(start);
  const std::size_t skip = (kHugePage - reinterpret_cast<std::uintptr_t>(start) % kHugePage) % kHugePage;
  if (skip > 0) ::munmap(from, skip);
  if (skip < kHugePage) ::munmap(from + skip + bytes, kHugePage - skip);
  ::madvise(from + skip, bytes, MADV_HUGEPAGE);  // advice: works without
  return from + skip;
}

}  // namespace

Result<AlignedBuffer> AlignedBuffer::allocate(std::size_t bytes) {
  AlignedBuffer buffer;
  if (bytes == 0) return Result<AlignedBuffer>(std::move(buffer));
  if (bytes <= kMost) {
    if (bytes >= kHugePage) {
      const std::size_t mapped = round_up(bytes, kHugePage);
      buffer.data_ = map_pages(mapped);
      buffer.mapped_ = mapped;
    } else {
      buffer.data_ = static_cast<std::byte*>(std::aligned_alloc(kAlignment, round_up(bytes, kAlignment)));
    }
  }
  if (buffer.data_ == nullptr) return out_of_memory("cannot allocate ", bytes, " bytes");
  buffer.size_ = bytes;
  return Result<AlignedBuffer>(std::move(buffer));
}

AlignedBuffer::AlignedBuffer(AlignedBuffer&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      mapped_(std::exchange(other.mapped_, 0)) {}

AlignedBuffer& AlignedBuffer::operator=(AlignedBuffer&& other) noexcept {
  AlignedBuffer moved(std::move(other));
  std::swap(data_, moved.data_);
  std::swap(size_, moved.size_);
  std::swap(mapped_, moved.mapped_);
  return *this;
}

AlignedBuffer::~AlignedBuffer() {
  if (data_ == nullptr) return;
  if (mapped_ > 0) {
    ::munmap(data_, mapped_);
  } else {
    std::free(data_);
  }
}

}  // namespace bolide
