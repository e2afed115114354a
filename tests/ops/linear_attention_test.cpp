#include "ops/linear_attention.h"
#include "run_op.h"

#include <cmath>

namespace bolide::testing {
namespace {

using Numbers = std::vector<double>;

/// Two tokens with queries and keys of 1 and values 2 and 3.
Result<Tensors> two_tokens(UpdateRule rule, float decay, float beta) {
  const Tensor ones = make({1, 2, 1}, {1, 1});
  return run(LinearAttention{.scale = 1, .update_rule = rule},
             {ones, ones, make({1, 2, 1}, {2, 3}), ones, make({1, 2, 1}, {std::log(decay), std::log(decay)}),
              make({1, 2, 1}, {beta, beta})},
             2, {3});
}

TEST(LinearAttention, FollowsEachUpdateRule) {
  expect_near(numbers(two_tokens(UpdateRule::kLinear, 1, 1)), {2, 5});
  expect_near(numbers(two_tokens(UpdateRule::kGated, 0.5, 1)), {2, 4});
  expect_near(numbers(two_tokens(UpdateRule::kDelta, 1, 1)), {2, 3});
  expect_near(numbers(two_tokens(UpdateRule::kGatedDelta, 0.5, 0.5)), {1, 1.75});
  expect_near(numbers(two_tokens(UpdateRule::kGatedDelta, 0.5, 0.5), 1), {1.75});
}

TEST(LinearAttention, SharesKeysAmongQueryHeadsAndStartsFromAState) {
  const LinearAttention op{.q_num_heads = 2, .scale = 1, .update_rule = UpdateRule::kLinear};
  const auto y = run(
      op, {make({1, 1, 4}, {1, 0, 0, 1}), make({1, 1, 2}, {10, 20}), make({1, 1, 1}, {1}), make({1, 1, 2, 1}, {5, 6})},
      2);
  EXPECT_EQ(numbers(y), (Numbers{15, 26}));
  EXPECT_EQ(numbers(y, 1), (Numbers{15, 26}));
}

TEST(LinearAttention, NeedsWhatItsRuleReads) {
  EXPECT_EQ(infer(LinearAttention{.q_num_heads = 4, .kv_num_heads = 2, .update_rule = UpdateRule::kLinear},
                  {"f16[b,l,32]", "f16[b,l,16]", "f16[b,l,24]"}, 2),
            "f16[b,l,48] f16[b,2,8,12]");
  EXPECT_EQ(infer(LinearAttention{}, {"f32[b,l,8]", "f32[b,l,8]", "f32[b,l,8]"}),
            "LinearAttention: the gated rules need 'decay'");
}

}  // namespace
}  // namespace bolide::testing
