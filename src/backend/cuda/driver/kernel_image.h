/// What machine code says of its kernels, read from the code itself: known without a device.
///
/// Source: the ELF object format, and the sections `.nv.info` and `.nv.shared.NAME` of NVIDIA's objects, whose
/// attributes 0x2f (registers of a function), 0x11 (bytes of its frame) and 0x12 (with those it calls) are what ptxas
/// prints with `-v`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>

namespace bolide::cuda {

struct KernelFacts {
  int registers = 0;
  int local_bytes = 0;   ///< a thread, in slow memory: arrays and spilled registers
  int shared_bytes = 0;  ///< of a block, without what a launch adds
};

/// By name of function. Empty for PTX and for bytes that are no such object; never reads beyond `code`.
std::map<std::string, KernelFacts> kernel_facts(std::span<const std::byte> code);

}  // namespace bolide::cuda
