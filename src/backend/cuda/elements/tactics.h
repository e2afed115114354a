/// Operators whose elements are computed one by one on CUDA.
#pragma once

#include "backend/tactic.h"

#include <span>

namespace bolide::cuda {

/// Pad of every mode.
std::span<const Tactic* const> pad_tactics();
/// GatherND.
std::span<const Tactic* const> gather_nd_tactics();
/// ScatterElements and ScatterND: the same bits every time, whatever repeats.
std::span<const Tactic* const> scatter_tactics();
/// CumSum, CumProd, LpNormalization, Hardmax: a thread goes along a line.
std::span<const Tactic* const> line_tactics();
/// Det, Inverse.
std::span<const Tactic* const> matrix_tactics();
/// DFT, STFT.
std::span<const Tactic* const> fourier_tactics();
/// TreeEnsemble with constant trees.
std::span<const Tactic* const> tree_tactics();
/// DeformConv.
std::span<const Tactic* const> deform_tactics();
/// NonMaxSuppression in slots.
std::span<const Tactic* const> box_selection_tactics();
/// TopK.
std::span<const Tactic* const> top_k_tactics();
/// DynamicQuantizeLinear.
std::span<const Tactic* const> dynamic_quantize_tactics();
/// RoiAlign, MaxRoiPool, Col2Im.
std::span<const Tactic* const> box_tactics();
/// OneHot, Trilu, EyeLike, ConstantOfShape, Range, ReverseSequence, BitCast.
std::span<const Tactic* const> fill_tactics();
/// GridSample.
std::span<const Tactic* const> sample_tactics();
/// LRN, LpPool, MaxPool with the places of the largest.
std::span<const Tactic* const> window_tactics();

}  // namespace bolide::cuda
