// SPDX-License-Identifier: Apache-2.0
// Softmax of whole rows, and of rows that arrive in blocks (attention).
#include "compute/kernels/cpu/functions.h"
#include "compute/kernels/cpu/isa.h"
#include "compute/kernels/cpu/parts.h"
#include "compute/kernels/cpu/vector.h"

namespace lectio::kernels::LECTIO_ISA {
namespace {

constexpr float kLowest = -3.0e38F;

inline float scalar_exp(float x) { return first_of(exp(all(x))); }

// x[i] = scale * x[i] + offset + bias[i] (bias may be null); returns the largest.
float to_logits(float* x, std::int64_t count, float scale, float offset, const float* bias,
                float largest) {
  Vec top = all(largest);
  const Vec by = all(scale);
  const Vec shift = all(offset);
  std::int64_t i = 0;
  for (; i + kWidth <= count; i += kWidth) {
    Vec v = fma(load(x + i), by, shift);
    if (bias != nullptr) v = add(v, load(bias + i));
    top = max(top, v);
    store(x + i, v);
  }
  if (i < count) {
    const Lanes last = first(count - i);
    Vec v = fma(load(x + i, last), by, shift);
    if (bias != nullptr) v = add(v, load(bias + i, last));
    top = max(top, select(last, v, top));
    store(x + i, v, last);
  }
  return max_of(top);
}

// y[i] = e^(x[i] - maximum); returns their sum.
float exp_below(const float* x, std::int64_t count, float maximum, float* y) {
  const Vec top = all(maximum);
  Vec sum = zero();
  std::int64_t i = 0;
  for (; i + kWidth <= count; i += kWidth) {
    const Vec e = exp(sub(load(x + i), top));
    sum = add(sum, e);
    store(y + i, e);
  }
  if (i < count) {
    const Lanes last = first(count - i);
    const Vec e = exp(sub(load(x + i, last), top));
    sum = add(sum, select(last, e, zero()));
    store(y + i, e, last);
  }
  return sum_of(sum);
}

void multiply_all(const float* x, std::int64_t count, float factor, float* y) {
  const Vec by = all(factor);
  std::int64_t i = 0;
  for (; i + kWidth <= count; i += kWidth) store(y + i, mul(load(x + i), by));
  if (i < count) {
    const Lanes last = first(count - i);
    store(y + i, mul(load(x + i, last), by), last);
  }
}

// The logits of one row; keys of one line of the map share the vertical bias.
float row_logits(const SoftmaxStep& s, std::int64_t row, float* scores, std::int64_t visible) {
  if (s.bias_h == nullptr) return to_logits(scores, visible, s.scale, 0.0F, nullptr, kLowest);
  const std::int64_t query = s.query_begin + row;
  const std::int64_t begin = row * (2 * s.side - 1) + s.side - 1;
  const float* const bias_h = s.bias_h + begin - query / s.side;
  const float* const bias_w = s.bias_w + begin - query % s.side;
  float largest = kLowest;
  std::int64_t line = s.key_begin / s.side;
  std::int64_t column = s.key_begin % s.side;
  for (std::int64_t key = 0; key < visible; ++line, column = 0) {
    const std::int64_t count = smaller(s.side - column, visible - key);
    largest = to_logits(scores + key, count, s.scale, bias_h[line], bias_w + column, largest);
    key += count;
  }
  return largest;
}

}  // namespace

void softmax_step(const SoftmaxStep& s) {
  for (std::int64_t row = 0; row < s.rows; ++row) {
    float* const scores = s.scores + row * s.score_stride;
    std::int64_t visible = smaller(s.visible[row] - s.key_begin, s.keys);
    if (visible < 0) visible = 0;
    for (std::int64_t key = visible; key < s.keys; ++key) scores[key] = 0.0F;
    if (visible == 0) continue;
    const float before = s.maximum[row];
    const float largest = row_logits(s, row, scores, visible);
    const float maximum = largest > before ? largest : before;
    const float sum = exp_below(scores, visible, maximum, scores);
    if (maximum != before) {
      const float factor = scalar_exp(before - maximum);
      s.maximum[row] = maximum;
      s.sum[row] = s.sum[row] * factor + sum;
      float* const output = s.output + row * s.output_stride;
      multiply_all(output, s.width, factor, output);
    } else {
      s.sum[row] += sum;
    }
  }
}

void divide_rows(const float* x, std::int64_t x_stride, const float* sums, std::int64_t rows,
                 std::int64_t width, float* y, std::int64_t y_stride) {
  for (std::int64_t row = 0; row < rows; ++row) {
    multiply_all(x + row * x_stride, width, 1.0F / sums[row], y + row * y_stride);
  }
}

void softmax(const float* x, std::int64_t rows, std::int64_t width, float* y) {
  for (std::int64_t row = 0; row < rows; ++row, x += width, y += width) {
    if (y != x) {
      for (std::int64_t i = 0; i < width; ++i) y[i] = x[i];
    }
    const float maximum = to_logits(y, width, 1.0F, 0.0F, nullptr, kLowest);
    multiply_all(y, width, 1.0F / exp_below(y, width, maximum, y), y);
  }
}

}  // namespace lectio::kernels::LECTIO_ISA
