#include "ops/sequence.h"

#include "ops/containers.h"
#include "ops/optional.h"
#include "run_op.h"

namespace bolide::testing {
namespace {

using Numbers = std::vector<double>;

const Tensor kOne = make({2}, {1, 2});
const Tensor kTwo = make({3}, {3, 4, 5});

Tensor pair_of(const Tensor& a, const Tensor& b) { return (*run(SequenceConstruct{}, {a, b}))[0]; }
Tensor index(std::int64_t at) { return Tensor::scalar(at); }

/// The numbers of all items, and the type of the whole.
std::string shown(const Result<Tensors>& result) {
  if (!result) return result.error().message;
  std::string out = text((*result)[0].type());
  for (const Tensor& item : (*result)[0].items()) strings::append(out, *to_i64(*cast(item, DataType::kI64)));
  return out;
}

TEST(SequenceConstruct, HoldsItsInputs) {
  EXPECT_EQ(shown(run(SequenceConstruct{}, {kOne, kOne})), "sequence[2]<f32[2]>[1,2][1,2]");
  EXPECT_EQ(shown(run(SequenceConstruct{}, {kOne, kTwo})), "sequence[2]<f32[size]>[1,2][3,4,5]");
  EXPECT_EQ(shown(run(SequenceConstruct{}, {kOne, make({}, {7})})), "sequence[2]<f32[*]>[1,2][7]");
  EXPECT_EQ(shown(run(SequenceConstruct{}, {kOne, make<std::int32_t>({1}, {7})})),
            "SequenceConstruct: the values are f32[2] and i32[1]");
}

TEST(SequenceInsert, PutsAValueBeforeAPosition) {
  const Tensor both = pair_of(kOne, kTwo);
  const Tensor more = make({1}, {9});
  EXPECT_EQ(shown(run(SequenceInsert{}, {both, more})), "sequence[3]<f32[size]>[1,2][3,4,5][9]");
  EXPECT_EQ(shown(run(SequenceInsert{}, {both, more, index(0)})), "sequence[3]<f32[size]>[9][1,2][3,4,5]");
  EXPECT_EQ(shown(run(SequenceInsert{}, {both, more, index(-1)})), "sequence[3]<f32[size]>[1,2][9][3,4,5]");
  EXPECT_EQ(shown(run(SequenceInsert{}, {both, more, index(3)})),
            "SequenceInsert: position [3] is outside of a sequence of 2");
}

TEST(SequenceInsert, GivesAnEmptySequenceItsElementType) {
  const Tensor empty = (*run(SequenceEmpty{}, {}))[0];
  EXPECT_EQ(text(empty.type()), "sequence[0]<f32[*]>");
  EXPECT_EQ(shown(run(SequenceInsert{}, {empty, kOne})), "sequence[1]<f32[2]>[1,2]");
}

TEST(SequenceErase, TakesAValueOut) {
  const Tensor both = pair_of(kOne, kTwo);
  EXPECT_EQ(shown(run(SequenceErase{}, {both})), "sequence[1]<f32[size]>[1,2]");
  EXPECT_EQ(shown(run(SequenceErase{}, {both, index(-2)})), "sequence[1]<f32[size]>[3,4,5]");
  EXPECT_EQ(shown(run(SequenceErase{}, {both, index(2)})), "SequenceErase: position 2 is outside of a sequence of 2");
}

TEST(SequenceAt, CountsFromBothEnds) {
  const Tensor both = pair_of(kOne, kTwo);
  EXPECT_EQ(numbers(run(SequenceAt{}, {both, index(1)})), (Numbers{3, 4, 5}));
  EXPECT_EQ(numbers(run(SequenceAt{}, {both, index(-2)})), (Numbers{1, 2}));
  EXPECT_EQ(error(run(SequenceAt{}, {both, index(2)})), "SequenceAt: position 2 is outside of a sequence of 2");
}

TEST(SequenceAt, AValueHasSizesOfItsOwn) {
  const TensorType sequence = sequence_type(type_of("f32[n,3]"), Dim("k"));
  const TensorType position = type_of("i64[]");
  const std::vector<InferContext::Input> inputs = {{&sequence}, {&position}};
  EXPECT_EQ(text((*Op(SequenceAt{}).infer(InferContext(inputs)))[0]), "f32[item,3]");
}

TEST(SequenceLength, CountsTheValues) {
  EXPECT_EQ(numbers(run(SequenceLength{}, {pair_of(kOne, kTwo)})), (Numbers{2}));
}

TEST(ConcatFromSequence, JoinsOrStacks) {
  EXPECT_EQ(numbers(run(ConcatFromSequence{.axis = 0}, {pair_of(kOne, kTwo)})), (Numbers{1, 2, 3, 4, 5}));
  const auto stacked = run(ConcatFromSequence{.axis = -1, .new_axis = true}, {pair_of(kOne, kOne)});
  EXPECT_EQ(dims(stacked), (Dims{2, 2}));
  EXPECT_EQ(numbers(stacked), (Numbers{1, 1, 2, 2}));
}

TEST(SplitToSequence, CutsEquallyOrBySizes) {
  EXPECT_EQ(shown(run(SplitToSequence{}, {kOne})), "sequence[2]<f32[1]>[1][2]");
  EXPECT_EQ(shown(run(SplitToSequence{.keepdims = false}, {kOne})), "sequence[2]<f32[]>[1][2]");
  EXPECT_EQ(shown(run(SplitToSequence{}, {kTwo, index(2)})), "sequence[2]<f32[piece]>[3,4][5]");
  EXPECT_EQ(shown(run(SplitToSequence{}, {kTwo, make<std::int64_t>({2}, {1, 2})})), "sequence[2]<f32[piece]>[3][4,5]");
  EXPECT_EQ(error(run(SplitToSequence{}, {kTwo, index(0)})), "SplitToSequence: pieces of size 0");
}

TEST(SequenceMap, RunsItsBodyOnEveryValue) {
  EvalContext context;
  context.run_subgraph = [](int, std::span<const Tensor> inputs) -> Result<Tensors> {
    return Tensors{make({1}, {inputs[0].span<float>()[0] + inputs[1].span<float>()[0]})};
  };
  context.subgraph_types = [](int) -> Result<TensorTypes> { return TensorTypes{type_of("f32[1]")}; };
  const Tensor both = pair_of(kOne, kTwo);
  const Tensor added = make({1}, {10});
  const Tensor* inputs[] = {&both, &added};
  EXPECT_EQ(shown(Op(SequenceMap{.mapped = 2}).evaluate(inputs, context)), "sequence[2]<f32[1]>[11][13]");
}

TEST(Optional, HoldsOneValueOrNone) {
  const Tensor some = (*run(MakeOptional{}, {kOne}))[0];
  const Tensor none = (*run(MakeOptional{.dtype = DataType::kI64, .sequence = true}, {}))[0];
  EXPECT_EQ(text(some.type()), "optional[1]<f32[2]>");
  EXPECT_EQ(text(none.type()), "optional[0]<sequence[size]<i64[*]>>");
  EXPECT_EQ(numbers(run(OptionalHasElement{}, {some})), (Numbers{1}));
  EXPECT_EQ(numbers(run(OptionalHasElement{}, {none})), (Numbers{0}));
  EXPECT_EQ(numbers(run(OptionalHasElement{}, {})), (Numbers{0}));
  EXPECT_EQ(numbers(run(OptionalHasElement{}, {kOne})), (Numbers{1}));
  EXPECT_EQ(numbers(run(OptionalGetElement{}, {some})), (Numbers{1, 2}));
  EXPECT_EQ(error(run(OptionalGetElement{}, {none})), "OptionalGetElement: the optional holds nothing");
}

TEST(Containers, AreRefusedByOperatorsOnTensors) {
  EXPECT_EQ(error(run(*make_op("Relu"), {pair_of(kOne, kTwo)})), "Relu: input 0 is a sequence, expected a tensor");
}

}  // namespace
}  // namespace bolide::testing
