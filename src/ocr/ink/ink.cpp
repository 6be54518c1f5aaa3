// SPDX-License-Identifier: Apache-2.0
#include "ocr/ink/ink.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "ocr/ink/repetition.h"

namespace lectio {
namespace {

constexpr int kContrast = 48;             // levels between paper and ink
constexpr std::int64_t kPaperBlock = 48;  // pixels; the paper is the median level of a block
constexpr double kMostPixels = 4e6;       // larger pages are looked at smaller
constexpr std::int64_t kByChance = 40;    // components of prose that look like earlier ones
constexpr double kCharacterWidth = 0.67;  // of its height, on average, when letters touch

// 8-bit levels [height, width].
struct Grey {
  std::int64_t width = 0;
  std::int64_t height = 0;
  std::vector<std::uint8_t> levels;

  const std::uint8_t* row(std::int64_t y) const { return levels.data() + y * width; }
  std::uint8_t* row(std::int64_t y) { return levels.data() + y * width; }
};

// The luminance, each pixel the mean of factor x factor of the page.
Grey grey_of(const Image& image, std::int64_t factor) {
  Grey grey;
  grey.width = std::max<std::int64_t>(1, image.width / factor);
  grey.height = std::max<std::int64_t>(1, image.height / factor);
  grey.levels.resize(static_cast<std::size_t>(grey.width * grey.height));
  const std::int64_t across = std::min(factor, image.width);
  const std::int64_t down = std::min(factor, image.height);
  for (std::int64_t y = 0; y < grey.height; ++y) {
    for (std::int64_t x = 0; x < grey.width; ++x) {
      std::int64_t sum = 0;
      for (std::int64_t dy = 0; dy < down; ++dy) {
        const std::uint8_t* pixel = image.row(y * factor + dy) + 3 * x * factor;
        for (std::int64_t dx = 0; dx < across; ++dx, pixel += 3) {
          sum += 77 * pixel[0] + 150 * pixel[1] + 29 * pixel[2];
        }
      }
      grey.row(y)[x] = static_cast<std::uint8_t>(sum / (256 * across * down));
    }
  }
  return grey;
}

// The median of every pixel and its eight neighbours: specks go, strokes of two pixels stay.
Grey median_filtered(const Grey& grey) {
  Grey result = grey;
  std::array<std::uint8_t, 9> around{};
  for (std::int64_t y = 1; y + 1 < grey.height; ++y) {
    for (std::int64_t x = 1; x + 1 < grey.width; ++x) {
      std::size_t n = 0;
      for (std::int64_t dy = -1; dy <= 1; ++dy) {
        for (std::int64_t dx = -1; dx <= 1; ++dx) around[n++] = grey.row(y + dy)[x + dx];
      }
      std::nth_element(around.begin(), around.begin() + 4, around.end());
      result.row(y)[x] = around[4];
    }
  }
  return result;
}

// The level that half of the counted ones do not exceed.
int median_of(const std::array<std::int64_t, 256>& counts) {
  std::int64_t total = 0;
  for (const std::int64_t count : counts) total += count;
  std::int64_t below = 0;
  for (int level = 0; level < 256; ++level) {
    below += counts[static_cast<std::size_t>(level)];
    if (2 * below >= total) return level;
  }
  return 255;
}

// The paper under every pixel: medians of blocks, bilinear between their centres.
class Paper {
 public:
  explicit Paper(const Grey& grey)
      : columns_((grey.width + kPaperBlock - 1) / kPaperBlock),
        rows_((grey.height + kPaperBlock - 1) / kPaperBlock) {
    for (std::int64_t row = 0; row < rows_; ++row) {
      for (std::int64_t column = 0; column < columns_; ++column) {
        std::array<std::int64_t, 256> counts{};
        const std::int64_t bottom = std::min(grey.height, (row + 1) * kPaperBlock);
        const std::int64_t right = std::min(grey.width, (column + 1) * kPaperBlock);
        for (std::int64_t y = row * kPaperBlock; y < bottom; ++y) {
          for (std::int64_t x = column * kPaperBlock; x < right; ++x) ++counts[grey.row(y)[x]];
        }
        levels_.push_back(static_cast<float>(median_of(counts)));
      }
    }
  }

  void row(std::int64_t y, std::span<float> levels) const {
    const auto [top, down] = place(y, rows_);
    const float* const upper = levels_.data() + top * columns_;
    const float* const lower = levels_.data() + std::min(top + 1, rows_ - 1) * columns_;
    for (std::size_t x = 0; x < levels.size(); ++x) {
      const auto [left, across] = place(static_cast<std::int64_t>(x), columns_);
      const std::int64_t right = std::min(left + 1, columns_ - 1);
      const float above = upper[left] + across * (upper[right] - upper[left]);
      const float below = lower[left] + across * (lower[right] - lower[left]);
      levels[x] = above + down * (below - above);
    }
  }

 private:
  // The block whose centre is before a pixel, and how far behind it the pixel is, in blocks.
  static std::pair<std::int64_t, float> place(std::int64_t at, std::int64_t blocks) {
    const float centre = (static_cast<float>(at) + 0.5F) / static_cast<float>(kPaperBlock) - 0.5F;
    const float clamped = std::clamp(centre, 0.0F, static_cast<float>(blocks - 1));
    const auto before = static_cast<std::int64_t>(clamped);
    return {before, clamped - static_cast<float>(before)};
  }

  std::int64_t columns_;
  std::int64_t rows_;
  std::vector<float> levels_;
};

std::vector<std::uint8_t> ink_mask(const Grey& grey, float contrast) {
  const Paper paper(grey);
  std::vector<std::uint8_t> mask(grey.levels.size());
  std::vector<float> levels(static_cast<std::size_t>(grey.width));
  for (std::int64_t y = 0; y < grey.height; ++y) {
    paper.row(y, levels);
    const std::uint8_t* const from = grey.row(y);
    std::uint8_t* const to = mask.data() + y * grey.width;
    for (std::int64_t x = 0; x < grey.width; ++x) {
      const float difference = static_cast<float>(from[x]) - levels[static_cast<std::size_t>(x)];
      to[x] = std::abs(difference) >= contrast ? 1 : 0;
    }
  }
  return mask;
}

// The standard deviation of noise between neighbours, by the median, which text does not move.
double noise_of(const Grey& grey) {
  std::array<std::int64_t, 256> counts{};
  for (std::int64_t y = 0; y < grey.height; ++y) {
    const std::uint8_t* const row = grey.row(y);
    for (std::int64_t x = 0; x + 1 < grey.width; ++x) {
      ++counts[static_cast<std::size_t>(std::abs(int{row[x]} - int{row[x + 1]}))];
    }
  }
  return 1.4826 * median_of(counts) / std::sqrt(2.0);
}

struct Sizes {
  std::int64_t least_height;  // of what may be a character
  std::int64_t most_height;
  std::int64_t most_width;
};

Sizes sizes_for(const Grey& grey) {
  return {std::max<std::int64_t>(4, grey.height / 400), std::max<std::int64_t>(16, grey.height / 6),
          std::max<std::int64_t>(16, grey.width / 2)};
}

bool may_be_characters(const Component& part, const Sizes& sizes) {
  const bool tall_enough = std::max(part.box.height(), part.box.width()) >= sizes.least_height;
  return tall_enough && part.area >= sizes.least_height && part.box.height() <= sizes.most_height &&
         part.box.width() <= sizes.most_width;
}

// So many specks come from noise alone.
bool is_noisy(const std::vector<Component>& parts, const Grey& grey) {
  const auto specks = std::count_if(parts.begin(), parts.end(),
                                    [](const Component& part) { return part.area <= 2; });
  const auto pixels = static_cast<double>(grey.levels.size());
  return static_cast<double>(specks) > pixels / 1000 &&
         2 * specks > static_cast<std::ptrdiff_t>(parts.size());
}

std::int64_t median_height(const std::vector<Component>& parts) {
  std::vector<std::int64_t> heights;
  for (const Component& part : parts) heights.push_back(part.box.height());
  const auto middle = heights.begin() + std::ssize(heights) / 2;
  std::nth_element(heights.begin(), middle, heights.end());
  return *middle;
}

std::int64_t characters_in(const std::vector<Component>& parts) {
  if (parts.empty()) return 0;
  const std::int64_t usual = median_height(parts);
  std::int64_t characters = 0;
  for (const Component& part : parts) {
    const std::int64_t width = part.box.width();
    const std::int64_t height = part.box.height();
    if (10 * width < 5 * usual && 10 * height < 5 * usual) continue;  // a dot, a comma
    const double of_height = static_cast<double>(std::max(height, usual)) * kCharacterWidth;
    characters += std::max<std::int64_t>(1, std::llround(static_cast<double>(width) / of_height));
  }
  return characters;
}

// Groups of rows that hold a run of ink of at least `least` pixels.
std::int64_t count_rules(std::span<const std::uint8_t> mask, std::int64_t lines,
                         std::int64_t line_step, std::int64_t pixels, std::int64_t pixel_step,
                         std::int64_t least) {
  std::int64_t rules = 0;
  bool in_rule = false;
  for (std::int64_t line = 0; line < lines; ++line) {
    const std::uint8_t* pixel = mask.data() + line * line_step;
    std::int64_t run = 0;
    std::int64_t longest = 0;
    for (std::int64_t i = 0; i < pixels; ++i, pixel += pixel_step) {
      run = *pixel != 0 ? run + 1 : 0;
      longest = std::max(longest, run);
    }
    const bool has = longest >= least;
    rules += has && !in_rule ? 1 : 0;
    in_rule = has;
  }
  return rules;
}

// Dust gives a few parts that might be characters; three, or one that is clearly larger, are not
// dust.
bool has_print(const std::vector<Component>& parts, const Sizes& sizes) {
  if (parts.size() >= 3) return true;
  return std::any_of(parts.begin(), parts.end(), [&](const Component& part) {
    return part.box.height() >= 2 * sizes.least_height && part.area >= 4 * sizes.least_height;
  });
}

// Drops and dots: as wide as high, and filled. A disc fills 0.79 of its box, letters mostly less
// than half.
bool is_round(const Component& part) {
  const std::int64_t width = part.box.width();
  const std::int64_t height = part.box.height();
  return 20 * part.area >= 13 * width * height &&
         10 * std::max(width, height) <= 16 * std::min(width, height);
}

// As the next letter stands on a line: of about the height, at the height, not far away.
bool stand_in_a_row(const Box& a, const Box& b) {
  const std::int64_t low = std::min(a.height(), b.height());
  const std::int64_t high = std::max(a.height(), b.height());
  const std::int64_t shared = std::min(a.y1, b.y1) - std::max(a.y0, b.y0);
  const std::int64_t gap = std::max(a.x0, b.x0) - std::min(a.x1, b.x1);
  return high <= 2 * low && 10 * shared >= 6 * low && gap <= high;
}

// Print has letters that are not round, and most of its parts beside others: docs/verdicts.md has
// the figures.
bool are_stains(const std::vector<Component>& parts) {
  constexpr std::ptrdiff_t kFewest = 12;  // a title, a number, bullets are fewer
  if (std::ssize(parts) < kFewest) return false;
  if (10 * std::count_if(parts.begin(), parts.end(), is_round) < 6 * std::ssize(parts)) {
    return false;
  }
  std::ptrdiff_t in_rows = 0;
  for (const Component& part : parts) {
    in_rows += std::any_of(parts.begin(), parts.end(), [&](const Component& other) {
      return &other != &part && stand_in_a_row(part.box, other.box);
    });
  }
  return 10 * in_rows < 4 * std::ssize(parts);
}

}  // namespace

InkReport look_at_ink(const Image& image) {
  InkReport report;
  report.blank = true;
  if (image.width < 1 || image.height < 1) return report;
  const double pixels = static_cast<double>(image.width) * static_cast<double>(image.height);
  const auto factor = std::max<std::int64_t>(
      1, static_cast<std::int64_t>(std::ceil(std::sqrt(pixels / kMostPixels))));
  Grey grey = grey_of(image, factor);
  std::vector<std::uint8_t> mask = ink_mask(grey, kContrast);
  std::vector<Component> parts = connected_components(mask, grey.width, grey.height);
  if (is_noisy(parts, grey) || noise_of(grey) >= 10) {
    // The filter leaves 0.41 of the deviation, which is seen too small where levels are cut off at
    // black or white. Up to 128, which is five deviations of the strongest noise.
    const double contrast = std::clamp<double>(8 * 0.41 * noise_of(grey), kContrast, 128);
    grey = median_filtered(grey);
    mask = ink_mask(grey, static_cast<float>(contrast));
    parts = connected_components(mask, grey.width, grey.height);
  }

  const Sizes sizes = sizes_for(grey);
  std::int64_t ink = 0;
  std::int64_t graphics = 0;
  for (const Component& part : parts) {
    ink += part.area;
    if (may_be_characters(part, sizes)) {
      report.components.push_back(part);
    } else if (part.area >= sizes.least_height * sizes.least_height) {
      graphics += part.area;
    }
  }
  const auto all = static_cast<double>(grey.levels.size());
  report.coverage = static_cast<double>(ink) / all;
  report.graphics = static_cast<double>(graphics) / all;
  report.characters = characters_in(report.components);
  const std::int64_t repeated = repeated_components(report.components);
  if (repeated >= kByChance) {
    report.repeated_characters = repeated * report.characters / std::ssize(report.components);
  }
  report.marks_in_a_row = marks_in_a_row(parts, report.components);
  report.horizontal_rules = count_rules(mask, grey.height, grey.width, grey.width, 1,
                                        std::max<std::int64_t>(16, grey.width / 4));
  report.vertical_rules = count_rules(mask, grey.width, 1, grey.height, grey.width,
                                      std::max<std::int64_t>(16, grey.height / 8));
  report.blank = !has_print(report.components, sizes) && graphics == 0;
  if (graphics == 0 && are_stains(report.components)) {
    report.blank = true;
    report.stains = std::ssize(report.components);
    report.characters = 0;
  }
  for (Component& part : report.components) {
    part.box = {part.box.x0 * factor, part.box.y0 * factor, part.box.x1 * factor,
                part.box.y1 * factor};
    part.area *= factor * factor;
  }
  return report;
}

UnreadInk unread_ink(const InkReport& ink, const std::vector<Box>& boxes, std::int64_t width,
                     std::int64_t height) {
  const std::int64_t margin = std::max(width, height) / 100;
  UnreadInk unread;
  std::int64_t all = 0;
  std::int64_t outside = 0;
  for (const Component& part : ink.components) {
    const std::int64_t x = (part.box.x0 + part.box.x1) / 2;
    const std::int64_t y = (part.box.y0 + part.box.y1) / 2;
    all += part.area;
    const bool read = std::any_of(boxes.begin(), boxes.end(), [&](const Box& box) {
      return x >= box.x0 - margin && x < box.x1 + margin && y >= box.y0 - margin &&
             y < box.y1 + margin;
    });
    if (read) continue;
    outside += part.area;
    unread.region = united(unread.region, part.box);
  }
  if (all > 0) unread.share = static_cast<double>(outside) / static_cast<double>(all);
  return unread;
}

}  // namespace lectio
