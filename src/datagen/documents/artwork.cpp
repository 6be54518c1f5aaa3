// SPDX-License-Identifier: Apache-2.0
#include "datagen/documents/artwork.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace lectio::documents {
namespace {

std::uint8_t to_level(double level) {
  return static_cast<std::uint8_t>(std::lround(std::clamp(level, 0.0, 255.0)));
}

// The whole pixels of a box inside the image.
struct PixelRange {
  std::int64_t x0, y0, x1, y1;
};
PixelRange pixels_of(const GreyImage& image, const PixelBox& box) {
  const auto clip = [](float v, std::int64_t size) {
    return static_cast<std::int64_t>(std::clamp(std::round(v), 0.0F, static_cast<float>(size)));
  };
  return {clip(box.x0, image.width), clip(box.y0, image.height), clip(box.x1, image.width),
          clip(box.y1, image.height)};
}

// Smooth noise: random levels on a grid, interpolated between its points.
void draw_noise(GreyImage& image, const PixelRange& at, Random& random) {
  const std::int64_t cell = random.between(2, 40);
  const std::int64_t columns = (at.x1 - at.x0) / cell + 2;
  const std::int64_t rows = (at.y1 - at.y0) / cell + 2;
  std::vector<std::int32_t> grid(static_cast<std::size_t>(columns * rows));
  const std::int64_t low = random.between(0, 140);
  const std::int64_t high = random.between(low + 20, 255);
  for (std::int32_t& level : grid) level = static_cast<std::int32_t>(random.between(low, high));
  for (std::int64_t y = at.y0; y < at.y1; ++y) {
    const std::int64_t row = (y - at.y0) / cell;
    const std::int64_t down = (y - at.y0) % cell;
    const std::int32_t* above = grid.data() + row * columns;
    const std::int32_t* below = above + columns;
    for (std::int64_t x = at.x0; x < at.x1; ++x) {
      const std::int64_t column = (x - at.x0) / cell;
      const std::int64_t across = (x - at.x0) % cell;
      const std::int64_t left = above[column] * (cell - down) + below[column] * down;
      const std::int64_t right = above[column + 1] * (cell - down) + below[column + 1] * down;
      const std::int64_t sum = left * (cell - across) + right * across;
      image.row(y)[x] = static_cast<std::uint8_t>(sum / (cell * cell));
    }
  }
}

void draw_gradient(GreyImage& image, const PixelRange& at, Random& random) {
  const double from = random.uniform(0, 255);
  const double to = random.uniform(0, 255);
  const bool across = random.chance(0.5);
  for (std::int64_t y = at.y0; y < at.y1; ++y) {
    for (std::int64_t x = at.x0; x < at.x1; ++x) {
      const double part = across
                              ? static_cast<double>(x - at.x0) / static_cast<double>(at.x1 - at.x0)
                              : static_cast<double>(y - at.y0) / static_cast<double>(at.y1 - at.y0);
      image.row(y)[x] = to_level(from + (to - from) * part);
    }
  }
}

void draw_shapes(GreyImage& image, const PixelRange& at, Random& random) {
  for (std::int64_t n = random.between(3, 9); n > 0; --n) {
    const std::int64_t cx = random.between(at.x0, at.x1);
    const std::int64_t cy = random.between(at.y0, at.y1);
    const std::int64_t rx = std::max<std::int64_t>(2, (at.x1 - at.x0) / random.between(3, 12));
    const std::int64_t ry = random.chance(0.5) ? rx : std::max<std::int64_t>(2, rx / 2);
    const bool round = random.chance(0.5);
    const auto level = static_cast<std::uint8_t>(random.between(0, 240));
    for (std::int64_t y = std::max(at.y0, cy - ry); y < std::min(at.y1, cy + ry); ++y) {
      for (std::int64_t x = std::max(at.x0, cx - rx); x < std::min(at.x1, cx + rx); ++x) {
        const std::int64_t dx = (x - cx) * ry;
        const std::int64_t dy = (y - cy) * rx;
        if (!round || dx * dx + dy * dy < rx * rx * ry * ry) image.row(y)[x] = level;
      }
    }
  }
}

// The two axes of a chart, without labels.
void draw_axes(GreyImage& image, const PixelBox& box) {
  draw_fill(image, {{box.x0, box.y0, box.x0 + 1.2F, box.y1}, 40});
  draw_fill(image, {{box.x0, box.y1 - 1.2F, box.x1, box.y1}, 40});
}

void draw_bars(GreyImage& image, const PixelBox& box, Random& random) {
  draw_axes(image, box);
  const std::int64_t bars = random.between(3, 12);
  const float step = (box.x1 - box.x0) / static_cast<float>(bars);
  for (std::int64_t i = 0; i < bars; ++i) {
    const float x = box.x0 + step * (static_cast<float>(i) + 0.2F);
    const float high = (box.y1 - box.y0) * static_cast<float>(random.uniform(0.05, 0.95));
    draw_fill(image, {{x, box.y1 - high, x + step * 0.6F, box.y1},
                      static_cast<std::uint8_t>(random.between(30, 190))});
  }
}

void draw_curves(GreyImage& image, const PixelBox& box, Random& random) {
  draw_axes(image, box);
  for (std::int64_t n = random.between(1, 3); n > 0; --n) {
    const double wave = random.uniform(0.5, 4) * 6.2832;
    const double high = random.uniform(0.1, 0.45);
    const double rise = random.uniform(-0.3, 0.3);
    const double phase = random.uniform(0, 6.2832);
    const auto level = static_cast<std::uint8_t>(random.between(0, 140));
    float last = -1;
    for (float x = box.x0; x < box.x1; x += 1) {
      const double u = static_cast<double>((x - box.x0) / (box.x1 - box.x0));
      const double v = 0.5 + rise * (u - 0.5) + high * std::sin(phase + wave * u);
      const float y = box.y0 + (box.y1 - box.y0) * static_cast<float>(std::clamp(v, 0.02, 0.98));
      const float from = last < 0 ? y : std::min(last, y);
      const float to = last < 0 ? y : std::max(last, y);
      draw_fill(image, {{x, from, x + 1, to + 1.3F}, level});
      last = y;
    }
  }
}

}  // namespace

void draw_fill(GreyImage& image, const Fill& fill) {
  const auto clip = [](float v, std::int64_t size) {
    return static_cast<std::int64_t>(std::clamp(v, 0.0F, static_cast<float>(size)));
  };
  const auto share = [](std::int64_t pixel, float low, float high) {
    const auto p = static_cast<float>(pixel);
    return std::clamp(std::min(p + 1, high) - std::max(p, low), 0.0F, 1.0F);
  };
  const PixelBox& b = fill.box;
  const std::int64_t x_end = clip(std::ceil(b.x1), image.width);
  const std::int64_t y_end = clip(std::ceil(b.y1), image.height);
  for (std::int64_t y = clip(std::floor(b.y0), image.height); y < y_end; ++y) {
    const float high = share(y, b.y0, b.y1);
    std::uint8_t* row = image.row(y);
    for (std::int64_t x = clip(std::floor(b.x0), image.width); x < x_end; ++x) {
      const float area = high * share(x, b.x0, b.x1);
      const float level =
          static_cast<float>(row[x]) * (1 - area) + static_cast<float>(fill.level) * area;
      row[x] = static_cast<std::uint8_t>(level + 0.5F);
    }
  }
}

void draw_figure(GreyImage& image, const Figure& figure, std::uint8_t paper) {
  Random random(splitmix64(figure.seed));
  const PixelRange at = pixels_of(image, figure.box);
  if (at.x1 - at.x0 < 2 || at.y1 - at.y0 < 2) return;
  const bool framed = random.chance(0.5);
  if (framed) {
    draw_fill(image, {figure.box, 0});
    const PixelBox& b = figure.box;
    draw_fill(image, {{b.x0 + 1, b.y0 + 1, b.x1 - 1, b.y1 - 1}, paper});
  }
  const PixelBox inner = {figure.box.x0 + 4, figure.box.y0 + 4, figure.box.x1 - 4,
                          figure.box.y1 - 4};
  switch (figure.kind) {
    case FigureKind::kGrey:
      draw_fill(image, {figure.box, static_cast<std::uint8_t>(random.between(60, 220))});
      break;
    case FigureKind::kNoise:
      draw_noise(image, at, random);
      break;
    case FigureKind::kGradient:
      draw_gradient(image, at, random);
      break;
    case FigureKind::kShapes:
      draw_shapes(image, at, random);
      break;
    case FigureKind::kBars:
      draw_bars(image, inner, random);
      break;
    case FigureKind::kCurve:
      draw_curves(image, inner, random);
      break;
  }
}

}  // namespace lectio::documents
