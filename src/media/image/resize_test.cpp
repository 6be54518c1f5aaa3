// SPDX-License-Identifier: Apache-2.0
#include "media/image/resize.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/file.h"
#include "base/sha256.h"
#include "base/splitmix.h"
#include "media/image/detail/resample_rows.h"
#include "media/image/formula_picture.h"
#include "media/image/testing/golden.h"

namespace lectio {
namespace {

using ::testing::HasSubstr;

nlohmann::json golden() {
  Result<std::string> text = read_file(LECTIO_SOURCE_DIR "/tests/golden/preprocess.json");
  LECTIO_CHECK(text, text.error().message());
  return nlohmann::json::parse(*text);
}

Image source_of(const nlohmann::json& item) {
  Image image =
      formula_picture(item["kind"].get<std::string>(), item["w"], item["h"], item["seed"]);
  EXPECT_EQ(sha256_hex(image.pixels), item["in_sha256"]);
  return image;
}

TEST(ResizeBicubic, GivesTheBytesOfPillow) {
  const nlohmann::json cases = golden()["resize"];
  ASSERT_EQ(cases.size(), 15U);
  for (const auto& item : cases) {
    SCOPED_TRACE(item.dump().substr(0, 80));
    const Image out = resize_bicubic(source_of(item), item["W"], item["H"]);
    EXPECT_EQ(out.width, item["W"]);
    EXPECT_EQ(out.height, item["H"]);
    const std::string expected = item["first64"];
    EXPECT_EQ(hex(std::span(out.pixels).first(expected.size() / 2)), expected);
    EXPECT_EQ(sha256_hex(out.pixels), item["sha256"]);
  }
}

TEST(PadToSquare, GivesTheBytesOfPillow) {
  const nlohmann::json cases = golden()["pad"];
  ASSERT_EQ(cases.size(), 17U);
  for (const auto& item : cases) {
    SCOPED_TRACE(item.dump().substr(0, 120));
    const Image source = source_of(item);
    const Result<PadPlan> plan = plan_pad(source.width, source.height, item["S"]);
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->width, item["new_w"]);
    EXPECT_EQ(plan->height, item["new_h"]);
    EXPECT_EQ(plan->x, item["x"]);
    EXPECT_EQ(plan->y, item["y"]);
    const Result<Image> out = pad_to_square(source, item["S"]);
    ASSERT_TRUE(out);
    EXPECT_EQ(sha256_hex(out->pixels), item["sha256"]);
  }
}

TEST(PlanPad, RoundsHalfToEven) {
  const auto expect_plan = [](std::int64_t w, std::int64_t h, PadPlan expected) {
    const Result<PadPlan> plan = plan_pad(w, h, 1024);
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->width, expected.width);
    EXPECT_EQ(plan->height, expected.height);
    EXPECT_EQ(plan->x, expected.x);
    EXPECT_EQ(plan->y, expected.y);
  };
  expect_plan(1240, 1754, {724, 1024, 150, 0});
  expect_plan(1920, 1080, {1024, 576, 0, 224});
  expect_plan(1280, 1024, {1024, 819, 0, 102});  // 102.5
  expect_plan(1000, 333, {1024, 341, 0, 342});   // 341.5
  expect_plan(612, 792, {791, 1024, 116, 0});    // 116.5
}

TEST(PlanPad, SideThatRoundsToZeroIsAnErrorWithTheSize) {
  const Result<PadPlan> plan = plan_pad(60'000, 20, 1024);
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code(), ErrorCode::kInvalidInput);
  EXPECT_THAT(plan.error().message(), HasSubstr("found 60000 x 20 pixels"));
  EXPECT_FALSE(plan_pad(20, 60'000, 1024));
  EXPECT_FALSE(pad_to_square(Image(3000, 1), 1024));
}

TEST(ResizeBicubic, SameSizeIsTheSamePicture) {
  const Image image = formula_picture("noise", 37, 11, 5);
  EXPECT_EQ(resize_bicubic(image, 37, 11), image);
}

TEST(ResizeBicubic, UniformPicturesStayUniform) {
  for (const std::uint8_t level : std::vector<std::uint8_t>{0, 1, 127, 254, 255}) {
    const Image out = resize_bicubic(Image(211, 97, level), 64, 301);
    EXPECT_EQ(out, Image(64, 301, level)) << int{level};
  }
}

TEST(ResizeBicubic, OnePixelFillsEverySize) {
  EXPECT_EQ(resize_bicubic(Image(1, 1, 77), 640, 640), Image(640, 640, 77));
}

TEST(ResizeBicubic, EmptyPicturesAreABug) {
  EXPECT_THROW(resize_bicubic(Image(), 1, 1), InvariantError);
  EXPECT_THROW(resize_bicubic(Image(1, 1), 0, 1), InvariantError);
}

TEST(Crop, TakesThePartAndRefusesToLeaveThePicture) {
  const Image image = formula_picture("noise", 9, 7, 1);
  const Image part = crop(image, 2, 3, 4, 2);
  ASSERT_EQ(part.width, 4);
  ASSERT_EQ(part.height, 2);
  for (std::int64_t y = 0; y < 2; ++y) {
    for (std::int64_t i = 0; i < 12; ++i) EXPECT_EQ(part.row(y)[i], image.row(y + 3)[i + 6]);
  }
  EXPECT_EQ(crop(image, 0, 0, 9, 7), image);
  EXPECT_THROW(crop(image, 6, 0, 4, 1), InvariantError);
  EXPECT_THROW(crop(image, -1, 0, 4, 1), InvariantError);
}

// Weights as bicubic kernels have them: they add to 2^22, some are negative.
Taps random_taps(Random& random, std::int64_t inputs, std::int64_t outputs, std::int64_t most) {
  Taps taps;
  taps.stride = (most + 1) / 2 * 2;
  taps.weights.assign(static_cast<std::size_t>(outputs * taps.stride), 0);
  for (std::int64_t i = 0; i < outputs; ++i) {
    const std::int64_t count = random.between(1, std::min(most, inputs));
    taps.count.push_back(count);
    taps.first.push_back(random.between(0, inputs - count));
    std::int32_t* row = taps.weights.data() + i * taps.stride;
    std::int32_t rest = 1 << kWeightBits;
    for (std::int64_t k = 1; k < count; ++k) {
      const std::int64_t room = (1 << kWeightBits) / count;
      row[k] = static_cast<std::int32_t>(random.between(-room / 4, room));
      rest -= row[k];
    }
    row[0] = rest;
  }
  split_weights(taps);
  return taps;
}

TEST(ResampleRow, FastAndPlainAgreeForEveryWidthAndTapCount) {
  Random random(11);
  for (std::int64_t inputs = 1; inputs <= 40; ++inputs) {
    for (const std::int64_t most : {1, 2, 3, 7, 16, 33}) {
      const Taps taps = random_taps(random, inputs, 23, most);
      // Exactly as long as the row: a read past its end is seen by the sanitizer.
      const Image row = formula_picture("noise", inputs, 1, random.next());
      std::vector<std::uint8_t> fast(23 * 3), plain(23 * 3);
      resample_row(taps, row.pixels.data(), inputs, fast.data());
      resample_row_plain(taps, row.pixels.data(), plain.data());
      ASSERT_EQ(fast, plain) << inputs << " pixels, up to " << most << " taps";
    }
  }
}

TEST(BlendRows, FastAndPlainAgreeForEveryLengthAndTapCount) {
  Random random(12);
  for (std::int64_t bytes = 1; bytes <= 70; ++bytes) {
    for (const std::int64_t count : {1, 2, 3, 8, 31}) {
      const Taps taps = random_taps(random, count, 1, count);
      std::vector<std::vector<std::uint8_t>> storage;
      std::vector<const std::uint8_t*> rows;
      for (std::int64_t k = 0; k < count; ++k) {
        storage.push_back(formula_picture("noise", bytes, 1, random.next()).pixels);
        storage.back().resize(static_cast<std::size_t>(bytes));
        storage.back().shrink_to_fit();
        rows.push_back(storage.back().data());
      }
      std::vector<std::uint8_t> fast(static_cast<std::size_t>(bytes)), plain(fast.size());
      blend_rows(taps, 0, rows.data(), bytes, fast.data());
      blend_rows_plain(taps, 0, rows.data(), bytes, plain.data());
      ASSERT_EQ(fast, plain) << bytes << " bytes, " << count << " rows";
    }
  }
}

}  // namespace
}  // namespace lectio
