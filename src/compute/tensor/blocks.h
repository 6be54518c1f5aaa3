// SPDX-License-Identifier: Apache-2.0
// The block formats of weights, as GGUF files hold them: blocks of 32 or 256 numbers along the last
// dimension, packed without holes. Bytes in order; half is an IEEE half, little-endian; q is a
// number's code, without sign unless said.
//
//   Q8     32 numbers,  34 bytes: half d; 32 signed bytes q.                          d q
//   Q4_0   32 numbers,  18 bytes: half d; 16 bytes N.                                 d (q - 8)
//   Q5_0   32 numbers,  22 bytes: half d; 4 bytes H; 16 bytes N.                      d (q - 16)
//   Q5_1   32 numbers,  24 bytes: half d; half m; 4 bytes H; 16 bytes N.              d q + m
//   Q4_K  256 numbers, 144 bytes: half d; half m; 12 bytes S; 128 bytes N.            d s q - m t
//   Q5_K  256 numbers, 176 bytes: half d; half m; 12 bytes S; 32 bytes H; 128 bytes N. d s q - m t
//   Q6_K  256 numbers, 210 bytes: 128 bytes N; 64 bytes H; 16 signed bytes s; half d. d s (q - 32)
//
// N holds the low four bits of the codes. Q4_0, Q5_0, Q5_1: byte i has number i in its low half and
// number i + 16 in its high half. Q4_K, Q5_K: 32 bytes hold 64 numbers, byte i of them number i in
// its low half and number i + 32 in its high half. Q6_K: 64 bytes hold 128 numbers, byte i of them
// number i low and number i + 64 high.
//
// H holds the bits above. Q5_0, Q5_1: bit i of the four bytes, little-endian, is bit 4 of number i.
// Q5_K: bit j of byte i is bit 4 of number 32 j + i. Q6_K: 32 bytes hold 128 numbers, bits 2 j and
// 2 j + 1 of byte i are bits 4 and 5 of number 32 j + i of them.
//
// S holds, for each run j of 32 numbers, a scale s and a minimum t of six bits each. For j < 4: s
// is the low six bits of byte j, t those of byte j + 4. For j >= 4: the low half of byte j + 4 with
// the upper two bits of byte j - 4 above it is s, its high half with the upper two bits of byte j
// above it is t. The signed scale bytes of Q6_K stand for 16 numbers each.
//
// Every product above is exact in F32 (at most 24 bits), and so at most the last sum rounds:
// however it is computed, the number is the same to the bit.
#pragma once

#include <cstddef>
#include <cstdint>

#include "compute/tensor/dtype.h"

namespace lectio {

// Number `index` of a row of blocks: the definition, one number at a time. dtype is a block format.
float block_number(DType dtype, const std::byte* row, std::int64_t index);

// Numbers [begin, begin + count) of a row of any weight format as floats. begin is a multiple of
// the block length, count is anything; reads whole blocks.
void numbers_to_floats(DType dtype, const std::byte* row, std::int64_t begin, std::int64_t count,
                       float* out);

}  // namespace lectio
