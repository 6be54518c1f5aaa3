// SPDX-License-Identifier: Apache-2.0
// What the *_isa.cpp files of this folder give to kNarrow (table_isa.cpp).
#pragma once

#include "compute/kernels/cpu/narrow/narrow.h"

namespace lectio::kernels::avx512bf16 {

// product_isa.cpp
void multiply_pairs(const PairProduct& p);
void multiply_bytes(const ByteProduct& p);

// pack_isa.cpp
extern const PackPairs kPackPairs[kFormats];
void pack_bytes(const void* source, std::int64_t stride_bytes, std::int64_t rows,
                std::int64_t begin, std::int64_t depth, std::uint8_t* packed);
void round_numbers(const float* x, std::int64_t count, std::uint16_t* y);
void quantise(const float* x, std::int64_t count, const ByteRows& rows, std::int64_t row);
void quantise_bf16(const std::uint16_t* x, std::int64_t count, const ByteRows& rows,
                   std::int64_t row);

// finish_isa.cpp
void finish(const NarrowFinish& f);

// attention_isa.cpp
void attend(const NarrowAttention& a);
void place_bias(const PlacedBias& p);
void pack_keys(const std::uint16_t* const* rows, std::int64_t width, std::uint16_t* packed);
void pack_values(const std::uint16_t* const* rows, std::int64_t width, std::int64_t value_panel,
                 std::uint16_t* packed);

}  // namespace lectio::kernels::avx512bf16
