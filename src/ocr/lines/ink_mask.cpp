// SPDX-License-Identifier: Apache-2.0
#include "ocr/lines/ink_mask.h"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace lectio {
namespace {

constexpr std::int64_t kTile = 32;
constexpr std::int64_t kReach = 3;  // tiles to each side that the paper is looked for in
constexpr int kBins = 32;
constexpr int kLevelsABin = 256 / kBins;
constexpr int kContrast = 51;

using Histogram = std::array<std::int32_t, kBins>;

std::uint8_t grey_of(const std::uint8_t* rgb) {
  return static_cast<std::uint8_t>((rgb[0] * 77 + rgb[1] * 150 + rgb[2] * 29) >> 8);
}

struct Tiles {
  std::int64_t columns = 0, rows = 0;
  std::vector<Histogram> histograms;
  const Histogram& at(std::int64_t column, std::int64_t row) const {
    return histograms[static_cast<std::size_t>(row * columns + column)];
  }
};

Tiles count_greys(const Image& image) {
  Tiles tiles;
  tiles.columns = (image.width + kTile - 1) / kTile;
  tiles.rows = (image.height + kTile - 1) / kTile;
  tiles.histograms.resize(static_cast<std::size_t>(tiles.columns * tiles.rows));
  for (std::int64_t y = 0; y < image.height; ++y) {
    const std::uint8_t* rgb = image.row(y);
    Histogram* const row = tiles.histograms.data() + y / kTile * tiles.columns;
    for (std::int64_t x = 0; x < image.width; ++x, rgb += 3) {
      ++row[x / kTile][static_cast<std::size_t>(grey_of(rgb) / kLevelsABin)];
    }
  }
  return tiles;
}

// The middle of the most frequent bin around a tile.
int paper_around(const Tiles& tiles, std::int64_t column, std::int64_t row) {
  Histogram sum{};
  for (std::int64_t r = std::max<std::int64_t>(0, row - kReach);
       r <= std::min(tiles.rows - 1, row + kReach); ++r) {
    for (std::int64_t c = std::max<std::int64_t>(0, column - kReach);
         c <= std::min(tiles.columns - 1, column + kReach); ++c) {
      const Histogram& one = tiles.at(c, r);
      for (std::size_t bin = 0; bin < sum.size(); ++bin) sum[bin] += one[bin];
    }
  }
  const auto most = std::max_element(sum.begin(), sum.end());
  return static_cast<int>(most - sum.begin()) * kLevelsABin + kLevelsABin / 2;
}

}  // namespace

Box InkMask::bounds(const Box& outer) const {
  const Box region{
      std::clamp<std::int64_t>(outer.x0, 0, width), std::clamp<std::int64_t>(outer.y0, 0, height),
      std::clamp<std::int64_t>(outer.x1, 0, width), std::clamp<std::int64_t>(outer.y1, 0, height)};
  if (region.empty()) return {};
  Box box{region.x1, region.y1, region.x0, region.y0};
  for (std::int64_t y = region.y0; y < region.y1; ++y) {
    const std::uint8_t* const line = row(y);
    const auto* const first = std::find(line + region.x0, line + region.x1, 1);
    if (first == line + region.x1) continue;
    std::int64_t last = region.x1 - 1;
    while (line[last] == 0) --last;
    box.x0 = std::min(box.x0, static_cast<std::int64_t>(first - line));
    box.x1 = std::max(box.x1, last + 1);
    box.y0 = std::min(box.y0, y);
    box.y1 = y + 1;
  }
  return box.empty() ? Box{} : box;
}

InkMask find_ink(const Image& image) {
  InkMask mask;
  mask.width = image.width;
  mask.height = image.height;
  mask.ink.resize(static_cast<std::size_t>(image.width * image.height));
  const Tiles tiles = count_greys(image);
  std::vector<int> paper(static_cast<std::size_t>(tiles.columns));
  for (std::int64_t y = 0; y < image.height; ++y) {
    if (y % kTile == 0) {
      for (std::int64_t c = 0; c < tiles.columns; ++c) {
        paper[static_cast<std::size_t>(c)] = paper_around(tiles, c, y / kTile);
      }
    }
    const std::uint8_t* rgb = image.row(y);
    std::uint8_t* const ink = mask.ink.data() + y * image.width;
    for (std::int64_t x = 0; x < image.width; ++x, rgb += 3) {
      const int difference = grey_of(rgb) - paper[static_cast<std::size_t>(x / kTile)];
      ink[x] = std::abs(difference) > kContrast ? 1 : 0;
    }
  }
  return mask;
}

}  // namespace lectio
