/// Blocks of known networks through the whole pipeline: how many nodes do the work.
#include "interpret.h"

#include <map>
#include <sstream>

namespace bolide {
namespace {

struct Counts {
  std::map<std::string, int> ops;
  std::string text;
  int of(const std::string& op) const { return ops.contains(op) ? ops.at(op) : 0; }
  int total() const {
    int sum = 0;
    for (const auto& [op, count] : ops) sum += count;
    return sum;
  }
};

Counts counted(const std::string& before) {
  Counts out;
  out.text = testing::after_pipeline(before, {.tolerance = 1e-5});
  std::istringstream lines(out.text);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t equals = line.find(" = ");
    const std::size_t open = line.find('(', equals);
    if (equals == std::string::npos || open == std::string::npos || line.compare(equals, 8, " = const") == 0) continue;
    ++out.ops[line.substr(equals + 3, open - equals - 3)];
  }
  return out;
}

/// `name = const f32[dims]{...}` with numbers that differ.
std::string weights(const std::string& name, const Dims& dims) {
  std::int64_t count = 1;
  for (const std::int64_t size : dims) count *= size;
  std::string out = strings::join(name, " = const f32", dims, "{");
  for (std::int64_t i = 0; i < count; ++i)
    strings::append(out, strings::join(i == 0 ? "" : ",", static_cast<double>(i * 7 % 11 - 5) / 4.0));
  return out + "}\n";
}

std::string conv(const std::string& y, const std::string& x, std::int64_t in, std::int64_t out, int kernel,
                 const std::string& more = "") {
  const std::string pads = kernel == 3 ? " pads=[1,1,1,1]" : "";
  return weights(y + "_w", {out, in, kernel, kernel}) + weights(y + "_b", {out}) +
         strings::join(y, " = Conv(", x, ", ", y, "_w, ", y, "_b)", pads, more, "\n");
}

TEST(Blocks, AResNetBottleneckIsThreeNodes) {
  const Counts counts =
      counted("x = input f32[n,4,5,5]\n" + conv("a", "x", 4, 2, 1) + "ar = Relu(a)\n" + conv("b", "ar", 2, 2, 3) +
              "br = Relu(b)\n" + conv("c", "br", 2, 4, 1) + "s = Add(c, x)\ny = Relu(s)\nreturn y\n");
  EXPECT_EQ(counts.total(), 3) << counts.text;
  EXPECT_EQ(counts.of("Conv"), 3) << counts.text;
}

TEST(Blocks, ABottleneckWithAProjectionIsFourNodes) {
  const Counts counts =
      counted("x = input f32[n,3,5,5]\n" + conv("a", "x", 3, 2, 1) + "ar = Relu(a)\n" +
              conv("b", "ar", 2, 2, 3, " strides=[2,2]") + "br = Relu(b)\n" + conv("c", "br", 2, 4, 1) +
              conv("d", "x", 3, 4, 1, " strides=[2,2]") + "s = Add(c, d)\ny = Relu(s)\nreturn y\n");
  EXPECT_EQ(counts.total(), 4) << counts.text;
}

TEST(Blocks, AnInceptionBlockMergesItsPointwiseConvolutions) {
  const Counts counts = counted(
      "x = input f32[n,3,5,5]\n" + conv("a", "x", 3, 2, 1) + "ar = Relu(a)\n" + conv("b", "x", 3, 2, 1) +
      "br = Relu(b)\n" + conv("c", "br", 2, 3, 3) + "cr = Relu(c)\n" + conv("d", "x", 3, 1, 1) + "dr = Relu(d)\n" +
      conv("e", "dr", 1, 2, 3) + "er = Relu(e)\n" + "p = MaxPool(x) kernel=[3,3] pads=[1,1,1,1]\n" +
      conv("f", "p", 3, 2, 1) + "fr = Relu(f)\ny = Concat(ar, cr, er, fr) axis=1\nreturn y\n");
  EXPECT_EQ(counts.of("Conv"), 4) << counts.text;  // three of x as one, two 3x3, one behind the pooling
  EXPECT_EQ(counts.of("Split"), 1) << counts.text;
  EXPECT_EQ(counts.of("Relu"), 0) << counts.text;
}

TEST(Blocks, ADenseBlockJoinsEachTensorOnce) {
  const Counts counts = counted("x = input f32[n,2,5,5]\n" + conv("a", "x", 2, 2, 3) + "j1 = Concat(x, a) axis=1\n" +
                                conv("b", "j1", 4, 2, 3) + "j2 = Concat(x, a, b) axis=1\n" + conv("c", "j2", 6, 2, 3) +
                                "j3 = Concat(x, a, b, c) axis=1\n" + conv("d", "j3", 8, 2, 1) + "return d\n");
  EXPECT_EQ(counts.of("Concat"), 3) << counts.text;
  // Every join has two inputs, the first one the join before: all can lie in one buffer.
  EXPECT_NE(counts.text.find("j2 = Concat(j1, b)"), std::string::npos) << counts.text;
  EXPECT_NE(counts.text.find("j3 = Concat(j2, c)"), std::string::npos) << counts.text;
}

TEST(Blocks, AFuseLayerOfHrnetAddsInOnePlace) {
  // The high resolution: itself, and two lower ones brought up. The low one: the high ones brought down by
  // convolutions.
  const Counts counts =
      counted("x = input f32[n,2,8,8]\nz = input f32[n,3,4,4]\nk = const f32[4]{1,1,2,2}\n" + conv("zc", "z", 3, 2, 1) +
              "up = Resize(zc, _, k) coordinates=asymmetric nearest_mode=floor\ns = Add(x, up)\nhigh = Relu(s)\n" +
              conv("xd", "x", 2, 3, 3, " strides=[2,2]") + "t = Add(xd, z)\nlow = Relu(t)\nreturn high, low\n");
  EXPECT_EQ(counts.of("Conv"), 2) << counts.text;
  EXPECT_EQ(counts.of("Resize"), 1) << counts.text;
  EXPECT_EQ(counts.of("Elementwise"), 1) << counts.text;
  EXPECT_EQ(counts.total(), 4) << counts.text;
}

TEST(Blocks, AnInvertedResidualWithSqueezeAndExcitationHasNoLooseActivations) {
  const Counts counts =
      counted("x = input f32[n,2,4,4]\n" + conv("a", "x", 2, 4, 1) + "as = Sigmoid(a)\nav = Mul(a, as)\n" +
              weights("dw", {4, 1, 3, 3}) + "b = Conv(av, dw) groups=4 pads=[1,1,1,1]\nbs = Sigmoid(b)\n" +
              "bv = Mul(b, bs)\np = AveragePool(bv) kernel=[4,4]\n" + conv("q", "p", 4, 1, 1) +
              "qs = Sigmoid(q)\nqv = Mul(q, qs)\n" + conv("r", "qv", 1, 4, 1) + "rs = Sigmoid(r)\nm = Mul(bv, rs)\n" +
              conv("c", "m", 4, 2, 1) + "y = Add(c, x)\nreturn y\n");
  EXPECT_EQ(counts.of("Conv"), 5) << counts.text;
  EXPECT_EQ(counts.total(), 7) << counts.text;  // and the pooling, and the product with the gate
}

}  // namespace
}  // namespace bolide
