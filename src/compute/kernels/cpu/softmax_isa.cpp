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

float largest_of(const float* x, std::int64_t count) {
  Vec top = all(kLowest);
  std::int64_t i = 0;
  for (; i + kWidth <= count; i += kWidth) top = max(top, load(x + i));
  if (i < count) {
    const Lanes last = first(count - i);
    top = max(top, select(last, load(x + i, last), top));
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

// y[i] = x[i] + offset for i in [0, count), and anything behind that up to y[room - 1].
void add_offset(const float* x, std::int64_t count, float offset, float* y, std::int64_t room) {
  const Vec by = all(offset);
  for (std::int64_t i = 0; i < count; i += kWidth) {
    const Vec sum = add(load(x + i, first(smaller(kWidth, count - i))), by);
    if (i + kWidth <= room) {
      store(y + i, sum);
    } else {
      store(y + i, sum, first(room - i));
    }
  }
}

// How many keys of this block row r sees.
std::int64_t visible_keys(const SoftmaxStep& s, std::int64_t row) {
  const std::int64_t visible = smaller(s.visible[row] - s.key_begin, s.keys);
  return visible > 0 ? visible : 0;
}

// The sums so far are relative to the old maximum.
void raise_maximum(const SoftmaxStep& s, std::int64_t row, float maximum) {
  if (maximum <= s.maximum[row]) return;
  const float factor = scalar_exp(s.maximum[row] - maximum);
  float* const output = s.output + row * s.output_stride;
  s.maximum[row] = maximum;
  s.sum[row] *= factor;
  multiply_all(output, s.width, factor, output);
}

}  // namespace

// Line by line of the map; whole vectors are written, and the next line overwrites what was too
// much.
void position_bias(const PositionBias& p) {
  for (std::int64_t row = 0; row < p.rows; ++row) {
    const std::int64_t query = p.query_begin + row;
    const std::int64_t begin = row * (2 * p.side - 1) + p.side - 1;
    const float* const bias_h = p.table_h + begin - query / p.side;
    const float* const bias_w = p.table_w + begin - query % p.side;
    float* const scores = p.scores + row * p.score_stride;
    std::int64_t line = p.key_begin / p.side;
    std::int64_t column = p.key_begin % p.side;
    for (std::int64_t key = 0; key < p.keys; ++line, column = 0) {
      const std::int64_t count = smaller(p.side - column, p.keys - key);
      add_offset(bias_w + column, count, bias_h[line], scores + key, p.score_stride - key);
      key += count;
    }
  }
}

void softmax_step(const SoftmaxStep& s) {
  for (std::int64_t row = 0; row < s.rows; ++row) {
    float* const scores = s.scores + row * s.score_stride;
    const std::int64_t visible = visible_keys(s, row);
    if (visible > 0) {
      raise_maximum(s, row, largest_of(scores, visible));
      s.sum[row] += exp_below(scores, visible, s.maximum[row], scores);
    }
    for (std::int64_t key = visible; key < s.keys; ++key) scores[key] = 0.0F;
  }
}

void scale_rows(const float* x, std::int64_t x_stride, std::int64_t rows, std::int64_t width,
                float factor, float* y, std::int64_t y_stride) {
  for (std::int64_t row = 0; row < rows; ++row) {
    multiply_all(x + row * x_stride, width, factor, y + row * y_stride);
  }
}

// y[i] = e^(x[i] - the largest x); returns their sum. y may be x.
float softmax_weights(const float* x, std::int64_t count, float* y) {
  return exp_below(x, count, largest_of(x, count), y);
}

// y[i] *= x[i].
void multiply_by(const float* x, std::int64_t count, float* y) {
  std::int64_t i = 0;
  for (; i + kWidth <= count; i += kWidth) store(y + i, mul(load(x + i), load(y + i)));
  if (i < count) {
    const Lanes last = first(count - i);
    store(y + i, mul(load(x + i, last), load(y + i, last)), last);
  }
}

void softmax(const float* x, std::int64_t rows, std::int64_t width, float* y) {
  for (std::int64_t row = 0; row < rows; ++row, x += width, y += width) {
    const float sum = softmax_weights(x, width, y);
    multiply_all(y, width, 1.0F / sum, y);
  }
}

}  // namespace lectio::kernels::LECTIO_ISA
