// SPDX-License-Identifier: Apache-2.0
#include "train/curves.h"

#include <gtest/gtest.h>

namespace lectio::train {
namespace {

TEST(LearningCurves, FollowTheLog) {
  const auto charts = learning_curves(
      R"({"seconds": 60, "levels": {"base natural": {"accuracy": 0.5, "loss": 2}}}
{"event": "level", "seconds": 70, "level": "base"}

{"seconds": 120, "levels": {"base natural": {"accuracy": 0.7}, "tiny natural": {"accuracy": 0.4}}}
{"event": "controls", "seconds": 121.5, "sets": {"documents base": {"accuracy": 0.9}}})");
  ASSERT_TRUE(charts) << charts.error().message();
  ASSERT_EQ(charts->size(), 2U);
  const Chart& levels = (*charts)[0];
  ASSERT_EQ(levels.series.size(), 2U);
  EXPECT_EQ(levels.series[0].name, "base natural");
  ASSERT_EQ(levels.series[0].points.size(), 2U);
  EXPECT_DOUBLE_EQ(levels.series[0].points[1].x, 2.0);
  EXPECT_DOUBLE_EQ(levels.series[0].points[1].y, 0.9 * 0.5 + 0.1 * 0.7);
  EXPECT_LT(levels.y_min, 0.4);
  EXPECT_DOUBLE_EQ((*charts)[1].series.at(0).points.at(0).y, 0.9);
}

TEST(LearningCurves, WhatIsNoLogIsSaidWithItsLine) {
  const auto broken = learning_curves("{\"seconds\": 1}\nnot json\n");
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().message(), "line 2: expected a JSON object");
  const auto empty = learning_curves("{\"seconds\": 1}\n");
  ASSERT_FALSE(empty);
  EXPECT_EQ(empty.error().code(), ErrorCode::kInvalidInput);
}

}  // namespace
}  // namespace lectio::train
