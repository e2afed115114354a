#include "ops/deform_conv.h"

#include "backend/cpu/tactic_harness.h"

namespace bolide::test {
namespace {

constexpr std::string_view kSamples = "cpu.deform.samples";

Layout planes(Dims dims) { return {.dims = std::move(dims), .fill = Fill::kNormal}; }
Layout image(Dims dims) { return {.dims = std::move(dims), .order = Order::kChannelsLast, .fill = Fill::kNormal}; }
Layout constant(Dims dims) { return {.dims = std::move(dims), .constant = true, .fill = Fill::kNormal}; }
const Layout kNone{.absent = true};

TEST(Deform, SamplesBetweenAndBeyondPixels) {
  const DeformConv conv{.pads = {1, 1, 1, 1}};
  for (const std::int64_t out : {1, 7, 16, 33}) {
    for (const Layout& x : {planes({2, 5, 6, 7}), image({2, 5, 6, 7})}) {
      expect_tactic(
          {.op = Op(conv),
           .inputs = {x, constant({out, 5, 3, 3}), planes({2, 18, 6, 7}), constant({out}), planes({2, 9, 6, 7})},
           .outputs = {image({})},
           .absolute = 1e-4},
          kSamples);
    }
  }
}

TEST(Deform, GroupsStridesAndWeightsThatAreComputed) {
  const DeformConv conv{.strides = {2, 1}, .pads = {1, 0, 0, 1}, .groups = 2, .offset_groups = 4};
  for (const Layout& w : {constant({6, 4, 3, 2}), planes({6, 4, 3, 2})}) {
    expect_tactic({.op = Op(conv),
                   .inputs = {planes({1, 8, 7, 6}), w, planes({1, 48, 3, 6}), kNone, kNone},
                   .outputs = {image({})},
                   .absolute = 1e-4},
                  kSamples);
  }
}

TEST(Deform, OneAndThreeSpatialDims) {
  expect_tactic({.op = Op(DeformConv{}),
                 .inputs = {planes({2, 3, 9}), constant({4, 3, 2}), planes({2, 2, 8})},
                 .outputs = {image({})},
                 .absolute = 1e-4},
                kSamples);
  expect_tactic({.op = Op(DeformConv{}),
                 .inputs = {planes({1, 3, 4, 5, 6}), constant({4, 3, 2, 2, 2}), planes({1, 24, 3, 4, 5})},
                 .outputs = {image({})},
                 .absolute = 1e-4},
                kSamples);
}

}  // namespace
}  // namespace bolide::test
