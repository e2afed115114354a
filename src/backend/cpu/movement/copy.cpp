#include "backend/cpu/estimate.h"
#include "backend/cpu/movement/pieces.h"
#include "backend/cpu/movement/tactics.h"

namespace bolide::cpu {
namespace {

class CopyKernel final : public HostKernel {
 public:
  CopyKernel(std::vector<Piece> pieces, int element_bytes) : pieces_(std::move(pieces)), element_bytes_(element_bytes) {
    for (const Piece& piece : pieces_) units_ += piece.move.units();
  }

  Grid grid(int) const override { return {.rows = units_}; }

  Status run(int, const KernelBuffers& buffers, Range rows, Range) const override {
    alignas(16) static constexpr std::array<std::byte, 16> kZeros{};
    std::int64_t first = 0;  // unit of the piece
    for (const Piece& piece : pieces_) {
      const std::int64_t units = piece.move.units();
      const std::int64_t begin = std::max<std::int64_t>(0, rows.begin - first);
      const std::int64_t end = std::min(units, rows.end - first);
      if (begin < end) {
        const std::byte* from =
            piece.input == Piece::kZeros ? kZeros.data() : static_cast<const std::byte*>(buffers.inputs[piece.input]);
        auto* to = static_cast<std::byte*>(buffers.outputs[piece.output]);
        piece.move.run(to + piece.to * element_bytes_, from + piece.from * element_bytes_, begin, end);
      }
      first += units;
    }
    return ok();
  }

 private:
  std::vector<Piece> pieces_;
  std::int64_t element_bytes_;
  std::int64_t units_ = 0;
};

/// Any elements of 8 to 128 bits, any strides. Bits are kept.
class CopyTactic final : public Tactic {
 public:
  constexpr CopyTactic() : Tactic("cpu.copy", 1) {}

  Verdict accepts(const Problem& problem, const Target&) const override {
    const Result<std::vector<Piece>> pieces = pieces_of(problem);
    return pieces ? accept() : reject(pieces.error().message);
  }
  double estimate_us(const Problem& problem, const Target& target) const override {
    double bytes = 0;
    double core_us = 0;
    if (const Result<std::vector<Piece>> pieces = pieces_of(problem); pieces) {
      for (const Piece& piece : *pieces) {
        bytes += 2 * static_cast<double>(piece.move.bytes());
        if (piece.move.scattered()) core_us += static_cast<double>(piece.move.bytes()) / 20e3;
      }
    }
    return cpu::estimate_us(cpu_target(target), bytes, core_us);
  }
  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target&) const override {
    TRY(std::vector<Piece> pieces, pieces_of(problem));
    return std::unique_ptr<Kernel>(
        std::make_unique<CopyKernel>(std::move(pieces), bit_width(problem.outputs[0].dtype) / 8));
  }
};

constexpr CopyTactic kTactic;

}  // namespace

std::span<const Tactic* const> copy_tactics() {
  static constexpr std::array<const Tactic*, 1> kTactics = {&kTactic};
  return kTactics;
}

}  // namespace bolide::cpu
