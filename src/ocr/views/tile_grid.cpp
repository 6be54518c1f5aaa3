// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <limits>
#include <string>

#include "base/check.h"
#include "ocr/views/views.h"

namespace lectio {
namespace {

// The constants of the families below which a picture is not cut. v1's is 640 also where its tiles
// have 1024.
std::int64_t uncut_side(std::int64_t tile_side) { return tile_side == 768 ? 768 : 640; }

}  // namespace

TileGrid choose_tile_grid(std::int64_t width, std::int64_t height, std::int64_t tile_side,
                          std::int64_t max_tiles) {
  LECTIO_CHECK(
      width > 0 && height > 0 && tile_side > 0,
      std::to_string(width) + " x " + std::to_string(height) + " at " + std::to_string(tile_side));
  TileGrid best;
  if (width <= uncut_side(tile_side) && height <= uncut_side(tile_side)) return best;
  const double aspect = static_cast<double>(width) / static_cast<double>(height);
  const double area = static_cast<double>(width) * static_cast<double>(height);
  double best_difference = std::numeric_limits<double>::infinity();
  for (std::int64_t count = 2; count <= max_tiles; ++count) {
    for (std::int64_t columns = 1; columns <= count; ++columns) {
      if (count % columns != 0) continue;
      const std::int64_t rows = count / columns;
      const double difference =
          std::abs(aspect - static_cast<double>(columns) / static_cast<double>(rows));
      // Of two grids that are equally far off, the larger is taken by a picture that would fill
      // half of it.
      const double grid_area = static_cast<double>(tile_side * tile_side * columns * rows);
      const bool fills = area > 0.5 * grid_area;
      if (difference < best_difference || (difference == best_difference && fills)) {
        best_difference = difference;
        best = {columns, rows};
      }
    }
  }
  return best;
}

}  // namespace lectio
