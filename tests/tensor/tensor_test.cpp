#include "tensor/tensor.h"

#include "tensor/number.h"

#include <gtest/gtest.h>

/// AddressSanitizer otherwise ends the program where calloc would return null.
extern "C" const char* __asan_default_options() { return "allocator_may_return_null=1"; }

namespace bolide {
namespace {

template <class T>
Tensor vector_of(std::initializer_list<T> values) {
  return Tensor::of(std::span<const T>(values.begin(), values.size()));
}

TEST(Tensor, IsAllocatedZeroAndAligned) {
  for (const std::int64_t size : {1, 7, 100000}) {
    const Tensor tensor = *Tensor::allocate(DataType::kF32, {size, 3});
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(tensor.data()) % 64, 0U);
    EXPECT_EQ(tensor.bytes(), static_cast<std::size_t>(size) * 12);
    for (const float value : tensor.span<float>()) ASSERT_EQ(value, 0.0F);
  }
}

TEST(Tensor, RefusesImpossibleSizes) {
  EXPECT_EQ(Tensor::allocate(DataType::kF32, {-1}).error().code, Code::kInvalidArgument);
  EXPECT_EQ(Tensor::allocate(DataType::kF32, {0, -1}).error().code, Code::kInvalidArgument);
  EXPECT_EQ(Tensor::allocate(DataType::kU8, {(INT64_C(1) << 48) + 1}).error().code, Code::kInvalidArgument);
  EXPECT_EQ(Tensor::allocate(DataType::kU8, {INT64_C(1) << 40, INT64_C(1) << 40}).error().code, Code::kInvalidArgument);
  const auto large = Tensor::allocate(DataType::kC128, {INT64_C(1) << 48});
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code, Code::kOutOfMemory);
  EXPECT_NE(large.error().message.find("4503599627370496 bytes"), std::string::npos) << large.error().message;
}

TEST(Tensor, CountsElementsWhateverTheOrderOfZeros) {
  EXPECT_EQ(*element_count(Dims{}), 1);
  EXPECT_EQ(*element_count(Dims{2, 3, 4}), 24);
  EXPECT_EQ(*element_count(Dims{INT64_MAX, INT64_MAX, 0}), 0);
  EXPECT_FALSE(element_count(Dims{INT64_MAX, INT64_MAX}));
}

TEST(Tensor, PacksSubByteTypesToWholeBytes) {
  EXPECT_EQ(packed_bytes(DataType::kI4, 0), 0U);
  EXPECT_EQ(packed_bytes(DataType::kI4, 3), 2U);
  EXPECT_EQ(packed_bytes(DataType::kU2, 4), 1U);
  EXPECT_EQ(packed_bytes(DataType::kU2, 5), 2U);
  EXPECT_EQ(packed_bytes(DataType::kC128, 2), 32U);
}

TEST(Tensor, OwnsStrings) {
  Tensor tensor = *Tensor::allocate(DataType::kString, {2});
  tensor.span<std::string>()[1] = "long enough to live on the heap, so that a leak or double free shows";
  const Tensor copy = tensor;
  tensor = Tensor();
  EXPECT_EQ(copy.span<std::string>()[0], "");
  EXPECT_EQ(copy.span<std::string>()[1].substr(0, 11), "long enough");
  const Tensor same = vector_of<std::string>({"", copy.span<std::string>()[1]});
  EXPECT_EQ(copy, same);
  EXPECT_FALSE(copy == vector_of<std::string>({"", "other"}));
}

TEST(Tensor, ComparesBitsAndIgnoresPadding) {
  EXPECT_EQ(vector_of<float>({1, 2}), vector_of<float>({1, 2}));
  EXPECT_FALSE(vector_of<float>({0.0F}) == vector_of<float>({-0.0F}));
  EXPECT_FALSE(vector_of<std::int32_t>({1}) == vector_of<std::uint32_t>({1}));
  Tensor a = *Tensor::allocate(DataType::kU4, {3});
  Tensor b = *Tensor::allocate(DataType::kU4, {3});
  b.data()[1] = std::byte{0xF0};
  EXPECT_EQ(a, b);
  b.data()[1] = std::byte{0x01};
  EXPECT_FALSE(a == b);
}

TEST(Tensor, ReshapesWithoutCopying) {
  const Tensor tensor = vector_of<float>({1, 2, 3, 4, 5, 6});
  const Tensor matrix = *tensor.reshaped({2, 3});
  EXPECT_EQ(matrix.data(), tensor.data());
  EXPECT_EQ(matrix.dims(), (Dims{2, 3}));
  EXPECT_EQ(tensor.reshaped({4}).error().code, Code::kInvalidArgument);
  EXPECT_EQ(contiguous_strides(Dims{2, 3, 4}), (Dims{12, 4, 1}));
  EXPECT_EQ(text(matrix.type()), "f32[2,3]");
}

TEST(Tensor, BorrowsMemoryAndKeepsItsOwner) {
  const auto values = std::make_shared<std::vector<std::int32_t>>(std::vector<std::int32_t>{7, 8});
  const Tensor tensor = Tensor::borrow(DataType::kI32, {2}, values->data(), values);
  EXPECT_EQ(values.use_count(), 2);
  EXPECT_EQ(tensor.span<std::int32_t>()[1], 8);
  EXPECT_EQ(tensor.reinterpreted(DataType::kF32).dtype(), DataType::kF32);
}

TEST(Tensor, ReadsIntegersOfAnyWidth) {
  EXPECT_EQ(*to_i64(vector_of<std::int8_t>({-128, 127})), (Dims{-128, 127}));
  EXPECT_EQ(*to_i64(Tensor::scalar<bool>(true)), (Dims{1}));
  Tensor packed = *Tensor::allocate(DataType::kI4, {3});
  packed.data()[0] = std::byte{0x8F};  // -1, -8
  packed.data()[1] = std::byte{0x07};
  EXPECT_EQ(*to_i64(packed), (Dims{-1, -8, 7}));
  EXPECT_EQ(*to_i64(packed.reinterpreted(DataType::kU4)), (Dims{15, 8, 7}));
  EXPECT_EQ(*to_i64(vector_of<std::uint64_t>({INT64_MAX})), (Dims{INT64_MAX}));
  EXPECT_FALSE(to_i64(vector_of<std::uint64_t>({UINT64_C(1) << 63})));
  EXPECT_FALSE(to_i64(vector_of<float>({1})));
}

TEST(Tensor, ReadsRealNumbers) {
  EXPECT_EQ(*to_f64(vector_of<std::int64_t>({-3, 4})), (std::vector<double>{-3, 4}));
  EXPECT_EQ(*scalar_f64(Tensor::scalar(F16{0x3C00})), 1.0);
  EXPECT_EQ(*scalar_f64(vector_of<float>({0.5F})), 0.5);
  EXPECT_FALSE(scalar_f64(vector_of<float>({1, 2})));
  EXPECT_FALSE(to_f64(vector_of<std::string>({"1"})));
}

}  // namespace
}  // namespace bolide
