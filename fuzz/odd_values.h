/// What mutations write into models.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <string_view>

namespace bolide::onnx {

inline constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();
inline constexpr std::int64_t kSmallest = std::numeric_limits<std::int64_t>::min();
inline constexpr std::array<std::int64_t, 26> kNumbers = {0,
                                                          -1,
                                                          1,
                                                          2,
                                                          3,
                                                          4,
                                                          5,
                                                          7,
                                                          8,
                                                          16,
                                                          64,
                                                          1000,
                                                          -2,
                                                          -3,
                                                          -100,
                                                          65536,
                                                          1 << 24,
                                                          2147483647,
                                                          2147483648,
                                                          -2147483648,
                                                          4294967296,
                                                          std::int64_t{1} << 40,
                                                          std::int64_t{1} << 62,
                                                          kLargest,
                                                          kLargest - 1,
                                                          kSmallest};
inline constexpr std::array<float, 14> kReals = {0.0F,
                                                 -0.0F,
                                                 1.0F,
                                                 -1.0F,
                                                 0.5F,
                                                 2.0F,
                                                 1e-30F,
                                                 1e9F,
                                                 -1e9F,
                                                 3e38F,
                                                 1e-45F,
                                                 0.99999F,
                                                 std::numeric_limits<float>::infinity(),
                                                 std::numeric_limits<float>::quiet_NaN()};
inline constexpr std::array<std::string_view, 24> kTexts = {
    "",        "SAME_UPPER", "SAME_LOWER",    "VALID",    "NOTSET", "linear",    "nearest",      "cubic",
    "reflect", "edge",       "wrap",          "constant", "max",    "add",       "mul",          "min",
    "forward", "reverse",    "bidirectional", "Tanh",     "Relu",   "ij,jk->ik", "...ij->...ji", "half_pixel"};
inline constexpr std::array<std::string_view, 30> kAttributes = {"axis",
                                                                 "axes",
                                                                 "keepdims",
                                                                 "kernel_shape",
                                                                 "pads",
                                                                 "strides",
                                                                 "dilations",
                                                                 "group",
                                                                 "auto_pad",
                                                                 "mode",
                                                                 "to",
                                                                 "perm",
                                                                 "alpha",
                                                                 "beta",
                                                                 "blocksize",
                                                                 "ceil_mode",
                                                                 "count_include_pad",
                                                                 "epsilon",
                                                                 "equation",
                                                                 "num_outputs",
                                                                 "layout",
                                                                 "direction",
                                                                 "hidden_size",
                                                                 "num_heads",
                                                                 "kv_num_heads",
                                                                 "split",
                                                                 "value",
                                                                 "seed",
                                                                 "output_shape",
                                                                 "noop_with_empty_axes"};

}  // namespace bolide::onnx
