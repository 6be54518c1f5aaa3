// SPDX-License-Identifier: Apache-2.0
#include "media/plot/plot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

namespace lectio {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::filesystem::path kInjected =
    std::filesystem::path(testing::TempDir()) / "lectio-plot-injected";

std::vector<Chart> two_charts() {
  Chart chart;
  chart.title = "It's 100 %";
  chart.x_label = "tokens_per & token";
  chart.y_label = "precision";
  chart.series = {{"natural\nset output '" + kInjected.string() + "'",
                   {{8, 0.99, 0.98, 1.0}, {16, 0.9, 0.8, 0.95}}},
                  {"random", {{8, 0.9, 0.9, 0.9}, {NAN, 0.8, 0.8, 0.8}}}};
  return {chart, chart};
}

TEST(PlotTest, TextStaysTextAndNumbersThatAreNoneAreLeftOut) {
  const std::string script = plot_script(two_charts());
  EXPECT_THAT(script, HasSubstr("'It''s 100 %'"));
  EXPECT_THAT(script, HasSubstr("'natural set output ''" + kInjected.string() + "'''"));
  EXPECT_THAT(script, HasSubstr("\n16 0.9 0.8 0.95\n"));
  EXPECT_THAT(script, Not(HasSubstr("nan")));
}

TEST(PlotTest, GnuplotDrawsEveryChartWithItsWords) {
  if (!std::filesystem::exists("/usr/bin/gnuplot")) GTEST_SKIP() << "gnuplot is not installed";
  std::filesystem::remove(kInjected);
  const Result<std::string> svg = draw_svg(two_charts());
  ASSERT_TRUE(svg) << svg.error().message();
  EXPECT_THAT(*svg, HasSubstr("It's 100 %"));
  EXPECT_THAT(*svg, HasSubstr("tokens_per &amp; token"));
  EXPECT_THAT(*svg, HasSubstr("random"));
  EXPECT_FALSE(std::filesystem::exists(kInjected));
}

}  // namespace
}  // namespace lectio
