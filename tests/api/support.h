/// Tensors and networks that several tests of the public interface use.
#pragma once

#include <bolide/bolide.h>

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <filesystem>

namespace bolide::testing {

inline HostTensor filled(Dims dims, float value) {
  HostTensor tensor = *HostTensor::make(DataType::kF32, std::move(dims));
  for (float& v : tensor.values<float>()) v = value;
  return tensor;
}

inline HostTensor of(Dims dims, const std::vector<float>& values) {
  HostTensor tensor = *HostTensor::make(DataType::kF32, std::move(dims));
  for (std::size_t i = 0; i < values.size(); ++i) tensor.values<float>()[i] = values[i];
  return tensor;
}

/// amplitude sin(phase + 1.37 i)
inline HostTensor wave(Dims dims, double phase, double amplitude = 0.25) {
  HostTensor tensor = *HostTensor::make(DataType::kF32, std::move(dims));
  for (float& v : tensor.values<float>()) v = static_cast<float>(amplitude * std::sin(phase += 1.37));
  return tensor;
}

/// Cost model only: no timing, so that tests are fast and always build the same engine.
inline BuilderConfig quick(int threads = 2) { return {.threads = threads, .effort = 0, .use_timing_cache = false}; }

/// conv 1->1 3x3 pad 1 of 0.3 with bias 0.2, [n,1,3,3] -> [n,9]
inline Network small_network() {
  Network network;
  TensorRef y = network.input("x", DataType::kF32, "[n,1,3,3]");
  y = network.conv(
      y, {.weights = filled({1, 1, 3, 3}, 0.3F), .bias = filled({1}, 0.2F), .pads = {1, 1, 1, 1}, .name = "conv"});
  y = network.reshape(y, {0, -1}, "flat");
  network.output(y, "y");
  return network;
}

/// A stem, two residual blocks, pooling and scores, in the manner of ResNet: [n,3,32,32] -> [n,10].
inline Network residual_network() {
  Network network;
  double phase = 0;
  const auto conv = [&](TensorRef x, std::int64_t in, std::int64_t out, std::int64_t k, std::int64_t stride,
                        const std::string& name) {
    TensorRef y = network.conv(x, {.weights = wave({out, in, k, k}, phase += 0.3),
                                   .strides = {stride, stride},
                                   .pads = {k / 2, k / 2, k / 2, k / 2},
                                   .name = name});
    return network.batch_norm(y, filled({out}, 0.8F), wave({out}, phase), wave({out}, phase + 1), filled({out}, 0.7F),
                              1e-5F, name + ".norm");
  };
  TensorRef x = network.input("image", DataType::kF32, "[n,3,32,32]");
  TensorRef y =
      network.relu(conv(x, 3, 16, 3, 2, "a_stem_convolution_with_a_long_name"), "a_stem_activation_with_a_long_name");
  y = network.max_pool(y, {.kernel = {3, 3}, .strides = {2, 2}, .pads = {1, 1, 1, 1}, .name = "pool"});
  for (int block = 0; block < 2; ++block) {
    const std::string name = "stage_of_the_network_block" + std::to_string(block);
    TensorRef z = network.relu(conv(y, 16, 16, 3, 1, name + ".first"), name + ".relu");
    z = conv(z, 16, 16, 3, 1, name + ".second");
    y = network.relu(network.add(z, y, name + ".sum"), name + ".out");
  }
  y = network.reshape(network.global_average_pool(y, "mean"), {0, 16}, "flat");
  y = network.fully_connected(y, wave({16, 10}, 5), wave({10}, 6), "scores_before");
  network.output(network.softmax(y, -1, "probabilities"), "scores");
  return network;
}

/// The bits of the only output for one input.
inline std::vector<std::uint32_t> bits(const Engine& engine, const HostTensor& input) {
  const auto results = infer(engine, {{engine.inputs()[0].name, input}});
  EXPECT_TRUE(results) << results.error().message;
  if (!results) return {};
  const auto values = results->begin()->second.values<std::uint32_t>();
  return {values.begin(), values.end()};
}

/// A path that is removed when the test ends.
class TemporaryPath {
 public:
  explicit TemporaryPath(const std::string& name)
      : path_(std::filesystem::temp_directory_path() / ("bolide_api_" + std::to_string(::getpid()) + "_" + name)) {}
  ~TemporaryPath() { std::filesystem::remove_all(path_); }
  TemporaryPath(const TemporaryPath&) = delete;
  TemporaryPath& operator=(const TemporaryPath&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace bolide::testing
