/// ResNet-50 through the layer API, with seeded random weights.
#pragma once

#include <bolide/network.h>

namespace bolide::demo {

/// Input `image` f32[batch,3,224,224], output `scores` f32[batch,1000]. Every convolution is followed by a batch
/// normalisation, as it was trained; statistics are chosen so that activations keep a sane range.
/// Source: He et al., "Deep Residual Learning for Image Recognition", with the stride in the 3x3 convolution (v1.5).
Network make_resnet50(std::uint64_t seed);

}  // namespace bolide::demo
