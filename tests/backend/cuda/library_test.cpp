#include "backend/cuda/device_harness.h"
#include "backend/cuda/library/cublaslt_product.h"
#include "backend/cuda/library/cudnn_conv.h"
#include "backend/cuda/library/library_tactic.h"
#include "backend/cuda/library/operation_text.h"
#include "backend/cuda/library/tactics.h"
#include "ops/activation.h"
#include "ops/conv.h"
#include "ops/matmul.h"

#include <iterator>

namespace bolide::test {
namespace {

using cuda::Activation;

Layout image(Dims dims, DataType type, std::int64_t gap = 0) {
  return {.dims = std::move(dims), .dtype = type, .order = Order::kChannelsLast, .gap = gap};
}
Layout plain(Dims dims, DataType type) { return {.dims = std::move(dims), .dtype = type}; }
Layout constant(Dims dims, DataType type) { return {.dims = std::move(dims), .dtype = type, .constant = true}; }

/// act(x0 + x1 + ...)
Expr sum_then(int inputs, const Expr& activation) {
  Expr sum(inputs);
  for (int i = 1; i < inputs; ++i) sum.push(Fn::kAdd, sum.result(), Expr::in(i));
  std::vector<int> at;
  for (int i = 0; i < inputs; ++i) at.push_back(i);
  return activation.composed(0, sum, std::array{0}, at, inputs);
}

struct ConvCase {
  std::int64_t c = 64, o = 64, kernel = 3, stride = 1, pad = 1, groups = 1, dilation = 1;
  bool residual = false;
  std::int64_t x_gap = 0;
};

Case conv_case(const ConvCase& c, const Expr& activation, DataType type) {
  Conv op;
  op.strides = {c.stride, c.stride};
  op.pads = {c.pad, c.pad, c.pad, c.pad};
  op.dilations = {c.dilation, c.dilation};
  op.groups = c.groups;
  op.out = type;
  op.epilogue = sum_then(c.residual ? 2 : 1, activation);
  const std::int64_t out = (14 + 2 * c.pad - c.dilation * (c.kernel - 1) - 1) / c.stride + 1;
  Case test{.op = Op(op), .inputs = {}, .outputs = {image({}, type)}};
  test.inputs = {image({2, c.c, 14, 14}, type, c.x_gap), constant({c.o, c.c / c.groups, c.kernel, c.kernel}, type),
                 plain({c.o}, type)};
  if (c.residual) test.inputs.push_back(image({2, c.o, out, out}, type));
  return test;
}

Case product_case(Layout a, Layout b, std::vector<Layout> more, const Expr& epilogue, DataType type) {
  MatMul op;
  op.out = type;
  op.epilogue = epilogue;
  Case test{.op = Op(op), .inputs = {std::move(a), std::move(b)}, .outputs = {}};
  for (Layout& layout : more) test.inputs.push_back(std::move(layout));
  return test;
}

const Expr kIdentity;
const Expr kRelu = *Relu{}.expression();

CudaTarget planning_target() { return *make_cuda_target(90, true); }

Result<cuda::CudnnConv> asked_of_cudnn(const Case& test) {
  const PreparedCase prepared = prepare_case(test);
  return cuda::cudnn_conv(prepared.problem, planning_target());
}

Result<cuda::CublasLtShape> asked_of_cublaslt(const Case& test) {
  const PreparedCase prepared = prepare_case(test);
  TRY(const cuda::GemmView view, cuda::gemm_view(prepared.problem, planning_target(), false));
  return cuda::cublaslt_shape(prepared.problem, view);
}

TEST(CudnnQuestion, IsAConvolutionChannelsLastWithItsEpilogue) {
  const auto conv = asked_of_cudnn(conv_case({.c = 32, .o = 64, .stride = 2, .residual = true}, kRelu, DataType::kF16));
  ASSERT_TRUE(conv) << conv.error().message;
  EXPECT_EQ(conv->x, (cuda::CudnnConv::Sizes{2, 32, 14, 14}));
  EXPECT_EQ(conv->w, (cuda::CudnnConv::Sizes{64, 32, 3, 3}));
  EXPECT_EQ(conv->y, (cuda::CudnnConv::Sizes{2, 64, 7, 7}));
  EXPECT_EQ(conv->strides, (std::array<std::int64_t, 2>{2, 2}));
  EXPECT_EQ(conv->before, (std::array<std::int64_t, 2>{1, 1}));
  EXPECT_EQ(conv->type, cuda::CudnnType::kHalf);
  EXPECT_EQ(conv->bias_input, 2);
  EXPECT_EQ(conv->residual_input, 3);
  EXPECT_EQ(conv->form.activation, Activation::kRelu);
  EXPECT_FALSE(conv->form.rows_last);
}

TEST(LibraryOperation, IsToldInWords) {
  const auto told = [](std::span<const Tactic* const> tactics, const Case& test) {
    const PreparedCase prepared = prepare_case(test);
    return cuda::library_operation(*tactics[3], prepared.problem, planning_target());
  };
  const DataType f16 = DataType::kF16;
  EXPECT_EQ(told(cuda::cudnn_tactics(), conv_case({}, kIdentity, f16)), "cuDNN convolution + bias");
  EXPECT_EQ(told(cuda::cudnn_tactics(), conv_case({.residual = true}, kRelu, f16)),
            "cuDNN convolution + bias + residual, relu");
  EXPECT_EQ(told(cuda::cudnn_tactics(), conv_case({}, *Clip{.lo = 0, .hi = 6}.expression(), f16)),
            "cuDNN convolution + bias, relu up to 6");
  const auto product = [&](const Expr& epilogue) {
    return product_case(plain({64, 128}, f16), constant({128, 32}, f16), {plain({32}, f16)}, epilogue, f16);
  };
  EXPECT_EQ(told(cuda::cublaslt_tactics(), product(kRelu)), "cuBLASLt product + bias, relu");
}

TEST(CudnnQuestion, KnowsActivationsByTheirExpressions) {
  const std::pair<Expr, Activation> known[] = {
      {kIdentity, Activation::kNone},
      {kRelu, Activation::kRelu},
      {*Silu{}.expression(), Activation::kSilu},
      {*Sigmoid{}.expression(), Activation::kSigmoid},
      {*Tanh{}.expression(), Activation::kTanh},
      {*Gelu{}.expression(), Activation::kGelu},
      {*Gelu{.approximate = GeluForm::kTanh}.expression(), Activation::kGeluTanh},
  };
  for (const auto& [expr, activation] : known) {
    const auto conv = asked_of_cudnn(conv_case({.residual = true}, expr, DataType::kBF16));
    ASSERT_TRUE(conv) << text(expr) << ": " << conv.error().message;
    EXPECT_EQ(conv->form.activation, activation) << text(expr);
  }
  const auto relu6 = asked_of_cudnn(conv_case({}, *Clip{.lo = 0, .hi = 6}.expression(), DataType::kF16));
  ASSERT_TRUE(relu6) << relu6.error().message;
  EXPECT_EQ(relu6->form.activation, Activation::kRelu);
  EXPECT_EQ(relu6->form.upper, 6.0);
  Expr after = *Silu{}.expression();
  after = sum_then(2, kIdentity).composed(0, after, std::array{0, 1}, std::array{0}, 2);
  Case test = conv_case({.residual = true}, kIdentity, DataType::kF16);
  Conv op = *test.op.as<Conv>();
  op.epilogue = after;
  test.op = Op(op);
  const auto last = asked_of_cudnn(test);
  ASSERT_TRUE(last) << text(after) << ": " << last.error().message;
  EXPECT_EQ(last->form.activation, Activation::kSilu);
  EXPECT_TRUE(last->form.rows_last);
}

TEST(CudnnQuestion, IsNotAskedForWhatItsEnginesDoNotTake) {
  const auto why = [](const Case& test) {
    const auto conv = asked_of_cudnn(test);
    return conv ? std::string("accepted") : conv.error().message;
  };
  EXPECT_EQ(why(conv_case({.c = 18}, kRelu, DataType::kF16)),
            "18 and 64 channels of a group; needs multiples of 16 bytes");
  EXPECT_EQ(why(conv_case({.x_gap = 8}, kRelu, DataType::kF16)), "x is not channels-last without gaps");
  EXPECT_EQ(why(conv_case({}, *HardSwish{}.expression(), DataType::kF16)).substr(0, 14), "the activation");
  EXPECT_EQ(why(conv_case({.c = 64, .groups = 64}, kRelu, DataType::kF16)),
            "1 and 1 channels of a group; needs multiples of 16 bytes");
}

TEST(CublasLtQuestion, IsAProductOfRowsAtOneDistance) {
  const DataType f16 = DataType::kF16;
  const auto product =
      asked_of_cublaslt(product_case(plain({2, 50, 64}, f16), constant({64, 96}, f16),
                                     {plain({96}, f16), plain({2, 50, 96}, f16)}, sum_then(2, kRelu), f16));
  ASSERT_TRUE(product) << product.error().message;
  EXPECT_EQ(product->m, 100);
  EXPECT_EQ(product->n, 96);
  EXPECT_EQ(product->k, 64);
  EXPECT_EQ(product->batches, 1);
  EXPECT_EQ(product->epilogue, cuda::CublasLtEpilogue::kReluBias);
  EXPECT_TRUE(product->weights_transposed);
  EXPECT_EQ(product->c_distance, 96);
  const auto conv = asked_of_cublaslt(conv_case({.c = 64, .o = 96, .kernel = 1, .pad = 0, .x_gap = 8}, kIdentity, f16));
  ASSERT_TRUE(conv) << conv.error().message;
  EXPECT_EQ(conv->m, 2 * 14 * 14);
  EXPECT_EQ(conv->rows_distance, 72);
  EXPECT_EQ(conv->epilogue, cuda::CublasLtEpilogue::kBias);
  const auto batched =
      asked_of_cublaslt(product_case(plain({3, 4, 32, 64}, f16), plain({3, 4, 64, 40}, f16), {}, kIdentity, f16));
  ASSERT_TRUE(batched) << batched.error().message;
  EXPECT_EQ(batched->batches, 12);
  EXPECT_FALSE(batched->weights_transposed);
  EXPECT_EQ(batched->weights_batch, 64 * 40);
}

TEST(CublasLtQuestion, RefusesWhatItWouldRoundOtherwise) {
  const DataType f16 = DataType::kF16;
  const auto why = [&](const Expr& activation) {
    const auto shape = asked_of_cublaslt(
        product_case(plain({64, 64}, f16), constant({64, 64}, f16), {plain({64}, f16)}, activation, f16));
    return shape ? std::string("accepted") : shape.error().message;
  };
  EXPECT_EQ(why(*Gelu{}.expression()), "GELU by erf; cuBLASLt has the form by tanh");
  EXPECT_EQ(why(*Gelu{.approximate = GeluForm::kTanh}.expression()), "accepted");
  EXPECT_EQ(why(*Silu{}.expression()), "an activation that cuBLASLt has not");
  EXPECT_EQ(why(*Clip{.lo = 0, .hi = 6}.expression()), "an activation with an upper limit");
}

TEST(LibraryTactics, ArePlannedForADeviceOnlyAndNeverChosenUnmeasured) {
  const auto target = planning_target();
  const Case test = conv_case({.kernel = 1, .pad = 0}, kRelu, DataType::kF16);
  const PreparedCase prepared = prepare_case(test);
  for (const auto tactics : {cuda::cudnn_tactics(), cuda::cublaslt_tactics()}) {
    for (const Tactic* tactic : tactics) {
      EXPECT_TRUE(tactic->is_library()) << tactic->name();
      const Verdict verdict = tactic->accepts(prepared.problem, target);
      EXPECT_FALSE(verdict.accepted) << tactic->name();
      EXPECT_EQ(verdict.reason, "a plan without its device") << tactic->name();
      EXPECT_GT(tactic->estimate_us(prepared.problem, target), cuda::kUnmeasuredLibraryUs - 1) << tactic->name();
    }
  }
}

TEST(CudnnOnDevice, GivesTheReferencesNumbers) {
  BOLIDE_NEEDS_DEVICE(device);
  if (const auto api = cuda::cudnn_api(); !api) GTEST_SKIP() << "not run: " << api.error().message;
  const ConvCase cases[] = {
      {},
      {.residual = true},
      {.c = 64, .o = 128, .kernel = 1, .pad = 0, .residual = true},
      {.c = 32, .o = 64, .stride = 2},
      {.c = 64, .o = 64, .pad = 2, .dilation = 2},
  };
  for (const DataType type : {DataType::kF16, DataType::kBF16, DataType::kF32}) {
    std::ptrdiff_t ran = 0;
    for (const ConvCase& c : cases) {
      for (const Expr& activation : {kIdentity, kRelu, *Clip{.lo = 0, .hi = 6}.expression()})
        ran += std::ssize(run_on_device(conv_case(c, activation, type), device, true, "cuda.cudnn."));
    }
    EXPECT_GT(ran, 0) << name(type);
  }
}

TEST(CudnnOnDevice, ActivationsAreThoseOfTheOperators) {
  BOLIDE_NEEDS_DEVICE(device);
  if (const auto api = cuda::cudnn_api(); !api) GTEST_SKIP() << "not run: " << api.error().message;
  for (const Expr& activation : {*Silu{}.expression(), *Sigmoid{}.expression(), *Tanh{}.expression(),
                                 *Gelu{}.expression(), *Gelu{.approximate = GeluForm::kTanh}.expression()}) {
    Case test = conv_case({.residual = true}, activation, DataType::kF16);
    for (Layout& input : test.inputs) input.fill = Fill::kNormal;
    test.absolute = 2e-2;  // sums of 576 products in FP16's range, rounded to FP16
    SCOPED_TRACE(text(activation));
    EXPECT_GT(std::ssize(run_on_device(test, device, true, "cuda.cudnn.")), 0);
  }
}

TEST(CublasLtOnDevice, GivesTheReferencesNumbers) {
  BOLIDE_NEEDS_DEVICE(device);
  if (const auto api = cuda::cublaslt_api(); !api) GTEST_SKIP() << "not run: " << api.error().message;
  for (const DataType type : {DataType::kF16, DataType::kBF16, DataType::kF32}) {
    const auto ran = [&](const Case& test) {
      SCOPED_TRACE(strings::join(name(type), " ", text(test.op)));
      EXPECT_GT(std::ssize(run_on_device(test, device, true, "cuda.cublaslt.")), 0);
    };
    ran(product_case(plain({2, 50, 64}, type), constant({64, 96}, type), {plain({96}, type), plain({2, 50, 96}, type)},
                     sum_then(2, kRelu), type));
    ran(product_case(plain({64, 256}, type), constant({256, 1000}, type), {plain({1000}, type)}, kIdentity, type));
    ran(product_case(plain({40, 128}, type), constant({128, 64}, type), {}, kRelu, type));
    if (type != DataType::kF32)
      ran(product_case(plain({2, 3, 32, 64}, type), plain({2, 3, 64, 40}, type), {}, kIdentity, type));
    Layout swapped = plain({2, 64, 48}, type);
    swapped.order = Order::kChannelsLast;  // dim 1 innermost: [k, n] with neighbouring k
    ran(product_case(plain({2, 32, 64}, type), swapped, {}, kIdentity, type));
    ran(conv_case({.c = 64, .o = 96, .kernel = 1, .pad = 0, .residual = true}, kRelu, type));
    ran(conv_case({.c = 64, .o = 96, .kernel = 1, .pad = 0, .x_gap = 8}, kIdentity, type));
  }
}

TEST(CublasLtOnDevice, ItsGeluIsTheOneByTanh) {
  BOLIDE_NEEDS_DEVICE(device);
  if (const auto api = cuda::cublaslt_api(); !api) GTEST_SKIP() << "not run: " << api.error().message;
  Case test =
      product_case(plain({64, 64}, DataType::kF16), constant({64, 64}, DataType::kF16), {plain({64}, DataType::kF16)},
                   *Gelu{.approximate = GeluForm::kTanh}.expression(), DataType::kF16);
  for (Layout& input : test.inputs) input.fill = Fill::kNormal;
  test.absolute = 2e-2;
  EXPECT_GT(std::ssize(run_on_device(test, device, true, "cuda.cublaslt.")), 0);
}

}  // namespace
}  // namespace bolide::test
