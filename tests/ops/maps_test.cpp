#include "support.h"

namespace bolide {
namespace {

const Tensor kMap = Tensor::map(longs({3}, {5, 1, 3}), floats({3}, {50, 10, 30}));

TEST(Maps, OfRowsAreZipped) {
  const auto zipped = run(ZipMap{}, {floats({2, 2}, {1, 2, 3, 4}), longs({2}, {7, 8})});
  ASSERT_TRUE(zipped) << zipped.error().message;
  const Tensor& maps = zipped->front();
  ASSERT_EQ(maps.items().size(), 2U);
  EXPECT_EQ(maps.items()[1], Tensor::map(longs({2}, {7, 8}), floats({2}, {3, 4})));
}

TEST(Maps, GiveTheirValuesByKey) {
  EXPECT_EQ(show(run(MapLookup{}, {kMap, longs({3}, {3, 9, 5})})), "f32[1,3]{30,0,50}");
}

TEST(Maps, BecomeRowsByTheOrderOfTheirKeysOrAtTheirPlaces) {
  EXPECT_EQ(show(run(MapToRow{}, {kMap})), "f32[1,3]{10,30,50}");
  EXPECT_EQ(show(run(MapToRow{.length = 6}, {kMap})), "f32[1,6]{0,10,0,30,0,50}");
  EXPECT_EQ(show(run(MapToRow{.length = 5}, {kMap})), "invalid argument: MapToRow: key 5 is not below 5");
}

}  // namespace
}  // namespace bolide
