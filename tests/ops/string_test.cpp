#include "support.h"

#include "ops/letter_case.h"

namespace bolide {
namespace {

Tensor texts(Dims dims, std::initializer_list<std::string> values) {
  return tensor<std::string>(std::move(dims), values);
}

TEST(StringConcat, Broadcasts) {
  EXPECT_EQ(show(run(StringConcat{}, {texts({2}, {"a", "b"}), texts({2}, {"c", ""})})), "string[2]{ac,b}");
  EXPECT_EQ(show(run(StringConcat{}, {texts({2, 1}, {"a", "b"}), texts({2}, {"1", "2"})})), "string[2,2]{a1,a2,b1,b2}");
  EXPECT_EQ(infer(StringConcat{}, {typed(DataType::kString, {"2"}), typed(DataType::kF32, {"2"})}),
            "StringConcat: input 1 is f32[2], not strings");
}

TEST(StringSplit, FillsWithEmptyStrings) {
  const auto at_dot = run(StringSplit{.delimiter = "."}, {texts({2}, {"a.b.c", ".x"})}, 2);
  EXPECT_EQ(show(at_dot), "string[2,3]{a,b,c,,x,}");
  EXPECT_EQ(show(at_dot, 1), "i64[2]{3,2}");
  EXPECT_EQ(show(run(StringSplit{.delimiter = ".", .maxsplit = 1}, {texts({1}, {"a.b.c"})}, 2)), "string[1,2]{a,b.c}");
}

TEST(StringSplit, TakesWhiteSpaceWithoutADelimiter) {
  EXPECT_EQ(show(run(StringSplit{}, {texts({}, {"  a \t b  "})}, 2)), "string[2]{a,b}");
  EXPECT_EQ(show(run(StringSplit{}, {texts({1}, {"  "})}, 2)), "string[1,0]{}");
  EXPECT_EQ(show(run(StringSplit{}, {texts({0}, {})}, 2)), "string[0,0]{}");
}

TEST(LetterCase, IsUnicodesAndTheSameEverywhere) {
  EXPECT_EQ(*in_case("Äß Éλ", LetterCase::kUpper, "de_DE"), "Äß ÉΛ");
  EXPECT_EQ(*in_case("ÄΣ I", LetterCase::kLower, "en_US"), "äσ i");
  EXPECT_EQ(*in_case("Iİi", LetterCase::kLower, "tr_TR.UTF-8"), "ıii");
  EXPECT_EQ(*in_case("iı", LetterCase::kUpper, "az"), "İI");
  EXPECT_EQ(in_case("a\xC3", LetterCase::kUpper, "").error().message, "byte 1 of a string is not UTF-8");
  EXPECT_EQ(in_case("\xC0\x80", LetterCase::kUpper, "").error().message, "byte 0 of a string is not UTF-8");
  EXPECT_EQ(in_case("\xED\xA0\x80", LetterCase::kUpper, "").error().message, "byte 0 of a string is not UTF-8");
}

TEST(StringNormalizer, DropsStopWordsAndChangesTheCase) {
  const Tensor days = texts({3}, {"Monday", "tuesday", "Ägypten"});
  EXPECT_EQ(show(run(StringNormalizer{.case_change_action = CaseChange::kUpper, .stopwords = {"MONDAY"}}, {days})),
            "string[2]{TUESDAY,ÄGYPTEN}");
  EXPECT_EQ(show(run(StringNormalizer{.is_case_sensitive = true, .stopwords = {"MONDAY"}}, {days})),
            "string[3]{Monday,tuesday,Ägypten}");
  EXPECT_EQ(show(run(StringNormalizer{.stopwords = {"x"}}, {texts({1, 2}, {"X", "x"})})), "string[1,1]{}");
  EXPECT_EQ(infer(StringNormalizer{}, {typed(DataType::kString, {"2", "3"})}),
            "StringNormalizer: the input is string[2,3], not strings of sizes [n] or [1,n]");
}

TEST(TfIdfVectorizer, CountsNGramsWithSkips) {
  TfIdfVectorizer op;
  op.max_gram_length = 2;
  op.ngram_counts = {0, 2};
  op.ngram_indexes = {1, 0, 3};
  op.pool_int64s = {5, 6, 5, 7};  // {5}, {6}, {5, 7}
  const Tensor rows = longs({2, 3}, {5, 6, 7, 5, 5, 7});
  EXPECT_EQ(show(run(op, {rows})), "f32[2,4]{1,1,0,0,0,2,0,1}");
  op.max_skip_count = INT64_MAX;
  EXPECT_EQ(show(run(op, {rows})), "f32[2,4]{1,1,0,1,0,2,0,2}");
  op.mode = TermWeights::kTfidf;
  op.weights = {10, 1, 0.5F};
  EXPECT_EQ(show(run(op, {rows})), "f32[2,4]{1,10,0,0.5,0,20,0,1}");
  op.mode = TermWeights::kIdf;
  EXPECT_EQ(show(run(op, {rows})), "f32[2,4]{1,10,0,0.5,0,10,0,0.5}");
}

TEST(TfIdfVectorizer, KnowsWords) {
  TfIdfVectorizer op;
  op.ngram_counts = {0};
  op.ngram_indexes = {0, 1};
  op.pool_strings = {"a", "b"};
  EXPECT_EQ(show(run(op, {texts({3}, {"b", "c", "b"})})), "f32[2]{0,2}");
  EXPECT_EQ(show(run(op, {longs({1}, {1})})).substr(0, 16), "invalid argument");
  op.ngram_counts = {1};
  EXPECT_EQ(show(run(op, {texts({1}, {"a"})})), "invalid argument: TfIdfVectorizer: 2 indexes of 1 n-grams");
}

TEST(Media, IsRefusedWithASentenceWhereItIsNotLinked) {
  EXPECT_EQ(show(run(RegexFullMatch{.pattern = "a"}, {texts({1}, {"a"})})),
            "unsupported: RegexFullMatch needs libraries that this program does not link: link Bolide::media and call "
            "bolide::use_media()");
  EXPECT_EQ(infer(ImageDecoder{}, {typed(DataType::kU8, {"n"})}), "u8[height,width,3]");
}

TEST(TfIdfVectorizer, TellsApartNGramsThatBeginAlike) {
  TfIdfVectorizer op;
  op.min_gram_length = 2;
  op.max_gram_length = 3;
  op.ngram_counts = {0, 1, 5};
  op.ngram_indexes = {0, 1, 2, 3, 2};
  op.pool_int64s = {1, 1, 2, 1, 3, 1, 2, 3, 1, 2, 4};  // {1} does not count; {1,2}, {1,3}; {1,2,3}, {1,2,4}
  const Tensor row = longs({6}, {1, 2, 3, 1, 2, 4});
  EXPECT_EQ(show(run(op, {row})), "f32[4]{0,2,1,1}");
  op.max_gram_length = 2;
  EXPECT_EQ(show(run(op, {row})), "f32[4]{0,2,0,0}");
}

TEST(TfIdfVectorizer, TakesTokensOfAnySize) {
  TfIdfVectorizer op;
  op.max_gram_length = 2;
  op.ngram_counts = {0, 4};
  op.ngram_indexes = {0, 1, 2, 3, 4, 5};
  op.pool_int64s = {65535, 65536, -1, 7, 65536, 7, 7, 4294967296};
  EXPECT_EQ(show(run(op, {longs({7}, {65536, 7, 65535, -1, 7, 4294967296, 65537})})), "f32[6]{1,1,1,2,1,1}");
  EXPECT_EQ(show(run(op, {longs({4}, {-2, 8, 65537, 4294967303})})), "f32[6]{0,0,0,0,0,0}");
}

TEST(TfIdfVectorizer, CountsAgainWhatItKept) {
  TfIdfVectorizer op;
  op.ngram_counts = {0};
  op.ngram_indexes.resize(1000);
  for (std::int64_t i = 0; i < 1000; ++i) {
    op.pool_int64s.push_back(i * i * i - 500);
    op.ngram_indexes[static_cast<std::size_t>(i)] = 999 - i;
  }
  const Op kept(op);
  for (const std::int64_t i : {3, 999, 0}) {
    const auto y = run(kept, {longs({1, 3}, {i * i * i - 500, 1, i * i * i - 500})});
    for (std::int64_t column = 0; column < 1000; ++column) {
      ASSERT_EQ((*y)[0].span<float>()[static_cast<std::size_t>(column)], column == 999 - i ? 2.0F : 0.0F);
    }
  }
  EXPECT_EQ((*run(kept, {longs({0, 2}, {})}))[0].dims(), (Dims{0, 1000}));
}

}  // namespace
}  // namespace bolide
