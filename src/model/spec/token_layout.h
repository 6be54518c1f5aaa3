// SPDX-License-Identifier: Apache-2.0
// How many vision tokens a page takes and where each stands: the only place that counts them
// (spec 5.6, 6.3).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "model/spec/network_spec.h"

namespace lectio {

enum class Mode { kTiny, kSmall, kBase, kLarge, kGundam, kGundamM };

std::optional<Mode> mode_from_name(
    std::string_view name);  // "tiny", "small", "base", "large", "gundam", "gundam-m"
std::string_view mode_name(Mode mode);

struct TileGrid {
  std::int64_t columns = 1;
  std::int64_t rows = 1;
  bool operator==(const TileGrid&) const = default;
};

// One place of the decoder's vision sequence.
struct VisionSlot {
  enum class Kind { kTile, kGlobal, kNewline, kSeparator };
  Kind kind = Kind::kGlobal;
  std::int64_t index = 0;  // feature row: tile * tile_tokens + row-major place in the tile, or
                           // place in the global view
};

// The vision tokens of one page, in order. "No tiles" is tiles = {} and no kTile slot.
struct TokenLayout {
  std::int64_t global_side = 0;  // vision tokens a side of the global view, g = N / 64
  std::int64_t tile_side = 0;    // the same of a tile; 0 without tiles
  std::optional<TileGrid> tiles;
  std::vector<VisionSlot> slots;  // as many as image placeholders in the prompt

  std::int64_t count() const { return static_cast<std::int64_t>(slots.size()); }
  // g*g a view: what the papers count, without newlines and separator.
  std::int64_t content_tokens() const;
};

// global_pixels and tile_pixels are sides of square views, multiples of 64.
TokenLayout token_layout(Family family, std::int64_t global_pixels, std::optional<TileGrid> tiles,
                         std::int64_t tile_pixels);

}  // namespace lectio
