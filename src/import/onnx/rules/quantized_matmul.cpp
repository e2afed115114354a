// Matrix products with integer weights of com.microsoft. Passes find the integer forms of what is written in floats.
#include "import/onnx/rules/formula.h"
#include "import/onnx/rules/microsoft.h"
#include "import/onnx/rules/quantize.h"
#include "ops/arithmetic.h"
#include "ops/matmul.h"
#include "ops/quantize.h"
#include "ops/transpose.h"
#include "tensor/number.h"

#include <algorithm>

namespace bolide::onnx {
namespace {

/// x of codes as f32: one scale, or one a slice of the last axis.
ValueId real(Formula& f, Builder& build, ValueId x, ValueId scale, ValueId zero) {
  return f.take(dequantized(build, x, scale, zero, std::max<std::int64_t>(f.rank(x) - 1, 0)));
}

ValueId plus(Formula& f, ValueId y, ValueId bias) { return bias == kNoValue ? y : f.op(Add{}, {y, bias}); }

/// The zero point of all constant weights [k, n] of bytes; nothing where they are computed or columns differ.
std::optional<std::int64_t> common_zero(const OnnxNodeView& node, Builder& build, std::size_t weights,
                                        std::size_t zero) {
  const auto constant = [&](std::size_t i) {
    return node.has_input(i) ? build.value(node.in(i)).constant : std::shared_ptr<const Tensor>();
  };
  const std::shared_ptr<const Tensor> b = constant(weights);
  if (b == nullptr || b->dims().size() != 2 || !is_integer(b->dtype()) || bit_width(b->dtype()) != 8)
    return std::nullopt;
  if (!node.has_input(zero)) return 0;
  const std::shared_ptr<const Tensor> zeros = constant(zero);
  if (zeros == nullptr || zeros->count() == 0) return std::nullopt;
  const auto numbers = to_i64(*zeros);
  if (!numbers || !std::equal(numbers->begin() + 1, numbers->end(), numbers->begin())) return std::nullopt;
  return numbers->front();
}

struct BlockWeights {
  std::int64_t k = 0;
  std::int64_t n = 0;
  std::int64_t bits = 4;
  std::int64_t block = 0;
  std::int64_t blocks = 0;  ///< along k
};

Result<BlockWeights> block_weights(OnnxNodeView& node) {
  BlockWeights w{.k = node.integer("K", 0), .n = node.integer("N", 0), .bits = node.integer("bits", 4)};
  w.block = node.integer("block_size", 0);
  constexpr std::int64_t kMost = INT64_C(1) << 31;
  if (w.k < 1 || w.n < 1 || w.k > kMost || w.n > kMost || w.block < 16 || w.block > kMost) {
    return invalid_argument("attributes K ", w.k, ", N ", w.n, " and block_size ", w.block, " are no sizes");
  }
  if (w.bits != 2 && w.bits != 4 && w.bits != 8) {
    return unsupported("attribute 'bits' is ", w.bits, "; 2, 4 and 8 work");
  }
  w.blocks = (w.k + w.block - 1) / w.block;
  return w;
}

/// Input `index`, codes packed from the lowest bits of each byte on, as [N, codes]; rows are whole bytes.
/// Errors: Unsupported unless it is constant; BadFile for another size.
Result<ValueId> packed_codes(const OnnxNodeView& node, Builder& build, std::size_t index, const BlockWeights& w,
                             std::int64_t codes) {
  const std::shared_ptr<const Tensor> packed = node.has_input(index) ? build.value(node.in(index)).constant : nullptr;
  if (packed == nullptr || packed->dtype() != DataType::kU8) {
    return unsupported("input ", index, " must be a constant of u8");
  }
  const std::int64_t bytes = w.n * (codes * w.bits / 8);
  if (packed->count() != bytes) {
    return bad_file("input ", index, " holds ", packed->count(), " bytes, where ", bytes, " are expected");
  }
  const DataType type = w.bits == 2 ? DataType::kU2 : w.bits == 4 ? DataType::kU4 : DataType::kU8;
  return build.constant("codes", Tensor::borrow(type, {w.n, codes}, packed->data(), packed));
}

/// The zero point of every block where none is given: the middle of the codes.
Result<ValueId> middle_zeros(Builder& build, const BlockWeights& w) {
  const std::vector<std::int64_t> middle(static_cast<std::size_t>(w.n * w.blocks), INT64_C(1) << (w.bits - 1));
  const DataType type = w.bits == 2 ? DataType::kU2 : w.bits == 4 ? DataType::kU4 : DataType::kU8;
  TRY(Tensor zeros, cast(Tensor::of<std::int64_t>(middle, Dims{w.n, w.blocks}), type));
  return build.constant("zeros", std::move(zeros));
}

}  // namespace

/// MatMulIntegerToFloat of com.microsoft: inputs A, B, a_scale, b_scale, and optionally a_zero, b_zero and bias [n].
Result<Values> import_matmul_integer_to_float(OnnxNodeView& node, Builder& build) {
  Formula f(build);
  const ValueId a = real(f, build, node.in(0), node.in(2), node.in(4));
  const ValueId b = real(f, build, node.in(1), node.in(3), node.in(5));
  return f.result({plus(f, f.op(MatMul{}, {a, b}), node.in(6))});
}

/// DynamicQuantizeMatMul of com.microsoft: A is rounded to u8 by its own range; inputs A, B, b_scale, and optionally
/// b_zero and bias [n]. With one zero point of constant weights the product is that of integers: codes of A from 128
/// on, and for the difference from their zero point, which is computed, the sums of the columns of B.
Result<Values> import_dynamic_quantize_matmul(OnnxNodeView& node, Builder& build) {
  if (!node.has_input(0) || !node.has_input(1) || !node.has_input(2)) {
    return invalid_argument("inputs A, B and b_scale are needed");
  }
  Formula f(build);
  const Values codes = f.op(DynamicQuantizeLinear{}, {node.in(0)}, 3);
  if (const auto b_zero = common_zero(node, build, 1, 3); b_zero && f.rank(node.in(2)) < 2) {
    const ValueId product = f.op(MatMul{.a_zero = 128, .b_zero = *b_zero}, {codes[0], node.in(1)});
    const ValueId b = f.add(f.cast(node.in(1), DataType::kF32), -static_cast<double>(*b_zero));
    const ValueId shift = f.sub(f.number(DataType::kF32, 128), f.cast(codes[2], DataType::kF32));
    const ValueId sums = f.add(product, f.mul(f.reduce(ReduceKind::kSum, b, {0}), shift));
    return f.result({plus(f, f.mul(sums, f.mul(node.in(2), codes[1])), node.in(4))});
  }
  const ValueId a = real(f, build, codes[0], codes[1], codes[2]);
  const ValueId b = real(f, build, node.in(1), node.in(2), node.in(3));
  return f.result({plus(f, f.op(MatMul{}, {a, b}), node.in(4))});
}

/// MatMulNBits of com.microsoft: A [..., K] times the transpose of weights [N, K], whose codes are packed in blocks
/// along K with a scale and a zero point (default 2^(bits - 1)) each. Codes must be constant.
Result<Values> import_matmul_n_bits(OnnxNodeView& node, Builder& build) {
  node.ignore("accuracy_level");
  TRY(const BlockWeights w, block_weights(node));
  if (node.has_input(4)) return unsupported("input 4 (g_idx) reorders columns; export without it");
  if (node.integer("weight_prepacked", 0) != 0) return unsupported("weights packed for a device");
  if (!node.has_input(0) || !node.has_input(2)) return invalid_argument("inputs A, B and scales are needed");
  TRY(const ValueId codes, packed_codes(node, build, 1, w, w.blocks * w.block));
  Formula f(build);
  const ValueId scales = f.cast(f.reshape(node.in(2), {w.n, w.blocks}), DataType::kF32);
  Values parts = {codes, scales};
  const bool real_zeros = node.has_input(3) && node.dtype(3) != DataType::kU8;
  if (node.has_input(3) && !real_zeros) {
    const std::int64_t padded = (w.blocks * w.bits + 7) / 8 * 8 / w.bits;
    parts.push_back(f.slice(f.take(packed_codes(node, build, 3, w, padded)), 1, 0, w.blocks));
  } else if (!real_zeros) {
    parts.push_back(f.take(middle_zeros(build, w)));
  }
  ValueId weights = f.op(DequantizeLinear{.axis = 1, .block_size = w.block}, parts);
  if (real_zeros) {  // (code - zero) * scale, the zero being a real number
    const ValueId shift = f.op(Mul{}, {f.cast(f.reshape(node.in(3), {w.n, w.blocks}), DataType::kF32), scales});
    const ValueId blocks = f.reshape(weights, {w.n, w.blocks, w.block});
    weights = f.reshape(f.op(Sub{}, {blocks, f.unsqueeze(shift, {2})}), {w.n, w.blocks * w.block});
  }
  weights = f.transpose(f.slice(weights, 1, 0, w.k), {1, 0});
  const DataType out = node.dtype(0);
  const ValueId y = f.op(MatMul{.out = out}, {node.in(0), f.cast(weights, out)});
  return f.result({plus(f, y, node.in(5))});
}

}  // namespace bolide::onnx
