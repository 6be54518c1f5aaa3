// SPDX-License-Identifier: Apache-2.0
#include "ocr/views/views.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/sha256.h"
#include "base/splitmix.h"
#include "media/image/formula_picture.h"
#include "ocr/pages/page.h"

namespace lectio {
namespace {

using ::testing::HasSubstr;

nlohmann::json preprocess() {
  Result<std::string> text = read_file(LECTIO_SOURCE_DIR "/tests/golden/preprocess.json");
  LECTIO_CHECK(text, text.error().message());
  return nlohmann::json::parse(*text);
}

TileGrid grid_of(const nlohmann::json& pair) { return {pair[0], pair[1]}; }

TEST(ChooseTileGrid, FollowsTheTableOf111Sizes) {
  const nlohmann::json rows = preprocess()["grid"]["rows"];
  ASSERT_EQ(rows.size(), 111U);
  for (const auto& row : rows) {
    SCOPED_TRACE(row.dump());
    EXPECT_EQ(choose_tile_grid(row[0], row[1], 640, 9), grid_of(row[2]));
    EXPECT_EQ(choose_tile_grid(row[0], row[1], 640, 6), grid_of(row[3]));
    EXPECT_EQ(choose_tile_grid(row[0], row[1], 768, 6), grid_of(row[4]));
    EXPECT_EQ(choose_tile_grid(row[0], row[1], 768, 9), grid_of(row[5]));
  }
}

TEST(ChooseTileGrid, CutsFromOnePixelAboveTheThreshold) {
  constexpr TileGrid kNone{1, 1};
  EXPECT_EQ(choose_tile_grid(640, 640, 640, 9), kNone);
  EXPECT_NE(choose_tile_grid(641, 640, 640, 9), kNone);
  EXPECT_NE(choose_tile_grid(640, 641, 640, 9), kNone);
  EXPECT_EQ(choose_tile_grid(768, 768, 768, 6), kNone);
  EXPECT_NE(choose_tile_grid(769, 768, 768, 6), kNone);
  EXPECT_NE(choose_tile_grid(768, 769, 768, 6), kNone);
  // Gundam-M keeps v1's 640 although its tiles have 1024.
  EXPECT_EQ(choose_tile_grid(640, 640, 1024, 9), kNone);
  EXPECT_NE(choose_tile_grid(641, 640, 1024, 9), kNone);
}

TEST(CutImages, GivesTheTilesOfPillow) {
  const nlohmann::json cases = preprocess()["tiles"];
  ASSERT_EQ(cases.size(), 7U);
  for (const auto& item : cases) {
    SCOPED_TRACE(item.dump().substr(0, 100));
    const Image image =
        formula_picture(item["kind"].get<std::string>(), item["w"], item["h"], item["seed"]);
    const Family family = item["version"] == 1 ? Family::kV1 : Family::kV2;
    const Result<ViewPlan> plan =
        plan_views(family, image.width, image.height, Mode::kGundam, {.max_tiles = item["M"]});
    ASSERT_TRUE(plan);
    const Result<std::vector<Image>> images = cut_images(image, *plan);
    ASSERT_TRUE(images);
    const nlohmann::json& tiles = item["tiles"];
    EXPECT_EQ(plan->tiles.value_or(TileGrid{}), (TileGrid{item["cols"], item["rows"]}));
    ASSERT_EQ(images->size(), tiles.size() + 1);
    for (std::size_t i = 0; i < tiles.size(); ++i) {
      EXPECT_EQ(sha256_hex((*images)[i + 1].pixels), tiles[i]["sha256"]) << "tile " << i;
    }
  }
}

TEST(Normalised, FollowsThePixelTable) {
  const nlohmann::json table = preprocess()["pixel"];
  ASSERT_EQ(table["f32_hex"].size(), 256U);
  for (std::size_t v = 0; v < 256; ++v) {
    const float value = normalised(static_cast<std::uint8_t>(v));
    const auto bits = std::bit_cast<std::uint32_t>(value);
    EXPECT_EQ(bits, std::stoul(table["f32_hex"][v].get<std::string>(), nullptr, 16)) << v;
    EXPECT_EQ(float_to_bf16(value),
              std::stoul(table["bf16_hex"][v].get<std::string>(), nullptr, 16))
        << v;
  }
}

// A golden file: its header, and its numbers by name.
class GoldenCase {
 public:
  explicit GoldenCase(const std::string& name) {
    Result<std::string> file =
        read_file(LECTIO_SOURCE_DIR "/tests/golden/" + name + ".safetensors");
    LECTIO_CHECK(file, file.error().message());
    std::uint64_t length = 0;
    std::memcpy(&length, file->data(), sizeof(length));
    header_ = nlohmann::json::parse(file->substr(8, length));
    data_ = file->substr(8 + length);
  }

  nlohmann::json view_hashes() const {
    return nlohmann::json::parse(header_["__metadata__"]["view_sha256"].get<std::string>());
  }
  std::vector<float> floats(const std::string& name) const {
    const auto offsets = header_[name]["data_offsets"];
    std::vector<float> values((offsets[1].get<std::size_t>() - offsets[0].get<std::size_t>()) /
                              sizeof(float));
    std::memcpy(values.data(), data_.data() + offsets[0].get<std::size_t>(),
                values.size() * sizeof(float));
    return values;
  }

 private:
  nlohmann::json header_;
  std::string data_;
};

struct ViewCase {
  const char* name;
  const char* image;
  Family family;
  Mode mode;
  std::int64_t placeholders;
};

std::ostream& operator<<(std::ostream& out, const ViewCase& item) { return out << item.name; }

class GoldenViews : public ::testing::TestWithParam<ViewCase> {
 protected:
  void SetUp() override {
    const std::string path =
        std::string(LECTIO_SOURCE_DIR "/tests/golden/images/") + GetParam().image + ".png";
    Result<Page> page = open_page(path);
    ASSERT_TRUE(page) << page.error().message();
    image_ = std::move(page->image);
    Result<ViewPlan> plan =
        plan_views(GetParam().family, image_.width, image_.height, GetParam().mode);
    ASSERT_TRUE(plan);
    plan_ = *std::move(plan);
  }

  Image image_;
  ViewPlan plan_;
};

TEST_P(GoldenViews, HaveTheBytesOfTheReference) {
  const nlohmann::json hashes = GoldenCase(GetParam().name).view_hashes();
  const Result<std::vector<Image>> images = cut_images(image_, plan_);
  ASSERT_TRUE(images);
  ASSERT_EQ(images->size(), hashes.size());
  EXPECT_EQ(sha256_hex((*images)[0].pixels), hashes["global0"]);
  for (std::size_t i = 1; i < images->size(); ++i) {
    EXPECT_EQ(sha256_hex((*images)[i].pixels), hashes["local" + std::to_string(i - 1)])
        << "tile " << i - 1;
  }
  EXPECT_EQ(plan_.layout.count(), GetParam().placeholders);
}

TEST_P(GoldenViews, HaveTheNumbersOfTheReference) {
  const GoldenCase golden(GetParam().name);
  const Result<Views> views = cut(image_, plan_);
  ASSERT_TRUE(views);
  const auto expect_samples = [&](const Tensor& tensor, const std::string& stage) {
    const std::vector<float> samples = golden.floats(stage + ".samp");
    const auto elements = static_cast<std::uint64_t>(tensor.shape().elements());
    for (std::uint64_t k = 0; k < samples.size(); ++k) {
      ASSERT_EQ(tensor.floats()[splitmix64(k) % elements], samples[k]) << stage << " sample " << k;
    }
  };
  expect_samples(views->global, "global.pixels");
  EXPECT_EQ(views->layout.count(), GetParam().placeholders);
  if (plan_.tiles) {
    expect_samples(views->tiles, "local.pixels");
  } else {
    EXPECT_TRUE(views->tiles.view().empty());
  }
}

INSTANTIATE_TEST_SUITE_P(
    , GoldenViews,
    ::testing::Values(ViewCase{"v1_tiny512", "A", Family::kV1, Mode::kTiny, 73},
                      ViewCase{"v1_small640", "B", Family::kV1, Mode::kSmall, 111},
                      ViewCase{"v1_base1024", "C", Family::kV1, Mode::kBase, 273},
                      ViewCase{"v1_gundam2x3", "D", Family::kV1, Mode::kGundam, 903},
                      ViewCase{"v2_stretch768", "B", Family::kV2, Mode::kSmall, 145},
                      ViewCase{"v2_base1024", "C", Family::kV2, Mode::kBase, 257},
                      ViewCase{"v2_tiles2x3", "D", Family::kV2, Mode::kGundam, 1121}),
    [](const ::testing::TestParamInfo<ViewCase>& test) { return std::string(test.param.name); });

TEST(PlanViews, CountsTheTokensOfEveryMode) {
  const auto tokens = [](Family family, Mode mode, std::int64_t w, std::int64_t h) {
    const Result<ViewPlan> plan = plan_views(family, w, h, mode);
    return plan ? plan->layout.count() : -1;
  };
  EXPECT_EQ(tokens(Family::kV1, Mode::kLarge, 1000, 700), 421);
  EXPECT_EQ(tokens(Family::kV1, Mode::kGundam, 640, 640), 273);
  EXPECT_EQ(tokens(Family::kV1, Mode::kGundam, 641, 641), 693);
  EXPECT_EQ(tokens(Family::kV1, Mode::kGundam, 2000, 2000), 1203);
  EXPECT_EQ(tokens(Family::kV1, Mode::kGundamM, 1240, 1754), (16 * 2 + 1) * 16 * 3 + 421);
  EXPECT_EQ(tokens(Family::kV2, Mode::kGundam, 768, 768), 257);
  EXPECT_EQ(tokens(Family::kV2, Mode::kGundam, 2000, 2000), 4 * 144 + 257);
}

std::int64_t valid(Family family, Mode mode, std::int64_t width, std::int64_t height) {
  const auto plan = plan_views(family, width, height, mode);
  EXPECT_TRUE(plan);
  return plan ? valid_tokens(*plan, width, height) : -1;
}

// Spec 5.7: floor(256 * 857 / 1109) = 197 and so on; tiles count whole.
TEST(ValidTokens, LeavesOutThePaddingOfTheGlobalViewAlone) {
  EXPECT_EQ(valid(Family::kV1, Mode::kTiny, 857, 1109), 64);
  EXPECT_EQ(valid(Family::kV1, Mode::kSmall, 1109, 857), 100);
  EXPECT_EQ(valid(Family::kV1, Mode::kBase, 857, 1109), 197);
  EXPECT_EQ(valid(Family::kV1, Mode::kBase, 1109, 857), 197);
  EXPECT_EQ(valid(Family::kV1, Mode::kBase, 500, 500), 256);
  EXPECT_EQ(valid(Family::kV1, Mode::kLarge, 612, 792), 309);
  EXPECT_EQ(valid(Family::kV1, Mode::kGundam, 1240, 1754), 180 + 600);
  EXPECT_EQ(valid(Family::kV2, Mode::kSmall, 857, 1109), 144);
  EXPECT_EQ(valid(Family::kV2, Mode::kGundam, 1240, 1754), 180 + 6 * 144);
  EXPECT_EQ(valid(Family::kV2, Mode::kGundam, 600, 300), 128);
}

TEST(PlanViews, SecondFamilyTakesAtMostSixTiles) {
  const Result<ViewPlan> plan =
      plan_views(Family::kV2, 1920, 1080, Mode::kGundam, {.max_tiles = 9});
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->tiles, (TileGrid{2, 1}));
}

TEST(PlanViews, ModeThatTheFamilyLacksIsTheUsersError) {
  for (const Mode mode : {Mode::kTiny, Mode::kLarge, Mode::kGundamM}) {
    const Result<ViewPlan> plan = plan_views(Family::kV2, 100, 100, mode);
    ASSERT_FALSE(plan);
    EXPECT_EQ(plan.error().code(), ErrorCode::kInvalidArgument);
    EXPECT_THAT(plan.error().message(),
                HasSubstr("expected small, base or gundam for DeepSeek-OCR-2, found "));
  }
}

TEST(PlanViews, TileLimitOutOfRangeIsTheUsersError) {
  for (const std::int64_t tiles : {-1, 0, 1, 10}) {
    const Result<ViewPlan> plan =
        plan_views(Family::kV1, 100, 100, Mode::kGundam, {.max_tiles = tiles});
    ASSERT_FALSE(plan);
    EXPECT_THAT(plan.error().message(),
                HasSubstr("max_tiles: expected 2 to 9, found " + std::to_string(tiles)));
  }
}

TEST(CutImages, PictureTooNarrowToPadIsTheUsersError) {
  const Image line(4000, 1, 9);
  const Result<ViewPlan> plan = plan_views(Family::kV1, line.width, line.height, Mode::kBase);
  ASSERT_TRUE(plan);
  const Result<Views> views = cut(line, *plan);
  ASSERT_FALSE(views);
  EXPECT_EQ(views.error().code(), ErrorCode::kInvalidInput);
}

}  // namespace
}  // namespace lectio
