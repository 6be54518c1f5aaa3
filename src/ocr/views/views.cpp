// SPDX-License-Identifier: Apache-2.0
#include "ocr/views/views.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "base/check.h"
#include "media/image/resize.h"

namespace lectio {
namespace {

constexpr std::int64_t kMinTiles = 2;
constexpr std::int64_t kMostTiles = 9;
constexpr std::int64_t kMostTilesV2 = 6;

ModeSizes v1_sizes(Mode mode) {
  switch (mode) {
    case Mode::kTiny:
      return {512, 512, false};
    case Mode::kSmall:
      return {640, 640, false};
    case Mode::kBase:
      return {1024, 1024, false};
    case Mode::kLarge:
      return {1280, 1280, false};
    case Mode::kGundam:
      return {1024, 640, true};
    case Mode::kGundamM:
      return {1280, 1024, true};
  }
  LECTIO_CHECK(false, "mode " + std::to_string(static_cast<int>(mode)));
}

// Up to this side a view without tiles is stretched, above it is padded.
std::int64_t largest_stretched(Family family) { return family == Family::kV1 ? 640 : 768; }

std::array<float, 256> normalised_levels() {
  std::array<float, 256> levels{};
  for (std::size_t v = 0; v < levels.size(); ++v) {
    levels[v] = round_to_bf16(normalised(static_cast<std::uint8_t>(v)));
  }
  return levels;
}

// [N, N] pixels of three channels to planes[3, N, N].
void normalise(const Image& image, const std::array<float, 256>& levels, float* planes) {
  const std::int64_t pixels = image.width * image.height;
  const std::uint8_t* rgb = image.pixels.data();
  for (std::int64_t i = 0; i < pixels; ++i, rgb += 3) {
    planes[i] = levels[rgb[0]];
    planes[i + pixels] = levels[rgb[1]];
    planes[i + 2 * pixels] = levels[rgb[2]];
  }
}

}  // namespace

Result<ModeSizes> mode_sizes(Family family, Mode mode) {
  if (family == Family::kV1) return v1_sizes(mode);
  switch (mode) {
    case Mode::kSmall:
      return ModeSizes{768, 768, false};
    case Mode::kBase:
      return ModeSizes{1024, 1024, false};
    case Mode::kGundam:
      return ModeSizes{1024, 768, true};
    default:
      break;
  }
  return Error(ErrorCode::kInvalidArgument,
               "mode: expected small, base or gundam for DeepSeek-OCR-2, found " +
                   std::string(mode_name(mode)));
}

Result<ViewPlan> plan_views(Family family, std::int64_t width, std::int64_t height, Mode mode,
                            const ViewOptions& options) {
  LECTIO_TRY(const ModeSizes sizes, mode_sizes(family, mode));
  if (options.max_tiles < kMinTiles || options.max_tiles > kMostTiles) {
    return Error(ErrorCode::kInvalidArgument, "max_tiles: expected " + std::to_string(kMinTiles) +
                                                  " to " + std::to_string(kMostTiles) + ", found " +
                                                  std::to_string(options.max_tiles));
  }
  ViewPlan plan;
  plan.stretch = !sizes.crop && sizes.image_size <= largest_stretched(family);
  plan.global_side = plan.stretch ? sizes.image_size : sizes.base_size;
  if (sizes.crop) {
    const std::int64_t most =
        family == Family::kV1 ? options.max_tiles : std::min(options.max_tiles, kMostTilesV2);
    const TileGrid grid = choose_tile_grid(width, height, sizes.image_size, most);
    if (grid != TileGrid{1, 1}) {
      plan.tiles = grid;
      plan.tile_side = sizes.image_size;
    }
  }
  plan.layout = token_layout(family, plan.global_side, plan.tiles, plan.tile_side);
  return plan;
}

std::int64_t valid_tokens(const ViewPlan& plan, std::int64_t width, std::int64_t height) {
  LECTIO_CHECK(width > 0 && height > 0, "an empty page");
  const std::int64_t side = plan.layout.global_side;
  std::int64_t count = side * side;
  if (!plan.stretch) {
    // In double and in this order, as the reference: the floor shows the difference.
    const auto longer = static_cast<double>(std::max(width, height));
    const auto shorter = static_cast<double>(std::min(width, height));
    count =
        static_cast<std::int64_t>(static_cast<double>(count) * (1 - (longer - shorter) / longer));
  }
  if (!plan.tiles) return count;
  const std::int64_t tile = plan.layout.tile_side;
  return count + plan.tiles->columns * plan.tiles->rows * tile * tile;
}

Result<std::vector<Image>> cut_images(const Image& image, const ViewPlan& plan) {
  LECTIO_CHECK(image.width > 0 && image.height > 0, "an empty image");
  std::vector<Image> images;
  if (plan.stretch) {
    images.push_back(resize_bicubic(image, plan.global_side, plan.global_side));
  } else {
    LECTIO_TRY(Image padded, pad_to_square(image, plan.global_side));
    images.push_back(std::move(padded));
  }
  if (!plan.tiles) return images;
  const std::int64_t side = plan.tile_side;
  const Image sheet = resize_bicubic(image, plan.tiles->columns * side, plan.tiles->rows * side);
  for (std::int64_t row = 0; row < plan.tiles->rows; ++row) {
    for (std::int64_t column = 0; column < plan.tiles->columns; ++column) {
      images.push_back(crop(sheet, column * side, row * side, side, side));
    }
  }
  return images;
}

Result<Views> cut(const Image& image, const ViewPlan& plan) {
  LECTIO_TRY(const std::vector<Image> images, cut_images(image, plan));
  const std::array<float, 256> levels = normalised_levels();
  Views views;
  views.layout = plan.layout;
  views.global = Tensor({1, 3, plan.global_side, plan.global_side});
  normalise(images[0], levels, views.global.f32());
  const auto tiles = static_cast<std::int64_t>(images.size()) - 1;
  if (tiles == 0) return views;
  views.tiles = Tensor({tiles, 3, plan.tile_side, plan.tile_side});
  for (std::int64_t i = 0; i < tiles; ++i) {
    normalise(images[static_cast<std::size_t>(i) + 1], levels,
              views.tiles.f32() + i * 3 * plan.tile_side * plan.tile_side);
  }
  return views;
}

float normalised(std::uint8_t level) {
  // A true division: times 1/255 would move level 127, the padding, to another bf16 number.
  return (static_cast<float>(level) / 255.0F - 0.5F) / 0.5F;
}

}  // namespace lectio
