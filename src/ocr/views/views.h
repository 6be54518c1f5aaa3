// SPDX-License-Identifier: Apache-2.0
// A page becomes what the encoder sees: one global view and perhaps tiles (spec 5).
#pragma once

#include <cstdint>
#include <optional>

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
ModeSizes mode_sizes(Mode mode);

struct ViewOptions {
  std::int64_t max_tiles = 9;  // 9: the Hugging Face runner, 6: the official vLLM one (spec 13)
};

// Which views a page of this size gets.
struct ViewPlan {
  std::int64_t global_side = 0;
  bool stretch = false;           // the global view is stretched, not padded
  std::optional<TileGrid> tiles;  // absent: no tiles
  std::int64_t tile_side = 0;
  TokenLayout layout;
};
ViewPlan plan_views(Family family, std::int64_t width, std::int64_t height, Mode mode, const ViewOptions& options = {});

// The grid of spec 5.4; {1, 1} stands for "no tiles".
TileGrid choose_tile_grid(std::int64_t width, std::int64_t height, std::int64_t tile_side, std::int64_t max_tiles);

struct Views {
  Tensor global;  // [1, 3, N, N], normalised, rounded to bf16, kept as F32
  Tensor tiles;   // [count, 3, T, T] row-major tiles; empty shape without tiles
  TokenLayout layout;
};

// The 8-bit pictures before normalisation (for tests and for looking), and the tensors.
Result<std::vector<Image>> cut_images(const Image& image, const ViewPlan& plan);  // global first, then tiles
Result<Views> cut(const Image& image, const ViewPlan& plan);

}  // namespace lectio
