// SPDX-License-Identifier: Apache-2.0
#include "datagen/prints/degrade.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "datagen/prints/resize.h"

namespace lectio {
namespace {

GreyImage random_image(std::int64_t width, std::int64_t height, std::uint64_t seed) {
  Random random(seed);
  GreyImage image(width, height);
  for (std::uint8_t& pixel : image.pixels) pixel = static_cast<std::uint8_t>(random.below(256));
  return image;
}

double mean(const GreyImage& image) {
  return std::accumulate(image.pixels.begin(), image.pixels.end(), 0.0) /
         static_cast<double>(image.pixels.size());
}

double deviation(const GreyImage& image) {
  const double middle = mean(image);
  double sum = 0;
  for (const std::uint8_t pixel : image.pixels) sum += (pixel - middle) * (pixel - middle);
  return std::sqrt(sum / static_cast<double>(image.pixels.size()));
}

// The definition, in doubles, with the 8-bit image between the passes.
double cubic(double x) {
  x = std::abs(x);
  if (x < 1) return 1.5 * x * x * x - 2.5 * x * x + 1;
  if (x < 2) return -0.5 * x * x * x + 2.5 * x * x - 4 * x + 2;
  return 0;
}

std::vector<double> resize_line(const std::vector<double>& line, std::int64_t out) {
  const auto in = static_cast<std::int64_t>(line.size());
  const double scale = static_cast<double>(in) / static_cast<double>(out);
  const double stretch = std::max(1.0, scale);
  std::vector<double> result;
  for (std::int64_t i = 0; i < out; ++i) {
    const double center = (static_cast<double>(i) + 0.5) * scale;
    double sum = 0;
    double weights = 0;
    for (std::int64_t k = 0; k < in; ++k) {
      const double w = cubic((static_cast<double>(k) + 0.5 - center) / stretch);
      weights += w;
      sum += w * line[static_cast<std::size_t>(k)];
    }
    result.push_back(std::clamp(sum / weights, 0.0, 255.0));
  }
  return result;
}

GreyImage reference_resize(const GreyImage& image, std::int64_t width, std::int64_t height) {
  GreyImage high(image.width, height);
  for (std::int64_t x = 0; x < image.width; ++x) {
    std::vector<double> column;
    for (std::int64_t y = 0; y < image.height; ++y) column.push_back(image.row(y)[x]);
    const std::vector<double> resized = resize_line(column, height);
    for (std::int64_t y = 0; y < height; ++y) {
      high.row(y)[x] = static_cast<std::uint8_t>(std::lround(resized[static_cast<std::size_t>(y)]));
    }
  }
  GreyImage out(width, height);
  for (std::int64_t y = 0; y < height; ++y) {
    const std::vector<double> resized =
        resize_line(std::vector<double>(high.row(y), high.row(y) + high.width), width);
    for (std::int64_t x = 0; x < width; ++x) {
      out.row(y)[x] = static_cast<std::uint8_t>(std::lround(resized[static_cast<std::size_t>(x)]));
    }
  }
  return out;
}

TEST(ResizeGrey, AgreesWithTheDefinitionAtAllScales) {
  const std::int64_t sides[][4] = {{37, 53, 61, 41}, {64, 64, 40, 40},  {33, 17, 33, 17},
                                   {5, 3, 50, 31},   {90, 120, 30, 20}, {1, 1, 7, 5},
                                   {40, 50, 1, 1},   {19, 200, 18, 199}};
  for (const auto& s : sides) {
    const GreyImage image = random_image(s[0], s[1], 11);
    const GreyImage resized = resize_grey(image, s[2], s[3]);
    const GreyImage expected = reference_resize(image, s[2], s[3]);
    int worst = 0;
    double bias = 0;
    for (std::size_t i = 0; i < resized.pixels.size(); ++i) {
      worst = std::max(worst, std::abs(resized.pixels[i] - expected.pixels[i]));
      bias += resized.pixels[i] - expected.pixels[i];
    }
    // Weights are rounded by at most 2^-15, so that a sum of 8 is wrong by less than 0.1 before it
    // is rounded: once in the rows, and that level again in the columns, where the magnitudes of
    // the weights add up to at most 1.3.
    EXPECT_LE(std::abs(bias) / static_cast<double>(resized.pixels.size()), 0.05);
    EXPECT_LE(worst, 2) << s[0] << "x" << s[1] << " to " << s[2] << "x" << s[3];
  }
}

TEST(ResizeGrey, AFlatImageStaysFlat) {
  for (const int value : {0, 1, 127, 254, 255}) {
    const auto level = static_cast<std::uint8_t>(value);
    const GreyImage resized = resize_grey(GreyImage(51, 43, level), 33, 70);
    EXPECT_EQ(resized.pixels, GreyImage(33, 70, level).pixels);
  }
}

TEST(Degrade, BlurKeepsTheMeanAndSmooths) {
  GreyImage image = random_image(100, 80, 3);
  const double before = mean(image);
  const double rough = deviation(image);
  blur(image, 0.25);
  EXPECT_NEAR(mean(image), before, 1);
  EXPECT_LT(deviation(image), rough * 0.5);
  GreyImage point(5, 5, 0);
  point.row(2)[2] = 255;
  blur(point, 0.25);
  EXPECT_NEAR(point.row(2)[2], 255 / 4.0, 1);
  EXPECT_NEAR(point.row(1)[2], 255 / 8.0, 1);
  EXPECT_NEAR(point.row(1)[1], 255 / 16.0, 1);
  EXPECT_EQ(point.row(0)[0], 0);
}

TEST(Degrade, NoiseHasTheDeviationThatIsAskedFor) {
  GreyImage image(300, 200, 128);
  Random random(5);
  add_noise(image, 8, random);
  EXPECT_NEAR(deviation(image), 8, 0.8);
  EXPECT_NEAR(mean(image), 128, 0.8);
  GreyImage white(300, 20, 255);
  add_noise(white, 8, random);
  EXPECT_LE(mean(white), 255);
  EXPECT_GT(mean(white), 245);
}

TEST(Degrade, ContrastTurnsAroundItsMiddle) {
  GreyImage image(2, 1);
  image.pixels = {100, 200};
  scale_contrast(image, 150, 0.5);
  EXPECT_EQ(image.pixels, (std::vector<std::uint8_t>{125, 175}));
}

TEST(Degrade, ShadeFallsFromOneSideToTheOther) {
  GreyImage across(101, 3, 200);
  shade(across, 0.5, true);
  EXPECT_NEAR(across.row(1)[0], 200, 1);
  EXPECT_NEAR(across.row(1)[50], 150, 1);
  EXPECT_NEAR(across.row(1)[100], 100, 1);
  GreyImage down(3, 101, 200);
  shade(down, 0.5, false);
  EXPECT_NEAR(down.row(50)[1], 150, 1);
}

TEST(Degrade, ImagesOfOnePixelPass) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    GreyImage image(1, 1, 99);
    Random random(seed);
    degrade_mildly(image, random);
    EXPECT_EQ(image.pixels.size(), 1U);
  }
}

}  // namespace
}  // namespace lectio
