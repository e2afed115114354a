#include "bytes.h"

#include "tensor/number.h"

#include <gtest/gtest.h>

namespace bolide::onnx {
namespace {

OnnxTensor tensor(DataType type, Dims dims) {
  OnnxTensor out;
  out.name = "t";
  out.dtype = to_onnx_type(type);
  out.dims = std::move(dims);
  return out;
}

/// The tensor after going through bytes, so that the typed fields are really on the wire.
Result<Tensor> through_bytes(const OnnxTensor& from) {
  const std::string file = write_tensor(from);
  TRY(const OnnxTensor read, read_tensor(bytes_of(file), nullptr));
  TRY(const Tensor view, to_tensor(read, {}));
  TRY(Tensor copy, Tensor::allocate(view.dtype(), view.dims()));  // the file's bytes end with this function
  if (view.dtype() == DataType::kString) return view;
  if (view.bytes() != 0) std::memcpy(copy.data(), view.data(), view.bytes());
  return copy;
}

template <class T>
void expect_elements(const Result<Tensor>& got, DataType type, const std::vector<T>& want) {
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->dtype(), type);
  const auto elements = got->span<T>();
  EXPECT_EQ(std::vector<T>(elements.begin(), elements.end()), want);
}

void expect_bad(const OnnxTensor& from, const std::string& message) {
  const auto got = to_tensor(from, {});
  ASSERT_FALSE(got) << "expected: " << message;
  EXPECT_EQ(got.error().code, Code::kBadFile) << got.error().message;
  EXPECT_EQ(got.error().message, message);
}

TEST(OnnxTensorData, FloatDataHoldsFloatsAndComplexPairs) {
  OnnxTensor real = tensor(DataType::kF32, {3});
  real.float_data = {1, -2.5F, 3};
  expect_elements<float>(through_bytes(real), DataType::kF32, {1, -2.5F, 3});
  OnnxTensor complex = tensor(DataType::kC64, {2});
  complex.float_data = {1, 2, 3, 4};
  expect_elements<float>(through_bytes(complex), DataType::kC64, {1, 2, 3, 4});
}

TEST(OnnxTensorData, DoubleDataHoldsDoublesAndComplexPairs) {
  OnnxTensor real = tensor(DataType::kF64, {2});
  real.double_data = {1e300, -1};
  expect_elements<double>(through_bytes(real), DataType::kF64, {1e300, -1});
  OnnxTensor complex = tensor(DataType::kC128, {1});
  complex.double_data = {1, 2};
  expect_elements<double>(through_bytes(complex), DataType::kC128, {1, 2});
}

TEST(OnnxTensorData, Int32DataHoldsTheSmallIntegers) {
  const auto with = [](DataType type, std::vector<std::int32_t> values) {
    OnnxTensor out = tensor(type, {static_cast<std::int64_t>(values.size())});
    out.int32_data = std::move(values);
    return through_bytes(out);
  };
  expect_elements<std::int32_t>(with(DataType::kI32, {INT32_MIN, 7}), DataType::kI32, {INT32_MIN, 7});
  expect_elements<std::int16_t>(with(DataType::kI16, {-32768, 7}), DataType::kI16, {-32768, 7});
  expect_elements<std::int8_t>(with(DataType::kI8, {-128, 127}), DataType::kI8, {-128, 127});
  expect_elements<std::uint16_t>(with(DataType::kU16, {0, 65535}), DataType::kU16, {0, 65535});
  expect_elements<std::uint8_t>(with(DataType::kU8, {0, 255}), DataType::kU8, {0, 255});
  expect_elements<std::uint8_t>(with(DataType::kBool, {0, 1, 5}), DataType::kBool, {0, 1, 1});
}

TEST(OnnxTensorData, Int32DataHoldsTheBitsOfNarrowFloats) {
  const auto with = [](DataType type, std::vector<std::int32_t> values) {
    OnnxTensor out = tensor(type, {static_cast<std::int64_t>(values.size())});
    out.int32_data = std::move(values);
    return through_bytes(out);
  };
  expect_elements<std::uint16_t>(with(DataType::kF16, {0x3C00, 0xC000}), DataType::kF16, {0x3C00, 0xC000});
  expect_elements<std::uint16_t>(with(DataType::kBF16, {0x3F80, 0xBF80}), DataType::kBF16, {0x3F80, 0xBF80});
  for (const DataType type :
       {DataType::kF8E4M3FN, DataType::kF8E4M3FNUZ, DataType::kF8E5M2, DataType::kF8E5M2FNUZ, DataType::kF8E8M0}) {
    expect_elements<std::uint8_t>(with(type, {0x00, 0x38, 0xFF}), type, {0x00, 0x38, 0xFF});
  }
}

TEST(OnnxTensorData, Int32DataHoldsOnePackedByteAnEntryForSubByteTypes) {
  for (const DataType type : {DataType::kU4, DataType::kI4, DataType::kF4E2M1}) {
    OnnxTensor three = tensor(type, {3});
    three.int32_data = {0x21, 0xF3};  // 1, 2, 3 and a stray element
    expect_elements<std::uint8_t>(through_bytes(three), type, {0x21, 0x03});
  }
  for (const DataType type : {DataType::kU2, DataType::kI2}) {
    OnnxTensor five = tensor(type, {5});
    five.int32_data = {0xE4, 0x01};  // 0, 1, 2, 3, 1
    expect_elements<std::uint8_t>(through_bytes(five), type, {0xE4, 0x01});
  }
}

TEST(OnnxTensorData, SixBitFloatsArePackedAsRawDataAndHaveAnInt32Each) {
  for (const DataType type : {DataType::kF6E2M3, DataType::kF6E3M2}) {
    OnnxTensor raw = tensor(type, {5});
    raw.raw_data = std::string_view("\x81\x30\x10\xC5", 4);  // 1 to 5, and stray bits
    expect_elements<std::uint8_t>(through_bytes(raw), type, {0x81, 0x30, 0x10, 0x05});
    raw.raw_data = std::string_view("\x81\x30\x10", 3);
    expect_bad(raw, strings::join("tensor 't': raw data has 3 bytes, ", type, "[5] needs 4"));
    OnnxTensor typed = tensor(type, {5});
    typed.int32_data = {1, 2, 3, 4, 5};
    expect_elements<std::uint8_t>(through_bytes(typed), type, {0x81, 0x30, 0x10, 0x05});
    typed.int32_data[3] = 64;
    expect_bad(typed, "tensor 't': element 3 is 64, which is no code of 6 bits");
    typed.int32_data[3] = -1;
    expect_bad(typed, "tensor 't': element 3 is -1, which is no code of 6 bits");
  }
}

TEST(OnnxTensorData, Int64AndUint64Data) {
  OnnxTensor i64 = tensor(DataType::kI64, {2});
  i64.int64_data = {INT64_MIN, 5};
  expect_elements<std::int64_t>(through_bytes(i64), DataType::kI64, {INT64_MIN, 5});
  OnnxTensor u64 = tensor(DataType::kU64, {1});
  u64.uint64_data = {UINT64_MAX};
  expect_elements<std::uint64_t>(through_bytes(u64), DataType::kU64, {UINT64_MAX});
  OnnxTensor u32 = tensor(DataType::kU32, {1});
  u32.uint64_data = {UINT32_MAX};
  expect_elements<std::uint32_t>(through_bytes(u32), DataType::kU32, {UINT32_MAX});
  u32.uint64_data = {UINT64_C(1) << 32U};
  expect_bad(u32, "tensor 't': element 0 is 4294967296, which u32 cannot hold");
}

TEST(OnnxTensorData, StringDataHoldsStrings) {
  OnnxTensor strings = tensor(DataType::kString, {2, 1});
  strings.string_data = {"", "a text longer than what fits in place"};
  expect_elements<std::string>(through_bytes(strings), DataType::kString,
                               {"", "a text longer than what fits in place"});
}

TEST(OnnxTensorData, UnpackedEntriesReadLikePackedOnes) {
  // dims: 2 (unpacked), 1 (packed); data_type 7; int64_data 300 unpacked, then packed [1].
  const std::string file = bytes({0x08, 2, 0x0A, 1, 1, 0x10, 7, 0x38, 0xAC, 0x02, 0x3A, 1, 1});
  const auto read = read_tensor(bytes_of(file), nullptr);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->dims, (Dims{2, 1}));
  expect_elements<std::int64_t>(to_tensor(*read, {}), DataType::kI64, {300, 1});
  // float_data: 1.0 unpacked (fixed32), then packed [2.0].
  const std::string floats = bytes({0x08, 2, 0x10, 1, 0x25, 0, 0, 0x80, 0x3F, 0x22, 4, 0, 0, 0, 0x40});
  const auto two = read_tensor(bytes_of(floats), nullptr);
  ASSERT_TRUE(two) << two.error().message;
  expect_elements<float>(to_tensor(*two, {}), DataType::kF32, {1, 2});
}

TEST(OnnxTensorData, AlignedRawDataIsBorrowedAndKeepsItsOwner) {
  const auto owner = std::make_shared<std::array<float, 2>>(std::array<float, 2>{1, 2});
  OnnxTensor raw = tensor(DataType::kF32, {2});
  raw.raw_data = {reinterpret_cast<const char*>(owner->data()), 8};
  raw.owner = owner;
  const auto got = to_tensor(raw, {});
  expect_elements<float>(got, DataType::kF32, {1, 2});
  EXPECT_EQ(static_cast<const void*>(got->data()), static_cast<const void*>(owner->data()));
  EXPECT_EQ(got->owner(), owner);
}

TEST(OnnxTensorData, UnalignedRawDataIsCopied) {
  alignas(8) static constexpr char kBytes[] = "?\0\0\x80\x3F";  // 1.0f one byte in
  OnnxTensor raw = tensor(DataType::kF32, {1});
  raw.raw_data = {kBytes + 1, 4};
  const auto got = to_tensor(raw, {});
  expect_elements<float>(got, DataType::kF32, {1});
  EXPECT_NE(static_cast<const void*>(got->data()), static_cast<const void*>(kBytes + 1));
}

TEST(OnnxTensorData, RawBoolsAndStrayBitsAreMadeCanonical) {
  OnnxTensor bools = tensor(DataType::kBool, {3});
  bools.raw_data = std::string_view("\0\1\xFF", 3);
  expect_elements<std::uint8_t>(to_tensor(bools, {}), DataType::kBool, {0, 1, 1});
  OnnxTensor nibbles = tensor(DataType::kI4, {3});
  nibbles.raw_data = "\x21\xF3";
  expect_elements<std::uint8_t>(to_tensor(nibbles, {}), DataType::kI4, {0x21, 0x03});
}

TEST(OnnxTensorData, EmptyTensorsNeedNoData) {
  const auto got = to_tensor(tensor(DataType::kF32, {0, 3}), {});
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->dims(), (Dims{0, 3}));
  EXPECT_EQ(got->count(), 0);
}

TEST(OnnxTensorData, LengthsThatDisagreeAreNamedWithBothNumbers) {
  OnnxTensor raw = tensor(DataType::kF32, {2, 2});
  raw.raw_data = "123456789012345";
  expect_bad(raw, "tensor 't': raw data has 15 bytes, f32[2,2] needs 16");
  raw.raw_data = "12345678901234567";
  expect_bad(raw, "tensor 't': raw data has 17 bytes, f32[2,2] needs 16");
  OnnxTensor typed = tensor(DataType::kI64, {3});
  typed.int64_data = {1, 2};
  expect_bad(typed, "tensor 't': int64_data has 2 entries, i64[3] needs 3");
  expect_bad(tensor(DataType::kF32, {1000, 1000, 1000, 1000}),
             "tensor 't': float_data has 0 entries, f32[1000,1000,1000,1000] needs 1000000000000");
}

TEST(OnnxTensorData, DataInTwoPlacesOrTheWrongFieldIsRefused) {
  OnnxTensor both = tensor(DataType::kF32, {1});
  both.raw_data = "1234";
  both.float_data = {1};
  expect_bad(both, "tensor 't': data is given twice, as raw data and in a typed field");
  OnnxTensor wrong = tensor(DataType::kF32, {1});
  wrong.int32_data = {1};
  expect_bad(wrong, "tensor 't': float_data has 0 entries, f32[1] needs 1");
  wrong.float_data = {1};
  expect_bad(wrong, "tensor 't': f32 elements cannot be in int32_data");
  OnnxTensor text = tensor(DataType::kString, {1});
  text.raw_data = "abc";
  expect_bad(text, "tensor 't': strings cannot be raw data");
}

TEST(OnnxTensorData, ImpossibleSizesAreRefused) {
  for (const Dims& dims : {Dims{-1}, Dims{0, -1}, Dims{INT64_MAX, 2}, Dims{INT64_C(1) << 32, INT64_C(1) << 32},
                           Dims{INT64_MAX}, Dims{INT64_MIN, INT64_MIN}}) {
    const auto got = to_tensor(tensor(DataType::kF64, dims), {});
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, Code::kBadFile);
    EXPECT_TRUE(got.error().message.starts_with("tensor 't': ")) << got.error().message;
  }
}

TEST(OnnxTensorData, UnknownDataTypesAndSegmentsAreUnsupported) {
  OnnxTensor unknown = tensor(DataType::kF32, {0});
  unknown.dtype = 29;
  ASSERT_FALSE(to_tensor(unknown, {}));
  EXPECT_EQ(to_tensor(unknown, {}).error().code, Code::kUnsupported);
  OnnxTensor segment = tensor(DataType::kF32, {0});
  segment.has_segment = true;
  ASSERT_FALSE(to_tensor(segment, {}));
  EXPECT_EQ(to_tensor(segment, {}).error().code, Code::kUnsupported);
}

TEST(OnnxTensorData, ValuesBeyondTheDtypeAreRefused) {
  OnnxTensor i8 = tensor(DataType::kI8, {2});
  i8.int32_data = {1, 128};
  expect_bad(i8, "tensor 't': element 1 is 128, which i8 cannot hold");
  OnnxTensor f16 = tensor(DataType::kF16, {1});
  f16.int32_data = {65536};
  expect_bad(f16, "tensor 't': element 0 is 65536, which f16 cannot hold");
}

TEST(OnnxTensorData, ATensorWrittenAndReadIsTheSame) {
  const std::vector<float> values = {1, 2, 3, 4, 5, 6};
  const Tensor numbers = Tensor::of<float>(values, Dims{2, 3});
  const std::string file = write_tensor(numbers, "x");
  const auto read = read_tensor(bytes_of(file), nullptr);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->name, "x");
  const auto back = to_tensor(*read, {});
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_TRUE(*back == numbers);

  const std::vector<std::string> words = {"one", "", "three"};
  const Tensor texts = Tensor::of<std::string>(words);
  const std::string text_file = write_tensor(texts, "s");
  const auto read_texts = read_tensor(bytes_of(text_file), nullptr);
  ASSERT_TRUE(read_texts) << read_texts.error().message;
  const auto back_texts = to_tensor(*read_texts, {});
  ASSERT_TRUE(back_texts) << back_texts.error().message;
  EXPECT_TRUE(*back_texts == texts);
}

}  // namespace
}  // namespace bolide::onnx
