// SPDX-License-Identifier: Apache-2.0
#include "model/network/network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <numeric>
#include <vector>

#include "base/file.h"

namespace lectio {
namespace {

using ::testing::HasSubstr;

constexpr char kTinyV1[] = LECTIO_SOURCE_DIR "/tests/golden/tiny-v1";
constexpr char kTinyV2[] = LECTIO_SOURCE_DIR "/tests/golden/tiny-v2";

class NetworkTest : public ::testing::Test {
 protected:
  static Network open(const char* folder) {
    auto network = Network::open(folder);
    if (!network) throw std::runtime_error(network.error().message());
    return *std::move(network);
  }

  const kernels::Table& ops_ = kernels::for_this_cpu();
  ThreadPool pool_{2};
  Arena scratch_;
  kernels::Context context_{pool_, scratch_};
};

// A folder with a tiny network's config.json and another one's weights.
class MismatchedFolder {
 public:
  MismatchedFolder()
      : path_(std::filesystem::temp_directory_path() / "lectio_network_test_mismatch") {
    std::filesystem::create_directories(path_);
    const auto overwrite = std::filesystem::copy_options::overwrite_existing;
    std::filesystem::copy_file(std::string(kTinyV2) + "/config.json", path_ / "config.json",
                               overwrite);
    std::filesystem::copy_file(std::string(kTinyV1) + "/model.safetensors",
                               path_ / "model.safetensors", overwrite);
  }
  ~MismatchedFolder() { std::filesystem::remove_all(path_); }
  MismatchedFolder(const MismatchedFolder&) = delete;
  MismatchedFolder& operator=(const MismatchedFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

TEST_F(NetworkTest, CountsTheNumbersThatItUses) {
  // The patch convolution of CLIP lies in the file and is not used.
  const std::int64_t unused = 64 * 3 * 14 * 14;
  const Network network = open(kTinyV1);
  EXPECT_EQ(network.weight_bytes(), 2 * network.parameters());
  const auto file_bytes = static_cast<std::int64_t>(
      std::filesystem::file_size(std::string(kTinyV1) + "/model.safetensors"));
  const std::int64_t header = file_bytes - network.weight_bytes() - 2 * unused;
  EXPECT_GT(header, 0);
  EXPECT_LT(header, 64 * 1024);
}

TEST_F(NetworkTest, NamesEveryTensorThatTheFileLacks) {
  const MismatchedFolder folder;
  const auto network = Network::open(folder.path());
  ASSERT_FALSE(network);
  EXPECT_EQ(network.error().code(), ErrorCode::kInvalidModel);
  EXPECT_THAT(network.error().message(), HasSubstr("model.qwen2_model.query_768.weight"));
  EXPECT_THAT(network.error().message(), HasSubstr("model.qwen2_model.model.model.norm.weight"));
}

TEST_F(NetworkTest, SaysWhichFolderHoldsNoNetwork) {
  const auto network = Network::open(LECTIO_SOURCE_DIR "/tests/golden/no-such-model");
  ASSERT_FALSE(network);
  EXPECT_THAT(network.error().message(), HasSubstr("no-such-model"));
}

TEST_F(NetworkTest, EmbedsTextByItsIdsAndImagePlacesInOrder) {
  const Network network = open(kTinyV1);
  const std::int64_t width = network.spec().decoder.width;
  const Tensor vision({2, width});
  std::iota(vision.f32(), vision.f32() + 2 * width, 0.0F);
  const std::vector<std::int32_t> ids = {7, 500, 7, 500};
  const Tensor rows = network.embed(ops_, context_, ids, 500, vision.view());
  const auto row = [&](std::int64_t i) { return rows.view().row_range(i, 1).floats(); };
  EXPECT_TRUE(std::ranges::equal(row(0), row(2)));
  EXPECT_TRUE(std::ranges::equal(row(1), vision.view().row_range(0, 1).floats()));
  EXPECT_TRUE(std::ranges::equal(row(3), vision.view().row_range(1, 1).floats()));
}

TEST_F(NetworkTest, RefusesAnotherNumberOfImageRowsThanPlaces) {
  const Network network = open(kTinyV1);
  const Tensor vision({2, network.spec().decoder.width});
  const std::vector<std::int32_t> ids = {7, 500, 7};
  EXPECT_THROW(network.embed(ops_, context_, ids, 500, vision.view()), InvariantError);
}

TEST_F(NetworkTest, NeedsNoMoreScratchMemoryForTilesThanForTheGlobalView) {
  const Network network = open(kTinyV1);
  const Tensor global({1, 3, 1024, 1024});
  const Tensor tiles({6, 3, 640, 640});
  network.encode(ops_, context_, global.view(), {},
                 token_layout(Family::kV1, 1024, std::nullopt, 0));
  Arena fresh;
  kernels::Context context{pool_, fresh};
  network.encode(ops_, context, global.view(), tiles.view(),
                 token_layout(Family::kV1, 1024, TileGrid{2, 3}, 640));
  EXPECT_LE(fresh.bytes_reserved(), scratch_.bytes_reserved());
}

TEST_F(NetworkTest, RefusesViewsThatTheLayoutDoesNotName) {
  const Network network = open(kTinyV1);
  const TokenLayout layout = token_layout(Family::kV1, 512, std::nullopt, 0);
  const Tensor other({1, 3, 640, 640});
  EXPECT_THROW(network.encode(ops_, context_, other.view(), {}, layout), InvariantError);
}

}  // namespace
}  // namespace lectio
