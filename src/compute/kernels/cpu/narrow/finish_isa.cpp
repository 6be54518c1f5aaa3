// SPDX-License-Identifier: Apache-2.0
// What follows a narrow product: bias, activation or sum, and the format of the result.
#include "compute/kernels/cpu/functions.h"
#include "compute/kernels/cpu/narrow/narrow.h"
#include "compute/kernels/cpu/narrow/parts.h"
#include "compute/kernels/cpu/vector.h"

namespace lectio::kernels::avx512bf16 {
namespace {

inline Vec load_result(const float* y, Lanes lanes) { return load(y, lanes); }
inline Vec load_result(const std::uint16_t* y, Lanes lanes) {
  show_read(y, lanes);
  const __m256i bits = _mm256_maskz_loadu_epi16(lanes, y);
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16));
}
inline void store_result(float* y, Vec x, Lanes lanes) { store(y, x, lanes); }
inline void store_result(std::uint16_t* y, Vec x, Lanes lanes) {
  show_write(y, lanes);
  _mm256_mask_storeu_epi16(y, lanes, reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(x)));
}

template <typename Number, typename Function>
inline void finish_rows(const NarrowFinish& f, Function function) {
  auto* y = static_cast<Number*>(f.y);
  const float* c = f.c;
  for (std::int64_t row = 0; row < f.rows; ++row, c += f.c_stride, y += f.y_stride) {
    for (std::int64_t i = 0; i < f.columns; i += kWidth) {
      const Lanes lanes = first(smaller(kWidth, f.columns - i));
      const Vec bias = f.bias == nullptr ? zero() : load(f.bias + i, lanes);
      store_result(y + i, function(add(load(c + i), bias), y + i, lanes), lanes);
    }
  }
}

template <typename Number>
void finish_as(const NarrowFinish& f) {
  switch (f.finish) {
    case Finish::kNone:
      return finish_rows<Number>(f, [](Vec x, const Number*, Lanes) { return x; });
    case Finish::kGelu:
      return finish_rows<Number>(f, [](Vec x, const Number*, Lanes) { return gelu(x); });
    case Finish::kQuickGelu:
      return finish_rows<Number>(
          f, [](Vec x, const Number*, Lanes) { return times_sigmoid(x, 1.702F); });
    case Finish::kAdd:
      return finish_rows<Number>(
          f, [](Vec x, const Number* y, Lanes lanes) { return add(x, load_result(y, lanes)); });
  }
}

}  // namespace

void finish(const NarrowFinish& f) {
  if (f.y_is_bf16) {
    finish_as<std::uint16_t>(f);
  } else {
    finish_as<float>(f);
  }
}

}  // namespace lectio::kernels::avx512bf16
