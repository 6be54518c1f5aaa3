// SPDX-License-Identifier: Apache-2.0
#include "model/spec/token_layout.h"

#include <array>
#include <string>
#include <utility>

#include "base/check.h"

namespace lectio {
namespace {

using Kind = VisionSlot::Kind;

constexpr std::array<std::pair<std::string_view, Mode>, 6> kModeNames = {{
    {"tiny", Mode::kTiny},
    {"small", Mode::kSmall},
    {"base", Mode::kBase},
    {"large", Mode::kLarge},
    {"gundam", Mode::kGundam},
    {"gundam-m", Mode::kGundamM},
}};

std::int64_t side_of(std::int64_t pixels) {
  LECTIO_CHECK(pixels > 0 && pixels % 64 == 0, std::to_string(pixels) + " pixels");
  return pixels / 64;
}

// v1: the tiles as one picture, row by row across all tiles of a row, each row closed by a newline.
void append_stitched(TileGrid grid, std::int64_t side, std::vector<VisionSlot>& slots) {
  for (std::int64_t row = 0; row < grid.rows * side; ++row) {
    for (std::int64_t column = 0; column < grid.columns; ++column) {
      const std::int64_t tile = row / side * grid.columns + column;
      for (std::int64_t x = 0; x < side; ++x) {
        slots.push_back({Kind::kTile, (tile * side + row % side) * side + x});
      }
    }
    slots.push_back({Kind::kNewline, 0});
  }
}

void append_global_rows(std::int64_t side, std::vector<VisionSlot>& slots) {
  for (std::int64_t y = 0; y < side; ++y) {
    for (std::int64_t x = 0; x < side; ++x) slots.push_back({Kind::kGlobal, y * side + x});
    slots.push_back({Kind::kNewline, 0});
  }
}

void append_plain(Kind kind, std::int64_t count, std::vector<VisionSlot>& slots) {
  for (std::int64_t i = 0; i < count; ++i) slots.push_back({kind, i});
}

}  // namespace

std::optional<Mode> mode_from_name(std::string_view name) {
  for (const auto& [known, mode] : kModeNames) {
    if (known == name) return mode;
  }
  return std::nullopt;
}

std::string_view mode_name(Mode mode) {
  for (const auto& [name, known] : kModeNames) {
    if (known == mode) return name;
  }
  LECTIO_CHECK(false, "mode " + std::to_string(static_cast<int>(mode)));
}

std::int64_t TokenLayout::content_tokens() const {
  const std::int64_t tile_count = tiles ? tiles->columns * tiles->rows : 0;
  return global_side * global_side + tile_count * tile_side * tile_side;
}

TokenLayout token_layout(Family family, std::int64_t global_pixels, std::optional<TileGrid> tiles,
                         std::int64_t tile_pixels) {
  TokenLayout layout;
  layout.global_side = side_of(global_pixels);
  layout.tiles = tiles;
  if (tiles) {
    // The reference writes "no tiles" as a 1x1 grid; here it is an empty optional, so 1x1 is a
    // caller's mistake.
    LECTIO_CHECK(tiles->columns > 0 && tiles->rows > 0 && tiles->columns * tiles->rows > 1,
                 std::to_string(tiles->columns) + "x" + std::to_string(tiles->rows) + " tiles");
    layout.tile_side = side_of(tile_pixels);
  }
  if (family == Family::kV1) {
    if (tiles) append_stitched(*tiles, layout.tile_side, layout.slots);
    append_global_rows(layout.global_side, layout.slots);
  } else {
    if (tiles) {
      append_plain(Kind::kTile, tiles->columns * tiles->rows * layout.tile_side * layout.tile_side,
                   layout.slots);
    }
    append_plain(Kind::kGlobal, layout.global_side * layout.global_side, layout.slots);
  }
  layout.slots.push_back({Kind::kSeparator, 0});
  return layout;
}

}  // namespace lectio
