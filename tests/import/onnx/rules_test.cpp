// One node in, graph text out.
#include "import/onnx/rules.h"

#include "interpret.h"
#include "model_text.h"

namespace bolide::onnx {
namespace {

constexpr std::string_view kX = "x = input f32[2,3,4]\n";

std::string after(std::string_view head, const std::string& text) {
  return text.starts_with(head) ? text.substr(head.size()) : text;
}

TEST(Rules, AreFoundByTheNewestVersionThatIsNotBeyondTheModel) {
  EXPECT_EQ(find_rule("", "Reshape", 4)->since, 1);
  EXPECT_EQ(find_rule("", "Reshape", 5)->since, 5);
  EXPECT_EQ(find_rule("", "Reshape", 99)->since, 5);
  EXPECT_EQ(find_rule("", "Celu", 11), nullptr);
  EXPECT_EQ(find_rule("com.microsoft", "Reshape", 13), nullptr);
  EXPECT_EQ(find_rule("", "", 13), nullptr);
}

TEST(Rules, OfGemmWriteOnlyWhatTheAttributesAskFor) {
  const std::vector<OnnxTensor> weights = {floats("b", {3, 2}, {1, 2, 3, 4, 5, 6}), floats("c", {2}, {7, 8})};
  const std::vector<OnnxValueInfo> a = {f32("a", {"n", "3"})};
  EXPECT_EQ(import_node(13, node("Gemm", {"a", "b", "c"}, {"y"}), weights, a),
            "a = input f32[n,3]\nb = const f32[3,2]{1,2,3,4,5,6}\nc = const f32[2]{7,8}\n"
            "y = MatMul(a, b, c)\nreturn y\n");
  EXPECT_EQ(
      import_node(13, node("Gemm", {"a", "b", "c"}, {"y"}, {attr("alpha", 2.0F), attr("beta", 0.5F)}), weights, a),
      "a = input f32[n,3]\nb = const f32[3,2]{1,2,3,4,5,6}\ny/MatMul = MatMul(a, b)\n"
      "y/const = const f32[]{2}\ny/Mul = Mul(y/MatMul, y/const)\nc = const f32[2]{7,8}\n"
      "y/const.1 = const f32[]{0.5}\ny/Mul.1 = Mul(c, y/const.1)\ny = Add(y/Mul, y/Mul.1) name=\"y/Add\"\n"
      "return y\n");
  EXPECT_EQ(import_node(13, node("Gemm", {"a", "b"}, {"y"}, {attr("transB", 1)}), {floats("b", {1, 3}, {1, 2, 3})}, a),
            "a = input f32[n,3]\nb = const f32[1,3]{1,2,3}\ny/Transpose = Transpose(b) perm=[1,0]\n"
            "y = MatMul(a, y/Transpose) name=\"y/MatMul\"\nreturn y\n");
}

TEST(Rules, OfClipKnowBothForms) {
  EXPECT_EQ(after(kX, import_node(6, node("Clip", {"x"}, {"y"}, {attr("max", 6.0F)}))), "y = Clip(x) hi=6\nreturn y\n");
  EXPECT_EQ(after(kX, import_node(11, node("Clip", {"x", "", "hi"}, {"y"}), {floats("hi", {}, {6})})),
            "y = Clip(x) hi=6\nreturn y\n");
  EXPECT_EQ(import_node(12, node("Clip", {"x", "lo"}, {"y"}), {},
                        {value("x", DataType::kI32, {"2"}), value("lo", DataType::kI32, {})}),
            "x = input i32[2]\nlo = input i32[]\ny = Max(x, lo)\nreturn y\n");
}

TEST(Rules, OfSumMakeAChain) {
  EXPECT_EQ(import_node(13, node("Sum", {"a", "b", "a"}, {"y"}), {}, {f32("a", {"2"}), f32("b", {"2"})}),
            "a = input f32[2]\nb = input f32[2]\ny/Add = Add(a, b)\ny = Add(y/Add, a) name=\"y/Add.1\"\nreturn y\n");
  EXPECT_EQ(import_node(13, node("Max", {"x"}, {"y"})), std::string(kX) + "y = Identity(x)\nreturn y\n");
}

TEST(Rules, OfOldArithmeticPlaceTheSecondInputByItsAxis) {
  EXPECT_EQ(import_node(6, node("Add", {"x", "b"}, {"y"}, {attr("broadcast", 1), attr("axis", 1)}),
                        {floats("b", {3}, {1, 2, 3})}),
            std::string(kX) +
                "b = const f32[3]{1,2,3}\ny/Unsqueeze = Unsqueeze(b) axes=[1]\ny = Add(x, y/Unsqueeze) name=\"y/Add\"\n"
                "return y\n");
}

TEST(Rules, OfOldSoftmaxFlattenTheTrailingAxes) {
  EXPECT_EQ(after(kX, import_node(11, node("Softmax", {"x"}, {"y"}, {attr("axis", 2)}))),
            "y = Softmax(x) axis=2\nreturn y\n");
  EXPECT_EQ(
      after(kX, import_node(11, node("Softmax", {"x"}, {"y"}))),
      "y/sizes.1 = const i64[2]{0,-1}\ny/Reshape = Reshape(x, y/sizes.1)\ny/Softmax = Softmax(y/Reshape) axis=1\n"
      "y/sizes = const i64[3]{2,3,4}\ny = Reshape(y/Softmax, y/sizes) allowzero=true name=\"y/Reshape.1\"\nreturn y\n");
  EXPECT_EQ(after(kX, import_node(13, node("Softmax", {"x"}, {"y"}))), "y = Softmax(x)\nreturn y\n");
}

TEST(Rules, OfFlattenKeepNamedSizes) {
  EXPECT_EQ(import_node(13, node("Flatten", {"x"}, {"y"}), {}, {f32("x", {"n", "3", "4"})}),
            "x = input f32[n,3,4]\ny/sizes = const i64[2]{0,12}\ny = Reshape(x, y/sizes)\nreturn y\n");
  EXPECT_EQ(import_node(13, node("Flatten", {"x"}, {"y"}, {attr("axis", 2)}), {}, {f32("x", {"n", "3", "4"})}),
            "x = input f32[n,3,4]\ny/sizes = const i64[2]{-1,4}\ny = Reshape(x, y/sizes)\nreturn y\n");
}

TEST(Rules, OfSliceAndPadTakeAttributesOfOldFiles) {
  EXPECT_EQ(after(kX, import_node(9, node("Slice", {"x"}, {"y"},
                                          {attr("axes", Dims{1}), attr("starts", Dims{1}), attr("ends", Dims{9})}))),
            "y/starts = const i64[1]{1}\ny/ends = const i64[1]{9}\ny/axes = const i64[1]{1}\n"
            "y = Slice(x, y/starts, y/ends, y/axes)\nreturn y\n");
  EXPECT_EQ(
      after(kX, import_node(2, node("Pad", {"x"}, {"y"}, {attr("pads", Dims{0, 0, 1, 0, 0, 2}), attr("value", 5.0F)}))),
      "y/pads = const i64[6]{0,0,1,0,0,2}\ny/const = const f32[]{5}\ny = Pad(x, y/pads, y/const)\nreturn y\n");
}

TEST(Rules, OfAxesTakeAttributesAndInputs) {
  for (const std::int64_t opset : {11, 13}) {
    std::vector<OnnxAttribute> attributes;
    if (opset < 13) attributes = {attr("axes", Dims{0})};
    std::vector<std::string_view> inputs = {"x"};
    if (opset >= 13) inputs.push_back("axes");
    EXPECT_EQ(after(kX, import_node(opset, node("Unsqueeze", inputs, {"y"}, attributes), {ints("axes", {1}, {0})})),
              "y = Unsqueeze(x) axes=[0]\nreturn y\n");
    EXPECT_EQ(after(kX, import_node(opset, node("ReduceSum", inputs, {"y"}, attributes), {ints("axes", {1}, {0})})),
              "y = Reduce(x) axes=[0]\nreturn y\n");
  }
  EXPECT_EQ(after(kX, import_node(18, node("ReduceMax", {"x"}, {"y"}, {attr("keepdims", 0)}))),
            "y = Reduce(x) kind=max keepdims=false\nreturn y\n");
}

TEST(Rules, OfAxesKeepAnInputThatIsComputed) {
  OnnxValueInfo axes = f32("axes", {"1"});
  axes.type.elem_type = 7;  // int64
  const std::vector<OnnxValueInfo> inputs = {f32("x", {"2", "3", "4"}), axes};
  const std::string before = std::string(kX) + "axes = input i64[1]\n";
  EXPECT_EQ(after(before, import_node(18, node("ReduceMax", {"x", "axes"}, {"y"}), {}, inputs)),
            "y = Reduce(x, axes) kind=max\nreturn y\n");
  EXPECT_EQ(after(before, import_node(13, node("Squeeze", {"x", "axes"}, {"y"}), {}, inputs)),
            "y = Squeeze(x, axes)\nreturn y\n");
}

TEST(Rules, OfSqueezeWithoutAxesKeepNamedSizes) {
  const std::vector<OnnxValueInfo> inputs = {f32("x", {"n", "1", "3"})};
  EXPECT_EQ(import_node(13, node("Squeeze", {"x"}, {"y"}), {}, inputs),
            "x = input f32[n,1,3]\ny = Squeeze(x) axes=[1]\nreturn y\n");
}

TEST(Rules, OfSplitKnowAllThreeForms) {
  const std::string two = "y, z = Split(x) axis=1 sizes=[1,2]\nreturn y, z\n";
  EXPECT_EQ(after(kX, import_node(11, node("Split", {"x"}, {"y", "z"}, {attr("axis", 1), attr("split", Dims{1, 2})}))),
            two);
  EXPECT_EQ(
      after(kX, import_node(13, node("Split", {"x", "s"}, {"y", "z"}, {attr("axis", 1)}), {ints("s", {2}, {1, 2})})),
      two);
  EXPECT_EQ(after(kX, import_node(18, node("Split", {"x"}, {"y", "z"}, {attr("axis", 1), attr("num_outputs", 2)}))),
            "y, z = Split(x) axis=1\nreturn y, z\n");
}

TEST(Rules, OfBatchNormalizationNormalizeByTheBatchInTraining) {
  const std::vector<OnnxTensor> statistics = {floats("s", {3}, {1, 1, 1})};
  const std::string text = import_node(
      14, node("BatchNormalization", {"x", "s", "s", "s", "s"}, {"y"}, {attr("training_mode", 1)}), statistics);
  EXPECT_NE(text.find("Reduce(x) kind=mean axes=[0,2]\n"), std::string::npos) << text;
  EXPECT_EQ(import_node(9, node("BatchNormalization", {"x", "s", "s", "s", "s"}, {"y"}, {attr("momentum", 0.5F)}),
                        statistics),
            std::string(kX) + "s = const f32[3]{1,1,1}\ny = BatchNormalization(x, s, s, s, s)\nreturn y\n");
}

TEST(Rules, OfCastReadNamesInOldFiles) {
  EXPECT_EQ(after(kX, import_node(5, node("Cast", {"x"}, {"y"}, {attr("to", "INT32")}))),
            "y = Cast(x) to=i32\nreturn y\n");
  EXPECT_EQ(after(kX, import_node(13, node("Cast", {"x"}, {"y"}, {attr("to", 10)}))), "y = Cast(x) to=f16\nreturn y\n");
  EXPECT_EQ(after(kX, import_node(13, node("Cast", {"x"}, {"y"}, {attr("to", 99)}))),
            "the model cannot be imported: 1 problem\n"
            "  node 0 'y' (Cast, ai.onnx 13, output 'y'): attribute 'to': there is no dtype for the code 99\n");
}

TEST(Rules, OfUpsampleReadThePixelBefore) {
  EXPECT_EQ(after(kX, import_node(7, node("Upsample", {"x"}, {"y"}, {attr("scales", std::vector<float>{1, 2, 2})}))),
            "y/scales = const f32[3]{1,2,2}\ny = Resize(x, _, y/scales) coordinates=asymmetric nearest_mode=floor\n"
            "return y\n");
  EXPECT_EQ(after(kX, import_node(13, node("Resize", {"x", "none", "", "s"}, {"y"}, {attr("mode", "linear")}),
                                  {floats("none", {0}, {}), ints("s", {3}, {2, 6, 8})})),
            "s = const i64[3]{2,6,8}\ny = Resize(x, _, _, s) mode=linear\nreturn y\n");
}

TEST(Rules, OfQuantisedConvolutionDequantise) {
  const std::vector<OnnxTensor> parts = {
      floats("xs", {}, {0.5}),  codes("xz", 2, {}, {128}), codes("w", 3, {1, 1, 1}, {2}), floats("ws", {1}, {0.25}),
      codes("wz", 3, {1}, {0}), floats("ys", {}, {1}),     codes("yz", 2, {}, {3}),       codes("b", 6, {1}, {16})};
  EXPECT_EQ(import_node(10, node("QLinearConv", {"x", "xs", "xz", "w", "ws", "wz", "ys", "yz", "b"}, {"y"}), parts,
                        {value("x", DataType::kU8, {"1", "1", "4"})}),
            "x = input u8[1,1,4]\nxs = const f32[]{0.5}\nxz = const u8[]{128}\n"
            "y/DequantizeLinear = DequantizeLinear(x, xs, xz)\nw = const i8[1,1,1]{2}\nws = const f32[1]{0.25}\n"
            "wz = const i8[1]{0}\ny/DequantizeLinear.1 = DequantizeLinear(w, ws, wz) axis=0\nb = const i32[1]{16}\n"
            "y/scale = const f32[1]{0.125}\ny/DequantizeLinear.2 = DequantizeLinear(b, y/scale) axis=0\n"
            "y/Conv = Conv(y/DequantizeLinear, y/DequantizeLinear.1, y/DequantizeLinear.2)\nys = const f32[]{1}\n"
            "yz = const u8[]{3}\ny = QuantizeLinear(y/Conv, ys, yz) name=\"y/QuantizeLinear\"\nreturn y\n");
}

TEST(Rules, OfQuantisedProductsRepeatAZeroPointForAllColumns) {
  const std::vector<OnnxTensor> parts = {
      floats("as", {}, {0.5}), codes("az", 2, {}, {128}), codes("b", 3, {1, 2}, {2, 3}), floats("bs", {2}, {0.25, 0.5}),
      codes("bz", 3, {}, {1}), floats("ys", {}, {1}),     codes("yz", 2, {}, {3})};
  EXPECT_EQ(import_node(10, node("QLinearMatMul", {"a", "as", "az", "b", "bs", "bz", "ys", "yz"}, {"y"}), parts,
                        {value("a", DataType::kU8, {"1", "1"})}),
            "a = input u8[1,1]\nas = const f32[]{0.5}\naz = const u8[]{128}\n"
            "y/DequantizeLinear = DequantizeLinear(a, as, az) axis=0\nb = const i8[1,2]{2,3}\n"
            "bs = const f32[2]{0.25,0.5}\ny/Expand = const i8[2]{1,1}\n"
            "y/DequantizeLinear.1 = DequantizeLinear(b, bs, y/Expand)\n"
            "y/MatMul = MatMul(y/DequantizeLinear, y/DequantizeLinear.1)\nys = const f32[]{1}\nyz = const u8[]{3}\n"
            "y = QuantizeLinear(y/MatMul, ys, yz) name=\"y/QuantizeLinear\"\nreturn y\n");
}

TEST(Rules, OfConvTransposePadToTheWantedSize) {
  const auto pads = [](std::int64_t wanted, const char* auto_pad) {  // without padding the size is 11
    return after(
        std::string(kX) + "w = const f32[3,1,2]{1,2,3,4,5,6}\n",
        import_node(11,
                    node("ConvTranspose", {"x", "w"}, {"y"},
                         {attr("strides", Dims{3}), attr("output_shape", Dims{wanted}), attr("auto_pad", auto_pad)}),
                    {floats("w", {3, 1, 2}, {1, 2, 3, 4, 5, 6})}));
  };
  EXPECT_EQ(pads(8, "NOTSET"), "y = ConvTranspose(x, w) strides=[3] pads=[2,1]\nreturn y\n");
  EXPECT_EQ(pads(8, "SAME_UPPER"), "y = ConvTranspose(x, w) strides=[3] pads=[1,2]\nreturn y\n");
  EXPECT_EQ(pads(13, "NOTSET"), "y = ConvTranspose(x, w) strides=[3] pads=[0,-2]\nreturn y\n");
  EXPECT_EQ(pads(13, "SAME_UPPER"), "y = ConvTranspose(x, w) strides=[3] pads=[0,-2]\nreturn y\n");
}

/// y of a ConvTranspose with `output_shape` over 4 numbers; their count is a name for the importer, or 4.
Tensor to_wanted_size(const char* size, std::int64_t wanted, const char* auto_pad) {
  const OnnxModel one = model(
      11, {.nodes = {node("ConvTranspose", {"x", "w", "b"}, {"y"},
                          {attr("strides", Dims{3}), attr("output_shape", Dims{wanted}), attr("auto_pad", auto_pad)})},
           .initializers = {floats("w", {1, 1, 2}, {1, 10}), floats("b", {1}, {0.5})},
           .inputs = {f32("x", {"n", "1", size})},
           .outputs = {output("y")}});
  const Result<Graph> graph = imported(one);
  EXPECT_TRUE(graph) << graph.error().message;
  EXPECT_EQ(graph->value(graph->outputs()[0]).type.shape, (Shape{Dim("n"), Dim(1), Dim(wanted)}));
  const Result<Tensors> y =
      testing::interpret(*graph, Tensors{Tensor::of<float>(std::vector<float>{1, 2, 3, 4}, Dims{1, 1, 4})});
  EXPECT_TRUE(y) << y.error().message;
  return (*y)[0];
}

TEST(Rules, OfConvTransposeMeetTheWantedSizeOfANamedInput) {
  const auto numbers = [](const Tensor& y) { return *to_f64(y); };
  EXPECT_EQ(numbers(to_wanted_size("h", 8, "NOTSET")),
            (std::vector<double>{0.5, 2.5, 20.5, 0.5, 3.5, 30.5, 0.5, 4.5}));  // of 11 without the first 2 and the last
  for (const std::int64_t wanted : {8, 11, 13}) {
    for (const char* auto_pad : {"NOTSET", "SAME_UPPER"}) {
      EXPECT_EQ(numbers(to_wanted_size("h", wanted, auto_pad)), numbers(to_wanted_size("4", wanted, auto_pad)));
    }
  }
}

TEST(Rules, OfNumbersTakeIntegersThatFilesHaveInTheirPlace) {
  EXPECT_EQ(after(kX, import_node(13, node("LeakyRelu", {"x"}, {"y"}, {attr("alpha", 2)}))),
            after(kX, import_node(13, node("LeakyRelu", {"x"}, {"y"}, {attr("alpha", 2.0F)}))));
  EXPECT_NE(import_node(13, node("LeakyRelu", {"x"}, {"y"}, {attr("alpha", (1 << 24) + 1)})).find("where a number is"),
            std::string::npos);
}

TEST(Rules, OfMicrosoftsOperatorsAreTakenUnderTheNameOfOnnx) {
  EXPECT_EQ(import_node(13, node("FastGelu", {"x"}, {"y"})),
            std::string(kX) + "y = Gelu(x) approximate=tanh\nreturn y\n");
  EXPECT_NE(import_node(13, node("Attention", {"x"}, {"y"})).find("newer than its operator set"), std::string::npos);
}

TEST(Rules, OfLayerNormalizationBeforeOnnxHadItGiveTheScalesDtype) {
  const std::vector<OnnxValueInfo> x = {value("x", DataType::kF16, {"2", "4"})};
  const auto text = [&](std::int64_t opset) {
    return import_node(opset, node("LayerNormalization", {"x", "s"}, {"y"}), {floats("s", {1}, {2})}, x);
  };
  EXPECT_NE(text(12).find("y = Cast(y/LayerNormalization) name=\"y/Cast\"\n"), std::string::npos) << text(12);
}

TEST(Rules, OfAShortTimeFourierTransformTakeSignalsWithoutAThirdAxis) {
  EXPECT_EQ(import_node(17, node("STFT", {"x", "step", "", "length"}, {"y"}),
                        {ints("step", {}, {4}), ints("length", {}, {8})}, {f32("x", {"n", "16"})}),
            "x = input f32[n,16]\ny/Unsqueeze = Unsqueeze(x) axes=[2]\nstep = const i64[]{4}\n"
            "length = const i64[]{8}\ny = STFT(y/Unsqueeze, step, _, length) name=\"y/STFT\"\nreturn y\n");
}

TEST(Rules, OfIfLeaveOutResultsThatTheNodeDoesNotName) {
  const auto branch = [](const char* op) {
    return OnnxGraph{.nodes = {node(op, {"x"}, {"r"}), node("Abs", {"x"}, {"more"})},
                     .outputs = {output("r"), output("more")}};
  };
  const std::string text = import_node(
      13, node("If", {"c"}, {"y"}, {attr("then_branch", branch("Exp")), attr("else_branch", branch("Neg"))}), {},
      {value("c", DataType::kBool, {}), f32("x", {"2"})});
  EXPECT_NE(text.find("  r = Exp(x)\n  more = Abs(x)\n  return r\n}"), std::string::npos) << text;
  EXPECT_NE(text.find("  r = Neg(x)\n  more = Abs(x)\n  return r\n}"), std::string::npos) << text;
}

TEST(Rules, OfASqueezeUnderACondition) {
  const OnnxGraph yes = {.nodes = {node("Squeeze", {"x", "axes"}, {"r"})}, .outputs = {output("r")}};
  const OnnxGraph no = {.nodes = {node("Identity", {"x"}, {"r"})}, .outputs = {output("r")}};
  EXPECT_EQ(import_node(13, node("If", {"c"}, {"y"}, {attr("then_branch", yes), attr("else_branch", no)}),
                        {ints("axes", {1}, {1})}, {value("c", DataType::kBool, {}), f32("x", {"2", "n"})}),
            "c = input bool[]\nx = input f32[2,n]\ny = Squeeze(x) axes=[1] name=\"y/r\"\nreturn y\n");
}

TEST(Rules, OfConstantTakeEveryForm) {
  EXPECT_EQ(import_node(13, node("Constant", {}, {"y"}, {attr("value_ints", Dims{1, 2})})),
            std::string(kX) + "y = const i64[2]{1,2}\nreturn y\n");
  EXPECT_EQ(import_node(13, node("Constant", {}, {"y"}, {attr("value_float", 0.5F)})),
            std::string(kX) + "y = const f32[]{0.5}\nreturn y\n");
  EXPECT_EQ(import_node(13, node("Constant", {}, {"y"}, {attr("value_string", "a")})),
            std::string(kX) + "y = const string[]{\"a\"}\nreturn y\n");
  EXPECT_NE(import_node(13, node("Constant", {}, {"y"})).find("none of the attributes value"), std::string::npos);
}

TEST(Rules, OfIntegerProductsTakeAComputedZeroPointOutOfTheSums) {
  EXPECT_EQ(import_node(13, node("MatMulInteger", {"a", "b", "z"}, {"y"}), {codes("b", 3, {2, 2}, {1, 2, 3, 4})},
                        {value("a", DataType::kU8, {"n", "2"}), value("z", DataType::kU8, {})}),
            "a = input u8[n,2]\nz = input u8[]\nb = const i8[2,2]{1,2,3,4}\ny/MatMul = MatMul(a, b) out=i32\n"
            "y/Cast.1 = Cast(z) to=i32\ny/Reduce = const i32[1,2]{4,6}\ny/Mul = Mul(y/Reduce, y/Cast.1)\n"
            "y = Sub(y/MatMul, y/Mul) name=\"y/Sub\"\nreturn y\n");
}

}  // namespace
}  // namespace bolide::onnx
