#include "tensor/dim.h"

#include <gtest/gtest.h>

#include <array>
#include <random>

namespace bolide {
namespace {

std::string canonical(std::string_view source) {
  const Result<Dim> dim = Dim::parse(source);
  return dim ? text(*dim) : "error: " + dim.error().message;
}

struct Rewrite {
  const char* written;
  const char* canonical;
};

class DimText : public testing::TestWithParam<Rewrite> {};

TEST_P(DimText, HasOneCanonicalForm) {
  EXPECT_EQ(canonical(GetParam().written), GetParam().canonical);
  EXPECT_EQ(canonical(GetParam().canonical), GetParam().canonical) << "the text must read back to itself";
}

INSTANTIATE_TEST_SUITE_P(Sums, DimText,
                         testing::Values(Rewrite{"2+3*4", "14"}, Rewrite{"h", "h"}, Rewrite{"h+h", "2*h"},
                                         Rewrite{"h-h", "0"}, Rewrite{"h*0", "0"}, Rewrite{"w+h", "h+w"},
                                         Rewrite{"10-h", "10-h"}, Rewrite{"-h", "-h"}, Rewrite{"1-h-1", "-h"},
                                         Rewrite{"(h+1)*(h-1)", "h*h-1"}, Rewrite{"w*h*2", "2*h*w"},
                                         Rewrite{"--h", "h"}, Rewrite{" h + 1 ", "h+1"}));

INSTANTIATE_TEST_SUITE_P(
    Divisions, DimText,
    testing::Values(Rewrite{"7/2", "3"}, Rewrite{"-7/2", "-4"}, Rewrite{"7/(-2)", "-4"},
                    Rewrite{"2*height/4", "height/2"}, Rewrite{"(4*h+5)/4", "h+1"}, Rewrite{"h/2/3", "h/6"},
                    Rewrite{"h/1", "h"}, Rewrite{"h/h", "1"}, Rewrite{"(h-1)/2+1", "(h+1)/2"},
                    Rewrite{"ceil(h/2)", "(h+1)/2"}, Rewrite{"ceil(7/2)", "4"}, Rewrite{"((h+1)/2+1)/2", "(h+3)/4"},
                    Rewrite{"(2*h+3)/4", "(h+1)/2"}, Rewrite{"(6*h+3)/3", "2*h+1"}, Rewrite{"h*w*64/(h*w)", "64"},
                    Rewrite{"(h*w+c)/w", "h+c/w"}, Rewrite{"h*c/(w*c)", "h/w"}, Rewrite{"(h*h-1)/(h+1)", "h-1"},
                    Rewrite{"(h+1)/(w+1)", "(h+1)/(w+1)"}, Rewrite{"2*(h/3)", "2*(h/3)"}, Rewrite{"-(h/3)", "-(h/3)"},
                    Rewrite{"w-h/3", "w-h/3"}, Rewrite{"(h/w)/c", "(h/w)/c"}, Rewrite{"h/(w*c)", "h/(c*w)"},
                    Rewrite{"ceil(h/w)", "-((-h)/w)"}, Rewrite{"(h/3)*(w/5)", "(h/3)*(w/5)"}));

INSTANTIATE_TEST_SUITE_P(Extremes, DimText,
                         testing::Values(Rewrite{"min(3,5)", "3"}, Rewrite{"max(h,h)", "h"}, Rewrite{"min(h,h+2)", "h"},
                                         Rewrite{"max(h,h-2)", "h"}, Rewrite{"max(h,0)", "h"}, Rewrite{"min(h,0)", "0"},
                                         Rewrite{"max(h-1,0)", "max(0,h-1)"}, Rewrite{"min(w,min(h,8))", "min(h,w,8)"},
                                         Rewrite{"min(h,w)-min(w,h)", "0"}, Rewrite{"max(h/2,h/2+1)", "h/2+1"}));

INSTANTIATE_TEST_SUITE_P(Names, DimText,
                         testing::Values(Rewrite{"\"a-b\"+1", "\"a-b\"+1"}, Rewrite{"\"h\"", "h"},
                                         Rewrite{"\"x/y:0\"*2", "2*\"x/y:0\""}, Rewrite{"\"0\"", "\"0\""},
                                         Rewrite{"\"q\\\"\\\\\"", "\"q\\\"\\\\\""}, Rewrite{"min", "min"},
                                         Rewrite{"_a.b9", "_a.b9"}));

class DimNonsense : public testing::TestWithParam<std::string> {};

TEST_P(DimNonsense, IsAnError) {
  const Result<Dim> dim = Dim::parse(GetParam());
  ASSERT_FALSE(dim) << text(*dim);
  EXPECT_EQ(dim.error().code, Code::kInvalidArgument);
}

std::string repeated(std::string_view piece, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += piece;
  return out;
}

INSTANTIATE_TEST_SUITE_P(Texts, DimNonsense,
                         testing::Values("", " ", "+", "h+", "(h", "h)", "h w", "3h", "h/0", "min(h", "min()", "foo(h)",
                                         "ceil(h)", "ceil(h/2+1)", "\"open", "h$", std::string("h\0", 2),
                                         "99999999999999999999", "4611686018427387904", "4611686018427387903+1",
                                         "4000000000*4000000000", repeated("(", 5000), repeated("(", 4000),
                                         repeated("-", 4000), repeated("min(", 1000), repeated("h*", 100) + "h",
                                         "(a+b+c+d+e+f+g)*(a+b+c+d+e+f+g)*(a+b+c+d+e+f+g)"));

TEST(Dim, NestsSixtyFourParenthesesButNotMore) {
  EXPECT_EQ(canonical(repeated("(", 63) + "h" + repeated(")", 63)), "h");
  EXPECT_FALSE(Dim::parse(repeated("(", 64) + "h" + repeated(")", 64)));
}

TEST(Dim, DeepFormsSaturateInsteadOfGrowing) {
  Dim dim("h");
  for (int i = 0; i < 1000; ++i) dim = Dim::max(dim - 1, dim.floor_div(Dim("w") + i));
  EXPECT_EQ(dim.constant(), Dim::kTooLarge);
}

TEST(Dim, TooLargeStaysTooLarge) {
  const Dim large = Dim(INT64_C(1) << 61) * 2;
  EXPECT_EQ(large, Dim(Dim::kTooLarge));
  EXPECT_EQ(large * 0, Dim(Dim::kTooLarge));
  EXPECT_EQ(large - large, Dim(Dim::kTooLarge));
  EXPECT_EQ(large.floor_div(2), Dim(Dim::kTooLarge));
  EXPECT_EQ(Dim::min(large, 1), Dim(Dim::kTooLarge));
  EXPECT_EQ(large * Dim("h"), Dim(Dim::kTooLarge));
  EXPECT_EQ(Dim(INT64_MIN), Dim(Dim::kTooLarge));
  EXPECT_EQ(Dim("h").floor_div(0), Dim(Dim::kTooLarge));
}

TEST(Dim, KnowsItsNames) {
  const Dim dim = *Dim::parse("min(b*h, w/2) + h");
  EXPECT_EQ(dim.names(), (std::vector<std::string>{"b", "h", "w"}));
  EXPECT_EQ(dim.single_name(), std::nullopt);
  EXPECT_EQ(Dim("batch").single_name(), "batch");
  EXPECT_EQ((Dim("batch") * 2).single_name(), std::nullopt);
}

TEST(Dim, EvaluatesTheExampleOfTheHeader) {
  const Dim out = (Dim("height") + 2 * 1 - 3).floor_div(2) + 1;
  EXPECT_EQ(text(out), "(height+1)/2");
  EXPECT_EQ(*out.evaluate({{"height", 224}}), 112);
  EXPECT_EQ(*out.evaluate({{"height", 225}}), 113);
}

TEST(Dim, EvaluationNamesWhatIsWrong) {
  EXPECT_EQ(Dim("h").evaluate({}).error().code, Code::kNotFound);
  EXPECT_EQ(Dim::parse("h/w")->evaluate({{"h", 1}, {"w", 0}}).error().code, Code::kInvalidArgument);
  EXPECT_EQ(Dim::parse("h*h*h")->evaluate({{"h", INT64_C(1) << 40}}).error().code, Code::kInvalidArgument);
  EXPECT_EQ(Dim(Dim::kTooLarge).evaluate({}).error().code, Code::kInvalidArgument);
}

TEST(Dim, DividesExactlyOnlyWhatIsAMultiple) {
  const auto divide = [](std::string_view a, std::string_view b) {
    const auto quotient = Dim::exact_div(*Dim::parse(a), *Dim::parse(b));
    return quotient ? text(*quotient) : "no";
  };
  EXPECT_EQ(divide("12", "4"), "3");
  EXPECT_EQ(divide("13", "4"), "no");
  EXPECT_EQ(divide("0", "h"), "0");
  EXPECT_EQ(divide("h", "0"), "no");
  EXPECT_EQ(divide("6*h*w", "2*w"), "3*h");
  EXPECT_EQ(divide("6*h", "4"), "no");
  EXPECT_EQ(divide("h*w+w", "h+1"), "w");
  EXPECT_EQ(divide("(h+1)*(w+2)*3", "w+2"), "3*h+3");
  EXPECT_EQ(divide("h+1", "h"), "no");
  EXPECT_EQ(divide("h", "h*w"), "no");
}

TEST(Dim, SolvesForTheOnlyUnboundName) {
  const auto solved = Dim::parse("3*h+w-1")->solve(19, {{"w", 5}});
  ASSERT_TRUE(solved && *solved);
  EXPECT_EQ((*solved)->first, "h");
  EXPECT_EQ((*solved)->second, 5);
  EXPECT_EQ(Dim::parse("2*h")->solve(5, {}).error().code, Code::kInvalidArgument);
  EXPECT_EQ(Dim::parse("h+4")->solve(3, {}).error().code, Code::kInvalidArgument);
  for (const char* source : {"h/2", "h*h", "h+w", "7", "h+min(h,3)"}) {
    const auto nothing = Dim::parse(source)->solve(7, {});
    EXPECT_TRUE(nothing && !*nothing) << source;
  }
}

TEST(Dim, SubstitutionSimplifiesAgain) {
  const Dim dim = *Dim::parse("(h+w)/4+min(h,w)");
  EXPECT_EQ(text(dim.substitute({{"h", Dim("w") * 2}})), "w+3*w/4");
  EXPECT_EQ(text(dim.substitute({{"h", 8}, {"w", 3}})), "5");
}

/// A random expression as text together with its value by plain arithmetic; nothing where a divisor is 0.
struct Sample {
  std::string written;
  std::optional<std::int64_t> value;
};

Sample random_sample(std::mt19937& random, const DimBindings& bindings, int depth) {
  const auto pick = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  if (depth == 0 || pick(5) == 0) {
    if (pick(2) == 0) {
      const int number = pick(9);
      return {std::to_string(number), number};
    }
    const auto binding = std::next(bindings.begin(), pick(static_cast<int>(bindings.size())));
    return {binding->first, binding->second};
  }
  const Sample a = random_sample(random, bindings, depth - 1);
  Sample b = random_sample(random, bindings, depth - 1);
  const int kind = pick(7);
  if (kind >= 3 && kind <= 4 && pick(2) == 0) {
    const int number = 1 + pick(6);
    b = {std::to_string(number), number};
  }
  const std::array<std::string, 7> forms = {"(A)+(B)",       "(A)-(B)",  "(A)*(B)", "(A)/(B)",
                                            "ceil((A)/(B))", "min(A,B)", "max(A,B)"};
  std::string written;
  for (const char c : forms.at(static_cast<std::size_t>(kind))) {
    written += c == 'A' ? a.written : c == 'B' ? b.written : std::string(1, c);
  }
  if (!a.value || !b.value || ((kind == 3 || kind == 4) && *b.value == 0)) return {written, std::nullopt};
  const std::int64_t x = *a.value;
  const std::int64_t y = *b.value;
  const std::int64_t down = y == 0 ? 0 : x / y - (x % y != 0 && (x < 0) != (y < 0) ? 1 : 0);
  const std::int64_t up = y == 0 ? 0 : x / y + (x % y != 0 && (x < 0) == (y < 0) ? 1 : 0);
  const std::array<std::int64_t, 7> results = {x + y, x - y, x * y, down, up, std::min(x, y), std::max(x, y)};
  return {written, results.at(static_cast<std::size_t>(kind))};
}

TEST(Dim, SimplifyingNeverChangesTheValue) {
  std::mt19937 random(20240607);
  int compared = 0;
  for (int i = 0; i < 20000; ++i) {
    const DimBindings bindings = {{"a", random() % 12}, {"b", random() % 12}, {"c", 1 + random() % 40}};
    const Sample sample = random_sample(random, bindings, 4);
    const Result<Dim> dim = Dim::parse(sample.written);
    if (!dim || !sample.value) continue;
    const Result<std::int64_t> value = dim->evaluate(bindings);
    ASSERT_TRUE(value) << sample.written << ": " << value.error().message;
    ASSERT_EQ(*value, *sample.value) << sample.written << " became " << text(*dim) << " for a=" << bindings.at("a")
                                     << " b=" << bindings.at("b") << " c=" << bindings.at("c");
    const Result<Dim> again = Dim::parse(text(*dim));
    ASSERT_TRUE(again) << text(*dim) << ": " << again.error().message;
    ASSERT_EQ(text(*again), text(*dim)) << sample.written;
    ++compared;
  }
  EXPECT_GT(compared, 10000);
}

TEST(Dim, ParsingRandomCharactersNeverCrashes) {
  constexpr std::string_view kPieces[] = {"(",    ")",     "+", "-", "*", "/",  ",", "min(",
                                          "max(", "ceil(", "h", "w", "7", "\"", "0"};
  std::mt19937 random(7);
  for (int i = 0; i < 20000; ++i) {
    std::string source;
    for (auto n = random() % 24; n > 0; --n) source += kPieces[random() % std::size(kPieces)];
    const Result<Dim> dim = Dim::parse(source);
    if (!dim) continue;
    EXPECT_EQ(canonical(text(*dim)), text(*dim)) << source;
  }
}

TEST(Shape, HasTextCountAndNumbers) {
  const Shape shape = {Dim("batch"), 3, Dim("h") * 2, 224};
  EXPECT_EQ(text(shape), "[batch,3,2*h,224]");
  EXPECT_EQ(text(element_count(shape)), "1344*batch*h");
  EXPECT_EQ(constant_dims(shape), std::nullopt);
  EXPECT_EQ(*evaluate(shape, {{"batch", 2}, {"h", 5}}), (Dims{2, 3, 10, 224}));
  EXPECT_EQ(evaluate(shape, {{"batch", 2}}).error().code, Code::kNotFound);
  EXPECT_EQ(constant_dims(to_shape(Dims{4, 5})), (Dims{4, 5}));
  EXPECT_EQ(text(TensorType{DataType::kF32, shape}), "f32[batch,3,2*h,224]");
  EXPECT_EQ(text(TensorType{DataType::kI64, {}}), "i64[]");
}

}  // namespace
}  // namespace bolide
