#include "cli/demo/resnet.h"

#include <cmath>
#include <random>
#include <string>

namespace bolide::demo {
namespace {

class Builder {
 public:
  explicit Builder(std::uint64_t seed) : random_(static_cast<std::mt19937::result_type>(seed)) {}

  Network finish() {
    TensorRef x = network_.input("image", DataType::kF32, "[batch,3,224,224]");
    x = network_.relu(conv_norm(x, 3, 64, 7, 2, "stem"), "stem.relu");
    x = network_.max_pool(x, {.kernel = {3, 3}, .strides = {2, 2}, .pads = {1, 1, 1, 1}, .name = "stem.pool"});
    std::int64_t channels = 64;
    constexpr int kBlocks[] = {3, 4, 6, 3};
    for (int stage = 0; stage < 4; ++stage) {
      const std::int64_t width = std::int64_t{64} << stage;
      for (int block = 0; block < kBlocks[stage]; ++block) {
        const std::string name = "layer" + std::to_string(stage + 1) + "." + std::to_string(block);
        x = bottleneck(x, channels, width, stage > 0 && block == 0 ? 2 : 1, name);
        channels = 4 * width;
      }
    }
    x = network_.reshape(network_.global_average_pool(x, "pool"), {0, channels}, "flatten");
    x = network_.fully_connected(x, normal({channels, 1000}, 1.0 / std::sqrt(static_cast<double>(channels))),
                                 filled({1000}, 0), "fc");
    network_.output(x, "scores");
    return std::move(network_);
  }

 private:
  HostTensor normal(Dims dims, double deviation) {
    std::normal_distribution<float> values(0.0F, static_cast<float>(deviation));
    HostTensor tensor = *HostTensor::make(DataType::kF32, std::move(dims));
    for (float& value : tensor.values<float>()) value = values(random_);
    return tensor;
  }

  static HostTensor filled(Dims dims, float value) {
    HostTensor tensor = *HostTensor::make(DataType::kF32, std::move(dims));
    for (float& element : tensor.values<float>()) element = value;
    return tensor;
  }

  TensorRef conv_norm(TensorRef x, std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride,
                      const std::string& name, float scale = 1.0F) {
    const std::int64_t pad = kernel / 2;
    const double fan_in = static_cast<double>(in * kernel * kernel);
    x = network_.conv(x, {.weights = normal({out, in, kernel, kernel}, std::sqrt(2.0 / fan_in)),
                          .bias = {},
                          .strides = {stride, stride},
                          .pads = {pad, pad, pad, pad},
                          .dilations = {},
                          .name = name});
    return network_.batch_norm(x, filled({out}, scale), filled({out}, 0), filled({out}, 0), filled({out}, 1), 1e-5F,
                               name + ".norm");
  }

  TensorRef bottleneck(TensorRef x, std::int64_t in, std::int64_t width, std::int64_t stride, const std::string& name) {
    TensorRef y = network_.relu(conv_norm(x, in, width, 1, 1, name + ".conv1"), name + ".relu1");
    y = network_.relu(conv_norm(y, width, width, 3, stride, name + ".conv2"), name + ".relu2");
    // A small last scale keeps the sum over sixteen blocks in range, as trained networks have it.
    y = conv_norm(y, width, 4 * width, 1, 1, name + ".conv3", 0.25F);
    if (stride != 1 || in != 4 * width) x = conv_norm(x, in, 4 * width, 1, stride, name + ".downsample");
    return network_.relu(network_.add(x, y, name + ".add"), name + ".relu");
  }

  Network network_;
  std::mt19937 random_;
};

}  // namespace

Network make_resnet50(std::uint64_t seed) { return Builder(seed).finish(); }

}  // namespace bolide::demo
