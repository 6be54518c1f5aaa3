// SPDX-License-Identifier: Apache-2.0
// What the *_isa.cpp files of one instruction set give to its table, Isa (table_isa.cpp).
#pragma once

#include "compute/kernels/cpu/isa.h"

namespace lectio::kernels::LECTIO_ISA {

// product_isa.cpp
void multiply(const Product& p);
extern const PackRows kPackRows[kFormats];

// few_rows_isa.cpp
extern const MultiplyFewRows kFewRows[kFloatFormats];
extern const Convert kConvert[kFormats];

// codes_isa.cpp
extern const CodeKernels kCodeKernels[kCodeFormats];

// code_product_isa.cpp
extern const CodeTiles kCodeTiles;

// cached_attention_isa.cpp
extern const AttendCached kAttendCached[kFloatFormats];
void attend_codes(const CachedHead& head);
void narrow_f16(const float* x, std::int64_t count, std::uint16_t* y);
float narrow_i8(const float* x, std::int64_t count, std::int8_t* y);
void widen_i8(const std::int8_t* x, std::int64_t count, float scale, float* y);

// softmax_isa.cpp
float softmax_weights(const float* x, std::int64_t count, float* y);
void position_bias(const PositionBias& bias);
void softmax_step(const SoftmaxStep& step);
void scale_rows(const float* x, std::int64_t x_stride, std::int64_t rows, std::int64_t width,
                float factor, float* y, std::int64_t y_stride);
void softmax(const float* x, std::int64_t rows, std::int64_t width, float* y);
void multiply_by(const float* x, std::int64_t count, float* y);

// rows_isa.cpp
void finish(float* y, std::int64_t stride, std::int64_t rows, std::int64_t columns,
            const float* bias, Finish finish);
void layer_norm(const float* x, std::int64_t rows, std::int64_t width, const float* weight,
                const float* bias, float eps, float* y);
void rms_norm(const float* x, std::int64_t rows, std::int64_t width, const float* weight, float eps,
              float* y);
void add_numbers(const float* a, const float* b, std::int64_t count, float* y);
void silu_mul(const float* gate, const float* up, std::int64_t count, float* y);
void rotate(float* x, std::int64_t heads, std::int64_t half, const float* frequencies,
            float position);

}  // namespace lectio::kernels::LECTIO_ISA
