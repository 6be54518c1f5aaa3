// SPDX-License-Identifier: Apache-2.0
#include "media/image/resize.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "base/check.h"
#include "media/image/detail/resample_rows.h"

namespace lectio {
namespace {

std::string size_text(std::int64_t width, std::int64_t height) {
  return std::to_string(width) + " x " + std::to_string(height);
}

// The cubic convolution kernel with a = -0.5 (spec 3.3).
double cubic(double t) {
  constexpr double kA = -0.5;
  t = std::abs(t);
  if (t < 1.0) return ((kA + 2.0) * t - (kA + 3.0)) * t * t + 1.0;
  if (t < 2.0) return (((t - 5.0) * t + 8.0) * t - 4.0) * kA;
  return 0.0;
}

// Half away from zero.
std::int32_t to_fixed(double weight) {
  const double scaled = weight * (1 << kWeightBits);
  return static_cast<std::int32_t>(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
}

std::int64_t round_half_up(double value) {
  // NOLINTNEXTLINE(bugprone-incorrect-roundings): std::lround takes halves away from zero
  return static_cast<std::int64_t>(std::floor(value + 0.5));
}

// Taps outside the picture are dropped and the rest made to add to 1; the kernel widens when
// shrinking.
Taps bicubic_taps(std::int64_t inputs, std::int64_t outputs) {
  const double ratio = static_cast<double>(inputs) / static_cast<double>(outputs);
  const double widening = std::max(ratio, 1.0);
  const double support = 2.0 * widening;
  const double narrowing = 1.0 / widening;
  Taps taps;
  const std::int64_t most = static_cast<std::int64_t>(std::ceil(support)) * 2 + 1;
  taps.stride = (std::min(most, inputs) + 1) / 2 * 2;
  taps.weights.assign(static_cast<std::size_t>(outputs * taps.stride), 0);
  taps.first.reserve(static_cast<std::size_t>(outputs));
  taps.count.reserve(static_cast<std::size_t>(outputs));
  std::vector<double> exact(static_cast<std::size_t>(taps.stride));
  for (std::int64_t i = 0; i < outputs; ++i) {
    const double centre = (static_cast<double>(i) + 0.5) * ratio;
    const std::int64_t first = std::max<std::int64_t>(round_half_up(centre - support), 0);
    const std::int64_t end = std::min(round_half_up(centre + support), inputs);
    double sum = 0.0;
    for (std::int64_t j = first; j < end; ++j) {
      const double weight = cubic((static_cast<double>(j) - centre + 0.5) * narrowing);
      exact[static_cast<std::size_t>(j - first)] = weight;
      sum += weight;
    }
    std::int32_t* row = taps.weights.data() + i * taps.stride;
    for (std::int64_t k = 0; k < end - first; ++k) {
      row[k] = to_fixed(exact[static_cast<std::size_t>(k)] / sum);
    }
    taps.first.push_back(first);
    taps.count.push_back(end - first);
  }
  split_weights(taps);
  return taps;
}

// Rows of the horizontally resampled picture, made when they are first asked for. New rows are
// asked for in ascending order; only as many as one output row needs are kept, so the whole 8-bit
// intermediate picture never exists.
class RowSource {
 public:
  RowSource(const Image& image, std::int64_t width, std::int64_t kept)
      : image_(image),
        width_(width),
        kept_(kept) {
    if (width == image.width) return;
    taps_ = bicubic_taps(image.width, width);
    ring_.resize(static_cast<std::size_t>(kept * width * 3));
  }

  // Valid until a row `kept` or more above it is asked for. Rows that nobody asks for are never
  // made.
  const std::uint8_t* row(std::int64_t y) {
    if (width_ == image_.width) return image_.row(y);
    if (y >= next_) {
      resample_row(taps_, image_.row(y), image_.width, slot(y));
      next_ = y + 1;
    }
    return slot(y);
  }

 private:
  std::uint8_t* slot(std::int64_t y) { return ring_.data() + y % kept_ * width_ * 3; }

  const Image& image_;
  std::int64_t width_;
  std::int64_t kept_;
  std::int64_t next_ = 0;  // the rows from here on were not made yet
  Taps taps_;
  std::vector<std::uint8_t> ring_;  // [kept, width, 3]
};

// Python's round(): half to even, which is the rounding mode of every program that does not change
// it.
std::int64_t round_half_even(double value) {
  return static_cast<std::int64_t>(std::nearbyint(value));
}

}  // namespace

Image resize_bicubic(const Image& image, std::int64_t width, std::int64_t height) {
  LECTIO_CHECK(image.width > 0 && image.height > 0 && width > 0 && height > 0,
               size_text(image.width, image.height) + " to " + size_text(width, height));
  if (width == image.width && height == image.height) return image;
  Image out(width, height);
  const auto row_bytes = static_cast<std::size_t>(width * 3);
  if (height == image.height) {
    RowSource source(image, width, 1);
    for (std::int64_t y = 0; y < height; ++y) std::memcpy(out.row(y), source.row(y), row_bytes);
    return out;
  }
  const Taps taps = bicubic_taps(image.height, height);
  RowSource source(image, width, taps.stride);
  std::vector<const std::uint8_t*> rows(static_cast<std::size_t>(taps.stride));
  for (std::int64_t y = 0; y < height; ++y) {
    const std::int64_t first = taps.first[static_cast<std::size_t>(y)];
    const std::int64_t count = taps.count[static_cast<std::size_t>(y)];
    for (std::int64_t k = 0; k < count; ++k) {
      rows[static_cast<std::size_t>(k)] = source.row(first + k);
    }
    blend_rows(taps, y, rows.data(), width * 3, out.row(y));
  }
  return out;
}

Result<PadPlan> plan_pad(std::int64_t width, std::int64_t height, std::int64_t side) {
  LECTIO_CHECK(width > 0 && height > 0 && side > 0,
               size_text(width, height) + " to " + std::to_string(side));
  // The ratio first, then the product, as the reference has it (spec 5.3).
  const auto w = static_cast<double>(width);
  const auto h = static_cast<double>(height);
  const auto s = static_cast<double>(side);
  PadPlan plan;
  plan.width = width < height ? round_half_even(w / h * s) : side;
  plan.height = width > height ? round_half_even(h / w * s) : side;
  if (plan.width == 0 || plan.height == 0) {
    return Error(ErrorCode::kInvalidInput,
                 "expected a picture whose short side is at least 1 pixel at " +
                     size_text(side, side) + ", found " + size_text(width, height) + " pixels");
  }
  plan.x = round_half_even(static_cast<double>(side - plan.width) * 0.5);
  plan.y = round_half_even(static_cast<double>(side - plan.height) * 0.5);
  return plan;
}

Result<Image> pad_to_square(const Image& image, std::int64_t side) {
  LECTIO_TRY(const PadPlan plan, plan_pad(image.width, image.height, side));
  Image resized = resize_bicubic(image, plan.width, plan.height);
  if (plan.width == side && plan.height == side) return resized;
  Image canvas(side, side, kPadGrey);
  for (std::int64_t y = 0; y < plan.height; ++y) {
    std::memcpy(canvas.row(plan.y + y) + plan.x * 3, resized.row(y),
                static_cast<std::size_t>(plan.width * 3));
  }
  return canvas;
}

Image crop(const Image& image, std::int64_t x, std::int64_t y, std::int64_t width,
           std::int64_t height) {
  LECTIO_CHECK(x >= 0 && y >= 0 && width > 0 && height > 0 && x <= image.width - width &&
                   y <= image.height - height,
               size_text(width, height) + " at " + std::to_string(x) + ", " + std::to_string(y) +
                   " of " + size_text(image.width, image.height));
  Image part(width, height);
  for (std::int64_t row = 0; row < height; ++row) {
    std::memcpy(part.row(row), image.row(y + row) + x * 3, static_cast<std::size_t>(width * 3));
  }
  return part;
}

}  // namespace lectio
