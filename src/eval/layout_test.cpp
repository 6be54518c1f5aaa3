// SPDX-License-Identifier: Apache-2.0
#include "eval/layout.h"

#include <gtest/gtest.h>

#include <vector>

namespace lectio {
namespace {

Block block(Box box, BlockKind kind = BlockKind::kText) {
  Block result;
  result.kind = kind;
  result.boxes = {box};
  return result;
}

LayoutScore score(const std::vector<Block>& expected, const std::vector<Block>& found) {
  return score_layout(expected, found);
}

TEST(Layout, EqualBlocksMatchWhateverTheirOrder) {
  const Block title = block({0, 0, 90, 20}, BlockKind::kTitle);
  const Block text = block({0, 30, 90, 80});
  const LayoutScore layout = score({title, text}, {text, title});
  EXPECT_EQ(layout.expected, 2);
  EXPECT_EQ(layout.found, 2);
  EXPECT_EQ(layout.matched, 2);
  EXPECT_EQ(layout.same_kind, 2);
  EXPECT_DOUBLE_EQ(layout.iou_sum, 2);
  EXPECT_DOUBLE_EQ(layout.f1(), 1);
}

TEST(Layout, ShiftedBoxesMatchFromHalfOn) {
  const Block truth = block({0, 0, 90, 10});
  // A third of the width aside: 60 of 120 columns are in both.
  EXPECT_EQ(score({truth}, {block({30, 0, 120, 10})}).matched, 1);
  EXPECT_DOUBLE_EQ(score({truth}, {block({30, 0, 120, 10})}).mean_iou(), 0.5);
  EXPECT_DOUBLE_EQ(score({truth}, {block({10, 0, 100, 10})}).mean_iou(), 0.8);
  const LayoutScore apart = score({truth}, {block({31, 0, 121, 10})});
  EXPECT_EQ(apart.matched, 0);
  EXPECT_DOUBLE_EQ(apart.mean_iou(), 0);
  EXPECT_DOUBLE_EQ(apart.f1(), 0);
  // A gap of 30 across and 20 down is no common area of 600.
  EXPECT_EQ(score({truth}, {block({120, 30, 210, 40})}).matched, 0);
}

TEST(Layout, ABoxMatchesOnce) {
  const Block truth = block({0, 0, 100, 10});
  const LayoutScore twice = score({truth}, {block({0, 0, 80, 10}), block({0, 0, 90, 10})});
  EXPECT_EQ(twice.matched, 1);
  EXPECT_DOUBLE_EQ(twice.iou_sum, 0.9) << "the better of the two";
  EXPECT_DOUBLE_EQ(twice.precision(), 0.5);
  EXPECT_DOUBLE_EQ(twice.recall(), 1);
  const LayoutScore merged = score({block({0, 0, 80, 10}), block({0, 0, 90, 10})}, {truth});
  EXPECT_EQ(merged.matched, 1);
  EXPECT_DOUBLE_EQ(merged.iou_sum, 0.9);
  EXPECT_DOUBLE_EQ(merged.recall(), 0.5);
}

TEST(Layout, TheBestPairIsTakenFirst) {
  // The first true box would take the first read one, which is the second's.
  const LayoutScore layout = score({block({0, 0, 100, 10}), block({20, 0, 100, 10})},
                                   {block({20, 0, 100, 10}), block({0, 0, 60, 10})});
  EXPECT_EQ(layout.matched, 2);
  EXPECT_DOUBLE_EQ(layout.iou_sum, 1.6);
}

TEST(Layout, BlocksWithoutABoxDoNotCount) {
  const Block truth = block({0, 0, 90, 10});
  const LayoutScore neither = score({Block()}, {Block()});
  EXPECT_EQ(neither.expected, 0);
  EXPECT_EQ(neither.found, 0);
  EXPECT_DOUBLE_EQ(neither.f1(), 1);
  EXPECT_DOUBLE_EQ(score({truth}, {Block()}).precision(), 0);
  EXPECT_DOUBLE_EQ(score({truth}, {Block()}).recall(), 0);
  EXPECT_DOUBLE_EQ(score({Block()}, {truth}).precision(), 0);
  EXPECT_DOUBLE_EQ(score({Block()}, {truth}).recall(), 1);
}

TEST(Layout, SeveralBoxesOfABlockAreOne) {
  Block halves = block({0, 0, 40, 10});
  halves.boxes.push_back({50, 0, 90, 10});
  const LayoutScore layout = score({halves}, {block({0, 0, 90, 10})});
  EXPECT_EQ(layout.expected, 1);
  EXPECT_DOUBLE_EQ(layout.iou_sum, 1);
}

TEST(Layout, KindsThatDifferMatchAndAreCounted) {
  const Block text = block({0, 0, 90, 10});
  const Block table = block({0, 20, 90, 90}, BlockKind::kTable);
  const LayoutScore layout =
      score({text, table}, {block({0, 0, 90, 10}, BlockKind::kTitle), table});
  EXPECT_EQ(layout.matched, 2);
  EXPECT_EQ(layout.same_kind, 1);
  EXPECT_DOUBLE_EQ(layout.kind_accuracy(), 0.5);
}

TEST(Layout, ScoresAddUp) {
  LayoutScore sum = score({block({0, 0, 90, 10})}, {block({10, 0, 100, 10})});
  sum += score({block({0, 0, 90, 10}), block({0, 20, 90, 30})},
               {block({0, 0, 90, 10}, BlockKind::kTitle)});
  EXPECT_EQ(sum.expected, 3);
  EXPECT_EQ(sum.found, 2);
  EXPECT_EQ(sum.matched, 2);
  EXPECT_EQ(sum.same_kind, 1);
  EXPECT_DOUBLE_EQ(sum.mean_iou(), 0.9);
  EXPECT_DOUBLE_EQ(sum.f1(), 0.8);
}

}  // namespace
}  // namespace lectio
