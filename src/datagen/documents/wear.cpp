// SPDX-License-Identifier: Apache-2.0
#include "datagen/documents/wear.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <vector>

#include "datagen/prints/degrade.h"

namespace lectio::documents {
namespace {

constexpr std::size_t kBlock = 8;

// JPEG's table K.1 (ITU-T T.81) for luminance.
constexpr std::array<int, kBlock* kBlock> kLuminance = {
    16, 11, 10, 16, 24,  40,  51,  61,  12, 12, 14, 19, 26,  58,  60,  55,
    14, 13, 16, 24, 40,  57,  69,  56,  14, 17, 22, 29, 51,  87,  80,  62,
    18, 22, 37, 56, 68,  109, 103, 77,  24, 35, 55, 64, 81,  104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99};

using Block8 = std::array<float, kBlock * kBlock>;

// Row k holds the k-th cosine of the orthonormal transform.
Block8 cosines() {
  Block8 out{};
  for (std::size_t k = 0; k < kBlock; ++k) {
    const double scale = k == 0 ? std::sqrt(0.125) : 0.5;
    for (std::size_t n = 0; n < kBlock; ++n) {
      const double angle = (2.0 * static_cast<double>(n) + 1.0) * static_cast<double>(k);
      out[k * kBlock + n] = static_cast<float>(scale * std::cos(angle * 3.14159265358979 / 16.0));
    }
  }
  return out;
}

Block8 transposed(const Block8& a) {
  Block8 out{};
  for (std::size_t i = 0; i < kBlock; ++i) {
    for (std::size_t j = 0; j < kBlock; ++j) out[j * kBlock + i] = a[i * kBlock + j];
  }
  return out;
}

// out = a b, row by row: each a sum of rows of b.
void multiply(const Block8& a, const Block8& b, Block8& out) {
  for (std::size_t i = 0; i < kBlock; ++i) {
    float row[kBlock];
    for (std::size_t j = 0; j < kBlock; ++j) row[j] = a[i * kBlock] * b[j];
    for (std::size_t k = 1; k < kBlock; ++k) {
      const float factor = a[i * kBlock + k];
      for (std::size_t j = 0; j < kBlock; ++j) row[j] += factor * b[k * kBlock + j];
    }
    for (std::size_t j = 0; j < kBlock; ++j) out[i * kBlock + j] = row[j];
  }
}

std::uint8_t to_level(float level) {
  const auto rounded = static_cast<std::int32_t>(level + 0.5F);
  return static_cast<std::uint8_t>(rounded < 0 ? 0 : rounded > 255 ? 255 : rounded);
}

bool is_flat(const GreyImage& image, std::int64_t x, std::int64_t y) {
  std::array<std::uint8_t, kBlock> first{};
  first.fill(image.row(y)[x]);
  for (std::int64_t r = 0; r < 8; ++r) {
    if (std::memcmp(image.row(y + r) + x, first.data(), kBlock) != 0) return false;
  }
  return true;
}

// Moves rows (or columns) of pixels sideways by a fraction that grows along the other axis.
void shear_rows(GreyImage& image, double slope, std::uint8_t paper) {
  std::vector<std::uint8_t> from(static_cast<std::size_t>(image.width) + 2);
  for (std::int64_t y = 0; y < image.height; ++y) {
    const double by = slope * (static_cast<double>(y) - static_cast<double>(image.height) / 2);
    const auto whole = static_cast<std::int64_t>(std::floor(by));
    const auto part = static_cast<std::int32_t>((by - std::floor(by)) * 256.0);
    std::uint8_t* row = image.row(y);
    std::copy_n(row, image.width, from.begin());
    const auto at = [&](std::int64_t x) {
      return x < 0 || x >= image.width ? paper : from[static_cast<std::size_t>(x)];
    };
    for (std::int64_t x = 0; x < image.width; ++x) {
      const std::int32_t right = at(x - whole);
      const std::int32_t left = at(x - whole - 1);
      row[x] = static_cast<std::uint8_t>((right * (256 - part) + left * part + 128) >> 8);
    }
  }
}

void shear_columns(GreyImage& image, double slope, std::uint8_t paper) {
  const GreyImage from = image;
  struct Move {
    std::int64_t whole = 0;
    std::int32_t part = 0;
  };
  std::vector<Move> moves(static_cast<std::size_t>(image.width));
  for (std::int64_t x = 0; x < image.width; ++x) {
    const double by = slope * (static_cast<double>(x) - static_cast<double>(image.width) / 2);
    moves[static_cast<std::size_t>(x)] = {static_cast<std::int64_t>(std::floor(by)),
                                          static_cast<std::int32_t>((by - std::floor(by)) * 256.0)};
  }
  for (std::int64_t y = 0; y < image.height; ++y) {
    std::uint8_t* row = image.row(y);
    for (std::int64_t x = 0; x < image.width; ++x) {
      const Move& move = moves[static_cast<std::size_t>(x)];
      const std::int64_t at = y - move.whole;
      const std::int32_t lower = at < 0 || at >= image.height ? paper : from.row(at)[x];
      const std::int32_t upper = at < 1 || at > image.height ? paper : from.row(at - 1)[x];
      row[x] =
          static_cast<std::uint8_t>((lower * (256 - move.part) + upper * move.part + 128) >> 8);
    }
  }
}

}  // namespace

void spread_ink(GreyImage& image, double strength) {
  const auto share = static_cast<std::int32_t>(std::clamp(std::abs(strength), 0.0, 1.0) * 256.0);
  const bool darker = strength > 0;
  for (std::int64_t y = 0; y < image.height; ++y) {
    std::uint8_t* row = image.row(y);
    const std::uint8_t* below = y + 1 < image.height ? image.row(y + 1) : row;
    for (std::int64_t x = 0; x + 1 < image.width; ++x) {
      const std::uint8_t extreme = darker ? std::min({row[x], row[x + 1], below[x]})
                                          : std::max({row[x], row[x + 1], below[x]});
      row[x] = static_cast<std::uint8_t>(row[x] + (((extreme - row[x]) * share) >> 8));
    }
  }
}

void quantise_blocks(GreyImage& image, int quality) {
  quality = std::clamp(quality, 1, 100);
  const int scale = quality < 50 ? 5000 / quality : 200 - 2 * quality;
  Block8 steps{};
  for (std::size_t i = 0; i < steps.size(); ++i) {
    steps[i] = static_cast<float>(std::clamp((kLuminance[i] * scale + 50) / 100, 1, 255));
  }
  Block8 inverse{};
  for (std::size_t i = 0; i < steps.size(); ++i) inverse[i] = 1.0F / steps[i];
  const Block8 forward = cosines();
  const Block8 backward = transposed(forward);
  Block8 block{};
  Block8 half{};
  for (std::int64_t y = 0; y + 8 <= image.height; y += 8) {
    for (std::int64_t x = 0; x + 8 <= image.width; x += 8) {
      if (is_flat(image, x, y)) continue;
      for (std::size_t i = 0; i < kBlock; ++i) {
        const std::uint8_t* row = image.row(y + static_cast<std::int64_t>(i)) + x;
        for (std::size_t j = 0; j < kBlock; ++j) {
          block[i * kBlock + j] = static_cast<float>(row[j]) - 128.0F;
        }
      }
      multiply(forward, block, half);
      multiply(half, backward, block);
      for (std::size_t i = 0; i < block.size(); ++i) {
        const float steps_up = block[i] * inverse[i];
        const float half_up = steps_up < 0 ? -0.5F : 0.5F;
        block[i] = static_cast<float>(static_cast<std::int32_t>(steps_up + half_up)) * steps[i];
      }
      multiply(backward, block, half);
      multiply(half, forward, block);
      for (std::size_t i = 0; i < kBlock; ++i) {
        std::uint8_t* row = image.row(y + static_cast<std::int64_t>(i)) + x;
        for (std::size_t j = 0; j < kBlock; ++j) row[j] = to_level(block[i * kBlock + j] + 128.0F);
      }
    }
  }
}

void bleed_through(GreyImage& image, double share, std::int64_t shift) {
  const GreyImage front = image;
  const auto weight = static_cast<std::int32_t>(std::clamp(share, 0.0, 1.0) * 256.0);
  for (std::int64_t y = 0; y < image.height; ++y) {
    const std::int64_t other = ((y + shift) % image.height + image.height) % image.height;
    const std::uint8_t* back = front.row(other);
    std::uint8_t* row = image.row(y);
    for (std::int64_t x = 0; x < image.width; ++x) {
      const std::int32_t seen = 255 - (((255 - back[image.width - 1 - x]) * weight) >> 8);
      row[x] = static_cast<std::uint8_t>(row[x] * seen / 255);
    }
  }
}

void skew(GreyImage& image, DocumentPrint& document, double degrees, std::uint8_t paper) {
  const double slope = std::tan(std::clamp(degrees, -3.0, 3.0) * 3.14159265358979 / 180.0);
  shear_columns(image, slope, paper);
  shear_rows(image, -slope, paper);
  const double cx = static_cast<double>(image.width) / 2;
  const double cy = static_cast<double>(image.height) / 2;
  const auto width = static_cast<float>(image.width);
  const auto height = static_cast<float>(image.height);
  const auto move = [&](float& x0, float& y0, float& x1, float& y1) {
    const double x = (double{x0} + double{x1}) / 2;
    const double y = (double{y0} + double{y1}) / 2;
    const double down = slope * (x - cx);
    const double right = -slope * (y + down - cy);
    y0 = std::clamp(y0 + static_cast<float>(down), 0.0F, height);
    y1 = std::clamp(y1 + static_cast<float>(down), 0.0F, height);
    x0 = std::clamp(x0 + static_cast<float>(right), 0.0F, width);
    x1 = std::clamp(x1 + static_cast<float>(right), 0.0F, width);
  };
  for (CharBox& box : document.page.boxes) move(box.x0, box.top, box.x1, box.bottom);
  for (Block& block : document.blocks) move(block.box.x0, block.box.y0, block.box.x1, block.box.y1);
  for (PixelBox& box : document.artwork) move(box.x0, box.y0, box.x1, box.y1);
}

void keystone(GreyImage& image, DocumentPrint& document, double share, std::uint8_t paper) {
  share = std::clamp(share, -0.1, 0.1);
  const auto height = static_cast<double>(image.height);
  const double cx = static_cast<double>(image.width) / 2;
  const auto growth = [&](double y) { return 1 + share * (y / height - 0.5); };
  std::vector<std::uint8_t> from(static_cast<std::size_t>(image.width));
  for (std::int64_t y = 0; y < image.height; ++y) {
    std::uint8_t* row = image.row(y);
    std::copy_n(row, image.width, from.begin());
    const auto at = [&](std::int64_t x) {
      return std::int32_t{x < 0 || x >= image.width ? paper : from[static_cast<std::size_t>(x)]};
    };
    // Source positions in 1/65536 pixel.
    const double step = 1 / growth(static_cast<double>(y) + 0.5);
    const auto step16 = static_cast<std::int64_t>(std::llround(step * 65536));
    auto place = static_cast<std::int64_t>(std::llround((cx - 0.5 + (0.5 - cx) * step) * 65536));
    for (std::int64_t x = 0; x < image.width; ++x, place += step16) {
      const std::int64_t left = place >> 16;
      const auto part = static_cast<std::int32_t>((place >> 8) & 255);
      row[x] =
          static_cast<std::uint8_t>((at(left) * (256 - part) + at(left + 1) * part + 128) >> 8);
    }
  }
  const auto width = static_cast<float>(image.width);
  const auto move = [&](float& x0, float& x1, float y0, float y1) {
    const double grown = growth((double{y0} + double{y1}) / 2);
    x0 = std::clamp(static_cast<float>(cx + (double{x0} - cx) * grown), 0.0F, width);
    x1 = std::clamp(static_cast<float>(cx + (double{x1} - cx) * grown), 0.0F, width);
  };
  for (CharBox& box : document.page.boxes) move(box.x0, box.x1, box.top, box.bottom);
  for (Block& block : document.blocks) {
    move(block.box.x0, block.box.x1, block.box.y0, block.box.y1);
  }
  for (PixelBox& box : document.artwork) move(box.x0, box.x1, box.y0, box.y1);
}

void add_dust(GreyImage& image, std::int64_t specks, Random& random) {
  for (; specks > 0; --specks) {
    const std::int64_t x = random.between(0, image.width - 1);
    const std::int64_t y = random.between(0, image.height - 1);
    const auto level = static_cast<std::uint8_t>(random.between(40, 200));
    image.row(y)[x] = std::min(image.row(y)[x], level);
    if (x + 1 < image.width && random.chance(0.4)) {
      image.row(y)[x + 1] = std::min(image.row(y)[x + 1], level);
    }
  }
}

GreyImage sample_bilinear(const GreyImage& image, std::int64_t width, std::int64_t height) {
  GreyImage out(width, height);
  const auto place = [](std::int64_t i, std::int64_t in, std::int64_t to) {
    const double at =
        (static_cast<double>(i) + 0.5) * static_cast<double>(in) / static_cast<double>(to) - 0.5;
    return std::clamp(at, 0.0, static_cast<double>(in - 1));
  };
  struct Place {
    std::int64_t low = 0, high = 0;
    std::int32_t part = 0;
  };
  const auto places = [&](std::int64_t in, std::int64_t to) {
    std::vector<Place> all(static_cast<std::size_t>(to));
    for (std::int64_t i = 0; i < to; ++i) {
      const double at = place(i, in, to);
      Place& p = all[static_cast<std::size_t>(i)];
      p.low = static_cast<std::int64_t>(at);
      p.high = std::min(p.low + 1, in - 1);
      p.part = static_cast<std::int32_t>((at - std::floor(at)) * 256.0);
    }
    return all;
  };
  const std::vector<Place> columns = places(image.width, width);
  const std::vector<Place> rows = places(image.height, height);
  for (std::int64_t y = 0; y < height; ++y) {
    const Place& r = rows[static_cast<std::size_t>(y)];
    const std::uint8_t* above = image.row(r.low);
    const std::uint8_t* below = image.row(r.high);
    std::uint8_t* to = out.row(y);
    for (std::int64_t x = 0; x < width; ++x) {
      const Place& c = columns[static_cast<std::size_t>(x)];
      const std::int32_t left = above[c.low] * (256 - r.part) + below[c.low] * r.part;
      const std::int32_t right = above[c.high] * (256 - r.part) + below[c.high] * r.part;
      to[x] = static_cast<std::uint8_t>((left * (256 - c.part) + right * c.part + 32768) >> 16);
    }
  }
  return out;
}

void wear_down(GreyImage& image, DocumentPrint& document, std::uint8_t paper, Random& random) {
  // In the order in which it happens: ink, paper, scanner, file.
  if (random.chance(0.25)) {
    spread_ink(image, random.chance(0.6) ? random.uniform(0.1, 0.6) : random.uniform(-0.3, -0.1));
  }
  if (random.chance(0.08)) {
    bleed_through(image, random.uniform(0.04, 0.15), random.between(-40, 40));
  }
  if (random.chance(0.2)) skew(image, document, random.uniform(-1.0, 1.0), paper);
  if (random.chance(0.06)) keystone(image, document, random.uniform(-0.04, 0.04), paper);
  if (random.chance(0.05)) add_dust(image, random.between(5, 80), random);
  if (random.chance(0.1)) shade(image, random.uniform(0.7, 0.95), random.chance(0.5));
  if (random.chance(0.3)) blur(image, random.uniform(0.05, 0.24));
  if (random.chance(0.15))
    scale_contrast(image, random.uniform(110, 200), random.uniform(0.6, 1.3));
  if (random.chance(0.25)) add_noise(image, random.uniform(1.5, 10.0), random);
  if (random.chance(0.35)) quantise_blocks(image, static_cast<int>(random.between(25, 90)));
  if (random.chance(0.02)) {
    for (std::uint8_t& pixel : image.pixels) pixel = static_cast<std::uint8_t>(255 - pixel);
  }
}

}  // namespace lectio::documents
