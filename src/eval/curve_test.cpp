// SPDX-License-Identifier: Apache-2.0
#include "eval/curve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace lectio {
namespace {

using ::testing::HasSubstr;

PageScore page(double precision, std::int64_t characters, std::int64_t text_tokens) {
  PageScore score;
  score.character_precision = precision;
  score.characters = characters;
  score.text_tokens = text_tokens;
  score.read.content_tokens = 64;
  return score;
}

Curve small_curve() {
  Curve curve{"nano", "its own 1,024 tokens", {}};
  curve.rows.push_back({"natural", 500, {page(1.0, 512, 200), page(0.9, 528, 216)}});
  curve.rows.push_back({"natural", 250, {page(0.8, 1024, 416)}});
  curve.rows.push_back({"random", 500, {page(0.7, 512, 300)}});
  return curve;
}

TEST(CurveTest, APointIsMeansOverPagesAndRatiosOfSums) {
  const CurvePoint p = point_of(small_curve().rows[0]);
  EXPECT_DOUBLE_EQ(p.characters_per_token, 1040.0 / 128.0);
  EXPECT_DOUBLE_EQ(p.pixels_per_character, 4096.0 * 128.0 / 1040.0);
  EXPECT_DOUBLE_EQ(p.text_tokens_per_token, 416.0 / 128.0);
  EXPECT_DOUBLE_EQ(p.precision, 0.95);
  EXPECT_DOUBLE_EQ(p.median, 0.95);
  EXPECT_LE(p.bounds.low, 0.95);
  EXPECT_GE(p.bounds.high, 0.95);
}

TEST(CurveTest, AFailedPageCountsAsZeroAndMeetsNoTokens) {
  CurveRow row{"natural", 500, {page(1.0, 512, 200), page(0.0, 512, 200)}};
  row.pages[1].error = "no room";
  row.pages[1].read = {};
  const CurvePoint p = point_of(row);
  EXPECT_DOUBLE_EQ(p.precision, 0.5);
  EXPECT_DOUBLE_EQ(p.characters_per_token, 8.0);
}

TEST(CurveTest, ALineForEachKindOfTextInBothCharts) {
  const std::vector<Chart> charts = charts_of(small_curve());
  ASSERT_EQ(charts.size(), 2U);
  for (const Chart& chart : charts) {
    ASSERT_EQ(chart.series.size(), 2U);
    EXPECT_EQ(chart.series[0].name, "natural");
    EXPECT_EQ(chart.series[0].points.size(), 2U);
    EXPECT_EQ(chart.series[1].points.size(), 1U);
  }
  EXPECT_DOUBLE_EQ(charts[0].series[0].points[1].x, 16.0);
  EXPECT_DOUBLE_EQ(charts[1].series[0].points[1].x, 6.5);
  EXPECT_DOUBLE_EQ(charts[1].series[0].points[1].y, 0.8);
}

TEST(CurveTest, TableAndJsonSayTheSame) {
  const Curve curve = small_curve();
  EXPECT_THAT(to_markdown(curve), HasSubstr("| natural | 1 | 256 | 16.0 | 6.5 | 0.800 |"));
  const auto json = nlohmann::json::parse(to_json(curve));
  EXPECT_EQ(json["schema"], "lectio.eval.curve");
  EXPECT_DOUBLE_EQ(json["rows"][1]["character_precision"], 0.8);
  EXPECT_EQ(json["rows"][0]["pages"].size(), 2U);
}

}  // namespace
}  // namespace lectio
