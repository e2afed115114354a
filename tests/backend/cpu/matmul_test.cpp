#include "ops/matmul.h"
#include "backend/cpu/tactic_harness.h"

namespace bolide::test {
namespace {

constexpr std::string_view kTiles = "cpu.matmul.f32.tiles";

Layout matrix(Dims dims, bool constant = false) { return {.dims = std::move(dims), .constant = constant}; }
/// The same matrix stored with its last two dims exchanged.
Layout transposed(Dims dims) { return {.dims = std::move(dims), .order = Order::kChannelsLast}; }
Case product(Layout a, Layout b) { return {.op = Op(MatMul{}), .inputs = {std::move(a), std::move(b)}}; }

TEST(MatMul, EqualsTheReferenceForSizesAroundTheTile) {
  for (const std::int64_t m : {1, 3, 4, 5, 6, 7, 13, 14, 15, 29}) {
    for (const std::int64_t n : {1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 65}) {
      expect_tactic(product(matrix({m, 11}), matrix({11, n}, n % 2 == 0)), kTiles);
      if (HasFailure()) return;
    }
  }
}

TEST(MatMul, BatchesBroadcast) {
  expect_tactic(product(matrix({2, 3, 5, 7}), matrix({3, 7, 9})), kTiles);
  expect_tactic(product(matrix({3, 5, 7}), matrix({2, 1, 7, 9}, true)), kTiles);
  expect_tactic(product(matrix({2, 1, 5, 7}), matrix({7, 9}, true)), kTiles);
  expect_tactic(product(matrix({5, 7}), matrix({4, 7, 9})), kTiles);
}

TEST(MatMul, VectorsAreMatricesWithoutADim) {
  expect_tactic(product(matrix({7}), matrix({7, 9})), kTiles);
  expect_tactic(product(matrix({2, 5, 7}), matrix({7}, true)), kTiles);
  expect_tactic(product(matrix({7}), matrix({7})), kTiles);
}

TEST(MatMul, OperandsWithAnyStrides) {
  expect_tactic(product(transposed({2, 7, 5}), matrix({2, 5, 9})), kTiles);  // dim 1 innermost: k is not contiguous
  expect_tactic(product(matrix({2, 35, 7}), transposed({2, 7, 33})), kTiles);
  Layout a = matrix({3, 15, 7});
  a.gap = 4;
  a.offset = 3;
  Layout b = matrix({3, 7, 40});
  b.gap = 2;
  b.repeated = {0};
  Case test = product(a, b);
  test.outputs = {{.gap = 7}};
  expect_tactic(test, kTiles);
}

TEST(MatMul, BiasAndEpilogue) {
  MatMul matmul;
  matmul.epilogue = *Expr::parse("t0=mul(x0,x1);add(t0,x2)", 3);
  Case test = product(matrix({2, 15, 7}), matrix({7, 35}, true));
  test.op = Op(matmul);
  test.inputs.push_back(matrix({35}));
  test.inputs.push_back(matrix({35}));
  test.inputs.push_back(matrix({2, 15, 35}));
  expect_tactic(test, kTiles);
  matmul.epilogue = *Expr::parse("max(x0,0)", 1);
  test.op = Op(matmul);
  test.inputs.resize(3);
  expect_tactic(test, kTiles);
}

TEST(MatMul, ManyThreadsCutTheSameResult) {
  Case test = product(matrix({1, 130}), matrix({130, 300}, true));
  test.threads = 4;
  expect_tactic(test, kTiles);
  test = product(matrix({3, 50, 13}), transposed({3, 13, 70}));
  test.threads = 4;
  expect_tactic(test, kTiles);
}

TEST(MatMul, WideNumbersKeepTheirOwnArithmetic) {
  for (const DataType type : {DataType::kF64, DataType::kI64, DataType::kU64, DataType::kI32, DataType::kU32}) {
    for (const std::int64_t n : {1, 7, 16, 31, 32, 33, 70}) {
      Layout a{.dims = {2, 3, 9, 5}, .dtype = type};
      Layout b{.dims = {3, 5, n}, .dtype = type};
      a.gap = 2;
      b.gap = n > 1 ? 3 : 0;
      Case test = product(a, b);
      test.op = Op(MatMul{.out = type});
      expect_tactic(test, "cpu.matmul.wide");
    }
  }
}

TEST(MatMul, WideNumbersOfManyTermsArePackedByParts) {
  for (const std::int64_t n : {16, 37}) {
    Case test = product({.dims = {21, 600}, .dtype = DataType::kI64}, {.dims = {600, n}, .dtype = DataType::kI64});
    test.op = Op(MatMul{.out = DataType::kI64});
    expect_tactic(test, "cpu.matmul.wide");
    test.inputs[0].dtype = test.inputs[1].dtype = DataType::kF64;
    test.op = Op(MatMul{.out = DataType::kF64});
    expect_tactic(test, "cpu.matmul.wide");
  }
}

TEST(MatMul, EmptySizes) {
  expect_tactic(product(matrix({0, 7}), matrix({7, 9})), kTiles);
  expect_tactic(product(matrix({5, 0}), matrix({0, 9})), kTiles);
}

Case integer_product(MatMul matmul, DataType a_type, Layout a, Layout b) {
  Case test = product(std::move(a), std::move(b));
  test.op = Op(std::move(matmul));
  test.inputs[0].dtype = a_type;
  test.inputs[0].fill = Fill::kFullRange;
  test.inputs[1].dtype = DataType::kI8;
  test.inputs[1].fill = Fill::kFullRange;
  return test;
}

TEST(MatMulI8, SumsAreExact) {
  constexpr std::string_view kI8 = "cpu.matmul.i8.tiles";
  for (const DataType type : {DataType::kU8, DataType::kI8}) {
    for (const std::int64_t k : {1, 3, 4, 7, 40}) {
      const MatMul matmul{.a_zero = type == DataType::kU8 ? 120 : -9, .out = DataType::kI32};
      expect_tactic(integer_product(matmul, type, matrix({2, 15, k}), matrix({k, 35}, true)), kI8);
      expect_tactic(integer_product(matmul, type, transposed({2, k, 15}), transposed({2, 15, 33})), kI8);
      Case test = integer_product(matmul, type, matrix({5, k}), matrix({3, k, 9}));
      test.inputs.push_back({.dims = {9}, .dtype = DataType::kI32});
      expect_tactic(test, kI8);
      if (HasFailure()) return;
    }
  }
}

TEST(MatMulI8, AnyZeroPointOfB) {
  const auto expect_exact = [](DataType type, std::int64_t zero, bool constant) {
    const MatMul matmul{.a_zero = 7, .b_zero = zero, .out = DataType::kI32};
    Case test = integer_product(matmul, DataType::kU8, matrix({2, 15, 9}), matrix({2, 9, 35}, constant));
    test.inputs[1].dtype = type;
    expect_tactic(test, "cpu.matmul.i8.tiles");
  };
  for (const bool constant : {false, true}) {
    for (const std::int64_t zero : {0, 1, 127, 128, 255}) expect_exact(DataType::kU8, zero, constant);
    for (const std::int64_t zero : {-128, -1, 1, 127}) expect_exact(DataType::kI8, zero, constant);
  }
}

TEST(MatMulI8, Requantises) {
  MatMul matmul{.a_zero = 3, .out = DataType::kI8};
  matmul.epilogue = *Expr::parse("t0=mul(x0,x1);t1=round(t0);sub(t1,4)", 2);
  Case test = integer_product(matmul, DataType::kU8, matrix({15, 7}), matrix({7, 35}, true));
  test.inputs.push_back({.dims = {35}, .dtype = DataType::kI32, .constant = true});
  test.inputs.push_back({.dims = {35}, .constant = true});
  expect_tactic(test, "cpu.matmul.i8.tiles");
}

TEST(MatMul, FloatsStayWithinTheBound) {
  Case test = product(matrix({17, 301}), matrix({301, 45}));
  for (Layout& input : test.inputs) input.fill = Fill::kNormal;
  test.rounding = 303;
  expect_tactic(test, kTiles);
}

}  // namespace
}  // namespace bolide::test
