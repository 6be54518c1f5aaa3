// SPDX-License-Identifier: Apache-2.0
// What runs along rows: bias and activation behind a product, norms, sums and rotations.
#include "compute/kernels/cpu/functions.h"
#include "compute/kernels/cpu/isa.h"
#include "compute/kernels/cpu/parts.h"
#include "compute/kernels/cpu/vector.h"

namespace lectio::kernels::LECTIO_ISA {
namespace {

// y[i] = function(a[i], b[i]) for i in [0, count).
template <typename Function>
inline void map(const float* a, const float* b, std::int64_t count, float* y, Function function) {
  std::int64_t i = 0;
  for (; i + kWidth <= count; i += kWidth) store(y + i, function(load(a + i), load(b + i)));
  if (i < count) {
    const Lanes last = first(count - i);
    store(y + i, function(load(a + i, last), load(b + i, last)), last);
  }
}

// The sum of function(x[i]) for i in [0, count); two partial sums hide the latency of the addition.
template <typename Function>
inline float sum_over(const float* x, std::int64_t count, Function function) {
  Vec even = zero();
  Vec odd = zero();
  std::int64_t i = 0;
  for (; i + 2 * kWidth <= count; i += 2 * kWidth) {
    even = add(even, function(load(x + i)));
    odd = add(odd, function(load(x + i + kWidth)));
  }
  for (; i + kWidth <= count; i += kWidth) even = add(even, function(load(x + i)));
  if (i < count) {
    const Lanes last = first(count - i);
    odd = add(odd, select(last, function(load(x + i, last)), zero()));
  }
  return sum_of(add(even, odd));
}

inline float inverse_root(float x) { return 1.0F / _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(x))); }

template <typename Function>
inline void finish_rows(float* y, std::int64_t stride, std::int64_t rows, std::int64_t columns,
                        const float* bias, Function function) {
  for (std::int64_t row = 0; row < rows; ++row, y += stride) {
    if (bias != nullptr) {
      map(y, bias, columns, y, [&](Vec x, Vec b) { return function(add(x, b)); });
    } else {
      map(y, y, columns, y, [&](Vec x, Vec) { return function(x); });
    }
  }
}

}  // namespace

void finish(float* y, std::int64_t stride, std::int64_t rows, std::int64_t columns,
            const float* bias, Finish finish) {
  switch (finish) {
    case Finish::kNone:
    case Finish::kAdd:
      if (bias == nullptr) return;
      return finish_rows(y, stride, rows, columns, bias, [](Vec x) { return x; });
    case Finish::kGelu:
      return finish_rows(y, stride, rows, columns, bias, [](Vec x) { return gelu(x); });
    case Finish::kQuickGelu:
      return finish_rows(y, stride, rows, columns, bias,
                         [](Vec x) { return times_sigmoid(x, 1.702F); });
  }
}

void layer_norm(const float* x, std::int64_t rows, std::int64_t width, const float* weight,
                const float* bias, float eps, float* y) {
  for (std::int64_t row = 0; row < rows; ++row, x += width, y += width) {
    const auto length = static_cast<float>(width);
    const float mean_of_row = sum_over(x, width, [](Vec v) { return v; }) / length;
    const Vec mean = all(mean_of_row);
    const float squares =
        sum_over(x, width, [&](Vec v) { return mul(sub(v, mean), sub(v, mean)); });
    const Vec scale = all(inverse_root(squares / length + eps));
    std::int64_t i = 0;
    for (; i + kWidth <= width; i += kWidth) {
      store(y + i, fma(mul(sub(load(x + i), mean), scale), load(weight + i), load(bias + i)));
    }
    if (i < width) {
      const Lanes last = first(width - i);
      const Vec normal = mul(sub(load(x + i, last), mean), scale);
      store(y + i, fma(normal, load(weight + i, last), load(bias + i, last)), last);
    }
  }
}

void rms_norm(const float* x, std::int64_t rows, std::int64_t width, const float* weight, float eps,
              float* y) {
  for (std::int64_t row = 0; row < rows; ++row, x += width, y += width) {
    const float squares = sum_over(x, width, [](Vec v) { return mul(v, v); });
    const Vec scale = all(inverse_root(squares / static_cast<float>(width) + eps));
    map(x, weight, width, y, [&](Vec v, Vec w) { return mul(mul(v, scale), w); });
  }
}

void add_numbers(const float* a, const float* b, std::int64_t count, float* y) {
  map(a, b, count, y, [](Vec u, Vec v) { return add(u, v); });
}

void silu_mul(const float* gate, const float* up, std::int64_t count, float* y) {
  map(gate, up, count, y, [](Vec g, Vec u) { return mul(times_sigmoid(g, 1.0F), u); });
}

void rotate(float* x, std::int64_t heads, std::int64_t half, const float* frequencies,
            float position) {
  for (std::int64_t i = 0; i < half; i += kWidth) {
    const Lanes lanes = first(smaller(kWidth, half - i));
    Vec s;
    Vec c;
    sine_cosine(mul(load(frequencies + i, lanes), all(position)), s, c);
    for (std::int64_t head = 0; head < heads; ++head) {
      float* const near = x + head * 2 * half + i;
      float* const far = near + half;
      const Vec a = load(near, lanes);
      const Vec b = load(far, lanes);
      store(near, minus_fma(b, s, mul(a, c)), lanes);
      store(far, fma(a, s, mul(b, c)), lanes);
    }
  }
}

}  // namespace lectio::kernels::LECTIO_ISA
