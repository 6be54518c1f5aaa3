// SPDX-License-Identifier: Apache-2.0
#include "model/vision/position_tables.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace lectio {
namespace {

double cubic(double distance) {
  constexpr double kA = -0.5;
  const double t = std::abs(distance);
  if (t < 1) return ((kA + 2) * t - (kA + 3)) * t * t + 1;
  if (t < 2) return kA * (((t - 5) * t + 8) * t - 4);
  return 0;
}

std::vector<ResizeTaps> all_taps(std::int64_t length, std::int64_t new_length) {
  std::vector<ResizeTaps> taps;
  for (std::int64_t i = 0; i < new_length; ++i) taps.push_back(cubic_taps(i, length, new_length));
  return taps;
}

// out[width] = the taps' sum over rows of `in`, which lie `step` rows apart.
void sum_rows(const ResizeTaps& taps, const float* in, std::int64_t step, std::int64_t width,
              float* out) {
  std::fill_n(out, width, 0.0F);
  for (std::size_t t = 0; t < taps.weights.size(); ++t) {
    const auto weight = static_cast<float>(taps.weights[t]);
    const float* const row = in + (taps.first + static_cast<std::int64_t>(t)) * step * width;
    for (std::int64_t c = 0; c < width; ++c) out[c] += weight * row[c];
  }
}

}  // namespace

ResizeTaps cubic_taps(std::int64_t index, std::int64_t length, std::int64_t new_length) {
  const double ratio = static_cast<double>(length) / static_cast<double>(new_length);
  const double spread = std::max(ratio, 1.0);
  const double support = 2 * spread;
  const double centre = ratio * (static_cast<double>(index) + 0.5);
  const auto first = std::max(static_cast<std::int64_t>(centre - support + 0.5), std::int64_t{0});
  const auto last = std::min(static_cast<std::int64_t>(centre + support + 0.5), length);
  ResizeTaps taps{first, {}};
  for (std::int64_t tap = first; tap < last; ++tap) {
    taps.weights.push_back(cubic((static_cast<double>(tap) - centre + 0.5) / spread));
  }
  const double total = std::accumulate(taps.weights.begin(), taps.weights.end(), 0.0);
  for (double& weight : taps.weights) weight /= total;
  return taps;
}

Tensor resize_grid(TensorView table, std::int64_t side, std::int64_t new_side) {
  const std::int64_t width = table.columns();
  LECTIO_CHECK(table.rows() == side * side, table.shape.to_string());
  const std::vector<ResizeTaps> taps = all_taps(side, new_side);
  const Tensor narrowed({side * new_side, width});  // rows of the old grid, columns of the new one
  for (std::int64_t y = 0; y < side; ++y) {
    for (std::int64_t x = 0; x < new_side; ++x) {
      sum_rows(taps[static_cast<std::size_t>(x)], table.f32() + y * side * width, 1, width,
               narrowed.f32() + (y * new_side + x) * width);
    }
  }
  Tensor resized({new_side * new_side, width});
  for (std::int64_t y = 0; y < new_side; ++y) {
    for (std::int64_t x = 0; x < new_side; ++x) {
      sum_rows(taps[static_cast<std::size_t>(y)], narrowed.f32() + x * width, new_side, width,
               resized.f32() + (y * new_side + x) * width);
    }
  }
  return resized;
}

Tensor resize_line(TensorView table, std::int64_t new_length) {
  const std::int64_t length = table.rows();
  const std::int64_t width = table.columns();
  Tensor resized({new_length, width});
  for (std::int64_t i = 0; i < new_length; ++i) {
    const double source = (static_cast<double>(i) + 0.5) * static_cast<double>(length) /
                              static_cast<double>(new_length) -
                          0.5;
    const double clamped = std::max(source, 0.0);
    const auto below = static_cast<std::int64_t>(clamped);
    const std::int64_t above = std::min(below + 1, length - 1);
    const auto fraction = static_cast<float>(clamped - static_cast<double>(below));
    for (std::int64_t c = 0; c < width; ++c) {
      resized.f32()[i * width + c] = (1.0F - fraction) * table.f32()[below * width + c] +
                                     fraction * table.f32()[above * width + c];
    }
  }
  return resized;
}

}  // namespace lectio
