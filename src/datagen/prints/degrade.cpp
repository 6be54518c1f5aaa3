// SPDX-License-Identifier: Apache-2.0
#include "datagen/prints/degrade.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "base/check.h"

namespace lectio {
namespace {

// The weights of one output sample: Q15, over [first, first + count).
struct Taps {
  std::int64_t first = 0;
  std::vector<std::int16_t> weights;
};

double cubic(double x) {
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

std::vector<Taps> make_taps(std::int64_t in, std::int64_t out) {
  const double scale = static_cast<double>(in) / static_cast<double>(out);
  const double stretch = std::max(1.0, scale);
  std::vector<Taps> all(static_cast<std::size_t>(out));
  for (std::int64_t i = 0; i < out; ++i) {
    const double center = (static_cast<double>(i) + 0.5) * scale;
    const auto first =
        std::max<std::int64_t>(0, static_cast<std::int64_t>(center - 2 * stretch + 0.5));
    const auto end =
        std::min<std::int64_t>(in, static_cast<std::int64_t>(center + 2 * stretch + 0.5));
    std::vector<double> weights;
    double sum = 0;
    for (std::int64_t k = first; k < end; ++k) {
      weights.push_back(cubic((static_cast<double>(k) + 0.5 - center) / stretch));
      sum += weights.back();
    }
    Taps& taps = all[static_cast<std::size_t>(i)];
    taps.first = first;
    for (const double w : weights) {
      const double scaled = std::clamp(std::round(w / sum * 32768.0), -32768.0, 32767.0);
      taps.weights.push_back(static_cast<std::int16_t>(scaled));
    }
  }
  return all;
}

// Samples travel as level * 2^7; times a Q15 weight, the high half of the product is level * weight * 2^6.
constexpr int kInBits = 7;
constexpr int kOutBits = 6;
constexpr std::size_t kLanes = 16;

std::int16_t weigh(std::int16_t sample, std::int16_t weight) {
  return static_cast<std::int16_t>((std::int32_t{sample} * weight) >> 16);
}

std::uint8_t to_level(std::int16_t sum) {
  // The products were rounded down, by half a unit of 2^-6 each on average; a quarter level makes up for it.
  const int level = (sum + (1 << (kOutBits - 1)) + 3) >> kOutBits;
  return static_cast<std::uint8_t>(std::clamp(level, 0, 255));
}

GreyImage resize_rows(const GreyImage& image, std::int64_t height) {
  const std::vector<Taps> taps = make_taps(image.height, height);
  GreyImage out(image.width, height);
  const auto width = static_cast<std::size_t>(image.width);
  std::vector<std::int16_t> sums(width);
  for (std::int64_t y = 0; y < height; ++y) {
    const Taps& row_taps = taps[static_cast<std::size_t>(y)];
    std::fill(sums.begin(), sums.end(), std::int16_t{0});
    for (std::size_t t = 0; t < row_taps.weights.size(); ++t) {
      const std::uint8_t* row = image.row(row_taps.first + static_cast<std::int64_t>(t));
      const std::int16_t weight = row_taps.weights[t];
      std::int16_t* sum = sums.data();
      for (std::size_t x = 0; x < width; ++x) {
        sum[x] = static_cast<std::int16_t>(
            sum[x] + weigh(static_cast<std::int16_t>(row[x] << kInBits), weight));
      }
    }
    std::uint8_t* to = out.row(y);
    for (std::size_t x = 0; x < width; ++x) to[x] = to_level(sums[x]);
  }
  return out;
}

// Sixteen rows at a time, transposed, so that the rows are the lanes of the arithmetic.
GreyImage resize_columns(const GreyImage& image, std::int64_t width) {
  const std::vector<Taps> taps = make_taps(image.width, width);
  GreyImage out(width, image.height);
  std::vector<std::int16_t> tile(static_cast<std::size_t>(image.width) * kLanes);
  for (std::int64_t top = 0; top < image.height; top += static_cast<std::int64_t>(kLanes)) {
    const auto lanes = static_cast<std::size_t>(
        std::min<std::int64_t>(static_cast<std::int64_t>(kLanes), image.height - top));
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      const std::uint8_t* row = image.row(top + static_cast<std::int64_t>(lane));
      for (std::int64_t x = 0; x < image.width; ++x) {
        tile[static_cast<std::size_t>(x) * kLanes + lane] =
            static_cast<std::int16_t>(row[x] << kInBits);
      }
    }
    for (std::int64_t x = 0; x < width; ++x) {
      const Taps& column_taps = taps[static_cast<std::size_t>(x)];
      std::array<std::int16_t, kLanes> sums{};
      const std::int16_t* from = tile.data() + static_cast<std::size_t>(column_taps.first) * kLanes;
      for (const std::int16_t weight : column_taps.weights) {
        for (std::size_t lane = 0; lane < kLanes; ++lane) {
          sums[lane] = static_cast<std::int16_t>(sums[lane] + weigh(from[lane], weight));
        }
        from += kLanes;
      }
      for (std::size_t lane = 0; lane < lanes; ++lane) {
        out.row(top + static_cast<std::int64_t>(lane))[x] = to_level(sums[lane]);
      }
    }
  }
  return out;
}

template <typename Function>
void map_levels(GreyImage& image, Function function) {
  std::array<std::uint8_t, 256> table{};
  for (std::size_t level = 0; level < table.size(); ++level) {
    const double mapped = function(static_cast<double>(level));
    table[level] = static_cast<std::uint8_t>(std::lround(std::clamp(mapped, 0.0, 255.0)));
  }
  for (std::uint8_t& pixel : image.pixels) pixel = table[pixel];
}

}  // namespace

GreyImage resize_grey(const GreyImage& image, std::int64_t width, std::int64_t height) {
  LECTIO_CHECK(width > 0 && height > 0 && image.width > 0 && image.height > 0, "sizes are positive");
  return resize_columns(resize_rows(image, height), width);
}

void blur(GreyImage& image, double strength) {
  const auto side = static_cast<std::uint16_t>(std::clamp(strength, 0.0, 1.0 / 3) * 256.0);
  const auto middle = static_cast<std::uint16_t>(256 - 2 * side);
  const auto width = static_cast<std::size_t>(image.width);
  const auto mix = [side, middle](std::uint8_t before, std::uint8_t here, std::uint8_t after) {
    const auto sum = static_cast<std::uint16_t>(here * middle + (before + after) * side + 128);
    return static_cast<std::uint8_t>(sum >> 8);
  };
  if (image.pixels.empty()) return;
  std::vector<std::uint8_t> line(width + 2);  // a row of the source with its ends repeated
  for (std::int64_t y = 0; y < image.height; ++y) {
    std::uint8_t* row = image.row(y);
    line.front() = row[0];
    std::copy(row, row + width, line.begin() + 1);
    line.back() = row[width - 1];
    const std::uint8_t* from = line.data();
    for (std::size_t x = 0; x < width; ++x) row[x] = mix(from[x], from[x + 1], from[x + 2]);
  }
  std::vector<std::uint8_t> above(image.row(0), image.row(0) + width);
  std::vector<std::uint8_t> here(width);
  for (std::int64_t y = 0; y < image.height; ++y) {
    std::uint8_t* row = image.row(y);
    std::copy(row, row + width, here.begin());
    const std::uint8_t* below = y + 1 < image.height ? image.row(y + 1) : here.data();
    const std::uint8_t* before = above.data();
    const std::uint8_t* now = here.data();
    for (std::size_t x = 0; x < width; ++x) row[x] = mix(before[x], now[x], below[x]);
    above.swap(here);
  }
}

void add_noise(GreyImage& image, double deviation, Random& random) {
  // A stretch of noise, laid over each row from a drawn offset: as good as fresh noise to the eye and much cheaper.
  constexpr std::size_t kPeriod = 4096;
  const double amplitude = std::clamp(deviation, 0.0, 40.0);
  const auto width = static_cast<std::size_t>(image.width);
  std::vector<std::int16_t> noise(kPeriod + width);
  for (std::size_t i = 0; i < kPeriod; ++i) {
    // The sum of four bytes of one draw: near to a normal distribution, deviation 147.8.
    const std::uint64_t bits = random.next();
    const auto sum = static_cast<double>((bits & 255) + ((bits >> 8) & 255) +
                                         ((bits >> 16) & 255) + ((bits >> 24) & 255));
    noise[i] = static_cast<std::int16_t>(std::lround((sum - 510.0) / 147.8 * amplitude));
  }
  for (std::size_t i = kPeriod; i < noise.size(); ++i) noise[i] = noise[i - kPeriod];
  for (std::int64_t y = 0; y < image.height; ++y) {
    const std::int16_t* add = noise.data() + random.below(kPeriod);
    std::uint8_t* row = image.row(y);
    for (std::size_t x = 0; x < width; ++x) {
      const auto sum = static_cast<std::int16_t>(row[x] + add[x]);
      row[x] = static_cast<std::uint8_t>(
          std::clamp(sum, std::int16_t{0}, std::int16_t{255}));
    }
  }
}

void scale_contrast(GreyImage& image, double middle, double gain) {
  map_levels(image, [=](double level) { return middle + (level - middle) * gain; });
}

void shade(GreyImage& image, double darkest, bool across) {
  const std::int64_t length = across ? image.width : image.height;
  std::vector<std::uint16_t> factors(static_cast<std::size_t>(length));
  for (std::int64_t i = 0; i < length; ++i) {
    const double part = static_cast<double>(i) / static_cast<double>(std::max<std::int64_t>(1, length - 1));
    factors[static_cast<std::size_t>(i)] =
        static_cast<std::uint16_t>(std::lround((1.0 - part * (1.0 - darkest)) * 256.0));
  }
  const auto width = static_cast<std::size_t>(image.width);
  for (std::int64_t y = 0; y < image.height; ++y) {
    std::uint8_t* row = image.row(y);
    const std::uint16_t* factor = factors.data() + (across ? 0 : y);
    const std::size_t step = across ? 1 : 0;
    for (std::size_t x = 0; x < width; ++x) {
      row[x] = static_cast<std::uint8_t>(row[x] * factor[x * step] >> 8);
    }
  }
}

void degrade_mildly(GreyImage& image, Random& random) {
  const std::int64_t steps = random.between(1, 2);
  for (std::int64_t i = 0; i < steps; ++i) {
    switch (random.below(4)) {
      case 0: blur(image, random.uniform(0.05, 0.25)); break;
      case 1: add_noise(image, random.uniform(2.0, 12.0), random); break;
      case 2: scale_contrast(image, random.uniform(90.0, 200.0), random.uniform(0.55, 0.9)); break;
      default: shade(image, random.uniform(0.7, 0.95), random.chance(0.5)); break;
    }
  }
}

}  // namespace lectio
