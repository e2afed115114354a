#include "support.h"

#include <limits>

namespace bolide {
namespace {

using testing::filled;
using testing::of;
using testing::small_network;
using testing::wave;

std::vector<float> evaluated(const Network& network, const HostTensor& x) {
  const auto results = network.evaluate({{"x", x}});
  EXPECT_TRUE(results) << results.error().message;
  if (!results) return {};
  const auto values = (*results)[0].values<float>();
  return {values.begin(), values.end()};
}

TEST(Network, SizesAreKnownBeforeAnythingIsBuilt) {
  Network network;
  const TensorRef x = network.input("x", DataType::kF32, "[batch,3,17,height]");
  const TensorRef y = network.conv(x, {.weights = filled({8, 3, 3, 3}, 1), .strides = {2, 2}, .name = "conv"});
  const TensorInfo info = network.info(y);
  EXPECT_EQ(info.name, "conv");
  EXPECT_EQ(info.shape, "[batch,8,8,(height+1)/2-1]");
  EXPECT_EQ(info.dims, (Dims{-1, 8, 8, -1}));
  const TensorRef pooled = network.global_average_pool(y);
  EXPECT_EQ(network.info(pooled).dims, (Dims{-1, 8, 1, 1}));
  ASSERT_TRUE(network.status()) << network.status().error().message;
}

TEST(Network, AConvolutionOfOnesGivesTheKnownSums) {
  const std::vector<float> sums = evaluated(small_network(), filled({1, 1, 3, 3}, 1));
  const std::vector<float> want = {1.4F, 2.0F, 1.4F, 2.0F, 2.9F, 2.0F, 1.4F, 2.0F, 1.4F};
  ASSERT_EQ(sums.size(), want.size());
  for (std::size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(sums[i], want[i], 1e-6) << i;
}

TEST(Network, ATransposedConvolutionOfOnesSpreadsThem) {
  Network network;
  const TensorRef x = network.input("x", DataType::kF32, "[1,1,2,2]");
  const TensorRef y =
      network.conv_transpose(x, {.weights = filled({1, 1, 2, 2}, 1), .bias = filled({1}, 0.5F), .name = "up"});
  network.output(y, "y");
  EXPECT_EQ(network.info(y).dims, (Dims{1, 1, 3, 3}));
  EXPECT_EQ(evaluated(network, filled({1, 1, 2, 2}, 1)),
            (std::vector<float>{1.5F, 2.5F, 1.5F, 2.5F, 4.5F, 2.5F, 1.5F, 2.5F, 1.5F}));
}

TEST(Network, TheFirstErrorNamesTheLayerAndTheSizesThatDisagree) {
  Network network;
  const TensorRef x = network.input("x", DataType::kF32, "[1,4,8,8]");
  const TensorRef wrong = network.conv(x, {.weights = filled({8, 3, 3, 3}, 1), .name = "stem"});
  EXPECT_FALSE(wrong);
  const TensorRef after = network.relu(wrong, "after");
  EXPECT_FALSE(after);
  network.output(after, "y");
  ASSERT_FALSE(network.status());
  const std::string message = network.status().error().message;
  EXPECT_NE(message.find("stem"), std::string::npos) << message;
  EXPECT_NE(message.find("4"), std::string::npos) << message;
  EXPECT_NE(message.find("3"), std::string::npos) << message;
  EXPECT_EQ(message.find("after"), std::string::npos) << message;
  const auto engine = Builder().build(std::move(network), testing::quick());
  ASSERT_FALSE(engine);
  EXPECT_EQ(engine.error().message, message);
}

TEST(Network, WrongArgumentsAreErrorsAndNeverACrash) {
  const auto message = [](const auto& write) {
    Network network;
    const TensorRef x = network.input("x", DataType::kF32, "[1,4,8,8]");
    write(network, x);
    EXPECT_FALSE(network.status());
    return network.status() ? std::string() : network.status().error().message;
  };
  EXPECT_NE(message([](Network& n, TensorRef x) { n.layer("NoSuchOperator", "", {x}); }).find("NoSuchOperator"),
            std::string::npos);
  EXPECT_NE(message([](Network& n, TensorRef x) { n.layer("LeakyRelu", "slope=1", {x}); }).find("slope"),
            std::string::npos);
  EXPECT_NE(message([](Network& n, TensorRef x) { n.layer("LeakyRelu", "alpha=", {x}, "leaky"); }).find("leaky"),
            std::string::npos);
  EXPECT_NE(message([](Network& n, TensorRef x) { n.softmax(x, 7, "soft"); }).find("soft"), std::string::npos);
  EXPECT_NE(message([](Network& n, TensorRef x) {
              n.transpose(x, {0, 0, 1, 2}, "turn");
            }).find("turn"),
            std::string::npos);
  EXPECT_NE(message([](Network& n, TensorRef x) { n.reshape(x, {5, -1}, "cut"); }).find("cut"), std::string::npos);
  EXPECT_NE(message([](Network& n, TensorRef x) {
              n.concat({x, TensorRef{}}, 1, "join");
            }).find("join"),
            std::string::npos);
  EXPECT_NE(message([](Network& n, TensorRef) { n.relu(TensorRef{}, "nothing"); }).find("nothing"), std::string::npos);
  EXPECT_NE(message([](Network& n, TensorRef) { n.relu(TensorRef{12345}, "far"); }).find("far"), std::string::npos);
  EXPECT_NE(message([](Network& n, TensorRef) { n.output(TensorRef{12345}, "far"); }).find("far"), std::string::npos);
  EXPECT_NE(message([](Network& n, TensorRef) { n.output(TensorRef{}, "none"); }).find("none"), std::string::npos);
  EXPECT_NE(message([](Network& n, TensorRef) { n.input("x", DataType::kF32, "[1]"); }).find("x"), std::string::npos);
  EXPECT_NE(message([](Network& n, TensorRef) { n.input("z", DataType::kF32, "[1,,"); }).find("z"), std::string::npos);
  EXPECT_NE(message([](Network& n, TensorRef x) {
              n.max_pool(x, {.kernel = {9, 9}, .name = "pool"});
            }).find("pool"),
            std::string::npos);
  EXPECT_NE(message([](Network& n, TensorRef x) {
              n.max_pool(x, {.kernel = {2, 2}, .strides = {0, 1}, .name = "pool"});
            }).find("pool"),
            std::string::npos);
}

TEST(Network, NumbersInAttributesKeepEveryBit) {
  Network network;
  const float low = -0.123456789F;
  const float high = 16777217.0F / 3;
  network.output(network.clip(network.input("x", DataType::kF32, "[3]"), low, high), "y");
  ASSERT_TRUE(network.status()) << network.status().error().message;
  const float infinity = std::numeric_limits<float>::infinity();
  const std::vector<float> y = evaluated(network, of({3}, {-infinity, 1, infinity}));
  EXPECT_EQ(y, (std::vector<float>{low, 1, high}));
}

TEST(Network, ClipTakesInfiniteBounds) {
  Network network;
  const float infinity = std::numeric_limits<float>::infinity();
  network.output(network.clip(network.input("x", DataType::kF32, "[2]"), 0, infinity), "y");
  ASSERT_TRUE(network.status()) << network.status().error().message;
  EXPECT_EQ(evaluated(network, of({2}, {-1, 1e30F})), (std::vector<float>{0, 1e30F}));
}

TEST(Network, AnyValueCanBeMarkedByNameAndNearNamesAreGiven) {
  Network network = small_network();
  ASSERT_TRUE(network.mark_output("conv"));
  ASSERT_EQ(network.outputs().size(), 2U);
  EXPECT_EQ(network.outputs()[1].name, "conv");
  ASSERT_TRUE(network.mark_output("conv"));  // once is enough
  EXPECT_EQ(network.outputs().size(), 2U);
  const Status wrong = network.mark_output("conv1");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, Code::kNotFound);
  EXPECT_NE(wrong.error().message.find("'conv'"), std::string::npos) << wrong.error().message;
}

TEST(Network, LayersReadBackAsTheyWereWritten) {
  const Network network = small_network();
  const std::vector<LayerInfo> layers = network.layer_list();
  ASSERT_GE(layers.size(), 2U);
  EXPECT_EQ(layers[0].name, "conv");
  EXPECT_EQ(layers[0].op, "Conv");
  EXPECT_NE(layers[0].attributes.find("pads=[1,1,1,1]"), std::string::npos) << layers[0].attributes;
  EXPECT_EQ(layers[0].inputs[0], "x");
  EXPECT_NE(network.text().find("Conv"), std::string::npos);
  EXPECT_NE(network.dot().find("[n,1,3,3]"), std::string::npos) << network.dot();
}

TEST(Network, ANetworkWithoutOutputIsRefused) {
  Network network;
  network.relu(network.input("x", DataType::kF32, "[2]"));
  const auto engine = Builder().build(std::move(network), testing::quick());
  ASSERT_FALSE(engine);
  EXPECT_EQ(engine.error().code, Code::kInvalidArgument);
  EXPECT_NE(engine.error().message.find("output"), std::string::npos);
}

TEST(Network, BytesThatAreNoModelAreRefused) {
  const std::string noise = "this is no model";
  const auto network = OnnxParser::parse_bytes(std::as_bytes(std::span(noise.data(), noise.size())), {});
  ASSERT_FALSE(network);
  EXPECT_EQ(network.error().code, Code::kBadFile);
  EXPECT_FALSE(OnnxParser::parse_bytes({}, {}));
  const auto missing = OnnxParser::parse_file("/no/such/file.onnx");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::kNotFound);
}

TEST(HostTensor, ImpossibleSizesAreErrors) {
  EXPECT_FALSE(HostTensor::make(DataType::kF32, {-1}));
  EXPECT_FALSE(HostTensor::make(DataType::kF32, {INT64_MAX, INT64_MAX}));
  const auto huge = HostTensor::make(DataType::kF64, {std::int64_t{1} << 45});
  ASSERT_FALSE(huge);
  EXPECT_EQ(huge.error().code, Code::kOutOfMemory) << huge.error().message;
  EXPECT_FALSE(HostTensor::borrow(DataType::kF32, {2}, nullptr));
  EXPECT_TRUE(HostTensor::borrow(DataType::kF32, {0}, nullptr));
}

}  // namespace
}  // namespace bolide
