/// A network with an If, for tests of the steps in its branches.
#pragma once

namespace bolide::test {

/// c bool[], x f32[8] -> Softmax -> If with two steps in the one branch and one in the other -> Softmax.
constexpr const char* kBranches = R"(c = input bool[]
x = input f32[8]
before = Softmax(x) axis=0
r = If(c, before)
{
  before = input f32[8]
  p = Exp(before)
  q = Softmax(p) axis=0
  return q
}
{
  before = input f32[8]
  n = Softmax(before) axis=0
  return n
}
after = Softmax(r) axis=0
return after
)";

}  // namespace bolide::test
