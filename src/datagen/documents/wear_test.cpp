// SPDX-License-Identifier: Apache-2.0
#include "datagen/documents/wear.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <numeric>

namespace lectio::documents {
namespace {

GreyImage black_square() {
  GreyImage image(64, 48, 255);
  for (std::int64_t y = 16; y < 32; ++y) {
    for (std::int64_t x = 20; x < 40; ++x) image.row(y)[x] = 0;
  }
  return image;
}

double darkness(const GreyImage& image) {
  double sum = 0;
  for (const std::uint8_t level : image.pixels) sum += 255 - level;
  return sum / 255;
}

TEST(Wear, InkSpreadsAndThinsByTheEdgeOfAPixel) {
  GreyImage image = black_square();
  spread_ink(image, 1.0);
  EXPECT_EQ(image.row(15)[25], 0);
  EXPECT_EQ(image.row(20)[19], 0);
  EXPECT_NEAR(darkness(image), 16 * 20 + 16 + 20, 0.5);  // a row above and a column to the left
  image = black_square();
  spread_ink(image, -1.0);
  EXPECT_NEAR(darkness(image), 15 * 19, 0.5);
  image = black_square();
  spread_ink(image, 0);
  EXPECT_EQ(image, black_square());
}

TEST(Wear, BlocksAreQuantisedMoreCoarselyAtLowerQuality) {
  const GreyImage original = black_square();
  double last = -1;
  for (const int quality : {100, 60, 20}) {
    GreyImage image = original;
    quantise_blocks(image, quality);
    double error = 0;
    for (std::size_t i = 0; i < image.pixels.size(); ++i) {
      error += std::abs(image.pixels[i] - original.pixels[i]);
    }
    EXPECT_GT(error, last) << quality;
    last = error;
    // A step of 1 moves a coefficient by at most 1/2, and 64 of them a level by at most
    // sqrt(64) / 2 = 4.
    if (quality == 100) {
      EXPECT_LE(error, 4.5 * static_cast<double>(image.pixels.size()));
    }
    EXPECT_EQ(image.row(2)[2], 255) << "flat blocks stay";
  }
}

TEST(Wear, TheOtherSideShowsThroughMirrored) {
  GreyImage image = black_square();
  bleed_through(image, 0.2, 0);
  EXPECT_EQ(image.row(20)[63 - 39], 0);  // ink stays
  EXPECT_NEAR(image.row(20)[63 - 21], 255 * 0.8, 2);
  EXPECT_EQ(image.row(20)[5], 255);
}

// Nine black squares on paper, with their boxes.
GreyImage squares(DocumentPrint& document) {
  GreyImage image(400, 300, 255);
  for (const std::int64_t left : {20, 200, 360}) {
    for (const std::int64_t top : {20, 150, 270}) {
      for (std::int64_t y = top; y < top + 10; ++y) {
        for (std::int64_t x = left; x < left + 10; ++x) image.row(y)[x] = 0;
      }
      const auto x = static_cast<float>(left);
      const auto y = static_cast<float>(top);
      document.page.boxes.push_back({x, x + 10, y, y + 10, 0});
    }
  }
  return image;
}

double darkness_inside(const GreyImage& image, const DocumentPrint& document) {
  double inside = 0;
  for (const CharBox& box : document.page.boxes) {
    for (auto y = std::lround(box.top); y < std::lround(box.bottom); ++y) {
      for (auto x = std::lround(box.x0); x < std::lround(box.x1); ++x) {
        inside += (255.0 - image.row(y)[x]) / 255;
      }
    }
  }
  return inside;
}

TEST(Wear, BoxesTurnWithThePage) {
  for (const double degrees : {-1.0, 0.0, 1.0}) {
    DocumentPrint document;
    GreyImage image = squares(document);
    skew(image, document, degrees, 255);
    // An edge is cut by up to half a pixel on each of four sides.
    EXPECT_GT(darkness_inside(image, document), 0.8 * 900) << degrees;
    EXPECT_NEAR(darkness(image), 900, 30) << degrees;
  }
}

TEST(Wear, BoxesGoWithThePageThatIsSeenFromBelow) {
  for (const double share : {-0.08, 0.0, 0.08}) {
    DocumentPrint document;
    GreyImage image = squares(document);
    keystone(image, document, share, 255);
    EXPECT_GT(darkness_inside(image, document), 0.8 * 900) << share;
    // The three rows of squares grow by -0.4, 0 and +0.4 of the share.
    EXPECT_NEAR(darkness(image), 900, 30) << share;
    if (share != 0) {
      EXPECT_NE(image, squares(document)) << share;
    }
  }
}

TEST(Wear, DustIsDarkAndSmall) {
  GreyImage image(100, 100, 255);
  Random random(5);
  add_dust(image, 30, random);
  EXPECT_GT(darkness(image), 5);
  EXPECT_LT(darkness(image), 60);
}

TEST(Wear, BilinearSamplesKeepFlatAreasAndTheirPlaces) {
  const GreyImage half = sample_bilinear(black_square(), 32, 24);
  EXPECT_EQ(half.row(12)[15], 0);
  EXPECT_EQ(half.row(2)[2], 255);
  EXPECT_NEAR(darkness(half), 80, 8);
  EXPECT_EQ(sample_bilinear(black_square(), 64, 48), black_square());
}

}  // namespace
}  // namespace lectio::documents
