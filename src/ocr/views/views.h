// SPDX-License-Identifier: Apache-2.0
// A page becomes what the encoder sees: one global view and perhaps tiles (spec 5).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "compute/tensor/tensor.h"
#include "media/image/image.h"
#include "model/spec/token_layout.h"

namespace lectio {

struct ModeSizes {
  std::int64_t base_size = 1024;   // side of the global view
  std::int64_t image_size = 1024;  // side of a tile, or of the only view
  bool crop = false;
};
// kInvalidArgument for a mode that the family does not have: v2 knows small (768), base (1024) and
// gundam alone.
Result<ModeSizes> mode_sizes(Family family, Mode mode);

struct ViewOptions {
  // 2 to 9. v1: 9 as the Hugging Face runner, 6 as the official vLLM one (spec 13). v2 never has
  // more than 6.
  std::int64_t max_tiles = 9;
};

// Which views a page of this size gets.
struct ViewPlan {
  std::int64_t global_side = 0;
  bool stretch = false;           // the global view is stretched, not padded
  std::optional<TileGrid> tiles;  // absent: no tiles
  std::int64_t tile_side = 0;     // 0 without tiles
  TokenLayout layout;
};
// kInvalidArgument for a mode or option that the family does not have.
Result<ViewPlan> plan_views(Family family, std::int64_t width, std::int64_t height, Mode mode,
                            const ViewOptions& options = {});

// The official runners' count of vision tokens that carry the page and not its padding (spec 5.7):
// a padded global view counts floor(g * g * shorter side / longer side), a stretched one and tiles
// count whole. Only for reports; compression is output tokens over this.
std::int64_t valid_tokens(const ViewPlan& plan, std::int64_t width, std::int64_t height);

// The grid of spec 5.4; {1, 1} stands for "no tiles".
TileGrid choose_tile_grid(std::int64_t width, std::int64_t height, std::int64_t tile_side,
                          std::int64_t max_tiles);

struct Views {
  Tensor global;  // [1, 3, N, N], normalised, rounded to bf16, kept as F32
  Tensor tiles;   // [count, 3, T, T] row-major tiles; empty shape without tiles
  TokenLayout layout;
};

// The 8-bit pictures before normalisation (for tests and for looking), global first, then tiles.
// kInvalidInput for a picture so narrow that nothing of it would be left.
Result<std::vector<Image>> cut_images(const Image& image, const ViewPlan& plan);
Result<Views> cut(const Image& image, const ViewPlan& plan);

// A level of a pixel as the networks take it, before it is rounded to bf16 (spec 5.1).
float normalised(std::uint8_t level);

}  // namespace lectio
