// SPDX-License-Identifier: Apache-2.0
#include "datagen/prints/degrade.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace lectio {
namespace {

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
  // A stretch of noise, laid over each row from a drawn offset: as good as fresh noise to the eye
  // and much cheaper.
  constexpr std::size_t kPeriod = 4096;
  const double amplitude = std::clamp(deviation, 0.0, 40.0);
  const auto width = static_cast<std::size_t>(image.width);
  std::vector<std::int16_t> noise(kPeriod + width);
  for (std::size_t i = 0; i < kPeriod; ++i) {
    // The sum of four bytes of one draw: near to a normal distribution, deviation 147.8.
    const std::uint64_t bits = random.next();
    const auto sum = static_cast<double>((bits & 255) + ((bits >> 8) & 255) + ((bits >> 16) & 255) +
                                         ((bits >> 24) & 255));
    noise[i] = static_cast<std::int16_t>(std::lround((sum - 510.0) / 147.8 * amplitude));
  }
  for (std::size_t i = kPeriod; i < noise.size(); ++i) noise[i] = noise[i - kPeriod];
  for (std::int64_t y = 0; y < image.height; ++y) {
    const std::int16_t* add = noise.data() + random.below(kPeriod);
    std::uint8_t* row = image.row(y);
    for (std::size_t x = 0; x < width; ++x) {
      const auto sum = static_cast<std::int16_t>(row[x] + add[x]);
      row[x] = static_cast<std::uint8_t>(std::clamp(sum, std::int16_t{0}, std::int16_t{255}));
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
    const double part =
        static_cast<double>(i) / static_cast<double>(std::max<std::int64_t>(1, length - 1));
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
      case 0:
        blur(image, random.uniform(0.05, 0.25));
        break;
      case 1:
        add_noise(image, random.uniform(2.0, 12.0), random);
        break;
      case 2:
        scale_contrast(image, random.uniform(90.0, 200.0), random.uniform(0.55, 0.9));
        break;
      default:
        shade(image, random.uniform(0.7, 0.95), random.chance(0.5));
        break;
    }
  }
}

}  // namespace lectio
